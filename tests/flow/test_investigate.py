from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from incident_pipeline.errors import AccessDenied, NotFound, UsageError
from incident_pipeline.flow.checks import citation_problems, secrets_left, window_problems
from incident_pipeline.flow.history import list_incidents, query, show_incident
from incident_pipeline.flow.investigate import investigate
from incident_pipeline.flow.report import StoredReport
from incident_pipeline.flow.request import Request
from incident_pipeline.flow.workspace import Workspace, open_workspace
from incident_pipeline.settings import load_settings
from tests.fakes.github import FakeGitHub
from tests.fakes.github_state import FakeJob, FakeRepo, FakeRun
from tests.flow.sample import ASSERTION_LINE, CULPRIT, GREEN, Sample, git, log_of, make_sample

RED_AT, GREEN_AT = datetime(2026, 3, 1, 14, 2, tzinfo=UTC), datetime(2026, 3, 1, 11, 40, tzinfo=UTC)
TOKEN = "ghp_" + "f" * 36  # invented


def local(sample: Sample, **more: object) -> Request:
    fields = {
        "repo": "acme/prices", "git": "local", "git_path": sample.repo, "log_files": (sample.failed_log,),
        "green_logs": (sample.green_log,), "last_green": sample.hashes[GREEN], "head": sample.hashes[-1], **more,
    }  # fmt: skip
    return Request(**fields)  # pyright: ignore[reportArgumentType] - fields by name, checked by the dataclass


def only(reports: Iterator[StoredReport]) -> StoredReport:
    (stored,) = reports
    return stored


def test_local_files_and_a_local_repository_become_a_report_that_names_line_and_commit(
    ws: Workspace, sample: Sample
) -> None:
    report = only(investigate(ws, local(sample))).report
    assert report.suspects[0].hash == sample.hashes[CULPRIT]
    assert (report.verdict, report.category) == ("commit", "code")
    assert ASSERTION_LINE in {line for f in report.findings[:3] for line in range(f.line, f.end_line + 1)}
    assert report.window_commits == 3
    assert report.window_complete


def test_what_is_stored_can_be_looked_at_again_and_still_holds(ws: Workspace, sample: Sample) -> None:
    stored = only(investigate(ws, local(sample)))
    again = show_incident(ws, stored.report.incident[-6:])
    assert again.report == stored.report
    assert again.html_path.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert citation_problems(ws, stored.report.incident) == ()
    assert not any(secrets_left(ws, stored.report.incident).values())
    assert window_problems(ws, stored.report.incident) == ()
    assert list_incidents(ws)["incident"].to_list() == [stored.report.incident]


def test_investigating_again_keeps_both_reports_one_of_them_current_and_doubles_no_row(
    ws: Workspace, sample: Sample
) -> None:
    counts = (
        "SELECT (SELECT count(*) FROM log_entries), (SELECT count(*) FROM commits), (SELECT count(*) FROM incidents)"
    )
    only(investigate(ws, local(sample)))
    before = query(ws, counts, max_rows=1, seconds=10).rows
    only(investigate(ws, local(sample)))
    assert query(ws, counts, max_rows=1, seconds=10).rows == before
    reports = query(ws, "SELECT count(*), count(*) FILTER (current) FROM reports", max_rows=1, seconds=10).rows
    assert [tuple(row) for row in reports] == [(2, 1)]


def test_the_same_evidence_gives_the_same_report_but_for_its_time(ws: Workspace, sample: Sample) -> None:
    first, second = (only(investigate(ws, local(sample))).report for _ in range(2))
    assert first.evidence_hash == second.evidence_hash
    assert first.suspects == second.suspects


def test_secrets_in_logs_and_commits_reach_neither_rows_nor_report(ws: Workspace, tmp_path: Path) -> None:
    leaky = make_sample(tmp_path / "leaky")
    (leaky.repo / "price.py").write_text(f"TOKEN = '{TOKEN}'\n", encoding="utf-8")
    git(leaky.repo, "commit", "-qam", f"Use {TOKEN}")
    leaky.failed_log.write_text(leaky.failed_log.read_text() + log_of((f"E   Error: bad token {TOKEN}",)))
    stored = only(investigate(ws, local(leaky, head="HEAD")))
    assert TOKEN not in stored.json + stored.markdown + stored.html_path.read_text(encoding="utf-8")
    for path in ws.home.rglob("*"):
        assert not path.is_file() or TOKEN.encode() not in path.read_bytes(), path
    assert secrets_left(ws, stored.report.incident) == {"logs": 0, "commits": 0, "report": 0}


def test_without_a_repository_the_report_says_what_it_does_not_know(ws: Workspace, sample: Sample) -> None:
    report = only(investigate(ws, Request(log_files=(sample.failed_log,)))).report
    assert report.suspects == ()
    assert not report.window_complete
    assert any("no git source" in text for text in report.not_known)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"log_files": (Path("/nowhere/failed.log"),)}, NotFound, "failed.log"),
        ({"git_path": Path("/nowhere/repo")}, Exception, "/nowhere/repo"),
        ({"head": "no-such-branch"}, NotFound, "no-such-branch"),
        ({"last_green": "0123456"}, NotFound, "0123456"),
    ],
)
def test_what_cannot_be_read_is_named_and_leaves_nothing_half_written(
    ws: Workspace, sample: Sample, change: dict[str, object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        list(investigate(ws, local(sample, **change)))
    left = "SELECT (SELECT count(*) FROM incidents), (SELECT count(*) FROM reports)"
    assert [tuple(row) for row in query(ws, left, max_rows=1, seconds=10).rows] == [(0, 0)]


def test_head_that_does_not_descend_from_last_green_is_refused(ws: Workspace, sample: Sample) -> None:
    with pytest.raises(UsageError, match="does not descend"):
        list(investigate(ws, local(sample, head=sample.hashes[GREEN], last_green=sample.hashes[-1])))


@pytest.fixture
def github(sample: Sample, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGitHub]:
    red = FakeRun(
        id=1001, head_sha=sample.hashes[-1], created_at="2026-03-01T14:02:00Z", conclusion="failure",
        jobs=[FakeJob(id=5001, name="tests", conclusion="failure", log=sample.failed_log.read_bytes())],
    )  # fmt: skip
    green = FakeRun(
        id=1000, head_sha=sample.hashes[GREEN], created_at="2026-03-01T11:40:00Z", conclusion="success",
        jobs=[FakeJob(id=5000, name="tests", conclusion="success", log=sample.green_log.read_bytes())],
    )  # fmt: skip
    with FakeGitHub({"acme/prices": FakeRepo(git_path=sample.repo, runs=[red, green])}, token=TOKEN) as server:
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        monkeypatch.setenv("GITHUB_SERVER_URL", server.url)
        monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
        yield server


@pytest.mark.parametrize("how", ["url", "id", "window", "local git"])
def test_a_run_on_the_forge_is_explained_however_it_is_named(
    ws: Workspace, sample: Sample, github: FakeGitHub, how: str
) -> None:
    named = {
        "url": Request(logs="github-actions", repo="acme/prices", run_url=github.run_url("acme/prices", 1001)),
        "id": Request(logs="github-actions", repo="acme/prices", run_id="1001"),
        "window": Request(logs="github-actions", repo="acme/prices", since=GREEN_AT, until=RED_AT.replace(hour=15)),
        "local git": Request(
            logs="github-actions", repo="acme/prices", run_id="1001", git="local", git_path=sample.repo
        ),
    }
    stored = only(investigate(ws, named[how]))
    assert stored.report.incident == "acme-prices-1001"
    assert stored.report.suspects[0].hash == sample.hashes[CULPRIT]
    assert stored.report.base == sample.hashes[GREEN]
    assert {s.what for s in stored.report.sources if s.kind == "logs"} == {"log: tests", "green: tests"}


def test_a_window_without_a_failed_run_says_so(ws: Workspace, github: FakeGitHub) -> None:
    request = Request(
        logs="github-actions", repo="acme/prices", since=RED_AT.replace(hour=20), until=RED_AT.replace(hour=21)
    )
    with pytest.raises(NotFound, match="no failed run"):
        list(investigate(ws, request))


def test_a_wrong_token_is_one_line_and_stores_nothing(ws: Workspace, github: FakeGitHub) -> None:
    github.token = "another"
    with pytest.raises(AccessDenied, match="401") as raised:
        list(investigate(ws, Request(logs="github-actions", repo="acme/prices", run_id="1001")))
    assert TOKEN not in str(raised.value)
    assert list_incidents(ws).is_empty()


def test_production_logs_of_a_time_range_are_judged_with_the_commits_of_the_day_before(
    sample: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INCIDENT_RESPONDER_HOME", str(tmp_path / "data"))
    config = tmp_path / "sources.yaml"
    logs = f"  - {{type: files, name: shop, config: {{path: {sample.failed_log}}}}}"
    git_source = f"  - {{type: local, name: prices, config: {{path: {sample.repo}}}}}"
    config.write_text(f"log_sources:\n{logs}\ngit_sources:\n{git_source}\n", encoding="utf-8")
    shop = open_workspace(load_settings(config))
    asked = Request(logs="files", since=RED_AT.replace(minute=0), until=RED_AT.replace(minute=30))
    report = only(investigate(shop, asked)).report
    assert (report.base_kind, report.base, report.window_commits) == ("none", None, len(sample.hashes))
    later = Request(logs="files", since=RED_AT.replace(day=2, hour=9), until=RED_AT.replace(day=2, hour=10))
    report = only(investigate(shop, later)).report
    assert (report.base_kind, report.base) == ("time", sample.hashes[2])
    assert report.findings == ()
