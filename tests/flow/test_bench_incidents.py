"""Predictions for a folder of cases, made here by really committing to a small repository."""

import json
from pathlib import Path

import pytest

from incident_pipeline.errors import BadInput
from incident_pipeline.flow.bench_incidents import cited_lines, clone_case, judge_case, predict_incidents
from incident_pipeline.model.evidence import Failure, Finding
from tests.flow.labelled import DECISIVE, label


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return label(tmp_path / "sets") / "incidents" / "fault"


def guilty_of(case: Path) -> str:
    return json.loads((case.parent / "truth" / f"{case.name}.json").read_text())["culprit_sha"]


def test_a_case_is_answered_with_its_culprit_its_line_and_a_verdict(case: Path, tmp_path: Path) -> None:
    found, full = predict_incidents(case.parent, tmp_path / "work")
    assert found["case"] == "fault"
    assert found["ranked_commits"][0] == guilty_of(case)
    assert len(found["ranked_commits"]) == 3
    assert set(DECISIVE) & set(found["cited_lines"])
    assert (found["verdict"], found["tokens"]) == ("commit", 0)
    assert full["verdict"] == "infrastructure"


def test_a_second_run_uses_the_clone_and_says_the_same(case: Path, tmp_path: Path) -> None:
    first, second = (next(predict_incidents(case.parent, tmp_path / "work")) for _ in range(2))
    assert first["ranked_commits"] == second["ranked_commits"]


def test_a_case_can_be_judged_in_another_window_than_its_own(case: Path, tmp_path: Path) -> None:
    guilty = guilty_of(case)
    tmp_path.joinpath("work").mkdir()
    repo = clone_case(case, tmp_path / "work")
    whole, newest, after = (
        judge_case(case, repo, base=b, head=h) for b, h in ((None, None), (None, guilty), (guilty, None))
    )
    assert [len(r.judgement.suspects) for r in (whole, newest, after)] == [3, 2, 1]
    assert whole.judgement.suspects[0].hash == newest.judgement.suspects[0].hash == guilty
    assert guilty not in {s.hash for s in after.judgement.suspects}
    assert whole.seconds > 0


def test_a_broken_bundle_is_one_line(case: Path, tmp_path: Path) -> None:
    (case / "repo.bundle").write_bytes(b"no bundle")
    with pytest.raises(BadInput, match=r"repo\.bundle: not a git bundle"):
        list(predict_incidents(case.parent, tmp_path / "work"))


def test_lines_that_only_say_that_it_failed_are_not_cited() -> None:
    exit_line = Finding("log", 9, 9, "exit code 1", "exit", 0.9, "")
    error = Finding("log", 3, 10, "E assert\nE\n\n" + "E + 1\n" * 5, "error", 0.5, "")
    assert cited_lines(Failure((exit_line, error)), limit=4) == [3, 6, 7, 8]  # nothing stands in the second and third
    assert cited_lines(Failure((exit_line,))) == [9]
    assert cited_lines(Failure()) == []
