"""Test reports on their way from a run's artifacts, or a local file, to findings."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.evidence.junit_merge import part
from incident_pipeline.flow.logs import LogBook, load_logs
from incident_pipeline.flow.progress import quiet
from incident_pipeline.flow.test_reports import add_test_reports
from incident_pipeline.flow.workspace import Workspace, open_workspace
from incident_pipeline.model.incident import Incident
from incident_pipeline.normalize.frames import normalize
from incident_pipeline.settings import load_settings
from incident_pipeline.sources.logs.files import read_log_file
from incident_pipeline.warehouse.incidents import save_incident
from tests.fakes.github_state import FakeArtifact, FakeJob, FakeRun
from tests.sources.git.github_case import REPO
from tests.sources.logs.actions_case import actions, fake
from tests.sources.logs.test_github_actions_artifacts import zipped

RED = """<?xml version="1.0"?>
<testsuite name="pytest">
<testcase classname="tests.test_cart" name="test_total">
<failure message="assert 2 == 3">2026-03-01 10:00:00 INFO cart opened
    def test_total():
E       assert 2 == 3
tests/test_cart.py:21: AssertionError</failure>
</testcase></testsuite>
"""


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    (tmp_path / "sources.yaml").write_text("log_sources: []\n")
    return open_workspace(load_settings(tmp_path), clock=lambda: datetime(2026, 3, 1, 15, tzinfo=UTC))


def test_a_report_is_one_more_log_of_the_incident(ws: Workspace) -> None:
    artifacts = [
        FakeArtifact(1, "test-results", zipped(("junit.xml", RED.encode()))),
        FakeArtifact(2, "old-test-results", expired=True),
    ]
    job = FakeJob(1, log=b"2026-03-01T14:02:06.0000000Z E       assert 2 == 3\n")
    book = LogBook(ws, quiet)
    with fake(FakeRun(12, "a" * 40, jobs=[job], artifacts=artifacts)) as server, actions(server) as source:
        run = source.get_run(REPO, "12")
        book.add_jobs("log", source, run=run, jobs=list(source.get_jobs(run))[:1])
        assert add_test_reports(source, run, book) == 1
    assert [(ref.label, ref.name) for ref in book.refs] == [("log", "tests"), ("log2", "test-results/junit.xml")]
    assert [(s.what, s.status) for s in book.statuses] == [
        ("log: tests", "read"),
        ("log2: test-results/junit.xml", "read"),
        ("artifact old-test-results", "expired"),
    ]
    incident = Incident("acme-shop-12", "default", "ci", "github_actions", REPO, "Run 12", run=run)
    save_incident(ws.warehouse, incident, window=None, logs=book.refs, statuses=book.statuses, read=book.read)
    failed, _ = load_logs(ws, book.refs, incident)
    parted = part(failed)
    (report,) = parted.reports
    assert [log.label for log in parted.console] == ["log"]
    assert [(f.label, f.line, f.test) for f in report.findings] == [("log2", 6, "tests/test_cart.py::test_total")]


def test_a_source_without_reports_adds_nothing(ws: Workspace) -> None:
    book = LogBook(ws, quiet)
    with fake(FakeRun(12, "a" * 40)) as server, actions(server) as source:
        assert add_test_reports(source, source.get_run(REPO, "12"), book) == 0
    assert (book.refs, book.statuses) == ([], [])


@pytest.mark.parametrize("name", ["results.xml", "results.xml.gz"])
def test_a_local_file_is_read_with_its_own_line_numbers(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(RED.encode()) if name.endswith(".gz") else RED.encode())
    frame = pl.concat([normalize(raw)[0] for raw in read_log_file(path).frames])
    parted = part([LogText("log", name, frame)])
    (report,) = parted.reports
    assert parted.console == ()
    assert [(f.line, f.text, f.test) for f in report.findings] == [
        (6, "E       assert 2 == 3\ntests/test_cart.py:21: AssertionError", "tests/test_cart.py::test_total")
    ]
