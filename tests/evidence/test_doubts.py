"""Is the range complete, was there a green run at its start, and may an earlier push be guilty? Said aloud."""

from dataclasses import replace

import pytest

from incident_pipeline.evidence.judge import judge
from incident_pipeline.model.evidence import CodeFacts, Judgement
from incident_pipeline.model.git import BlameLine
from incident_pipeline.model.incident import BaseKind, Window
from tests.evidence import sample
from tests.evidence.test_judge import DOCS, FILES, GUILTY, HEAD

LINES = ["shop/cart.py:10: in rounded", "E   decimal.InvalidOperation: bad"]
FAILED = sample.failure(LINES, 2, 2, sample.frame(1, "shop/cart.py", 10), tests=["tests/test_cart.py::test_total"])
ASIDE = sample.commit(5, "Elsewhere", sample.change("tools/release.py", "a = 1\n", "a = 2\n"))
EARLIER = "an earlier push may be guilty"


def ask(window: Window, code: CodeFacts | None = None, *, green: bool = True) -> Judgement:
    greens = [sample.log(["ok"], "green")] if green else []
    return judge(FAILED, window, code or sample.code(FILES), logs=[sample.log(LINES)], greens=greens)


def blamed(on: str) -> CodeFacts:
    lines = tuple(BlameLine(n, on, "shop/cart.py", n, text) for n, text in enumerate(HEAD.split("\n"), 1))
    return replace(sample.code(FILES, blame=True), blame={"shop/cart.py": lines})


def says(found: Judgement, words: str) -> bool:
    return any(words in sentence for sentence in found.not_known)


@pytest.mark.parametrize(
    ("kind", "words"),
    [("given", "as it was given"), ("merge_base", "where the branch began"), ("time", "by time alone")],
)
def test_a_start_that_no_green_run_vouches_for_is_said(kind: BaseKind, words: str) -> None:
    window = replace(sample.window(GUILTY), base_kind=kind)
    assert says(ask(window, green=False), f"starts at bbbbbbb {words}: that it was green was not checked")
    assert not says(ask(window), words)


def test_a_window_of_a_green_run_and_its_log_leaves_no_doubt_of_the_range() -> None:
    assert not any(says(ask(sample.window(GUILTY)), w) for w in ("range", "earlier", "green one"))


def test_an_incomplete_window_is_said_and_its_commits_are_a_little_less_sure() -> None:
    whole, cut = ask(sample.window(ASIDE)), ask(sample.window(ASIDE, complete=False))
    assert says(cut, "the range of commits is incomplete")
    assert cut.suspects[0].probability < whole.suspects[0].probability


def test_lines_older_than_the_range_and_commits_beside_the_point_mean_an_earlier_push() -> None:
    old = ask(sample.window(ASIDE, DOCS), blamed("c" * 40))
    assert says(old, EARLIER)
    assert old.verdict.status == "INCONCLUSIVE"
    assert old.suspects[0].probability < ask(sample.window(ASIDE, DOCS)).suspects[0].probability


def test_a_line_of_the_window_or_a_commit_that_reaches_it_means_no_earlier_push() -> None:
    assert not says(ask(sample.window(ASIDE, DOCS), blamed(ASIDE.hash)), EARLIER)
    assert not says(ask(sample.window(GUILTY, DOCS), blamed("c" * 40)), EARLIER)


def test_a_head_that_was_green_before_is_flaky_and_no_commit_is_accused() -> None:
    found = ask(Window("acme/shop", "b" * 40, "b" * 40, "last_green"))
    assert found.verdict.verdict == "flaky"
    assert says(found, "no change lies between green and red")


@pytest.mark.parametrize(
    "commits",
    [
        (sample.commit(1, "Root", sample.change("shop/cart.py", "", HEAD), parents=0),),
        (replace(GUILTY, parents=("a" * 40, "b" * 40)),),
        (replace(GUILTY, files=()),),
        (sample.commit(1, "Picture", sample.FileChange("logo.png", "modified", binary=True)),),
        (sample.commit(1, "Spaces", sample.change("shop/cart.py", HEAD.replace("    ", "  "), HEAD)),),
        (sample.commit(1, "Sub", sample.FileChange("lib", "modified", submodule=True)),),
    ],
    ids=["root commit", "merge only", "no files", "binary only", "formatting only", "submodule"],
)
def test_odd_windows_are_judged_with_probabilities_that_add_up(commits: tuple[sample.Commit, ...]) -> None:
    found = ask(sample.window(*commits))
    assert len(found.suspects) == 1
    assert 0.0 <= found.suspects[0].probability <= 1.0


def test_a_window_in_which_all_is_formatting_accuses_nobody_for_sure() -> None:
    spaces = sample.commit(1, "Spaces", sample.change("shop/cart.py", HEAD.replace("    ", "  "), HEAD))
    found = ask(sample.window(spaces), blamed("c" * 40))
    assert found.verdict.verdict == "unknown"
    assert says(found, EARLIER)
