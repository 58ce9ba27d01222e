"""The whole bench over one tiny case of each kind, made here, by the sets' own scorers; and who may open an answer."""

import shutil
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from incident_pipeline.errors import BadInput
from incident_pipeline.flow.bench import run_bench
from incident_pipeline.flow.bench_incidents import predict_incidents
from incident_pipeline.flow.bench_lines import predict_lines
from incident_pipeline.flow.bench_sets import Sets, culprits, find_sets
from tests.flow.labelled import label

_opened: list[str] | None = None


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and _opened is not None:
        _opened.append(str(arguments[0]))


sys.addaudithook(_hear)  # stays for the life of the process: silent unless `opened` listens


@contextmanager
def opened() -> Generator[list[str]]:
    """The paths of all files that are opened meanwhile."""
    global _opened  # noqa: PLW0603 - an audit hook cannot be taken away, only told to be silent
    _opened = []
    try:
        yield _opened
    finally:
        _opened = None


@pytest.fixture
def root(shared: Path, tmp_path: Path) -> Path:
    return label(tmp_path / "sets", scorers=shared)


@pytest.mark.shared
def test_every_measure_of_every_set_is_there(root: Path, tmp_path: Path) -> None:
    bench = run_bench(find_sets(root), tmp_path / "work")
    values = {m.name: m.estimate.value for m in bench.measures}
    assert [(b.name, b.cases) for b in bench.boards] == [("logdx", 1), ("cidiff", 1), ("incidents", 2)]
    for name in ("logdx_critical", "incidents_top1", "incidents_top10", "incidents_newest_top1"):
        assert values[name] == 1, name
    assert values["cidiff_f1"] > 0.8
    assert values["cidiff_gain"] == values["cidiff_f1"] - values["cidiff_novelty_f1"] > 0
    assert values["incidents_newest_cost"] == values["incidents_oldest_cost"] == 0
    assert 0 < values["incidents_brier"] < 0.25
    assert [sum(b.cases for b in c.bins) for c in bench.calibration.values()] == [2, 2]
    assert bench.by_difficulty["easy"]["top1"] == 1


@pytest.mark.shared
def test_a_set_that_is_absent_is_named_and_the_others_measured(root: Path, tmp_path: Path) -> None:
    shutil.rmtree(root / "incidents")
    shutil.rmtree(root / "benchmarks" / "lines" / "logdx")
    sets = find_sets(root)
    assert [line.rpartition("/")[2] for line in sets.absent] == ["logdx: no cases", "incidents: no cases"]
    bench = run_bench(sets, tmp_path)
    assert [b.name for b in bench.boards] == ["cidiff"]


@pytest.mark.shared
def test_a_scorer_that_refuses_is_one_line(root: Path, tmp_path: Path) -> None:
    (root / "benchmarks" / "score_lines.py").write_text("raise SystemExit('no\\nsuch suite')")
    with pytest.raises(BadInput, match=r"score_lines\.py: could not score \(such suite\)"):
        run_bench(find_sets(root), tmp_path / "work")


def test_no_answer_is_opened_while_predicting_and_none_is_needed(tmp_path: Path) -> None:
    root = label(tmp_path / "sets")
    lines, incidents = root / "benchmarks" / "lines", root / "incidents"
    with opened() as paths:
        first = list(predict_lines(lines)), [_timeless(p) for p in predict_incidents(incidents, tmp_path / "work")]
    assert any(path.endswith("run.json") for path in paths)
    assert [path for path in paths if "truth" in path] == []
    shutil.rmtree(incidents / "truth")
    for answer in lines.glob("*/*/truth.json"):
        answer.unlink()
    again = list(predict_lines(lines)), [_timeless(p) for p in predict_incidents(incidents, tmp_path / "work")]
    assert first == again


@pytest.mark.shared
def test_the_answers_are_opened_after_the_last_prediction(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at: list[int] = []
    with opened() as paths:

        def late(sets: Sets) -> dict[str, str]:
            at.append(len(paths))
            return culprits(sets)

        monkeypatch.setattr("incident_pipeline.flow.bench_judged.culprits", late)
        run_bench(find_sets(root), tmp_path / "work")
    first_answer = next(i for i, path in enumerate(paths) if "truth" in path)
    assert first_answer >= at[0] > max(i for i, path in enumerate(paths) if path.endswith("/infra/failed.log.gz"))


def _timeless(prediction: Any) -> dict[str, Any]:
    return {name: value for name, value in prediction.items() if name != "seconds"}
