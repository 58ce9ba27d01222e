"""GitHub's harder cases: many files, moved heads, odd names, limits, pages that repeat, a server under a path."""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from incident_pipeline.errors import BadPayload, NotFound, RateLimited
from incident_pipeline.http.auth import bearer
from incident_pipeline.http.client import Client
from incident_pipeline.http.errors import Call
from incident_pipeline.http.limits import Limits
from incident_pipeline.sources._api import Api
from incident_pipeline.sources._github import HEADERS
from incident_pipeline.sources.git.github import GitHub
from incident_pipeline.sources.git.local import LocalGit
from tests.fakes.github import FakeGitHub
from tests.fakes.github_limits import Limiter
from tests.fakes.github_state import FakeRepo
from tests.fakes.server import Asked, Reply, json_reply
from tests.sources.git.github_case import REPO, TOKEN, config, fake, github
from tests.sources.git.history import make_history
from tests.sources.git.local_repo import Repo

pytestmark = pytest.mark.proves("commits between two hashes", by="fake")

BRANCHES = ("feature/a#1", "50%25-off", "a&b=c+d", "caf\u00e9/\U0001f9c0", "-dash", "@")


@pytest.fixture
def repo(tmp_path: Path) -> tuple[Repo, dict[str, str]]:
    return make_history(tmp_path / "repo")


@pytest.fixture
def server(repo: tuple[Repo, dict[str, str]]) -> Iterator[FakeGitHub]:
    with fake(repo[0].path) as running:
        yield running


@pytest.mark.proves("files and patch of a commit", by="fake")
def test_a_commit_of_more_than_300_files_is_read_to_its_last_page(server: FakeGitHub, repo: tuple[Repo, Any]) -> None:
    head = repo[0].commit("wide", {f"f{n:03}.txt": f"{n}\n" for n in range(650)})
    with github(server) as source:
        files = source.get_commit(REPO, head).files or ()
        assert [r.query.get("page", "1") for r in server.requests] == ["1", "2", "3"]
    assert len({f.path for f in files}) == 650
    assert not any(f.truncated for f in files)


@pytest.mark.proves("files and patch of a commit", by="fake")
def test_at_githubs_limit_of_3000_files_the_last_is_marked(server: FakeGitHub, repo: tuple[Repo, Any]) -> None:
    who = {"name": "Ann", "email": "a@x", "date": "2026-03-01T12:00:00Z"}
    file = {"sha": "1" * 40, "status": "added", "additions": 1, "deletions": 0, "patch": "@@ -0,0 +1 @@\n+x"}

    def answer(asked: Asked) -> Reply:
        page = int(asked.query.get("page", 1))
        files = [{**file, "filename": f"f{n}"} for n in range((page - 1) * 300, page * 300)]
        reply = json_reply({"sha": "3" * 40, "commit": {"author": who, "message": "m"}, "files": files})
        link = f'<{server.url}{asked.path}?page={page + 1}>; rel="next"' if page < 10 else ""
        return Reply(200, reply.body, {**reply.headers, "Link": link})

    server.answer = answer
    with github(server) as source:
        files = source.get_commit(REPO, "3" * 40).files or ()
    assert [(len(files), f.path) for f in files if f.truncated] == [(3_000, "f2999")]


def test_a_head_that_was_pushed_away_is_compared_from_where_they_parted(
    server: FakeGitHub, repo: tuple[Repo, dict[str, str]]
) -> None:
    git, sha = repo
    git.git("checkout", "-q", "-b", "old", sha["edit"])
    gone = git.commit("force-pushed away", {"gone.txt": "x\n"})
    git.git("checkout", "-q", "main")
    git.git("branch", "-D", "old")
    with github(server) as source, LocalGit(git.path) as local:
        assert source.resolve(REPO, gone) == gone
        assert source.merge_base(REPO, gone, sha["head"]) == sha["edit"]
        found = {c.hash for c in source.get_commits_between(REPO, gone, sha["head"])}
        assert found == {c.hash for c in local.get_commits_between("", gone, sha["head"])}


@pytest.mark.parametrize("name", BRANCHES)
def test_a_branch_is_found_whatever_it_is_called(
    server: FakeGitHub, repo: tuple[Repo, dict[str, str]], name: str
) -> None:
    git, sha = repo
    git.git("update-ref", f"refs/heads/{name}", sha["edit"])
    with github(server) as source:
        assert source.resolve(REPO, name if name not in {"-dash", "@"} else f"refs/heads/{name}") == sha["edit"]
        assert next(source.get_commits(REPO, branch=f"refs/heads/{name}")).hash == sha["edit"]
        assert name in {ref.name for ref in source.get_branches(REPO)}


@pytest.mark.parametrize("rev", ["../../user", "a/../../b", "x?y=1#z", "%2e%2e", "a b", "\u202e", "HEAD~1;id", ""])
def test_a_revision_that_tries_to_be_a_path_is_none(server: FakeGitHub, rev: str) -> None:
    with github(server) as source:
        with pytest.raises((NotFound, BadPayload)):
            source.resolve(REPO, rev)
        assert all(r.path.startswith(f"/repos/{REPO}/commits") for r in server.requests)


def test_a_branch_that_moves_between_pages_is_never_taken_for_whole(
    server: FakeGitHub, repo: tuple[Repo, dict[str, str]]
) -> None:
    first = repo[0].commit("one", {"1": "1"})
    head = [repo[0].commit(name, {name: name}) for name in "2345"][-1]
    repo[0].git("branch", "moving", head)
    with github(server, page_size=2) as source:
        found = source.list_between(REPO, repo[1]["head"], "moving")
        next(found)
        repo[0].git("branch", "-f", "moving", first)
        with pytest.raises(BadPayload, match=r"did the branch move\?|pages|commits came"):
            list(found)
        assert len(list(source.list_between(REPO, repo[1]["head"], head))) == 5


def test_a_page_that_comes_twice_or_leads_back_ends_in_an_error(server: FakeGitHub) -> None:
    with github(server, page_size=2) as source:
        first = server.answer(
            Asked(f"/repos/{REPO}/commits", {"per_page": "2"}, {"authorization": f"Bearer {server.token}"})
        )
        server.always = first
        with pytest.raises(BadPayload, match="leads back"):
            list(source.get_commits(REPO))


def test_a_server_under_a_path_is_asked_below_it(repo: tuple[Repo, dict[str, str]]) -> None:
    with fake(repo[0].path) as server:
        real = server.answer

        def below(asked: Asked) -> Reply:
            assert asked.path.startswith("/api/v3/")
            reply = real(replace(asked, path=asked.path.removeprefix("/api/v3")))
            return Reply(
                reply.status, reply.body, {k: v.replace("/repos/", "/api/v3/repos/") for k, v in reply.headers.items()}
            )

        server.answer = below
        with GitHub(config(f"{server.url}/api/v3"), api=_api(f"{server.url}/api/v3"), page_size=2) as source:
            assert len(list(source.get_commits(REPO))) == 6
            assert len(list(source.get_commits_between(REPO, repo[1]["first"], repo[1]["head"]))) == 5


def _api(url: str, limits: Limits | None = None) -> Api:
    return Api(Client(url, credentials=bearer(SecretStr(TOKEN)), headers=HEADERS, limits=limits))


@pytest.mark.proves("rate limits", by="fake")
@pytest.mark.parametrize(("points", "over"), [(20, False), (25, True)])
def test_the_published_limit_of_a_minute_is_kept(repo: tuple[Repo, dict[str, str]], points: int, *, over: bool) -> None:
    """40 requests where the vendor takes 20 in half a second; the fake does refuse what is over it."""
    limiter = Limiter(points=20, seconds=0.5)
    with FakeGitHub({REPO: FakeRepo(repo[0].path)}, limits=limiter) as server:
        api = _api(server.url, Limits(at_once=6, requests=points, seconds=0.52))
        begun = time.monotonic()
        with api.client:
            for _ in range(40):
                with suppress(RateLimited):
                    api.get(f"repos/{REPO}", Call("github", "x"))
        took = time.monotonic() - begun
    assert bool(limiter.violations) == over
    assert took >= 0.5


@pytest.mark.proves("rate limits", by="fake")
def test_an_hours_count_that_is_used_up_is_told_and_nothing_more_is_sent(repo: tuple[Repo, dict[str, str]]) -> None:
    limiter = Limiter(hourly=3)
    with FakeGitHub({REPO: FakeRepo(repo[0].path)}, limits=limiter) as server, github(server) as source:
        for _ in range(3):
            source.default_branch(REPO)
        for _ in range(2):
            with pytest.raises(RateLimited, match="rate limit used up"):
                source.default_branch(REPO)
        assert len(server.requests) == 3
    assert limiter.violations == []
