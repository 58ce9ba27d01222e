"""What GitHub said once: of full hashes never asked again, of names asked whether it changed. Many files at once."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from incident_pipeline.errors import BadPayload, NotFound
from incident_pipeline.sources.base import GitSource, SourceContext
from incident_pipeline.sources.git.github import Config, open_source
from incident_pipeline.sources.git.local import LocalGit
from tests.fakes.github import FakeGitHub
from tests.fakes.server import Reply, json_reply
from tests.sources.git.github_case import REPO, TOKEN, fake, github
from tests.sources.git.history import make_history
from tests.sources.git.local_repo import Repo

pytestmark = pytest.mark.proves("rate limits", by="fake")

ODD = {
    "src/a b#c?%41.py": "odd\n", "latin.txt": b"caf\xe9\n", "big.txt": "line\n" * 300_000, "quote\"$e0`.txt": "q\n",
    "medium.txt": "m\n" * 300_000, "\u00e9\U0001f9c0.txt": "unicode\n", "none.txt": "",
}  # fmt: skip


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> tuple[Repo, dict[str, str]]:
    repo, sha = make_history(tmp_path_factory.mktemp("kept") / "repo")
    return repo, {**sha, "odd": repo.commit("odd", ODD)}


@pytest.fixture
def server(history: tuple[Repo, dict[str, str]]) -> Iterator[FakeGitHub]:
    with fake(history[0].path) as running:
        yield running


Open = Callable[..., GitSource]


@pytest.fixture
def opened(server: FakeGitHub, tmp_path: Path) -> Open:
    """Another process each time, with the same cache."""

    def make(**keys: object) -> GitSource:
        config = Config.model_validate({"base_url": server.url, "token": SecretStr(TOKEN), **keys})
        return open_source(config, SourceContext("github", tmp_path, tmp_path))

    return make


def asked(server: FakeGitHub) -> int:
    count = len(server.requests)
    server.requests.clear()
    return count


def everything(source: GitSource, sha: dict[str, str]) -> list[Any]:
    first, head = sha["first"], sha["odd"]
    return [
        source.resolve(REPO, head), source.merge_base(REPO, first, head), source.list_paths(REPO, head),
        list(source.get_commits_between(REPO, first, head)), source.read_file(REPO, "src/basket.py", head),
        source.read_files(REPO, list(ODD)[:4], head), source.get_commit(REPO, first),
    ]  # fmt: skip


def test_the_same_range_read_again_costs_nothing(
    server: FakeGitHub, opened: Open, history: tuple[Repo, dict[str, str]]
) -> None:
    with opened() as source:
        whole = everything(source, history[1])
    assert asked(server) > 9
    with opened() as source:
        assert everything(source, history[1]) == whole
    # GraphQL gave neither the large file nor that which is no UTF-8; the first is too large to be kept.
    assert {r.url.partition("?")[0].rpartition("/")[2] for r in server.requests} <= {"big.txt"}


def test_without_a_cache_all_is_asked_again(
    server: FakeGitHub, opened: Open, history: tuple[Repo, dict[str, str]]
) -> None:
    counts: list[int] = []
    for _ in range(2):
        with opened(cache=False) as source:
            everything(source, history[1])
        counts.append(asked(server))
    assert counts[0] == counts[1] > 9


def test_a_branch_is_asked_whether_it_moved(server: FakeGitHub, opened: Open, tmp_path: Path) -> None:
    repo, _ = make_history(tmp_path / "moving")
    server.repos[REPO].git_path = repo.path
    for move in (False, True):
        head = repo.commit("more", {"m": "m"}) if move else repo.git("rev-parse", "main").strip()
        for again in (False, True):
            with opened() as source:
                assert source.resolve(REPO, "main") == head
                assert source.default_branch(REPO) == "main"
                assert len(list(source.get_branches(REPO))) == 2
                assert next(source.get_commits(REPO)).hash == head
            assert ["if-none-match" in r.headers for r in server.requests][-1] or not again
            server.requests.clear()


@pytest.mark.parametrize(
    "odd",
    [
        Reply(200, b"<html>sign in</html>", {"Content-Type": "text/html", "ETag": '"x"'}),
        json_reply({"message": "abuse", "documentation_url": "x"}),
    ],
)
def test_what_a_proxy_says_is_not_kept_for_ever(
    server: FakeGitHub, opened: Open, history: tuple[Repo, dict[str, str]], odd: Reply
) -> None:
    head = history[1]["head"]
    with opened() as source:
        server.next_replies = [odd]
        with pytest.raises(BadPayload):
            source.get_commit(REPO, head)
        assert source.get_commit(REPO, head).hash == head


@pytest.mark.proves("files at a revision", by="fake")
def test_many_files_are_the_same_as_each_by_itself(server: FakeGitHub, history: tuple[Repo, dict[str, str]]) -> None:
    paths = [*ODD, "src/basket.py", "logo.bin", "empty.txt", "src", "no/such", "-rf"]
    head = history[1]["odd"]
    with github(server) as source, LocalGit(history[0].path) as local:
        many = source.read_files(REPO, paths, head)
        assert len(server.requests) == 5  # one for all, one for what is no UTF-8, three for two large files
        assert many == {path: local.read_file(REPO, path, head) for path in paths}
        assert list(many) == paths


@pytest.mark.proves("files at a revision", by="fake")
def test_a_hundred_files_cost_two_requests(server: FakeGitHub, tmp_path: Path) -> None:
    repo, _ = make_history(tmp_path / "wide")
    head = repo.commit("wide", {f"f{n}.txt": f"{n}\n" for n in range(100)})
    server.repos[REPO].git_path = repo.path
    with github(server) as source:
        found = source.read_files(REPO, [f"f{n}.txt" for n in range(100)], head)
        assert found == {f"f{n}.txt": f"{n}\n" for n in range(100)}
        assert len(server.requests) == 2
        assert source.read_files(REPO, ["f1.txt"], head) == {"f1.txt": "1\n"}
        assert source.read_files(REPO, [], head) == {}
        assert [r.path for r in server.requests[2:]] == [f"/repos/{REPO}/contents/f1.txt"]


@pytest.mark.parametrize(
    "refusal",
    [
        json_reply({"message": "Resource not accessible"}, 403), json_reply({"message": "Not Found"}, 404),
        json_reply({"errors": [{"type": "RATE_LIMITED"}]}), json_reply({"data": {"repository": None}}),
        json_reply({"data": {"repository": {"f0": {"isBinary": False}}}}), json_reply([]),
        Reply(200, b"<html>", {"Content-Type": "text/html"}),
    ],
)  # fmt: skip
def test_where_there_is_no_graphql_rest_gives_them(
    server: FakeGitHub, history: tuple[Repo, dict[str, str]], refusal: Reply
) -> None:
    with github(server) as source:
        server.next_replies = [refusal]
        found = source.read_files(REPO, ["src/basket.py", "empty.txt"], history[1]["head"])
    assert found == {"src/basket.py": "a\nB\nc\nD\ne\n", "empty.txt": ""}


def test_without_a_token_rest_gives_them(history: tuple[Repo, dict[str, str]]) -> None:
    with fake(history[0].path) as server:
        server.token = None
        with github(server, token=None) as source:
            assert len(source.read_files(REPO, ["src/basket.py", "empty.txt"], "main")) == 2
        assert [r.method for r in server.requests] == ["GET", "GET"]


def test_an_enterprise_servers_graphql_lies_beside_its_rest() -> None:
    asked_at: list[str] = []
    with fake(Path()) as server:
        server.answer = lambda asked: asked_at.append(asked.path) or json_reply({"message": "no"}, 404)
        config = Config.model_validate({"base_url": f"{server.url}/api/v3", "token": SecretStr(TOKEN)})
        with open_source(config, SourceContext("github", Path("/nowhere"), Path())) as source:
            assert source.read_files(REPO, ["a", "b"], "main") == {"a": None, "b": None}
    assert asked_at == ["/api/graphql", f"/api/v3/repos/{REPO}/contents/a", f"/api/v3/repos/{REPO}/contents/b"]


@pytest.mark.proves("errors", by="fake")
def test_a_revision_that_is_not_there_is_said(server: FakeGitHub) -> None:
    with github(server) as source, pytest.raises(NotFound):
        source.read_file(REPO, "src/basket.py", "0" * 40)
