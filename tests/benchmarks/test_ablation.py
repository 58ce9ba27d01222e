"""Ideas can still be taken out: each name that is patched exists, and what remains is measured."""

from pathlib import Path

import pytest

from benchmarks import ablation
from benchmarks.ideas import COMMITS, LINES
from incident_pipeline.evidence.weights import FEATURE
from incident_pipeline.flow.bench_sets import find_sets
from incident_pipeline.flow.progress import quiet
from tests.flow.labelled import label


def test_every_weighted_feature_is_taken_out_once() -> None:
    assert {f"feature `{name}`" for name in FEATURE} <= set(COMMITS)


@pytest.mark.shared
@pytest.mark.slow
def test_each_idea_is_taken_out_alone_and_all_are_back_afterwards(shared: Path, tmp_path: Path) -> None:
    sets = find_sets(label(tmp_path / "sets", scorers=shared))
    (tmp_path / "work").mkdir()
    lines = ablation.ablate_lines(sets, tmp_path / "work", progress=quiet)
    assert [row[0] for row in lines[1:]][: len(LINES)] == list(LINES)
    assert lines[0][1] == "1.000"
    without = {row[0]: row[1:] for row in lines}
    assert without["blocks: error lines alone"][2] < without["(nothing)"][2]

    commits = ablation.ablate_commits(sets, tmp_path / "work", progress=quiet)
    assert [row[0] for row in commits] == ["(nothing)", *COMMITS, "green log"]
    without = {row[0]: row[1:] for row in commits}
    assert without["(nothing)"][:4] == ("1.000", "1.000", "1.000", "1.000")
    assert without["signs of the machine"][3] == "0.500"
    assert without["signs of the machine"][4] > without["(nothing)"][4]


def test_a_markdown_table_has_a_rule_below_its_head() -> None:
    assert ablation.to_markdown(("a", "b"), [("1", "2")]) == "| a | b |\n| --- | --- |\n| 1 | 2 |\n"
