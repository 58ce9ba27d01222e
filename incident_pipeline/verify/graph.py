"""Commits of a window in, a graph out that answers "which of these are in the history of that one". Pure.

Sets of commits are integers with one bit a commit: at 10,000 commits all histories together take 12 MB. Surprising
fact: the parents that lie outside the window (the last green commit, and what side branches forked from before it) are
nodes too: a culprit may lie there, and only a run on them can tell.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from incident_pipeline.model.git import Commit

Seen = Literal["passed", "failed", "unjudged"]


@dataclass(frozen=True, slots=True)
class Node:
    """One tree that can be run. `history` has the bits of all commits it contains, its own too."""

    hash: str
    parents: tuple[int, ...]
    history: int
    outside: bool


class Graph:
    """Nodes in an order in which parents come first; `index` finds a hash's place in it."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.nodes = tuple(nodes)
        self.index: Mapping[str, int] = {node.hash: place for place, node in enumerate(nodes)}

    @cached_property
    def inside(self) -> int:
        """The bits of the window's own commits."""
        return sum(1 << place for place, node in enumerate(self.nodes) if not node.outside)

    def still_possible(self, seen: Mapping[str, Seen]) -> int:
        """The commits that can be the culprit: in the history of every tree that failed, and of none that passed."""
        left = (1 << len(self.nodes)) - 1
        for sha, outcome in seen.items():
            history = self.nodes[self.index[sha]].history
            left &= history if outcome == "failed" else ~history if outcome == "passed" else left
        return left

    def hashes(self, bits: int) -> tuple[str, ...]:
        """The commits of a set, oldest first."""
        return tuple(self.nodes[place].hash for place in places(bits))


def places(bits: int) -> Iterator[int]:
    """Which bits are set, lowest first."""
    while bits:
        low = bits & -bits
        yield low.bit_length() - 1
        bits ^= low


def build_graph(commits: Sequence[Commit], *, base: str | None) -> Graph:
    """The graph of a window's commits, in any order.

    `base` is the commit that every commit outside the window is in the history of (the last green one of a complete
    window); None when that is not known, then each of them has to be run for itself.
    """
    known = {commit.hash: commit for commit in commits}
    ordered = _parents_first(commits, known)
    outside = dict.fromkeys(p for commit in ordered for p in commit.parents if p not in known)
    first = [sha for sha in outside if sha != base] + [base for _ in [0] if base in outside and base]
    nodes: list[Node] = []
    for place, sha in enumerate(first):
        history = (1 << (place + 1)) - 1 if sha == base else 1 << place
        nodes.append(Node(sha, (), history, outside=True))
    index = {node.hash: place for place, node in enumerate(nodes)}
    for commit in ordered:
        parents = tuple(dict.fromkeys(index[p] for p in commit.parents))
        history = 1 << len(nodes)
        for parent in parents:
            history |= nodes[parent].history
        index[commit.hash] = len(nodes)
        nodes.append(Node(commit.hash, parents, history, outside=False))
    return Graph(nodes)


def _parents_first(commits: Sequence[Commit], known: Mapping[str, Commit]) -> list[Commit]:
    """Depth first without recursion; dates play no part, clocks go wrong."""
    done: dict[str, Commit] = {}
    for start in reversed(commits):
        stack = [start]
        while stack:
            commit = stack[-1]
            waiting = [known[p] for p in commit.parents if p in known and p not in done]
            if waiting and commit.hash not in done:
                stack += reversed(waiting)
            else:
                done.setdefault(commit.hash, stack.pop())
    return list(done.values())
