"""What was run so far in, the next tree to run or the conclusion out. Pure: the same outcomes give the same step.

The rule behind it is that of `git bisect`: the culprit is one commit, and a tree fails if and only if the culprit is in
its history. A failing tree leaves its own history suspected, a passing one clears it. Merges need no special case: a
tree's history holds every branch merged into it. In the end nothing is inferred: a commit is proved when it was run and
failed, and each of its parents was run and passed. (Of a linear window that costs no extra run.)

Which tree: the one whose outcome is least certain, by the probabilities of the suspects still possible. So a likely
suspect and its parent come first by themselves, and only a false accusation leads on. Surprising fact: probabilities
alone could take one run a commit when they are wrong, so a tree is only chosen if both outcomes leave few enough
commits for the runs of the budget: log2 of the window plus SLACK. With side branches or trees that cannot be judged no
such tree may exist; then the most even split is taken.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log2
from typing import Literal

from incident_pipeline.verify.graph import Graph, Seen, places

SLACK = 2
UNIFORM = 0.1  # share of the probability that is spread evenly: what the evidence holds impossible may still be true
OUTSIDE = 0.02  # of the probability: the culprit is older than the window


@dataclass(frozen=True, slots=True)
class Step:
    """Run the command on the tree of `hash`; `why` in plain words."""

    hash: str
    why: str


@dataclass(frozen=True, slots=True)
class End:
    """Nothing more to learn. `culprit` when one was proved; `left` are the commits of the window it is among.

    `older`: or it lies before the window.
    """

    kind: Literal["proved", "not_reproduced", "red_at_base", "unsettled"]
    culprit: str | None = None
    left: tuple[str, ...] = ()
    why: str = ""
    older: bool = False


def longest(commits: int) -> int:
    """Most runs a linear window of so many commits takes when every tree can be judged: head, then the search."""
    return 1 + _bits(commits + 1) + SLACK


def next_step(
    graph: Graph, *, head: str, accused: str | None, probabilities: Mapping[str, float], seen: Mapping[str, Seen]
) -> Step | End:  # fmt: skip
    """`probabilities` by hash, of any sum; commits they leave out have none. `seen` by hash, in any order."""
    at_head = seen.get(head)
    if at_head is None:
        return Step(head, "head: does it fail here?")
    if at_head != "failed":
        return End("not_reproduced") if at_head == "passed" else _stuck(graph, graph.nodes[graph.index[head]].history)
    left = graph.still_possible(seen)
    inside = left & graph.inside
    if not left:
        return End("unsettled", why="the outcomes contradict each other: more than one commit breaks or mends it")
    if not inside:
        return _ask_all(graph, left, seen) or End("red_at_base")
    if left.bit_count() == 1:
        return _prove(graph, inside.bit_length() - 1, seen)
    tree = _best_tree(graph, left, accused=accused, probabilities=probabilities, seen=seen)
    return _stuck(graph, left) if tree is None else Step(graph.nodes[tree].hash, _why(graph, tree, accused, inside))


def _stuck(graph: Graph, left: int) -> End:
    older = bool(left & ~graph.inside)
    return End("unsettled", None, graph.hashes(left & graph.inside), "some commits could not be judged", older)


def _ask_all(graph: Graph, left: int, seen: Mapping[str, Seen]) -> Step | End | None:
    """Only trees outside the window are left: red at base is said of a tree that was run, not inferred."""
    if any(seen.get(sha) == "failed" for sha in graph.hashes(left)):
        return None
    unseen = [sha for sha in reversed(graph.hashes(left)) if sha not in seen]
    return Step(unseen[0], "before the window: does it fail there?") if unseen else _stuck(graph, left)


def _prove(graph: Graph, culprit: int, seen: Mapping[str, Seen]) -> Step | End:
    node = graph.nodes[culprit]
    wanted = [(node.hash, "failed"), *((graph.nodes[p].hash, "passed") for p in node.parents)]
    for sha, outcome in wanted:
        if sha not in seen:
            return Step(
                sha, "the only commit left: does it fail?" if outcome == "failed" else "its parent: does it pass?"
            )
        if seen[sha] != outcome:
            return End("unsettled", None, (node.hash,), f"{sha[:7]} could not be judged")
    return End("proved", node.hash)


def _best_tree(
    graph: Graph, left: int, *, accused: str | None, probabilities: Mapping[str, float], seen: Mapping[str, Seen]
) -> int | None:
    """The place of the tree whose outcome is least certain among those that keep to the budget; None if none splits."""
    total = left.bit_count()
    judged = sum(outcome != "unjudged" for outcome in seen.values()) - 1
    runs = max(_bits(len(graph.nodes)) + SLACK - judged, _bits(total))
    unjudged = [graph.index[sha] for sha, outcome in seen.items() if outcome == "unjudged"]
    best: tuple[tuple[float, ...], int] | None = None
    for tree, mass in enumerate(_masses(graph, left, probabilities)):
        node = graph.nodes[tree]
        inner = (node.history & left).bit_count()
        if node.hash in seen or not 0 < inner < total:
            continue
        most = max(inner, total - inner)
        fits = most <= 1 << (runs - 1)
        gain = round(_doubt(mass) * _judgeable(tree, unjudged), 9)
        rank = (fits, gain if fits else -most, node.hash == accused, gain, -tree)
        best = max(best, (rank, tree)) if best else (rank, tree)
    return best[1] if best else None


def _masses(graph: Graph, left: int, probabilities: Mapping[str, float]) -> list[float]:
    """How probable it is that each tree fails. A merge only counts what its other parents add to the first."""
    weights = _weights(graph, left, probabilities)
    masses: list[float] = []
    for node in graph.nodes:
        first = node.parents[0] if node.parents else None
        news = node.history & left & ~(graph.nodes[first].history if first is not None else 0)
        mass = (masses[first] if first is not None else 0.0) + sum(weights[p] for p in places(news))
        masses.append(mass)
    return masses


def _weights(graph: Graph, left: int, probabilities: Mapping[str, float]) -> dict[int, float]:
    inside = list(places(left & graph.inside))
    outside = list(places(left & ~graph.inside))
    told = {p: max(probabilities.get(graph.nodes[p].hash, 0.0), 0.0) for p in inside}
    total = sum(told.values())
    even = 1.0 / max(len(inside), 1)
    weights = {p: (1 - UNIFORM) * (told[p] / total if total > 0 else even) + UNIFORM * even for p in inside}
    weights |= {p: OUTSIDE / len(outside) for p in outside}
    whole = sum(weights.values())
    return {p: weight / whole for p, weight in weights.items()}


def _doubt(mass: float) -> float:
    """Entropy of one run's outcome, in bits."""
    return sum(-p * log2(p) for p in (mass, 1 - mass) if p > 0)


def _judgeable(tree: int, unjudged: list[int]) -> float:
    """Trees next to one that could not be judged often cannot be judged either."""
    return 1.0 if not unjudged else 1 - 1 / (1 + min(abs(tree - other) for other in unjudged))


def _bits(count: int) -> int:
    """Runs that a search by halves takes at most among so many: log2, rounded up."""
    return max(count - 1, 0).bit_length()


def _why(graph: Graph, tree: int, accused: str | None, inside: int) -> str:
    node = graph.nodes[tree]
    if node.hash == accused:
        return "the suspect: does it fail?"
    at = graph.index.get(accused) if accused else None
    if at is not None and tree in graph.nodes[at].parents:
        return "parent of the suspect: does it pass?"
    if node.outside:
        return "before the window: does it pass?"
    return f"splits the {inside.bit_count()} commits left"
