"""Predictions for labelled cases: right names, the file's own line numbers, never a truth file."""

import gzip
from pathlib import Path

import pytest

from incident_pipeline.flow.bench_lines import predict_lines

START = "start\r\nstep one\rprogress 1%\rprogress 99%\n"
FAILED = START + "E   AssertionError: 1 != 2\n##[error]Process completed with exit code 1.\n"
GREEN = START + "all good\n"


class Told:
    total: int | None = None
    done = 0

    def step(self, text: str, *, total: int | None = None) -> None:
        self.total = total

    def advance(self, n: int = 1) -> None:
        self.done += n


def case(folder: Path, name: str, **logs: str) -> None:
    path = folder / name
    path.mkdir(parents=True)
    for label, text in logs.items():
        (path / f"{label}.log.gz").write_bytes(gzip.compress(text.encode()))
    (path / "truth.json").write_text("{not json: whoever opens this fails}")


def test_lines_are_numbered_at_every_kind_of_line_break(tmp_path: Path) -> None:
    case(tmp_path, "cidiff/a", failed=FAILED, green=GREEN)
    assert list(predict_lines(tmp_path)) == [{"case": "cidiff/a", "lines": [5, 6]}]


def test_every_case_of_both_suites_is_predicted_and_progress_told(tmp_path: Path) -> None:
    case(tmp_path, "logdx/b", failed=FAILED)
    case(tmp_path, "cidiff/c", failed=FAILED)
    told = Told()
    names = [p["case"] for p in predict_lines(tmp_path, progress=told)]
    assert names == ["cidiff/c", "logdx/b"]
    assert (told.total, told.done) == (2, 2)


def test_an_excerpt_keeps_to_its_budget(tmp_path: Path) -> None:
    case(tmp_path, "logdx/b", failed="\n".join(f"E   ValueError: number {n} is too large" for n in range(500)))
    (prediction,) = predict_lines(tmp_path, max_chars=400)
    assert 0 < len(prediction["lines"]) <= 400 // 30


def test_a_case_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    case(tmp_path, "cidiff/empty", green=GREEN)
    (prediction,) = predict_lines(tmp_path)
    assert prediction["lines"] == []
    assert "failed.log.gz" in prediction.get("error", "")


def test_an_empty_log_is_no_error(tmp_path: Path) -> None:
    case(tmp_path, "cidiff/empty", failed="", green=GREEN)
    assert [p["lines"] for p in predict_lines(tmp_path)] == [[]]


@pytest.mark.shared
@pytest.mark.slow
def test_every_labelled_case_gets_lines(shared: Path) -> None:
    folder = shared / "benchmarks" / "lines"
    predicted = list(predict_lines(folder))
    assert len(predicted) == sum(1 for suite in ("logdx", "cidiff") for _ in (folder / suite).iterdir())
    assert sum(1 for p in predicted if p["lines"]) == len(predicted)
