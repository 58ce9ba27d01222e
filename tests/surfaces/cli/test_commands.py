import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from incident_pipeline import __version__
from incident_pipeline.errors import NotFound
from incident_pipeline.flow import bench_lines, history
from incident_pipeline.flow.progress import Progress
from incident_pipeline.flow.report import StoredReport
from incident_pipeline.flow.workspace import Workspace
from incident_pipeline.surfaces.cli.main import app, main
from incident_pipeline.warehouse.gate import QueryResult
from tests.surfaces.cli.fakes import stored_report

Captured = pytest.CaptureFixture[str]


def _run(capsys: Captured, *words: str) -> tuple[int, str, list[str]]:
    code = main(list(words))
    out, err = capsys.readouterr()
    return code, out, err.splitlines()


def _config(text: str) -> None:
    Path("config").mkdir()
    Path("config/sources.yaml").write_text(text)


def test_help_names_every_command_and_the_version_is_the_packages() -> None:
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0
    for command in [
        "investigate", "sources", "incidents", "verify", "feedback", "sql", "init", "up", "bench", "version",
    ]:  # fmt: skip
        assert f"\n  {command} " in result.output
    assert CliRunner().invoke(app, ["version"]).output == f"{__version__}\n"


@pytest.mark.parametrize("words", [[], ["sources"], ["nonsense"], ["incidents", "nonsense"]])
def test_a_missing_or_unknown_command_is_usage(capsys: Captured, words: list[str]) -> None:
    code, out, err = _run(capsys, *words)
    assert (code, out) == (2, "")
    assert "incident-responder" in err[0]


def test_sources_list_shows_where_each_stands(capsys: Captured) -> None:
    _config("git_sources:\n  - {type: gitlab, enabled: false}\nlog_sources:\n  - {type: jenkins, name: builds}\n")
    code, out, _ = _run(capsys, "sources", "list")
    assert code == 0
    assert [line.split() for line in out.splitlines()[2:]] == [
        ["git", "gitlab", "gitlab", "no", "config/sources.yaml:2"],
        ["logs", "builds", "jenkins", "yes", "config/sources.yaml:4"],
    ]


def test_without_sources_the_way_to_some_is_said(capsys: Captured) -> None:
    for command in ("list", "check"):
        code, out, err = _run(capsys, "sources", command)
        assert (code, out) == (0, "")
        assert "init" in err[0]


def test_sources_check_fails_when_one_source_does(capsys: Captured) -> None:
    _config(
        "git_sources:\n  - {type: github, config: {base_url: 'http://x.example'}}\n"
        "  - {type: bitbucket, enabled: false}\n"
    )
    code, out, err = _run(capsys, "sources", "check")
    assert code == 1
    head, _, row, advice = out.splitlines()
    assert head.split() == ["works", "kind", "source", "what", "credentials", "scopes", "clock", "found"]
    assert row.split() == ["NO", "git", "github", "github"]
    assert advice.startswith("github: github: base_url must be an https address")
    assert err == ["incident-responder: 1 of 1 sources failed"]


@pytest.mark.parametrize("command", ["list", "check"])
def test_a_wrong_config_is_usage_with_a_line_for_each_problem(capsys: Captured, command: str) -> None:
    _config("git_sources:\n  - {type: gitlba}\nlog_sources:\n  - {type: jenkins, config: {tokne: x}}\n")
    code, out, err = _run(capsys, "sources", command)
    assert (code, out) == (2, "")
    assert err == [
        "incident-responder: config/sources.yaml:2: git_sources[0]: unknown type 'gitlba', did you mean 'gitlab'?",
        "incident-responder: config/sources.yaml:4: log_sources[0].config: unknown key 'tokne', did you mean 'token'?",
    ]


def test_incidents_list_prints_the_rows(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def listed(ws: Workspace, *, limit: int) -> pl.DataFrame:
        asked.append(limit)
        return pl.DataFrame({"incident": ["a"], "verdict": ["commit"]})

    monkeypatch.setattr(history, "list_incidents", listed)
    assert _run(capsys, "incidents", "list", "--limit", "7", "--format", "csv")[1] == "incident,verdict\na,commit\n"
    assert json.loads(_run(capsys, "incidents", "list", "--format", "json")[1]) == [
        {"incident": "a", "verdict": "commit"}
    ]
    assert asked == [7, 20]


def test_no_incidents_yet_says_so(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "list_incidents", lambda ws, limit: pl.DataFrame({"incident": []}))  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType] - a fake of one line
    code, _, err = _run(capsys, "incidents", "list")
    assert code == 0
    assert "no incidents yet" in err[0]


def test_incidents_show_prints_a_stored_report_again(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    def show(ws: Workspace, part: str) -> StoredReport:
        if part != "1842":
            raise NotFound(f"no incident has {part} in its id")
        return stored_report()

    monkeypatch.setattr(history, "show_incident", show)
    assert json.loads(_run(capsys, "incidents", "show", "1842", "--format", "json")[1])["incident"] == "acme-shop-1842"
    assert _run(capsys, "incidents", "show", "1842", "--output", "r.md")[0] == 0
    assert Path("r.md").read_text().startswith("#")
    code, out, err = _run(capsys, "incidents", "show", "9")
    assert (code, out, err) == (1, "", ["incident-responder: no incident has 9 in its id"])


def test_sql_is_bounded_by_the_config_and_says_when_it_cut(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int, float]] = []

    def query(ws: Workspace, sql: str, *, max_rows: int, seconds: float) -> QueryResult:
        asked.append((sql, max_rows, seconds))
        return QueryResult(("n",), ("INTEGER",), ((1,), (2,)), truncated=True, seconds=0.1)

    monkeypatch.setattr(history, "query", query)
    Path("config").mkdir()
    Path("config/app.yaml").write_text("query: {max_rows: 2, seconds: 3}")
    code, out, err = _run(capsys, "sql", "SELECT 1", "--format", "csv")
    assert (code, out) == (0, "n\n1\n2\n")
    assert err == ["incident-responder: only the first 2 rows are shown; query.max_rows in app.yaml is the bound"]
    assert asked == [("SELECT 1", 2, 3.0)]


def test_bench_lines_writes_one_object_a_line(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def predict(folder: Path, *, progress: Progress) -> Iterator[bench_lines.Prediction]:
        yield {"case": "logdx/a", "lines": [1, 2]}
        yield {"case": "cidiff/b", "lines": []}

    monkeypatch.setattr(bench_lines, "predict_lines", predict)
    assert _run(capsys, "bench", "lines", ".", "--out", "p.jsonl") == (0, "2 predictions in p.jsonl\n", [])
    assert [json.loads(line)["case"] for line in Path("p.jsonl").read_text().splitlines()] == ["logdx/a", "cidiff/b"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["bench", "lines", "none", "--out", "p"], 2, "none: no such folder"),
        (["bench", "incidents", "none", "--out", "p"], 2, "none: no such folder"),
        (["bench", "lines", ".", "--out", "no/p"], 2, "--out no/p: name a file in a folder that exists"),
        (["bench", "lines", ".", "--out", "p"], 1, ".: holds no cases"),
    ],
)
def test_bench_says_what_is_wrong_and_writes_nothing(
    capsys: Captured, words: list[str], code: int, said: str, tmp_path: Path
) -> None:
    assert _run(capsys, *words) == (code, "", [f"incident-responder: {said}"])
    assert list(tmp_path.iterdir()) == []
