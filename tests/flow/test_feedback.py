"""What people say of an incident: checked, redacted, kept, said back."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Timer

import pytest

from incident_pipeline.errors import NotFound, UsageError
from incident_pipeline.flow.feedback import Recorded, default_author, give_feedback, standing
from incident_pipeline.flow.workspace import Workspace, open_workspace
from incident_pipeline.settings import load_settings
from incident_pipeline.warehouse.incidents import save_incident
from incident_pipeline.warehouse.memory import Answer, Word, load_words
from incident_pipeline.warehouse.reports import save_report
from tests.warehouse.samples import INCIDENT, WINDOW, commit, report, sha

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TOKEN = "ghp_" + "e" * 36  # invented
HEX = replace(
    WINDOW, commits=tuple(replace(commit(1), hash=h * 10, message=f"Change {h}") for h in ("ab12", "ab34", "cd56"))
)


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INCIDENT_RESPONDER_HOME", str(tmp_path / "data"))
    times = iter(NOON + timedelta(minutes=n) for n in range(1000))
    opened = replace(open_workspace(load_settings()), clock=lambda: next(times))
    save_incident(opened.warehouse, replace(INCIDENT, green_run=None), window=HEX)
    return opened


def say(ws: Workspace, answer: Answer, sha: str | None = None, **more: str) -> Recorded:
    return give_feedback(ws, INCIDENT.id, answer=answer, commit=sha, **more)


def test_an_abbreviated_commit_of_the_range_is_found_and_ranked(ws: Workspace) -> None:
    save_report(ws.warehouse, report(), report_id="r1", json="{}", markdown="")
    recorded = say(ws, "culprit", "CD56", author="ana", note="saw it in the profile")
    assert (recorded.word.hash, recorded.subject, recorded.outside) == ("cd56" * 10, "Change cd56", False)
    assert recorded.said is not None
    assert [(s.hash, s.place, s.probability) for s in recorded.said.suspects] == [(sha(9), 1, 0.8)]
    rows = ws.warehouse.query("SELECT incident, report_id, answer, hash, note, author, created_at FROM feedback").rows
    assert rows == ((INCIDENT.id, "r1", "culprit", "cd56" * 10, "saw it in the profile", "ana", NOON),)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("", "4 to 40 hexadecimal digits"),
        ("ab", "4 to 40 hexadecimal digits"),
        ("--help", "4 to 40 hexadecimal digits"),
        ("ab13", 'no commit of shop-1842-2\'s range; the nearest are ab12ab12ab "Change ab12"'),
        ("cd57" * 9, "all 40 digits"),
    ],
)
def test_a_commit_that_cannot_be_meant_is_refused_with_the_nearest(ws: Workspace, given: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        say(ws, "culprit", given)
    assert load_words(ws.warehouse, INCIDENT.id) == ()


def test_a_hash_that_several_commits_share_is_refused(ws: Workspace) -> None:
    near = tuple(replace(commit(n), hash="ab12" + f"{n}" * 36) for n in (1, 2))
    save_incident(ws.warehouse, replace(INCIDENT, green_run=None), window=replace(WINDOW, commits=near))
    with pytest.raises(UsageError, match="several commits of shop-1842-2 match: ab12111111"):
        say(ws, "not", "ab12")


def test_a_whole_hash_outside_the_range_is_stored_and_said_so(ws: Workspace) -> None:
    recorded = say(ws, "culprit", "f" * 40)
    assert (recorded.word.hash, recorded.outside, recorded.said) == ("f" * 40, True, None)
    assert ws.warehouse.query("SELECT hash FROM known_causes").rows == (("f" * 40,),)


@pytest.mark.parametrize(("answer", "sha"), [("culprit", None), ("flaky", "ab12"), ("resolved", "ab12")])
def test_a_commit_goes_with_culprit_and_not_alone(ws: Workspace, answer: Answer, sha: str | None) -> None:
    with pytest.raises(UsageError):
        say(ws, answer, sha)


def test_an_unknown_incident_is_said_so(ws: Workspace) -> None:
    with pytest.raises(NotFound, match="not in the warehouse"):
        give_feedback(ws, "nope", answer="flaky")


def test_secrets_are_taken_out_of_notes_and_names_and_the_rest_is_kept(ws: Workspace) -> None:
    note = f"'); DROP TABLE feedback;-- {{x}} \x1b[31m token {TOKEN}"
    say(ws, "infrastructure", note=note, author=f"ana {TOKEN}")
    (word,) = load_words(ws.warehouse, INCIDENT.id)
    assert TOKEN not in word.note + word.author
    assert word.note.startswith("'); DROP TABLE feedback;-- {x} \x1b[31m token ")
    with pytest.raises(UsageError, match="at most 2,000"):
        say(ws, "infrastructure", note="x" * 2_001)


def test_a_contradiction_is_shown_and_the_newest_word_wins(ws: Workspace) -> None:
    say(ws, "culprit", "ab12", author="ana")
    say(ws, "not", "cd56", author="bo")
    assert [(w.author, w.answer) for w in say(ws, "flaky", author="bo").against] == [("ana", "culprit")]
    assert [(w.author, w.answer) for w in say(ws, "culprit", "cd56", author="ana").against] == [
        ("ana", "culprit"), ("bo", "not"), ("bo", "flaky"),
    ]  # fmt: skip
    assert say(ws, "resolved", author="ana").against == ()
    assert ws.warehouse.query("SELECT verdict, hash FROM known_causes").rows == (("commit", "cd56" * 10),)
    assert ws.warehouse.query("SELECT count(*) FROM feedback").rows == ((5,),)


def test_the_same_word_again_contradicts_nothing(ws: Workspace) -> None:
    say(ws, "not", "ab12", author="ana")
    assert say(ws, "not", "ab12", author="bo").against == ()
    assert say(ws, "not", "ab34", author="bo").against == ()


def test_who_takes_a_word_back_no_longer_stands_by_it() -> None:
    def word(minute: int, answer: Answer, sha: str | None = None) -> Word:
        return Word(answer, sha, "ana", "", NOON + timedelta(minutes=minute))

    first, denied, again = word(1, "culprit", "a"), word(2, "not", "a"), word(3, "culprit", "a")
    assert standing([first, denied]) == (denied,)
    assert standing([first, denied, again]) == (again,)
    assert standing([first, word(2, "not", "b"), word(3, "flaky")]) == (word(2, "not", "b"), word(3, "flaky"))


@pytest.mark.parametrize(("env", "name"), [({"USER": "ana"}, "ana"), ({}, "bo"), ({"USER": ""}, "bo")])
def test_the_author_is_the_user_else_gits_name(
    env: Mapping[str, str], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "gitconfig"
    settings.write_text("[user]\n\tname = bo\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    assert default_author(env) == name
    if not env:
        monkeypatch.setenv("PATH", str(tmp_path))  # no git here
        assert default_author(env) == ""


HOLD = """
import pathlib, sys
from incident_pipeline.warehouse.store import Warehouse
with Warehouse(pathlib.Path(sys.argv[1])).writing():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_it_waits_for_another_process_that_writes(ws: Workspace) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(ws.warehouse.folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdin
        assert other.stdout
        assert other.stdout.readline() == "held\n"
        ends = Timer(0.5, other.stdin.close)
        ends.start()
        say(ws, "flaky", author="ana")
        ends.join()
    assert other.returncode == 0
    assert [w.answer for w in load_words(ws.warehouse, INCIDENT.id)] == ["flaky"]
