"""Every request for commits, and every one of an app, is one that GitHub's own description takes."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from incident_pipeline.sources._github_app import App, AppCredentials
from tests.contracts.openapi import Description
from tests.fakes.github import FakeGitHub
from tests.fakes.github_access import FakeApp
from tests.sources.git.github_case import REPO, described, fake, github
from tests.sources.git.history import make_history
from tests.sources.git.local_repo import Repo
from tests.sources.git.test_github_app import app, key, pem

pytestmark = pytest.mark.shared

__all__ = ["app", "key", "pem"]  # fixtures

SINCE, UNTIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, 12, 0, 0, 5, tzinfo=UTC)


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
    with fake(history[0].path) as running:
        yield running


@pytest.mark.proves("commits in a window", by="description")
@pytest.mark.proves("commits between two hashes", by="description")
@pytest.mark.proves("files and patch of a commit", by="description")
@pytest.mark.proves("branches", by="description")
@pytest.mark.proves("tags", by="description")
@pytest.mark.proves("file history", by="description")
@pytest.mark.proves("default branch", by="description")
@pytest.mark.proves("merge base", by="description")
@pytest.mark.proves("files at a revision", by="description")
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
    assert described(server.requests, description) == []


@pytest.mark.proves("credentials", by="description")
@pytest.mark.parametrize(("repo", "installation"), [(REPO, None), ("", None), ("", 55)])
def test_requests_of_an_app(
    server: FakeGitHub, description: Description, *, app: FakeApp, pem: str, repo: str, installation: int | None
) -> None:
    server.token, server.app = None, app
    credentials = AppCredentials(App(server.url, "77", SecretStr(pem), installation, repo=repo))
    assert credentials.token()
    assert server.requests
    assert described(server.requests, description) == []
