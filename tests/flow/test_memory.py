"""Three runs of one workflow: what a failure joins, how often it was seen, and what it resembles."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from incident_pipeline.evidence.judge import judge
from incident_pipeline.flow.feedback import give_feedback
from incident_pipeline.flow.memory import past, recall, remembered
from incident_pipeline.flow.workspace import Workspace
from incident_pipeline.model.evidence import CodeFacts, Failure, Finding
from incident_pipeline.model.incident import BaseKind, Incident, Run, Window
from incident_pipeline.warehouse.incidents import save_incident
from tests.evidence.sample import log
from tests.flow.fakes import commit

TEST = "tests/test_cart.py::test_total"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def broken(text: str = "E   KeyError: 'price'", test: str = TEST) -> Failure:
    return Failure((Finding("log", 7, 7, text, "assertion", 0.9, "new", True, test),), tests=(test,))


def red(
    number: int, commits: Sequence[int], *, base: int | None = 0, kind: BaseKind = "last_green", attempt: int = 1,
    workflow: str = "CI", name: str = "",
) -> tuple[Incident, Window]:  # fmt: skip
    """The run of commit `number`, red; `commits` are suspected."""
    run = Run("github", "acme/shop", str(number), attempt, workflow, commit(number).hash, "completed", "failure")
    incident = Incident(
        name or f"shop-{number}", "default", "ci", "github", "acme/shop", f"CI #{number}", run=run,
        occurred_at=NOON + timedelta(hours=number, minutes=attempt),
    )  # fmt: skip
    known = tuple(commit(n) for n in commits)
    return incident, Window(
        "acme/shop", commit(base).hash if base is not None else None, commit(number).hash, kind, known
    )


def keep(ws: Workspace, incident: Incident, window: Window, failure: Failure) -> None:
    save_incident(ws.warehouse, incident, window=window)
    ws.warehouse.replace([remembered(incident, failure)])


def seen(ws: Workspace, incident: Incident, window: Window, failure: Failure) -> tuple[str | None, int, list[str]]:
    memory = recall(ws, incident, window=window, failure=failure)
    return memory.joins, memory.times, [s.past.incident for s in memory.similar]


def test_the_same_failure_twice_joins_its_incident_and_another_one_does_not(ws: Workspace) -> None:
    first, second, third = red(3, (3, 2, 1)), red(4, (4, 3, 2, 1)), red(5, (5, 4, 3, 2, 1))
    assert seen(ws, *first, broken()) == (None, 1, [])
    keep(ws, *first, broken())
    memory = recall(ws, second[0], window=second[1], failure=broken())
    assert (memory.joins, memory.times, memory.first_at) == ("shop-3", 2, first[0].occurred_at)
    assert memory.similar == ()  # what it joins is told once
    keep(ws, *second, broken())
    assert seen(ws, *third, broken()) == ("shop-3", 3, [])
    assert seen(ws, *third, broken("E   OSError: shelf is empty")) == (None, 1, [])


def test_looking_at_the_same_run_again_is_no_second_occurrence(ws: Workspace) -> None:
    first, second = red(3, (3, 2, 1)), red(4, (4, 3, 2, 1))
    for _ in range(2):
        keep(ws, *first, broken())
        assert seen(ws, *first, broken()) == (None, 1, [])
        keep(ws, *second, broken())
        assert seen(ws, *second, broken()) == ("shop-3", 2, [])


def test_an_earlier_run_looked_at_later_does_not_join_a_later_one(ws: Workspace) -> None:
    keep(ws, *red(4, (4, 3, 2, 1)), broken())
    assert seen(ws, *red(3, (3, 2, 1)), broken()) == (None, 1, [])


def test_another_attempt_on_the_same_commit_joins(ws: Workspace) -> None:
    keep(ws, *red(3, (3, 2, 1)), broken())
    assert seen(ws, *red(3, (3, 2, 1), attempt=2, name="shop-3-2"), broken())[:2] == ("shop-3", 2)


@pytest.mark.parametrize(
    ("incident", "window"),
    [
        red(6, (6, 5), base=4),  # green at 4
        red(6, (6, 5, 4), base=3),  # 3 itself turned green
        red(7, (7, 2, 1)),  # 3 was rewritten as 7
        red(6, (6, 5, 4, 3, 2, 1), workflow="nightly"),
    ],
)
def test_a_green_run_between_a_rebase_or_another_workflow_starts_anew_but_is_told_as_similar(
    ws: Workspace, incident: Incident, window: Window
) -> None:
    keep(ws, *red(3, (3, 2, 1)), broken())
    assert seen(ws, incident, window, broken()) == (None, 1, ["shop-3"])


def test_a_failure_that_nothing_names_joins_nothing(ws: Workspace) -> None:
    keep(ws, *red(3, (3, 2, 1)), Failure())
    assert seen(ws, *red(4, (4, 3, 2, 1)), Failure()) == (None, 1, [])
    assert past(ws, red(4, (4,))[0]) == ()


def test_without_commits_only_the_same_commit_joins(ws: Workspace) -> None:
    keep(ws, *red(3, (), base=None, kind="none"), broken())
    assert seen(ws, *red(4, (), base=None, kind="none"), broken())[0] is None
    assert seen(ws, *red(3, (), base=None, kind="none", attempt=2, name="again"), broken())[0] == "shop-3"


def test_the_view_and_the_report_agree_on_what_joins(ws: Workspace) -> None:
    runs = [
        red(3, (3, 2, 1)),
        red(4, (4, 3, 2, 1)),
        red(7, (7, 6), base=5),
        red(8, (8, 7, 6), base=5),
        red(9, (9, 2, 1)),
    ]
    told: dict[str, str] = {}
    for incident, window in runs:
        told[incident.id] = recall(ws, incident, window=window, failure=broken()).joins or incident.id
        keep(ws, incident, window, broken())
    assert dict(ws.warehouse.query("SELECT incident, first_incident FROM occurrences").rows) == told


def test_what_a_person_called_flaky_turns_the_next_verdict(ws: Workspace) -> None:
    keep(ws, *red(3, (3, 2, 1)), broken())
    incident, window = red(6, (6, 5), base=4)
    keep(ws, incident, window, broken())
    give_feedback(ws, "shop-3", answer="flaky", author="ana")
    lines = ["x"] * 6 + ["E   KeyError: 'price'"]

    def verdict(*history: object) -> str:
        known = past(ws, incident) if history else ()
        return judge(broken(), window, CodeFacts(), logs=[log(lines)], history=known).verdict.summary

    assert "chance" not in verdict()
    assert verdict(True) == f"No commit is to blame: it failed by chance in shop-3 too ({TEST})."
    (similar,) = recall(ws, incident, window=window, failure=broken()).similar
    assert (similar.past.incident, similar.past.told_by, similar.past.verdict) == ("shop-3", "person", "flaky")


def test_the_fingerprint_can_be_stored_beside_other_rows(ws: Workspace) -> None:
    incident, window = red(3, (3,))
    save_incident(ws.warehouse, incident, window=window)
    ws.warehouse.replace([remembered(incident, broken()), remembered(replace(incident, id="shop-4"), broken())])
    assert [p.incident for p in past(ws, replace(incident, id="x"))] == ["shop-3"]
