import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from incident_pipeline.errors import AccessDenied, NotFound, RateLimited, UsageError
from incident_pipeline.surfaces.cli.main import main
from tests.surfaces.cli.fakes import FakeInvestigation, stored_report

Captured = pytest.CaptureFixture[str]
ISSUE = ["investigate", "--logs", "github-actions", "--repo", "myorg/myapp"]
RANGE = [*ISSUE, "--since", "2024-01-01 14:00", "--until", "2024-01-01 15:00"]


def _run(capsys: Captured, *words: str) -> tuple[int, str, list[str]]:
    code = main(list(words))
    out, err = capsys.readouterr()
    return code, out, err.splitlines()


@pytest.mark.parametrize(
    "words",
    [
        ["--run-url", "https://github.com/myorg/myapp/actions/runs/123456789"],
        ["--run-id", "123456789"],
        ["--since", "2024-01-01 14:00", "--until", "2024-01-01 15:00"],
        ["--run-id", "123456789", "--git", "local", "--git-path", "/path/to/repo"],
    ],
)
def test_the_documented_forms_work_as_written(flow: FakeInvestigation, capsys: Captured, words: list[str]) -> None:
    code, out, _ = _run(capsys, *ISSUE, *words)
    assert code == 0
    assert "4be91f7" in out
    (request,) = flow.asked
    assert (request.logs, request.repo) == ("github-actions", "myorg/myapp")
    assert request.run_url or request.run_id == "123456789" or request.since == datetime(2024, 1, 1, 14, tzinfo=UTC)


def test_every_option_reaches_the_request(flow: FakeInvestigation, capsys: Captured) -> None:
    code, _, _ = _run(
        capsys, "investigate", "--log-file", "a.log", "--log-file", "b.log", "--green-log", "g.log",
        "--git-path", "repo", "--last-green", "abc", "--head", "main",
    )  # fmt: skip
    assert code == 0
    (request,) = flow.asked
    assert request.log_files == (Path("a.log"), Path("b.log"))
    assert request.green_logs == (Path("g.log"),)
    assert (request.git_path, request.last_green, request.head) == (Path("repo"), "abc", "main")


def test_services_and_a_time_reach_the_request(flow: FakeInvestigation, capsys: Captured) -> None:
    words = ("--logs", "files", "--service", "orders", "--service", "gateway", "--at", "2024-01-01 14:20")
    assert _run(capsys, "investigate", *words)[0] == 0
    (request,) = flow.asked
    assert request.services == ("orders", "gateway")
    assert (request.since, request.until) == (
        datetime(2024, 1, 1, 13, 50, tzinfo=UTC), datetime(2024, 1, 1, 14, 50, tzinfo=UTC),
    )  # fmt: skip


def test_inside_a_ci_job_no_flag_is_needed(
    flow: FakeInvestigation, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_RUN_ID", "77")
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/web")
    assert _run(capsys, "investigate")[0] == 0
    assert (flow.asked[0].repo, flow.asked[0].run_id) == ("acme/web", "77")


def test_naive_times_are_said_to_be_utc(flow: FakeInvestigation, capsys: Captured) -> None:
    _, _, err = _run(capsys, *RANGE)
    assert err[0] == "incident-responder: times given without a zone were taken as UTC"
    assert flow.asked[0].notes == ("times given without a zone were taken as UTC",)


def test_several_reports_come_one_after_another(flow: FakeInvestigation, capsys: Captured) -> None:
    flow.answer = [stored_report("second"), stored_report("first")]
    code, out, err = _run(capsys, *RANGE)
    assert code == 0
    assert out.index("second") < out.index("first")
    assert [line for line in err if "page of" in line] == [
        "incident-responder: page of second: /data/reports/second.html",
        "incident-responder: page of first: /data/reports/first.html",
    ]


def test_json_is_an_object_for_one_failure_and_an_array_for_a_range(flow: FakeInvestigation, capsys: Captured) -> None:
    _, out, _ = _run(capsys, *ISSUE, "--run-id", "1", "--format", "json")
    assert json.loads(out)["verdict"] == "commit"
    _, out, _ = _run(capsys, *RANGE, "--format", "json")
    assert [r["incident"] for r in json.loads(out)] == ["acme-shop-1842"]
    flow.answer = [stored_report("b"), stored_report("a")]
    _, out, _ = _run(capsys, *RANGE, "--format", "json")
    assert [r["incident"] for r in json.loads(out)] == ["b", "a"]
    flow.answer = []
    _, out, _ = _run(capsys, *RANGE, "--format", "json")
    assert json.loads(out) == []


def test_an_error_on_the_way_leaves_no_half_array_and_no_half_file(
    flow: FakeInvestigation, capsys: Captured, tmp_path: Path
) -> None:
    flow.answer = [stored_report(), NotFound("acme/web run 3: no such run (404)")]
    code, out, err = _run(capsys, *RANGE, "--format", "json")
    assert (code, out) == (1, "")
    assert err[-1] == "incident-responder: acme/web run 3: no such run (404)"
    assert _run(capsys, *RANGE, "--output", "r.md")[0] == 1
    assert list(tmp_path.glob("*r.md*")) == []


@pytest.mark.parametrize(
    ("name", "starts"),
    [("r.json", "{"), ("r.md", "#"), ("r.html", "<!doctype html>"), ("r.txt", "FAILED"), ("r", "FAILED")],
)
def test_the_ending_of_the_output_names_the_format(
    flow: FakeInvestigation, capsys: Captured, name: str, starts: str
) -> None:
    code, out, err = _run(capsys, *ISSUE, "--run-id", "1", "--output", name)
    assert (code, out) == (0, "")
    assert err[-1] == f"incident-responder: report: {name}"
    assert Path(name).read_text().lower().startswith(starts.lower())


def test_the_format_flag_wins_over_the_ending(flow: FakeInvestigation, capsys: Captured) -> None:
    _run(capsys, *ISSUE, "--run-id", "1", "--output", "r.md", "--format", "json")
    assert json.loads(Path("r.md").read_text())["verdict"] == "commit"


def test_html_on_stdout_is_the_page_alone(flow: FakeInvestigation, capsys: Captured) -> None:
    _, out, _ = _run(capsys, *ISSUE, "--run-id", "1", "--format", "html")
    assert out.lower().startswith("<!doctype html>")
    assert out.rstrip().endswith("</html>")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--run-id", "1", "--output", "no/such/r.md"], "--output no/such/r.md: folder no/such does not exist"),
        (["--run-id", "1", "--output", "."], "--output .: is a folder; name a file"),
        (
            ["--since", "2024-01-01", "--format", "html"],
            "--format html holds one incident, a time range may find several: give text, md or json",
        ),
        (["--since", "2024-01-02", "--until", "2024-01-01"],
         "--since 2024-01-02 00:00 UTC is not before --until 2024-01-01 00:00 UTC"),
        (["--run-id", "1", "--run-url", "https://github.com/a/b/actions/runs/1"],
         "--run-url and --run-id each name the failure: give one of them"),
        (["--run-id", "1", "--config", "none"],
         "none: --config: no such file or folder; `incident-responder init` writes a config"),
    ],
)  # fmt: skip
def test_wrong_words_are_one_line_and_nothing_is_asked(
    flow: FakeInvestigation, capsys: Captured, words: list[str], said: str
) -> None:
    code, out, err = _run(capsys, *ISSUE, *words)
    assert (code, out, err) == (2, "", [f"incident-responder: {said}"])
    assert flow.asked == []


@pytest.mark.parametrize(
    ("words", "about"),
    [
        (["--run-id", "1", "--attempt", "0"], "--attempt"),
        (["--run-id"], "--run-id"),
        (["--runid", "1"], "--runid"),
        (["stray"], "stray"),
        (["--run-id", "1", "--format", "pdf"], "pdf"),
    ],
)
def test_words_that_are_no_option_are_one_line_too(
    flow: FakeInvestigation, capsys: Captured, words: list[str], about: str
) -> None:
    code, out, (line,) = _run(capsys, *ISSUE, *words)
    assert (code, out) == (2, "")
    assert line.startswith("incident-responder: ")
    assert about in line
    assert line.endswith("--help)")
    assert flow.asked == []


def test_a_broken_config_is_said_whole_before_anything_is_asked(flow: FakeInvestigation, capsys: Captured) -> None:
    Path("config").mkdir()
    Path("config/sources.yaml").write_text(
        "git_sources:\n  - type: gitlab\n    config:\n      onwer: acme\n      token: ${NOPE}\n"
    )
    code, _, err = _run(capsys, *ISSUE, "--run-id", "1")
    assert code == 2
    missing = "variable NOPE is not set: export it, or give a default: ${NOPE:-...}"
    assert [line.removeprefix("incident-responder: config/sources.yaml:") for line in err] == [
        "4: git_sources[0].config: unknown key 'onwer', did you mean 'owner'?",
        f"5: git_sources[0].config.token: {missing}",
    ]
    assert flow.asked == []


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (AccessDenied("github acme/web: token lacks actions:read (403)"), 1),
        (NotFound("github acme/web: run 1 does not exist (404)"), 1),
        (RateLimited("github: wait until 14:00 UTC (429)"), 1),
        (UsageError("the run URL is of gitlab.com, not of github.com"), 2),
    ],
)
def test_errors_of_the_work_are_one_line(
    flow: FakeInvestigation, capsys: Captured, error: Exception, code: int
) -> None:
    flow.answer = [error]
    assert _run(capsys, *ISSUE, "--run-id", "1") == (code, "", [f"incident-responder: {error}"])


def test_an_unexpected_error_shows_no_content_and_no_traceback(flow: FakeInvestigation, capsys: Captured) -> None:
    secret = "ghp_" + "x" * 36
    flow.answer = [ValueError(f"https://{secret}@github.com")]
    code, out, err = _run(capsys, *ISSUE, "--run-id", "1")
    assert (code, out) == (1, "")
    assert err == [
        "incident-responder: unexpected ValueError; run it again with --debug to see where, and please report it"
    ]


def test_debug_shows_where_wherever_it_stands(flow: FakeInvestigation, capsys: Captured) -> None:
    flow.answer = [ValueError("x")]
    for words in ([*ISSUE, "--run-id", "1", "--debug"], ["--debug", *ISSUE, "--run-id", "1"]):
        code, _, err = _run(capsys, *words)
        assert code == 1
        assert err[0] == "Traceback (most recent call last):"
        assert err[-1] == "incident-responder: unexpected ValueError"


def test_an_interrupt_leaves_with_130(flow: FakeInvestigation, capsys: Captured) -> None:
    flow.answer = [KeyboardInterrupt()]
    assert _run(capsys, *ISSUE, "--run-id", "1") == (
        130, "", ["incident-responder: stopped; run the same again: nothing is left half written"],
    )  # fmt: skip


def test_hostile_characters_of_an_error_cannot_move_the_cursor(flow: FakeInvestigation, capsys: Captured) -> None:
    flow.answer = [NotFound("run \x1b[2Jx\u202e")]
    assert _run(capsys, *ISSUE, "--run-id", "1")[2] == ["incident-responder: run ␛[2Jx[U+202E]"]


def test_an_output_keeps_its_rights_and_its_place_behind_a_link(flow: FakeInvestigation, capsys: Captured) -> None:
    real, link = Path("real.md"), Path("link.md")
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real)
    assert _run(capsys, *ISSUE, "--run-id", "1", "--output", "link.md")[0] == 0
    assert link.is_symlink()
    assert real.read_text().startswith("#")
    assert real.stat().st_mode & 0o777 == 0o640


def test_a_device_is_written_to_and_not_replaced(flow: FakeInvestigation, capsys: Captured) -> None:
    assert _run(capsys, *ISSUE, "--run-id", "1", "--output", os.devnull)[0] == 0
    assert Path(os.devnull).is_char_device()
