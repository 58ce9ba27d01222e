import pytest

from incident_pipeline.errors import NotFound, UsageError
from incident_pipeline.flow.progress import quiet
from incident_pipeline.flow.window import COMMITS_WITHOUT_BASE, pull_request_base, read_window
from incident_pipeline.model.incident import BaseKind, Window
from tests.flow.fakes import FakeGit, commit

HISTORY = [commit(n) for n in range(80)]
APART = "f" * 40


def window(head: str = "HEAD", base: str | None = None, kind: BaseKind = "last_green") -> Window:
    git = FakeGit(HISTORY, apart=[APART])
    return read_window(git, "acme/shop", head=head, base=base, base_kind=kind, progress=quiet)


def test_commits_after_the_green_one_are_the_window_newest_first() -> None:
    found = window(base=HISTORY[70].hash)
    assert [c.hash for c in found.commits] == [c.hash for c in reversed(HISTORY[71:])]
    assert (found.complete, found.problems, found.base_kind) == (True, (), "last_green")


def test_without_a_green_run_the_window_is_bounded_and_says_so() -> None:
    found = window()
    assert len(found.commits) == COMMITS_WITHOUT_BASE
    assert not found.complete
    assert found.base_kind == "none"
    assert "no green run is known" in found.problems[0]


def test_a_green_commit_that_a_shallow_clone_lacks_is_said_with_what_to_do() -> None:
    found = window(base="abcdef0")
    assert found.base is None
    assert not found.complete
    assert "abcdef0" in found.problems[0]
    assert "fetch it" in found.problems[0]


def test_a_given_green_commit_that_is_unknown_is_refused() -> None:
    with pytest.raises(NotFound, match="no commit abcdef0"):
        window(base="abcdef0", kind="given")


def test_a_green_commit_that_is_no_ancestor_falls_back_to_the_fork() -> None:
    found = window(head=HISTORY[10].hash, base=HISTORY[20].hash)
    assert found.base == HISTORY[10].hash
    assert not found.complete
    assert "no ancestor" in found.problems[0]


def test_a_given_green_commit_that_is_no_ancestor_is_refused() -> None:
    with pytest.raises(UsageError, match="does not descend from last green"):
        window(head=HISTORY[10].hash, base=HISTORY[20].hash, kind="given")


def test_unrelated_histories_leave_no_base() -> None:
    found = window(base=APART)
    assert found.base is None
    assert "shares no history" in found.problems[0]


def test_a_pull_request_starts_at_its_merge_base() -> None:
    base, problems = pull_request_base(FakeGit(HISTORY), "acme/shop", HISTORY[50].hash, HISTORY[40].hash)
    assert (base, problems) == (HISTORY[40].hash, ())


def test_a_pull_request_whose_target_is_gone_says_so() -> None:
    base, problems = pull_request_base(FakeGit(HISTORY), "acme/shop", HISTORY[50].hash, "deleted-branch")
    assert base is None
    assert "deleted-branch" in problems[0]
