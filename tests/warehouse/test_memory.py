"""Fingerprints, feedback and what the views make of them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from incident_pipeline.model.evidence import Suspect, VerdictKind
from incident_pipeline.model.incident import Window
from incident_pipeline.model.memory import Fingerprint
from incident_pipeline.warehouse import memory, reports
from incident_pipeline.warehouse import rows as to_rows
from incident_pipeline.warehouse.commits import save_commits
from incident_pipeline.warehouse.memory import Answer, fingerprint_write, load_past
from incident_pipeline.warehouse.store import Warehouse
from incident_pipeline.warehouse.writes import Write
from tests.warehouse.samples import INCIDENT, REPO, RUN, T0, commit, report, sha

HOSTILE = "'); DROP TABLE feedback;-- \x1b[31m {x} %s é"
PRINT = Fingerprint("k1", ("raised:KeyError", "test:t.py::test_a"))


def failed(
    number: int, *, commits: Sequence[int] = (), base: int = 0, key: str = "k1", workflow: str = "CI",
    passed: bool | None = None,
) -> list[Write]:  # fmt: skip
    """Incident shop-`number`: commit `number` failed, the range is (base, number]."""
    run = replace(RUN, run_id=str(number), attempt=1, head_sha=sha(number), workflow=workflow)
    incident = replace(
        INCIDENT, id=f"shop-{number}", run=run, green_run=None, occurred_at=T0 + timedelta(hours=number),
        same_commit_passed=passed,
    )  # fmt: skip
    window = Window(REPO, sha(base), sha(number), "last_green", tuple(commit(n) for n in (commits or (number,))))
    scope = {"incident": incident.id}
    return [
        Write("incidents", scope, to_rows.incident_frame(incident, window)),
        Write("incident_commits", scope, to_rows.window_frame(incident.id, window)),
        Write("ci_runs", {}, to_rows.run_frame([run])),
        fingerprint_write(incident.id, replace(PRINT, key=key)),
    ]


def reported(
    number: int, *suspects: int, verdict: VerdictKind = "commit", confidence: float = 0.8, at: datetime = T0,
    report_id: str = "r1",
) -> list[Write]:  # fmt: skip
    """A report of shop-`number`, first suspect first."""
    ranked = tuple(Suspect(sha(n), 0.8 / (place + 1), (), f"Change {n}") for place, n in enumerate(suspects))
    made = replace(report(incident=f"shop-{number}", verdict=verdict), suspects=ranked, confidence=confidence)
    key = {"incident": made.incident, "report_id": report_id}
    row = {**to_rows.report_row(made), **key, "current": True, "created_at": at}
    return [
        Write("reports", key, to_rows.frame([row])),
        Write("suspects", key, to_rows.suspect_frame(made, report_id)),
    ]


def said(number: int, answer: Answer, commit: int | None = None, *, author: str = "ana", hours: int = 1) -> list[Write]:
    """`author`'s word on shop-`number`."""
    word = {
        "feedback_id": f"{number}{answer}{commit}{author}{hours}", "incident": f"shop-{number}", "answer": answer,
        "hash": None if commit is None else sha(commit), "author": author,
        "created_at": T0 + timedelta(days=9, hours=hours),
    }  # fmt: skip
    return [Write("feedback", {}, to_rows.frame([word]))]


def keep(warehouse: Warehouse, *writes: list[Write]) -> None:
    """All of it in one transaction."""
    warehouse.replace([write for each in writes for write in each])


def rows(warehouse: Warehouse, sql: str) -> tuple[tuple[object, ...], ...]:
    return warehouse.query(sql).rows


def groups(warehouse: Warehouse) -> dict[object, object]:
    return {row[0]: row[1] for row in rows(warehouse, "SELECT incident, first_incident FROM occurrences")}


def test_a_fingerprint_comes_back_and_again_replaces_it(warehouse: Warehouse) -> None:
    keep(
        warehouse,
        failed(3),
    )
    warehouse.replace([fingerprint_write("shop-3", Fingerprint("k2"))])
    assert rows(warehouse, "SELECT incident, key, tokens, tests FROM fingerprints") == (("shop-3", "k2", [], []),)
    warehouse.replace([fingerprint_write("shop-3", PRINT)])
    (past,) = load_past(warehouse, without="shop-9", limit=9)
    assert (past.fingerprint, past.tests) == (PRINT, ("t.py::test_a",))
    assert (past.verdict, past.status, past.told_by, past.culprit) == ("unknown", "INCONCLUSIVE", "report", None)


def test_the_past_is_the_newest_first_bounded_and_without_the_incident_itself(warehouse: Warehouse) -> None:
    keep(warehouse, failed(3), failed(5), failed(4))
    keep(
        warehouse,
        failed(6, key=""),
    )
    assert [p.incident for p in load_past(warehouse, without="shop-5", limit=9)] == ["shop-4", "shop-3"]
    assert [p.incident for p in load_past(warehouse, without="x", limit=1)] == ["shop-5"]


def test_the_same_failure_joins_its_first_incident_while_it_stays_red(warehouse: Warehouse) -> None:
    keep(
        warehouse,
        failed(3, commits=(3, 2, 1)),
        failed(4, commits=(4, 3, 2, 1)),
        failed(5, commits=(5, 4, 3, 2, 1)),
        failed(6, commits=(6, 5, 4, 3, 2, 1), key="another"),
    )
    assert groups(warehouse) == {f"shop-{n}": "shop-3" for n in (3, 4, 5)} | {"shop-6": "shop-6"}
    assert rows(warehouse, "SELECT incidents, runs, heads, last_incident FROM failure_groups WHERE key = 'k1'") == (
        (1, 3, 3, "shop-5"),
    )


def test_the_order_in_which_runs_were_looked_at_does_not_matter_and_again_is_no_second(warehouse: Warehouse) -> None:
    keep(
        warehouse,
        failed(4, commits=(4, 3, 2, 1)),
        failed(3, commits=(3, 2, 1)),
        failed(4, commits=(4, 3, 2, 1)),
    )
    assert groups(warehouse) == {"shop-3": "shop-3", "shop-4": "shop-3"}


def test_a_green_run_between_a_rebase_or_another_workflow_starts_a_new_one(warehouse: Warehouse) -> None:
    keep(
        warehouse,
        failed(3, commits=(3, 2, 1)),
        failed(6, commits=(6, 5), base=4),  # green at 4
        failed(7, commits=(7, 2, 1)),  # 3 was rewritten as 7
        failed(8, commits=(8, 3, 2, 1), workflow="nightly"),
        failed(9, commits=(9,), base=3),  # 3 itself turned green
    )
    assert all(incident == first for incident, first in groups(warehouse).items())
    assert rows(warehouse, "SELECT incidents, runs FROM failure_groups") == ((5, 5),)


def test_each_persons_newest_word_counts_and_can_be_taken_back(warehouse: Warehouse) -> None:
    keep(
        warehouse,
        failed(3),
        said(3, "culprit", 3, hours=1),
        said(3, "flaky", author="bo", hours=2),
        said(3, "culprit", 2, hours=3),
        said(3, "resolved", hours=4),
    )
    assert rows(warehouse, "SELECT author, verdict, hash FROM people_say ORDER BY author") == (
        ("ana", "commit", sha(2)), ("bo", "flaky", None),
    )  # fmt: skip
    assert rows(warehouse, "SELECT verdict, hash, told_by, author FROM known_causes") == (
        ("commit", sha(2), "person", "ana"),
    )
    keep(
        warehouse,
        said(3, "not", 2, hours=5),
    )
    assert rows(warehouse, "SELECT verdict, author FROM known_causes") == (("flaky", "bo"),)
    assert rows(warehouse, "SELECT count(*) FROM feedback") == ((5,),)


def test_a_replay_tells_the_cause_until_a_person_says_otherwise(warehouse: Warehouse) -> None:
    keep(
        warehouse,
        failed(3, commits=(3, 2, 1)),
        reported(3, 3, 2),
    )
    save_commits(warehouse, REPO, [commit(2)])
    with warehouse.writing() as connection:
        connection.execute(
            "INSERT INTO proofs (incident, proof_id, current, made_at, conclusion, culprit) "
            "VALUES ('shop-3', 'p', true, ?, 'refuted', ?)",
            [T0, sha(2)],
        )
    (past,) = load_past(warehouse, without="x", limit=9)
    assert (past.told_by, past.verdict, past.status, past.culprit, past.subject) == (
        "proof", "commit", "CONFIRMED", sha(2), "Change 2",
    )  # fmt: skip
    keep(
        warehouse,
        said(3, "infrastructure"),
    )
    (past,) = load_past(warehouse, without="x", limit=9)
    assert (past.told_by, past.verdict, past.category, past.culprit) == ("person", "infrastructure", "unknown", None)


def test_a_report_that_is_not_sure_names_no_culprit(warehouse: Warehouse) -> None:
    keep(
        warehouse,
        failed(3),
        reported(3, 3),
    )
    assert [p.culprit for p in load_past(warehouse, without="x", limit=9)] == [sha(3)]
    with warehouse.writing() as connection:
        connection.execute("UPDATE reports SET status = 'INCONCLUSIVE'")
    assert [p.culprit for p in load_past(warehouse, without="x", limit=9)] == [None]


def test_a_pass_of_the_same_workflow_on_the_same_commit_is_remembered(warehouse: Warehouse) -> None:
    keep(
        warehouse,
        failed(3),
        failed(4, passed=True),
    )
    green = replace(RUN, run_id="77", attempt=1, head_sha=sha(3), workflow="CI", conclusion="success")
    assert {p.incident: p.passed_again for p in load_past(warehouse, without="x", limit=9)} == {
        "shop-3": False, "shop-4": True,
    }  # fmt: skip
    warehouse.replace([Write("ci_runs", {}, to_rows.run_frame([green]))])
    assert all(p.passed_again for p in load_past(warehouse, without="x", limit=9))
    assert rows(warehouse, "SELECT test, incidents, told_chance, passed_again FROM known_flakes") == (
        ("t.py::test_a", 2, 0, 2),
    )


def test_accuracy_and_calibration_count_what_people_told(warehouse: Warehouse) -> None:
    keep(
        warehouse,
        reported(11, 1, 2, 3, confidence=0.95),
        reported(12, 1, 2, 3, confidence=0.95),
        reported(13, 1, 2, 3, 4, confidence=0.95),
        reported(14, 1, verdict="flaky", confidence=0.65),
        reported(15, 1, verdict="unknown", confidence=0.3),
        reported(16, 1, confidence=0.85),
        reported(17, 1, confidence=0.5),
        said(11, "culprit", 1),  # first
        said(12, "culprit", 3),  # third
        said(13, "infrastructure"),  # no commit
        said(14, "flaky"),
        said(15, "culprit", 9),
        said(16, "not", 1),  # all we know is that the first suspect is innocent
        said(17, "not", 2),  # says nothing of the first suspect
    )
    assert rows(
        warehouse,
        "SELECT verdict, incidents, verdicts_right, culprits, top_1_right, top_3_right, all_right FROM accuracy "
        "ORDER BY verdict",
    ) == (("commit", 4, 2, 2, 1, 2, 1), ("flaky", 1, 1, 0, 0, 0, 1), ("unknown", 1, 0, 1, 0, 0, 0))
    assert rows(warehouse, "SELECT DISTINCT repo, month, engine, status, told_by FROM accuracy") == (
        (REPO, "2026-03", "deterministic", "LIKELY", "person"),
    )
    table = rows(warehouse, "SELECT confidences, reports, round(right_rate, 3), round(brier, 4) FROM calibration")
    assert table == (
        ("0.6-0.7", 1, 1.0, 0.1225), ("0.8-0.9", 1, 0.0, 0.7225), ("0.9-1.0", 3, 0.333, 0.6025),
        ("all", 5, 0.4, 0.5305),
    )  # fmt: skip


def test_the_report_that_is_judged_is_the_one_from_before_the_cause_was_told(warehouse: Warehouse) -> None:
    keep(
        warehouse,
        failed(3),
        reported(3, 2, at=T0, report_id="r1", confidence=0.6),
        reported(3, 3, at=T0 + timedelta(days=30), report_id="r2", confidence=1.0),
        said(3, "culprit", 3),
    )
    assert rows(warehouse, "SELECT report_id, accused, culprit_rank, all_right FROM judged_reports") == (
        ("r1", sha(2), None, False),
    )


@pytest.mark.parametrize("text", [HOSTILE, "", "x" * 5000])
def test_words_of_strangers_are_kept_to_the_letter(warehouse: Warehouse, text: str) -> None:
    reports.save_feedback(warehouse, "shop-3", feedback_id="f", answer="flaky", note=text, author=text, created_at=T0)
    (word,) = memory.load_words(warehouse, "shop-3")
    assert (word.note, word.author, word.answer, word.created_at) == (text, text, "flaky", T0)
    warehouse.replace([fingerprint_write("shop-3", Fingerprint("k", (text,)))])
    assert rows(warehouse, "SELECT tokens FROM fingerprints") == (([text],),)
