"""Every request of both GitHub adapters is one that GitHub's own description takes."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from incident_pipeline.sources._github_app import App, AppCredentials
from tests.contracts.openapi import Description
from tests.fakes.github import FakeGitHub
from tests.fakes.github_access import FakeApp
from tests.fakes.github_state import FakeArtifact, FakeJob, FakeRepo, FakeRun, pull
from tests.sources.git.github_case import REPO, TOKEN, github
from tests.sources.git.history import make_history
from tests.sources.git.local_repo import Repo
from tests.sources.git.test_github_app import app, key, pem
from tests.sources.logs.actions_case import actions

pytestmark = [pytest.mark.shared, pytest.mark.proves("requests", by="description")]

__all__ = ["app", "key", "pem"]  # fixtures

SINCE, UNTIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, 12, 0, 0, 5, tzinfo=UTC)

UNDESCRIBED = re.compile(r"/(user|app|graphql|repos/[^/]+/[^/]+/(pulls|actions/artifacts/\d+/zip))")
"""Paths that GitHub documents and the stored cut of its description lacks."""


WRONG = re.compile(r": created: '[^']*' is not a 'date-time'|: status: 'startup_failure' is not one of")
"""Where the description is wrong: its own words about `created` are "date-time range" and name the search syntax; runs
end with `startup_failure` (its schema of a conclusion and hub4j's recording have it), and clients filter by it."""


@pytest.fixture
def description(shared: Path) -> Description:
    return Description.load(shared / "contracts/github/openapi.json")


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> tuple[Repo, dict[str, str]]:
    repo, sha = make_history(tmp_path_factory.mktemp("described") / "repo")
    repo.git("branch", "feature/a#b%2F+c&d=\u00e9", sha["edit"])
    repo.commit("odd", {"a b#c?%41/\u00e9.py": "x\n"})
    return repo, sha


@pytest.fixture
def server(history: tuple[Repo, dict[str, str]]) -> Iterator[FakeGitHub]:
    head = history[1]["head"]
    pulls = [pull(42, head="feature", head_sha=head, base="main", base_sha=head)]
    jobs = [FakeJob(n, f"job {n}", log=410) for n in range(5)]
    fork = FakeRun(12, head, branch="feature", event="pull_request", jobs=jobs, head_repo="stranger/shop")
    fork.artifacts = [FakeArtifact(1, "junit results", 404)]
    fork.zipped = 404
    green = FakeRun(11, head, "success", created_at="2026-03-01T10:00:00Z")
    with FakeGitHub({REPO: FakeRepo(history[0].path, [fork, green], pulls=pulls)}, token=TOKEN) as running:
        yield running


def problems(server: FakeGitHub, description: Description) -> list[str]:
    asked = [request for request in server.requests if not UNDESCRIBED.fullmatch(request.path)]
    assert len(asked) > len(server.requests) // 2
    found = [problem for request in asked for problem in description.problems(request)]
    return [problem for problem in found if not WRONG.search(problem)]


def test_requests_for_commits_refs_and_files(
    server: FakeGitHub, description: Description, history: tuple[Repo, dict[str, str]]
) -> None:
    sha = history[1]
    with github(server, page_size=2) as source:
        assert source.check().works
        list(source.get_commits(REPO, SINCE, UNTIL, branch="feature/a#b%2F+c&d=\u00e9"))
        assert source.resolve(REPO, "feature/a#b%2F+c&d=\u00e9") == sha["edit"]
        assert source.merge_base(REPO, "feature/a#b%2F+c&d=\u00e9", "main") == sha["edit"]
        assert list(source.get_commits_between(REPO, sha["first"], sha["head"]))
        assert list(source.get_commits_between(REPO, None, "feature/a#b%2F+c&d=\u00e9"))
        assert list(source.get_branches(REPO))
        assert list(source.get_tags(REPO))
        assert list(source.get_file_history(REPO, "src/basket.py", "main"))
        assert source.read_file(REPO, "a b#c?%41/\u00e9.py", "main") == "x\n"
        assert "a b#c?%41/\u00e9.py" in source.list_paths(REPO, "main")
        source.read_files(REPO, ["src/basket.py", "logo.bin"], "main")
    assert problems(server, description) == []


def test_requests_for_runs_jobs_logs_and_reports(server: FakeGitHub, description: Description) -> None:
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
    assert problems(server, description) == []


@pytest.mark.parametrize(("repo", "installation"), [(REPO, None), ("", None), ("", 55)])
def test_requests_of_an_app(
    server: FakeGitHub, description: Description, *, app: FakeApp, pem: str, repo: str, installation: int | None
) -> None:
    server.token, server.app = None, app
    credentials = AppCredentials(App(server.url, "77", SecretStr(pem), installation, repo=repo))
    assert credentials.token()
    assert server.requests
    assert [problem for request in server.requests for problem in description.problems(request)] == []
