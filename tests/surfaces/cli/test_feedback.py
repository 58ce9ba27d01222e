"""`feedback` on the command line: one answer, a clear line for what is wrong, and what was recorded on stdout."""

import importlib
import re
from dataclasses import replace
from pathlib import Path

import pytest
import typer

from incident_pipeline.flow.workspace import open_workspace
from incident_pipeline.settings import load_settings
from incident_pipeline.surfaces.cli.feedback import feedback
from incident_pipeline.surfaces.cli.main import main
from incident_pipeline.warehouse.incidents import save_incident
from incident_pipeline.warehouse.reports import save_report
from tests.warehouse.samples import INCIDENT, SUSPECT, WINDOW, commit, report

Captured = pytest.CaptureFixture[str]
DOCS = Path(__file__).resolve().parents[3] / "docs"
GUILTY, OTHER = "ab12" * 10, "cd56" * 10


@pytest.fixture(autouse=True)
def stored(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stored incident with a report, and a program that has `feedback` alone."""
    app = typer.Typer(rich_markup_mode=None)
    app.callback()(lambda: None)
    app.command("feedback")(feedback)
    monkeypatch.setattr(importlib.import_module("incident_pipeline.surfaces.cli.main"), "app", app)
    monkeypatch.setenv("USER", "ana")
    ws = open_workspace(load_settings())
    commits = tuple(replace(commit(1), hash=h, message=f"Change {h[:4]}\x1b[31m") for h in (GUILTY, OTHER))
    save_incident(ws.warehouse, replace(INCIDENT, green_run=None), window=replace(WINDOW, commits=commits))
    made = replace(report(), suspects=(replace(SUSPECT, hash=OTHER), replace(SUSPECT, hash=GUILTY, probability=0.1)))
    save_report(ws.warehouse, made, report_id="r1", json="{}", markdown="")


def run(capsys: Captured, *words: str) -> tuple[int, list[str], list[str]]:
    code = main(["feedback", *words])
    out, err = capsys.readouterr()
    return code, out.splitlines(), err.splitlines()


def test_what_was_recorded_and_how_the_report_had_ranked_it_is_said(capsys: Captured) -> None:
    code, out, err = run(capsys, "1842", "--culprit", "ab12ab", "--note", "bisected by hand")
    assert (code, err) == (0, [])
    assert out[0].startswith('shop-1842-2: recorded, ab12ab12ab "Change ab12')
    assert out[0].endswith("did it (by ana)")
    assert "\x1b" not in out[0]
    assert out[1:] == ["the report said: LIKELY commit; this commit was number 2 of 2 (0.10)"]


def test_a_contradiction_is_shown(capsys: Captured) -> None:
    run(capsys, "1842", "--flaky", "--author", "bo")
    _, out, _ = run(capsys, "1842", "--not", OTHER)
    assert out == [
        'shop-1842-2: recorded, cd56cd56cd "Change cd56␛[31m" did not do it (by ana)',
        "the report said: LIKELY commit; this commit was number 1 of 2 (0.80)",
    ]
    _, out, _ = run(capsys, "1842", "--infra")
    assert re.fullmatch(r"this contradicts what bo said on \S+ \S+ UTC \(it failed by chance, no commit\); .*", out[2])


def test_a_commit_outside_the_range_is_taken_whole_and_said_so(capsys: Captured) -> None:
    code, out, _ = run(capsys, "1842", "--culprit", "f" * 40, "--author", "")
    assert code == 0
    assert out == [
        "shop-1842-2: recorded, ffffffffff did it",
        "ffffffffff is outside the range that was looked at",
        "the report said: LIKELY commit; this commit was not among its suspects",
    ]


@pytest.mark.parametrize(
    ("words", "said", "exit_code"),
    [
        (["1842"], "give exactly one of --culprit SHA", 2),
        (["1842", "--infra", "--flaky"], "give exactly one of", 2),
        (["1842", "--culprit", "ab12", "--not", "cd56"], "give exactly one of", 2),
        (["1842", "--culprit", ""], "is no commit hash", 2),
        (["1842", "--culprit", "ffff"], 'the nearest are ab12ab12ab "Change ab12', 2),
        (["nope", "--infra"], "not in the warehouse", 1),
        ([], "Missing argument 'INCIDENT'", 2),
    ],
)
def test_what_cannot_be_meant_is_one_line(capsys: Captured, words: list[str], said: str, exit_code: int) -> None:
    code, out, err = run(capsys, *words)
    assert (code, out, len(err)) == (exit_code, [], 1)
    assert said in err[0]


def test_every_option_is_documented_and_no_other(capsys: Captured) -> None:
    main(["feedback", "--help"])
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    section = (DOCS / "cli.md").read_text(encoding="utf-8").partition("\n## feedback")[2].partition("\n## ")[0]
    assert set(re.findall(r"--[a-z-]+[a-z]", section)) == options
