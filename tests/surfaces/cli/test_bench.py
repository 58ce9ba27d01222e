"""`bench` alone: tables on stdout, figures in a file, floors in the exit code; one line for what is off."""

import json
from pathlib import Path

import pytest

from incident_pipeline.flow import bench
from incident_pipeline.flow.bench import Bench, Board
from incident_pipeline.flow.bench_marks import SCALES, measure
from incident_pipeline.flow.bench_scores import Estimate, calibrate
from incident_pipeline.surfaces.cli.bench_table import broken, to_json, to_text
from incident_pipeline.surfaces.cli.main import main
from tests.flow.labelled import label

Captured = pytest.CaptureFixture[str]
MEASURES = (
    measure("logdx_critical", Estimate(0.9496, 0.9, 1.0)),
    measure("logdx_chars", Estimate(9_000.4, 50.2, 12_000.0)),
)
BENCH = Bench((Board("logdx", 3, MEASURES),), {"all": {"n": 3, "top1": 1.0}}, {"sureness": calibrate([(0.8, True)])})


def _measured(*_: object, **__: object) -> Bench:
    return BENCH


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder that looks like the sets; what is measured there is BENCH."""
    monkeypatch.setattr(bench, "run_bench", _measured)
    (tmp_path / "sets" / "benchmarks" / "lines" / "logdx" / "a").mkdir(parents=True)
    (tmp_path / "sets" / "benchmarks" / "lines" / "logdx" / "a" / "failed.log.gz").touch()
    (tmp_path / "sets" / "benchmarks" / "score_lines.py").touch()
    return tmp_path / "sets"


def run(capsys: Captured, *words: str) -> tuple[int, str, list[str]]:
    capsys.readouterr()
    code = main(["bench", *words])
    said = capsys.readouterr()
    return code, said.out, [line.removeprefix("incident-responder: ") for line in said.err.splitlines()]


def test_a_table_shows_figure_interval_mark_aim_and_what_is_met() -> None:
    text = to_text(BENCH).splitlines()
    assert text[0].endswith("(3 cases)")
    assert text[3].split("  ", 1)[0] == "critical signals kept"
    assert text[3].split()[3:] == ["0.950", "[0.900,", "1.000]", "0.92", "0.97", "mark"]
    assert text[4].split()[2:] == ["9,000", "[50,", "12,000]", "16,000", "8,000", "mark"]


@pytest.mark.parametrize(
    ("name", "found", "met"),
    [
        ("incidents_top1", Estimate(0.8), "aim"),
        ("incidents_top1", Estimate(0.7999), "aim"),  # as shown: .800
        ("incidents_top1", Estimate(0.79), "mark"),
        ("incidents_top1", Estimate(0.59), "no"),
        ("incidents_mrr", Estimate(0.1), ""),
        ("cidiff_f1", Estimate(0.7), "no"),
        ("logdx_chars", Estimate(8_000.0), "aim"),
        ("logdx_chars", Estimate(17_000.0), "no"),
        ("incidents_oldest_cost", Estimate(-0.04), "mark"),
        ("cidiff_gain", Estimate(0.2, 0.01, 0.3), "mark"),
        ("cidiff_gain", Estimate(0.2, 0.0, 0.3), "no"),
    ],
)
def test_what_is_met_is_read_off_the_scale(name: str, found: Estimate, met: str) -> None:
    assert measure(name, found).met == met


def test_floors_hold_up_to_three_digits_and_are_ceilings_where_less_is_better() -> None:
    assert broken(BENCH, {"logdx_critical": 0.95, "logdx_chars": 9_001}) == []
    assert broken(BENCH, {"logdx_critical": 0.951, "logdx_chars": 9_000, "cidiff_f1": 0.5}) == [
        "under the floor: logdx_critical is 0.950, committed floor 0.951",
        "under the floor: logdx_chars is 9,000, committed floor 9,000",
        "under the floor: cidiff_f1 is not measured, committed floor 0.500",
    ]


def test_the_committed_floors_guard_every_measure_but_the_baseline() -> None:
    floors = json.loads((Path(__file__).resolve().parents[3] / "benchmarks" / "floors.json").read_text())
    assert set(floors) == set(SCALES) - {"cidiff_novelty_f1"}


def test_json_holds_each_measure_by_name() -> None:
    found = json.loads(to_json(BENCH, ["x: no cases"]))
    assert found["measures"]["logdx_critical"] == {
        "value": 0.9496, "low": 0.9, "high": 1.0, "mark": 0.92, "aim": 0.97, "met": "mark", "cases": 3,
    }  # fmt: skip
    assert found["absent"] == ["x: no cases"]
    assert found["calibration"]["sureness"]["bins"][0]["cases"] == 1


def test_the_sets_are_where_the_option_says_and_what_is_absent_is_said(capsys: Captured, measured: Path) -> None:
    code, out, err = run(capsys, "--shared", str(measured), "--json", "b.json")
    assert (code, out) == (0, to_text(BENCH))
    assert err == [f"{measured / 'benchmarks/lines/cidiff'}: no cases", f"{measured / 'incidents'}: no cases"]
    assert json.loads(Path("b.json").read_text())["measures"]


def test_the_sets_are_where_the_variable_says_else_beside_the_project(
    capsys: Captured, measured: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("INCIDENT_RESPONDER_SHARED", str(measured))
    assert run(capsys)[0] == 0
    monkeypatch.delenv("INCIDENT_RESPONDER_SHARED")
    measured.rename(tmp_path / "shared")
    inside = tmp_path / "project" / "docs"
    inside.mkdir(parents=True)
    (tmp_path / "project" / ".git").mkdir()
    monkeypatch.chdir(inside)
    assert run(capsys)[0] == 0


def test_a_figure_under_its_floor_is_exit_1_after_the_tables(capsys: Captured, measured: Path) -> None:
    Path("floors.json").write_text('{"logdx_critical": 0.96}')
    code, out, err = run(capsys, "--shared", str(measured), "--floor", "floors.json")
    assert (code, out) == (1, to_text(BENCH))
    assert err[-1] == "under the floor: logdx_critical is 0.950, committed floor 0.960"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--shared", "none"], "none: holds no labelled set with its scorer: give --shared DIR or"),
        (["--floor", "none"], "--floor none: not a JSON object of numbers by measure"),
        (["--floor", "list.json"], "--floor list.json: not a JSON object of numbers by measure"),
        (["--floor", "odd.json"], "--floor odd.json: no measure is called beauty; they are logdx_critical,"),
        (["--json", "no/b.json"], "--json no/b.json: name a file in a folder that exists"),
        (["--json", "b.json", "lines", ".", "--out", "p"], "--json goes with `bench` alone, not with `bench lines`"),
    ],
)
def test_what_is_off_is_one_line_and_exit_2(capsys: Captured, words: list[str], said: str) -> None:
    Path("list.json").write_text("[1]")
    Path("odd.json").write_text('{"beauty": 1}')
    code, out, err = run(capsys, *words)
    assert (code, out, len(err)) == (2, "", 1)
    assert err[0].startswith(said)


@pytest.mark.shared
def test_the_whole_bench_runs_on_cases_made_here(capsys: Captured, shared: Path, tmp_path: Path) -> None:
    code, out, err = run(capsys, "--shared", str(label(tmp_path / "sets", scorers=shared)))
    assert (code, err) == (0, [])
    assert [line for line in out.splitlines() if line.startswith("culprit first ")] != []
    assert "confidence of the verdict: Brier" in out
