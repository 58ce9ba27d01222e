"""Every request for runs, jobs, logs and reports is one that GitHub's own description takes."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.contracts.openapi import Description
from tests.fakes.github import FakeGitHub
from tests.fakes.github_state import FakeArtifact, FakeJob, FakeRun, pull
from tests.sources.git.github_case import REPO, described
from tests.sources.logs.actions_case import actions, fake

pytestmark = pytest.mark.shared

SINCE, UNTIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, 12, 0, 0, 5, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[FakeGitHub]:
    head = "a" * 40
    pulls: list[dict[str, object]] = [pull(42, head="feature", head_sha=head, base="main", base_sha=head)]
    jobs = [FakeJob(n, f"job {n}", log=410) for n in range(5)]
    fork = FakeRun(12, head, branch="feature", event="pull_request", jobs=jobs, head_repo="stranger/shop", zipped=404)
    fork.artifacts = [FakeArtifact(1, "junit results", 404)]
    with fake(fork, FakeRun(11, head, "success", created_at="2026-03-01T10:00:00Z"), pulls=pulls) as running:
        yield running


@pytest.mark.proves("runs", by="description")
@pytest.mark.proves("jobs and steps", by="description")
@pytest.mark.proves("job logs", by="description")
@pytest.mark.proves("last green run", by="description")
@pytest.mark.proves("test reports", by="description")
@pytest.mark.proves("annotations", by="description")
def test_requests_for_runs_jobs_logs_and_reports(server: FakeGitHub, shared: Path) -> None:
    with actions(server, page_size=2) as source:
        assert source.check().works
        for since, until in ((SINCE, UNTIL), (None, UNTIL), (SINCE, None), (None, None)):
            list(source.get_runs(REPO, since, until, branch="feature/a#b"))
        list(source.get_runs(REPO, SINCE, failed_only=True))
        run = source.get_run(REPO, "12")
        assert run.base_branch == "main"
        assert source.get_run(REPO, "12", 1) == run
        assert source.last_green_run(run)
        jobs = list(source.get_jobs(run))
        assert [log.status().status for log in source.read_job_logs(run, jobs)] == ["expired"] * 5
        list(source.get_test_reports(run))
    assert {"annotations", "artifacts", "logs", "zip"} <= {r.path.rpartition("/")[2] for r in server.requests}
    description = Description.load(shared / "contracts/github/openapi.json")
    assert described(server.requests, description) == []
