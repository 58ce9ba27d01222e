from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from incident_pipeline.model.git import Commit
from incident_pipeline.verify.graph import Graph, Seen, build_graph
from incident_pipeline.verify.plan import End, Step, longest, next_step

BASE = "base"
WHEN = datetime(2026, 3, 1, tzinfo=UTC)


def commit(sha: str, *parents: str) -> Commit:
    return Commit(sha, "Ana", WHEN, sha, parents=parents)


def line(count: int) -> list[Commit]:
    """c0 (oldest) .. c<count - 1>, newest first as a window has them."""
    return [commit(f"c{n}", f"c{n - 1}" if n else BASE) for n in range(count)][::-1]


def search(
    graph: Graph, *, head: str, fails: Mapping[str, Seen | bool], accused: str | None = None,
    probabilities: Mapping[str, float] | None = None,
) -> tuple[End, list[str]]:  # fmt: skip
    """The end, and the trees in the order they were run; `fails` says of each tree how it is judged."""
    seen: dict[str, Seen] = {}
    while True:
        step = next_step(graph, head=head, accused=accused, probabilities=probabilities or {}, seen=seen)
        if isinstance(step, End):
            return step, list(seen)
        assert step.hash not in seen, "a tree was run twice"
        outcome = fails[step.hash]
        seen[step.hash] = outcome if isinstance(outcome, str) else "failed" if outcome else "passed"


def guilty(graph: Graph, culprit: str) -> dict[str, Seen | bool]:
    at = graph.index[culprit]
    return {node.hash: bool(node.history >> at & 1) for node in graph.nodes}


@given(st.data())
def test_the_culprit_of_a_linear_window_is_found_within_the_bound_whatever_the_probabilities(
    data: st.DataObject,
) -> None:
    count = data.draw(st.integers(1, 70))
    culprit = data.draw(st.integers(0, count - 1))
    shares = data.draw(st.lists(st.floats(0, 1), min_size=count, max_size=count))
    accused = data.draw(st.none() | st.integers(0, count - 1).map("c{}".format))
    graph = build_graph(line(count), base=BASE)
    end, runs = search(
        graph, head=f"c{count - 1}", fails=guilty(graph, f"c{culprit}"), accused=accused,
        probabilities={f"c{n}": share for n, share in enumerate(shares)},
    )  # fmt: skip
    assert end == End("proved", f"c{culprit}")
    assert len(runs) <= longest(count)


@st.composite
def histories(draw: st.DrawFn) -> list[Commit]:
    """Windows with forks and merges; some side branches forked before the window."""
    commits: list[Commit] = []
    for n in range(draw(st.integers(2, 25))):
        known = [c.hash for c in commits[-4:]] or [BASE]
        parents = draw(st.lists(st.sampled_from([*known, BASE, "older"]), min_size=1, max_size=3, unique=True))
        commits.append(commit(f"c{n}", *parents))
    tips = {c.hash for c in commits} - {p for c in commits for p in c.parents}
    return [commit("head", *sorted(tips), BASE), *reversed(commits)]


@given(st.data(), histories())
def test_with_side_branches_and_merges_too_and_the_proof_is_always_literal(
    data: st.DataObject, commits: list[Commit]
) -> None:
    graph = build_graph(commits, base=BASE)
    culprit = data.draw(st.sampled_from(commits))
    fails = guilty(graph, culprit.hash)
    shares = {c.hash: data.draw(st.floats(0, 1)) for c in commits}
    end, runs = search(graph, head="head", fails=fails, accused=commits[0].hash, probabilities=shares)
    assert end == End("proved", culprit.hash)
    assert culprit.hash in runs
    assert set(culprit.parents) <= set(runs)


@given(st.data())
def test_trees_that_cannot_be_judged_leave_the_culprit_among_those_left(data: st.DataObject) -> None:
    count = data.draw(st.integers(2, 40))
    culprit = data.draw(st.integers(0, count - 1))
    graph = build_graph(line(count), base=BASE)
    mute = data.draw(st.sets(st.integers(0, count - 2).map("c{}".format)))
    silent: dict[str, Seen | bool] = dict.fromkeys(mute, "unjudged")
    end, _ = search(graph, head=f"c{count - 1}", fails=guilty(graph, f"c{culprit}") | silent)
    if end.kind == "proved":
        assert end.culprit == f"c{culprit}"
    else:
        assert end.kind == "unsettled"
        assert f"c{culprit}" in end.left
        # All that is left cannot be told apart: every tree but the newest of them is mute.
        assert set(end.left[:-1]) <= mute


def order(*, accused: str, culprit: str, share: float = 0.86) -> list[str]:
    graph = build_graph(line(14), base=BASE)
    others = {f"c{n}": (1 - share) / 13 for n in range(14)}
    _, runs = search(
        graph, head="c13", fails=guilty(graph, culprit), accused=accused, probabilities=others | {accused: share}
    )
    return runs


def test_a_true_accusation_takes_head_the_suspect_and_its_parent() -> None:
    runs = order(accused="c6", culprit="c6")
    assert runs[0] == "head" or runs[0] == "c13"
    assert sorted(runs[1:]) == ["c5", "c6"]


def test_no_tree_is_run_twice_at_the_ends_of_the_window() -> None:
    assert order(accused="c13", culprit="c13") == ["c13", "c12"]
    assert sorted(order(accused="c0", culprit="c0")) == [BASE, "c0", "c13"]


def test_a_false_accusation_is_dropped_with_the_first_run_that_speaks_against_it() -> None:
    runs = order(accused="c6", culprit="c3")
    assert "c5" in runs  # its parent fails: c6 itself need not be run
    assert "c6" not in runs
    assert len(runs) <= longest(14)


def mean_runs(shares: Sequence[float]) -> float:
    """Runs on average when the culprit is drawn by the very probabilities the search is led by."""
    graph = build_graph(line(len(shares)), base=BASE)
    told = {f"c{n}": share for n, share in enumerate(shares)}
    top = max(told, key=lambda sha: told[sha])
    head = f"c{len(shares) - 1}"
    return sum(
        share * len(search(graph, head=head, fails=guilty(graph, sha), accused=top, probabilities=told)[1])
        for sha, share in told.items()
    )


def test_good_probabilities_save_runs_and_none_cost_nothing() -> None:
    count = 32
    blind = mean_runs([1 / count] * count)
    sure = mean_runs([0.9 if n == 11 else 0.1 / 31 for n in range(count)])
    split = mean_runs([0.45 if n in {5, 25} else 0.1 / 30 for n in range(count)])
    assert blind <= 1 + 5 + 0.2  # head, then log2(32), and now and then the base
    assert sure < 3.6
    assert split < 4.6


def test_a_green_head_and_a_red_base_end_the_search() -> None:
    graph = build_graph(line(5), base=BASE)
    assert search(graph, head="c4", fails={"c4": False}) == (End("not_reproduced"), ["c4"])
    end, runs = search(graph, head="c4", fails=dict.fromkeys(graph.index, True))
    assert end == End("red_at_base")
    assert runs[-1] == BASE


def test_a_head_that_cannot_be_judged_leaves_every_commit() -> None:
    graph = build_graph(line(3), base=BASE)
    end, runs = search(graph, head="c2", fails={"c2": "unjudged"})
    assert (end.kind, end.left, runs) == ("unsettled", ("c0", "c1", "c2"), ["c2"])


def test_outcomes_that_contradict_each_other_are_not_made_into_a_proof() -> None:
    # c1 fails, c2 mended it, a side branch from c1 is green for reasons of its own, and the head is red again.
    commits = [commit("head", "c2", "side"), commit("side", "c1"), commit("c2", "c1"), commit("c1", BASE)]
    graph = build_graph(commits, base=BASE)
    seen: dict[str, Seen] = {"head": "failed", "c2": "failed", "side": "passed"}
    assert next_step(graph, head="head", accused=None, probabilities={}, seen={**seen, "c1": "failed"}) == End(
        "unsettled", None, (), "the outcomes contradict each other: more than one commit breaks or mends it"
    )
    assert next_step(graph, head="head", accused=None, probabilities={}, seen=seen) == Step(
        "c1", "its parent: does it pass?"
    )


def test_a_root_commit_is_proved_by_failing_alone() -> None:
    graph = build_graph([commit("c1", "c0"), commit("c0")], base=None)
    end, _ = search(graph, head="c1", fails={"c1": True, "c0": True})
    assert end == End("proved", "c0")


def test_a_commit_whose_clock_went_wrong_keeps_its_place() -> None:
    graph = build_graph([commit("c0", BASE), commit("c2", "c1"), commit("c1", "c0")], base=BASE)
    assert [node.hash for node in graph.nodes] == [BASE, "c0", "c1", "c2"]


def test_ten_thousand_commits_are_planned_without_delay() -> None:
    graph = build_graph(line(10_000), base=BASE)
    end, runs = search(graph, head="c9999", fails=guilty(graph, "c1234"))
    assert end == End("proved", "c1234")
    assert len(runs) <= longest(10_000) == 17
