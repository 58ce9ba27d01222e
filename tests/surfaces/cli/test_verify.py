import sys
from pathlib import Path

import pytest
import typer

from incident_pipeline.flow.investigate import investigate
from incident_pipeline.flow.request import Request
from incident_pipeline.flow.workspace import open_workspace
from incident_pipeline.settings import load_settings
from incident_pipeline.surfaces.cli.verify import verify
from tests.flow.sample import CULPRIT, GREEN, Sample, make_sample

FAILS = f"{sys.executable} -c 'import price; assert price.total([1, 2]) == 3'"
Captured = pytest.CaptureFixture[str]
app = typer.Typer()
app.command("verify")(verify)


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sample:
    monkeypatch.chdir(tmp_path)
    made = make_sample(tmp_path / "sample")
    request = Request(
        repo="acme/prices", git_path=made.repo, log_files=(made.failed_log,), green_logs=(made.green_log,),
        last_green=made.hashes[GREEN], head=made.hashes[-1],
    )  # fmt: skip
    list(investigate(open_workspace(load_settings()), request))
    return made


def run(capsys: Captured, *words: str) -> tuple[int, str, list[str]]:
    code = app(["acme", *words], standalone_mode=False)
    out, err = capsys.readouterr()
    return code or 0, out, [line.removeprefix("incident-responder: ") for line in err.splitlines()]


def test_it_says_what_it_runs_shows_each_run_and_prints_the_report(
    sample: Sample, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_TOKEN", "secret-value")
    code, out, said = run(capsys, "--command", FAILS)
    culprit, parent, head = (sample.hashes[n][:7] for n in (CULPRIT, GREEN, -1))
    assert code == 0
    assert culprit in out
    assert said[0] == f"runs the code of acme's commits on this machine: {FAILS}"
    assert said[1].startswith("held back from it:")
    assert "MY_TOKEN" in said[1]
    assert "secret-value" not in "\n".join(said)
    assert said[2].startswith(f"run 1: {head} failed (exit 1) in ")
    assert said[2].endswith("; head: does it fail here?")
    assert {line.split()[2] for line in said[3:5]} == {culprit, parent}
    assert said[-1] == f"The command fails at {culprit} and passes at its parent {parent}."


def test_nothing_proved_ends_with_one_and_the_reason(sample: Sample, capsys: Captured) -> None:
    code, _, said = run(capsys, "--command", "true")
    assert code == 1
    assert said[-1].endswith("nothing to prove.")


def test_limits_reach_the_command(sample: Sample, capsys: Captured) -> None:
    code, _, said = run(capsys, "--command", "sleep 60", "--timeout", "0.5", "--format", "json")
    assert code == 1
    assert "took too long" in "\n".join(said)
    assert said[-1].startswith("Not settled: at ")
    code, _, said = run(capsys, "--command", FAILS, "--max-runs", "1")
    assert code == 1
    assert "limit of 1 runs" in said[-1]
