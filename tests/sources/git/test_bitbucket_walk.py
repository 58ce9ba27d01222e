"""Where a walk through commits may stop: never before the window's last commit, for any order that parents allow."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from incident_pipeline.model.git import Commit
from incident_pipeline.sources.git import _bitbucket_walk as module
from incident_pipeline.sources.git._bitbucket_walk import LOOK_PAST, SKEW, shared_parents, until_older

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def commit(name: str, age: timedelta, *parents: str) -> Commit:
    return Commit(name, "Ann", NOW - age, "m", committed_at=NOW - age, parents=parents)


def line(count: int, step: timedelta) -> list[Commit]:
    return [commit(str(n), n * step, str(n + 1)) for n in range(count)]


def test_reading_stops_a_little_past_the_window_and_not_at_the_end_of_the_history() -> None:
    read = list(until_older(line(1_000, timedelta(hours=6)), NOW - timedelta(days=10)))
    assert len(read) == 41 + LOOK_PAST
    assert list(until_older(line(1_000, timedelta(hours=6)), NOW - timedelta(days=1_000))) == line(
        1_000, timedelta(hours=6)
    )


def test_a_clock_that_was_wrong_by_less_than_a_day_hides_nothing() -> None:
    since = NOW - timedelta(days=10)
    behind = [commit(f"o{n}", timedelta(days=10) + SKEW / 2, f"o{n + 1}") for n in range(LOOK_PAST * 2)]
    late = commit(f"o{LOOK_PAST * 2}", timedelta(days=9), "end")
    assert late in list(until_older([commit("new", timedelta(0), "o0"), *behind, late], since))


def test_older_commits_in_a_row_do_not_end_it_while_a_newer_one_waits_for_its_parent() -> None:
    since = NOW - timedelta(days=10)
    merge = commit("merge", timedelta(0), "new", "old0")
    old = [commit(f"old{n}", timedelta(days=90 + n), f"old{n + 1}") for n in range(LOOK_PAST * 4)]
    new = commit("new", timedelta(days=1), "rest0")
    rest = [commit(f"rest{n}", timedelta(days=900), f"rest{n + 1}") for n in range(LOOK_PAST * 4)]
    read = list(until_older([merge, *old, new, *rest], since))
    assert new in read
    assert len(read) == 2 + len(old) + LOOK_PAST


def test_dates_in_no_order_are_read_as_far_as_the_bound_looks() -> None:
    since = NOW - timedelta(days=10)
    rebased = [commit(f"r{n}", timedelta(days=60), f"r{n + 1}") for n in range(LOOK_PAST - 1)]
    read = until_older([*rebased, commit("fresh", timedelta(days=1), "end")], since)
    assert [c.hash for c in read][-1] == "fresh"


@st.composite
def histories(draw: st.DrawFn) -> list[Commit]:
    """Commits, each listed after its children, none newer than any of them."""
    count = draw(st.integers(1, 30))
    ages = [0.0] * count
    commits: list[Commit] = []
    for n in range(count):
        parents = draw(st.sets(st.integers(n + 1, min(count, n + 12)), max_size=2))
        for parent in (p for p in parents if p < count):
            ages[parent] = max(ages[parent], ages[n] + draw(st.floats(0, 20)))
        commits.append(commit(str(n), timedelta(days=ages[n]), *map(str, sorted(parents))))
    reachable = {"0"}
    for c in commits:
        reachable |= set(c.parents) if c.hash in reachable else set()
    return [c for c in commits if c.hash in reachable]


@settings(max_examples=50, deadline=None)
@given(histories(), st.floats(0, 100))
def test_no_commit_of_the_window_is_lost(history: list[Commit], days: float) -> None:
    since = NOW - timedelta(days=days)

    def listed() -> Iterator[Commit]:
        yield from history
        yield from (commit(f"x{n}", timedelta(days=5_000), f"x{n + 1}") for n in range(LOOK_PAST * 3))

    with patch.object(module, "LOOK_PAST", 1):  # so that the parents waited for are all that holds it
        read = {c.hash for c in until_older(listed(), since)}
    assert {c.hash for c in history if c.committed_at and c.committed_at >= since} <= read


def test_where_one_side_leaves_the_other_are_the_shared_parents() -> None:
    day = timedelta(days=1)
    only = [commit("a", day, "b", "s1"), commit("b", 2 * day, "s2", "s1")]
    assert shared_parents(only) == ("s1", "s2")
    assert shared_parents([]) == ()
