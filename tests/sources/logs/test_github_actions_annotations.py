"""Annotations stand in for a log that is gone, as lines that evidence reads."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from incident_pipeline.evidence.annotations import annotations
from incident_pipeline.evidence.failure import what_failed
from incident_pipeline.flow.logs import LogBook, load_logs
from incident_pipeline.flow.progress import quiet
from incident_pipeline.flow.test_reports import add_test_reports
from incident_pipeline.flow.workspace import Workspace, open_workspace
from incident_pipeline.model.incident import Incident
from incident_pipeline.settings import load_settings
from incident_pipeline.sources.logs import _github_annotations as module
from incident_pipeline.sources.logs._github_annotations import to_command
from incident_pipeline.sources.logs.github_actions import GitHubActions
from incident_pipeline.warehouse.incidents import save_incident
from tests.fakes.github import FakeGitHub
from tests.fakes.github_state import FakeJob, FakeRun
from tests.fakes.server import json_reply
from tests.sources.git.github_case import REPO
from tests.sources.logs.actions_case import actions, fake

pytestmark = pytest.mark.proves("annotations", by="fake")

SAID = {
    "path": "src/cart.py", "start_line": 7, "end_line": 7, "start_column": None, "annotation_level": "failure",
    "title": "pytest: 1, 2", "message": "assert 2 == 3\n100%", "raw_details": "a, b: c",
}  # fmt: skip
EXIT = {
    "path": ".github",
    "start_line": 12,
    "annotation_level": "failure",
    "message": "Process completed with exit code 1.",
}


def told(source: GitHubActions) -> list[tuple[str, str, str, list[str]]]:
    """(key, status, detail, lines) of each report, after all failed jobs' logs were read."""
    run = source.get_run(REPO, "12")
    for log in source.read_job_logs(run, [job for job in source.get_jobs(run) if job.failed]):
        list(log.frames)
    reports = source.get_test_reports(run)
    return [(r.key, r.status().status, r.status().detail, [m for f in r.frames for m in f["message"]]) for r in reports]


def asked(server: FakeGitHub) -> Iterator[str]:
    return (request.path for request in server.requests if "/check-runs/" in request.path)


def test_only_jobs_without_a_log_are_asked_about() -> None:
    jobs = [
        FakeJob(1, "gone", log=410, annotations=[SAID, EXIT]), FakeJob(2, "fine", log=b"x\n", annotations=[SAID]),
        FakeJob(3, "empty", log=b"", annotations=[EXIT]), FakeJob(4, "silent", log=404),
        FakeJob(5, "green", "success", log=404, annotations=[SAID]),
    ]  # fmt: skip
    with fake(FakeRun(12, "a" * 40, jobs=jobs)) as server, actions(server) as source:
        found = told(source)
        assert [path.split("/")[-2] for path in asked(server)] == ["1", "3", "4"]
    assert [(key, status) for key, status, _, _ in found] == [("annotations 1", "read"), ("annotations 3", "read")]
    assert found[0][3] == [
        "::error file=src/cart.py,line=7,title=pytest%3A 1%2C 2::assert 2 == 3%0A100%25%0Aa, b: c",
        "::error::Process completed with exit code 1.",
    ]


def test_what_is_written_is_what_evidence_reads() -> None:
    (one,) = annotations([(1, to_command(SAID))])
    assert (one.level, one.path, one.source_line, one.title) == ("error", "src/cart.py", 7, "pytest: 1, 2")
    assert one.message == "assert 2 == 3\n100%\na, b: c"
    (two,) = annotations(
        [(1, to_command({**SAID, "path": "a,line=9::x.py\n::error::y", "annotation_level": "notice"}))]
    )
    assert (two.level, two.path, two.source_line) == ("notice", "a,line=9::x.py\n::error::y", 7)


def test_pages_and_jobs_are_bounded_and_the_rest_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_JOBS", 2)
    monkeypatch.setattr(module, "MAX_PAGES", 2)
    jobs = [FakeJob(n, log=410, annotations=[EXIT] * 250) for n in (1, 2, 3)]
    with fake(FakeRun(12, "a" * 40, jobs=jobs)) as server, actions(server) as source:
        found = told(source)
        assert len(list(asked(server))) == 4
    assert [(status, detail, len(lines)) for _, status, detail, lines in found] == [
        ("truncated", "only the first 200 were read", 200),
        ("truncated", "only the first 200 were read", 200),
        ("skipped", "those of 1 more jobs were not read", 0),
    ]


def test_a_refusal_names_the_permission_and_stops_nothing() -> None:
    jobs = [FakeJob(1, log=410), FakeJob(2, log=410, annotations=[SAID])]
    with fake(FakeRun(12, "a" * 40, jobs=jobs)) as server, actions(server) as source:
        run = source.get_run(REPO, "12")
        for job in source.get_jobs(run):
            source.read_job_log(run, job)
        server.next_replies = [json_reply({"artifacts": []}), json_reply({"message": "no"}, 403)]
        first, second = source.get_test_reports(run)
    assert (first.status().status, "token lacks checks:read (403)" in first.status().detail) == ("failed", True)
    assert second.key == "annotations 2"


@pytest.mark.parametrize(
    ("item", "line"),
    [
        ({}, "::error::"),
        ({"path": 5, "annotation_level": None, "message": None}, "::error file=5::"),
        (
            {"path": "a", "start_line": None, "annotation_level": "warning", "message": "x\r\ny"},
            "::warning file=a::x%0D%0Ay",
        ),
    ],
)
def test_fields_that_are_not_there_are_left_out(item: dict[str, object], line: str) -> None:
    assert to_command(item) == line


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    (tmp_path / "sources.yaml").write_text("log_sources: []\n")
    return open_workspace(load_settings(tmp_path), clock=lambda: datetime(2026, 3, 1, 15, tzinfo=UTC))


def test_a_run_whose_logs_have_expired_is_still_explained(ws: Workspace) -> None:
    book = LogBook(ws, quiet)
    with (
        fake(FakeRun(12, "a" * 40, jobs=[FakeJob(1, log=410, annotations=[SAID, EXIT])])) as server,
        actions(server) as source,
    ):
        run = source.get_run(REPO, "12")
        book.add_jobs("log", source, run=run, jobs=list(source.get_jobs(run)))
        assert add_test_reports(source, run, book) == 1
    incident = Incident("acme-shop-12", "default", "ci", "github_actions", REPO, "Run 12", run=run)
    save_incident(ws.warehouse, incident, logs=book.refs, read=book.read)
    failure, _ = what_failed(*load_logs(ws, book.refs, incident))
    assert "assert 2 == 3" in failure.findings[0].text
    assert ("src/cart.py", 7) in {(frame.path, frame.source_line) for frame in failure.frames}
    assert [(s.what, s.status) for s in book.statuses] == [
        ("log: tests", "expired"),
        ("log2: annotations of tests", "read"),
    ]
