"""Commits as Bitbucket lists them in, those of a window or the best common ancestor out. Pure: a list is all it needs.

Surprising fact: the list cannot be filtered by date and is in topological order, so that commits of a long-lived branch
may stand between newer ones; the parents named so far tell whether a newer one can still come.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from incident_pipeline.model.git import Commit

SKEW = timedelta(days=1)
"""How much later than its child a commit's clock may have been."""

LOOK_PAST = 50
"""Older commits in a row that are read before the end of the window is believed: dates may be out of order."""


def until_older(commits: Iterable[Commit], since: datetime) -> Iterator[Commit]:
    """The commits up to where the rest must be older than `since`, within SKEW and LOOK_PAST; the caller filters them.

    A commit can only follow as a parent of a listed one. While one not older than `since - SKEW` waits for a parent,
    it may still be in the window.
    """
    expected: set[str] = set()
    listed: set[str] = set()
    older = 0
    for commit in commits:
        yield commit
        at = commit.committed_at or commit.date
        listed.add(commit.hash)
        expected.discard(commit.hash)
        if at >= since - SKEW:
            expected.update(parent for parent in commit.parents if parent not in listed)
        older = 0 if at >= since else older + 1
        if older >= LOOK_PAST and not expected:
            return


def shared_parents(only: Iterable[Commit]) -> tuple[str, ...]:
    """Parents of the commits that are on one side `only` which are not among them: so they are on both sides."""
    hashes: set[str] = set()
    parents: dict[str, None] = {}
    for commit in only:
        hashes.add(commit.hash)
        parents |= dict.fromkeys(commit.parents)
    return tuple(parent for parent in parents if parent not in hashes)
