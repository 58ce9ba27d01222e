"""Bitbucket before a fake that serves a real repository: what the contract does not ask of every forge."""

from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from pydantic import ValidationError

from incident_pipeline.errors import (
    AccessDenied,
    BadPayload,
    NotFound,
    RateLimited,
    Unavailable,
    Unsupported,
    UsageError,
)
from incident_pipeline.model.git import Commit
from incident_pipeline.sources.git import _bitbucket
from incident_pipeline.sources.git import bitbucket as module
from incident_pipeline.sources.git._bitbucket import Config
from incident_pipeline.sources.git.local import LocalGit
from tests.fakes import bitbucket_json
from tests.fakes.bitbucket import FakeBitbucket, FakeRepo
from tests.fakes.server import Asked, FakeVendor, Reply, json_reply
from tests.sources.contract.git import odd_history
from tests.sources.git.bitbucket_case import REPO, TOKEN, bitbucket, fake
from tests.sources.git.history import add_commits, make_history
from tests.sources.git.local_repo import Repo

History = tuple[Repo, dict[str, str]]


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    return make_history(tmp_path_factory.mktemp("fake") / "repo")


@pytest.fixture
def server(history: History) -> Iterator[FakeBitbucket]:
    with fake(history[0].path) as running:
        yield running


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> tuple[Repo, str, str]:
    """A repository, the commit before its 255 newest, and the newest."""
    repo, sha = make_history(tmp_path_factory.mktemp("long") / "repo")
    return repo, sha["head"], add_commits(repo, 255)


@pytest.mark.proves("commits between two hashes", by="fake")
def test_a_range_beyond_250_commits_is_whole_newest_first_and_read_as_it_is_asked_for(
    long: tuple[Repo, str, str],
) -> None:
    repo, base, head = long
    with fake(repo.path) as server, bitbucket(server) as source:
        commits = cast("Generator[Commit]", source.get_commits_between(REPO, base, head, patch=False))
        assert next(commits).hash == head
        assert [r.path.rpartition("/")[0].rpartition("/")[2] for r in server.requests].count("diff") <= 6
        assert len([r for r in server.requests if r.path.endswith("/commits")]) == 1
        commits.close()
        listed = [c.hash for c in source.get_commits(REPO, branch="long")]
        assert listed[:255] == repo.git("rev-list", f"{base}..{head}").split()


@pytest.mark.proves("commits between two hashes", by="fake")
def test_thirty_commits_cost_one_request_each_and_a_second_time_only_the_list(
    long: tuple[Repo, str, str], tmp_path: Path
) -> None:
    repo, _, head = long
    base = repo.git("rev-parse", f"{head}~30")
    with fake(repo.path) as server:
        for cost in (34, 1):
            with bitbucket(server, cache=tmp_path) as source:
                start = len(server.requests)
                assert source.resolve(REPO, head) == head
                assert source.resolve(REPO, base) == base
                assert source.merge_base(REPO, base, head) == base
                assert len(list(source.get_commits_between(REPO, base, head))) == 30
                assert len(server.requests) - start == cost


@pytest.mark.proves("commits in a window", by="fake")
def test_a_window_at_the_head_is_read_without_the_whole_history(long: tuple[Repo, str, str]) -> None:
    repo, _, head = long
    with fake(repo.path) as server, bitbucket(server) as source, LocalGit(repo.path) as local:
        since = local.get_commit("", f"{head}~9").committed_at
        assert len(list(source.get_commits(REPO, since, branch="long"))) == 10
        assert len(server.requests) == 3  # commits a minute apart: a day of doubt is all of them


@pytest.mark.proves("commits in a window", by="fake")
def test_a_branch_older_than_the_window_may_be_listed_in_the_midst_of_it(tmp_path: Path) -> None:
    repo = Repo.make(tmp_path / "repo")
    root = repo.commit("root")
    add_commits(repo, 60)
    repo.clock += 30 * 86_400
    wanted = [repo.commit(f"new {n}") for n in range(3)]
    repo.clock += 60
    repo.git("merge", "-q", "--no-ff", "-m", "merge", "long")
    wanted.append(repo.git("rev-parse", "HEAD"))
    with fake(repo.path, order="--topo-order") as server, bitbucket(server, page_size=20) as source:
        everything = [c.hash for c in source.get_commits(REPO)]
        assert everything.index(wanted[2]) > 50
        with LocalGit(repo.path) as local:
            since = local.get_commit("", wanted[0]).committed_at
        found = {c.hash for c in source.get_commits(REPO, since)}
    assert found == set(wanted)
    assert root not in found


@pytest.mark.proves("branches", by="fake")
def test_a_branch_of_any_name_is_read_by_its_name(history: History, tmp_path: Path) -> None:
    repo = Repo(tmp_path / "clone")
    history[0].git("clone", "-q", "--no-hardlinks", ".", str(repo.path))
    sha = history[1]["head"]
    names = ["feature/a", "fix#1", "50%25", "ü/ä", "a&b=c", "deadbeef"]
    for name in names:
        repo.git("branch", name, sha)
        repo.git("tag", f"t/{name}", sha)
    with fake(repo.path) as server, bitbucket(server) as source:
        for name in names:
            assert source.resolve(REPO, name) == source.resolve(REPO, f"t/{name}") == sha
            assert next(source.get_commits(REPO, branch=name)).hash == sha
        assert source.read_file(REPO, "src/side.py", names[0]) == "x\n"
        assert next(source.get_file_history(REPO, "src/side.py", names[0])).subject == "side work"
        assert set(names) < {ref.name for ref in source.get_branches(REPO)}


@pytest.mark.proves("files at a revision", by="fake")
def test_files_with_odd_names_are_read_and_listed(tmp_path: Path) -> None:
    repo = odd_history(tmp_path / "repo")
    page = '{"pagelen": 10, "values": [1]}'
    repo.commit("more", {"data.json": page, "list.json": "[1]", "latin.txt": b"caf\xe9\n", "b.bin": b"\0"})
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{'a' * 40},sub")
    repo.git("commit", "-q", "-m", "submodule")
    with fake(repo.path) as server, bitbucket(server, page_size=2) as source:
        odd = "a b/ü#?%41.py"
        assert source.list_paths(REPO, "main") == {odd, "-rf", "data.json", "list.json", "latin.txt", "b.bin"}
        assert source.read_file(REPO, odd, "main") == "x\n"
        assert source.read_file(REPO, "-rf", "main") == "y\n"
        assert source.read_file(REPO, "data.json", "main") == page
        assert source.read_file(REPO, "list.json", "main") == "[1]"
        assert source.read_file(REPO, "latin.txt", "main") == "caf\\xe9\n"
        assert [source.read_file(REPO, path, "main") for path in ("b.bin", "a b", "nope")] == [None, None, None]
        assert next(source.get_file_history(REPO, odd)).subject == "<script>alert(1)</script>"
        with pytest.raises(NotFound):
            source.read_file(REPO, odd, "0" * 40)


@pytest.mark.parametrize("path", ["../../other/secret/src/main/x", "/etc/passwd", "a/../../b", ""])
def test_a_path_that_leads_out_of_the_repository_is_never_asked_for(server: FakeBitbucket, path: str) -> None:
    with bitbucket(server) as source:
        for read in (lambda: source.read_file(REPO, path, "0" * 40), lambda: next(source.get_file_history(REPO, path))):
            with pytest.raises(UsageError, match="no path in the repository"):
                read()
    assert not [r for r in server.requests if "src" in r.path or "filehistory" in r.path]


@pytest.mark.parametrize("rev", ["..", ".", "a/../../b", "-x", "", "a\nb"])
def test_what_is_no_revision_is_refused_before_any_request(server: FakeBitbucket, rev: str) -> None:
    with bitbucket(server) as source, pytest.raises(UsageError, match="is no revision"):
        source.resolve(REPO, rev)
    assert server.requests == []


@pytest.mark.parametrize("repo", ["shop", "a/b/c", "../x", "a/..", "acme/sh op", "acme/shop\n", "{a}/shop"])
def test_what_is_no_repository_is_refused_before_any_request(server: FakeBitbucket, repo: str) -> None:
    with bitbucket(server) as source, pytest.raises(UsageError, match="WORKSPACE/NAME"):
        source.default_branch(repo)
    assert server.requests == []


def test_a_repository_may_be_named_by_its_identity(history: History) -> None:
    name = "{3deb8c29-778a-450c-8f69-3e50a18079df}/shop"
    with FakeBitbucket({name: FakeRepo(history[0].path)}, token=TOKEN) as server, bitbucket(server) as source:
        assert source.default_branch(name) == "main"


@pytest.mark.proves("files and patch of a commit", by="fake")
@pytest.mark.parametrize("kind", ["merge", "rename", "first"])
def test_a_diff_too_large_for_bitbucket_leaves_the_files_marked(history: History, kind: str) -> None:
    sha = history[1][kind]
    with fake(history[0].path, too_large={sha}) as server, bitbucket(server) as source:
        found = source.get_commit(REPO, sha)
        assert len([r for r in server.requests if "/diff/" in r.path]) == 1
    with LocalGit(history[0].path) as local:
        wanted = {f.path: f for f in local.get_commit("", sha).files or ()}
    assert {f.path for f in found.files or ()} == set(wanted)
    assert found.diff is None
    for file in found.files or ():
        assert (file.truncated, file.patch) == (True, None)
        assert (file.status, file.old_path) == (wanted[file.path].status, wanted[file.path].old_path)


@pytest.mark.proves("files and patch of a commit", by="fake")
def test_a_diff_cut_on_its_way_is_completed_with_the_files_it_lacks(history: History) -> None:
    sha = history[1]["first"]
    diff = bitbucket_json.diff(history[0].path, sha)
    for mark, lost in ((b"+c\n", {"src/cart.py"}), (b"Binary files", {"logo.bin", "src/cart.py"})):
        with fake(history[0].path, cut={sha: diff.index(mark)}) as server, bitbucket(server) as source:
            found = source.get_commit(REPO, sha).files or ()
        assert {f.path for f in found} == {"src/cart.py", "logo.bin", "empty.txt"}
        assert {f.path for f in found if f.truncated} == lost


@pytest.mark.proves("files and patch of a commit", by="fake")
def test_a_diff_over_the_limit_or_of_another_kind_is_replaced_by_the_list_of_files(
    history: History, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sha = history[1]["first"]
    with fake(history[0].path) as server, bitbucket(server, cache=tmp_path) as source:
        source.resolve(REPO, sha)
        server.next_replies = [Reply(200, b"<html>Sign in</html>", {"Content-Type": "text/html"})]
        assert all(f.truncated for f in source.get_commit(REPO, sha).files or ())
        assert not any(f.truncated for f in source.get_commit(REPO, sha).files or ())  # the page was not kept
        monkeypatch.setattr(module, "COMMIT_LIMIT", 10)
        assert all(f.truncated for f in source.get_commit(REPO, history[1]["edit"]).files or ())


@pytest.mark.proves("merge base", by="fake")
def test_the_merge_base_is_walked_to_where_bitbucket_does_not_tell_it(history: History, tmp_path: Path) -> None:
    _, sha = history
    repo = Repo(tmp_path / "clone")
    history[0].git("clone", "-q", "--no-hardlinks", ".", str(repo.path))
    repo.git("checkout", "-q", "--orphan", "other")
    other = repo.commit("other")
    for tells in (True, False):
        with fake(repo.path, tells_base=tells) as server, bitbucket(server, page_size=2) as source:
            assert source.merge_base(REPO, sha["side"], sha["edit"]) == sha["first"]
            assert source.merge_base(REPO, "main", sha["side"]) == sha["side"]
            assert source.merge_base(REPO, sha["edit"], "main") == sha["edit"]
            assert source.merge_base(REPO, "main", other) is None
            with pytest.raises(NotFound):
                source.merge_base(REPO, "main", "no-such-branch")


def test_a_walk_to_the_merge_base_is_bounded(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_WALKED", 2)
    with (
        fake(history[0].path, tells_base=False) as server,
        bitbucket(server) as source,
        pytest.raises(Unsupported, match="mirror: true"),
    ):
        source.merge_base(REPO, "main", history[1]["first"])


def test_too_many_files_to_list_are_refused_with_the_way_out(
    history: History, server: FakeBitbucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = history[1]["head"]
    with bitbucket(server, page_size=1) as source:
        server.next_replies = [json_reply({"type": "error", "error": {"message": "timed out"}}, 555)]
        with pytest.raises(Unsupported, match="mirror: true"):
            source.list_paths(REPO, sha)
        server.always = json_reply({"type": "error", "error": {"message": "down"}}, 503)
        with pytest.raises(Unavailable):
            source.list_paths(REPO, sha)
        server.always = None
        for name, most in (("MAX_LIST_PAGES", 2), ("MAX_DEPTH", 1)):
            with monkeypatch.context() as patch:
                patch.setattr(module, name, most)
                with pytest.raises(Unsupported, match="mirror: true"):
                    source.list_paths(REPO, sha)
        assert len(source.list_paths(REPO, sha)) == 4


def test_a_fault_of_the_server_is_not_taken_for_a_large_diff(server: FakeBitbucket, history: History) -> None:
    with bitbucket(server) as source:
        server.after = (1, json_reply({"type": "error", "error": {"message": "down"}}, 503))
        with pytest.raises(Unavailable):
            source.get_commit(REPO, history[1]["first"])


def test_a_list_of_files_that_names_none_is_a_bad_payload(history: History) -> None:
    sha = history[1]["first"]
    entry = {"type": "diffstat", "status": "added", "old": None, "new": {"path": ""}}
    with fake(history[0].path, too_large={sha}) as server, bitbucket(server) as source:
        server.after = (2, json_reply({"pagelen": 500, "values": [entry]}))
        with pytest.raises(BadPayload, match="a file without a path"):
            source.get_commit(REPO, sha)


def test_head_is_the_default_branch(server: FakeBitbucket, history: History) -> None:
    with bitbucket(server) as source:
        assert source.resolve(REPO, "HEAD") == history[1]["head"]


def test_commits_without_a_committer_are_the_same_but_for_that(history: History) -> None:
    with fake(history[0].path, committers=False) as server, bitbucket(server) as source:
        found = list(source.get_commits(REPO))
        with LocalGit(history[0].path) as local:
            assert found == [replace(c, committer="") for c in local.get_commits("")]


def test_an_empty_repository_has_no_default_branch(history: History) -> None:
    with fake(history[0].path, default_branch=None) as server, bitbucket(server, owner="acme", repo="shop") as source:
        for read in (lambda: source.default_branch(""), lambda: next(source.get_commits(""))):
            with pytest.raises(NotFound, match="bitbucket acme/shop: no default branch: is the repository empty"):
                read()
        assert not source.check().works


class Elsewhere(FakeVendor):
    def answer(self, asked: Asked) -> Reply:
        return json_reply({"pagelen": 10, "values": []})


@pytest.mark.proves("credentials", by="fake")
def test_a_next_link_or_redirect_to_another_host_never_gets_the_token(server: FakeBitbucket) -> None:
    with Elsewhere() as other, bitbucket(server) as source:
        server.next_replies = [json_reply({"pagelen": 10, "values": [], "next": f"{other.url}/2.0/steal"})]
        with pytest.raises(BadPayload, match="another host"):
            list(source.get_branches(REPO))
        assert other.requests == []
        server.next_replies = [Reply(302, b"", {"Location": f"{other.url}/2.0/steal"})]
        assert list(source.get_branches(REPO)) == []
        assert [r.headers.get("authorization") for r in other.requests] == [None]


@pytest.mark.proves("branches", by="fake")
def test_pages_that_are_empty_repeat_or_run_in_a_circle(server: FakeBitbucket) -> None:
    def page(link: str, *names: str) -> Reply:
        values = [{"name": name, "target": {"hash": "1" * 40}} for name in names]
        return json_reply({"pagelen": 1, "values": values, "next": f"{server.api}/{link}"})

    last = json_reply({"pagelen": 1, "values": [{"name": "b", "target": {"hash": "1" * 40}}], "next": None})
    with bitbucket(server) as source:
        server.next_replies = [page("p2", "a"), page("p3"), page("p4", "a"), last]
        assert [ref.name for ref in source.get_branches(REPO)] == ["a", "b"]
        server.next_replies = [page("p2", "a"), page("p3", "b"), page("p2", "c")]
        with pytest.raises(BadPayload, match="leads back"):
            list(source.get_branches(REPO))


@pytest.mark.proves("errors", by="fake")
@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"hash": "1" * 40},
        {"hash": "1" * 40, "date": None, "message": "m"},
        {"hash": "1" * 40, "date": 5, "message": "m"},
        {"hash": "1" * 40, "date": "2026-03-01T12:00:00Z", "message": "m", "parents": [7]},
        {"hash": "1" * 40, "date": "2026-03-01T12:00:00Z", "message": "m", "author": "Ann"},
        {"type": "error", "error": {"message": "no"}},
    ],
)
def test_a_commit_that_is_none_is_a_bad_payload(server: FakeBitbucket, broken: dict[str, object]) -> None:
    with bitbucket(server) as source:
        server.next_replies = [json_reply({"pagelen": 30, "values": [broken]})]
        with pytest.raises(BadPayload, match="bitbucket acme/shop: commits of main: cannot be read"):
            list(source.get_commits(REPO, branch="main"))


@pytest.mark.parametrize(
    ("author", "name", "email"),
    [
        ({"raw": "Ann <ann@example.org>"}, "Ann", "ann@example.org"),
        ({"raw": "Ann"}, "Ann", ""),
        ({"raw": "<ann@example.org>"}, "", "ann@example.org"),
        ({"raw": "A <B> <c@x>"}, "A <B>", "c@x"),
        ({"raw": None, "user": {"display_name": "Ann A."}}, "Ann A.", ""),
        ({}, "", ""),
        (None, "", ""),
    ],
)
def test_an_author_is_who_the_raw_line_names(server: FakeBitbucket, author: object, name: str, email: str) -> None:
    commit = {"hash": "1" * 40, "date": "2026-03-01T13:00:00+01:00", "message": "m\r\n\r\nbody\n", "author": author}
    with bitbucket(server) as source:
        server.next_replies = [json_reply({"pagelen": 30, "values": [commit]})]
        (found,) = source.get_commits(REPO, branch="main")
    assert (found.author, found.author_email, found.message) == (name, email, "m\n\nbody")
    assert isinstance(found, Commit)
    assert found.date.isoformat() == "2026-03-01T12:00:00+00:00"


@pytest.mark.proves("errors", by="fake")
def test_refusals_name_the_repository_and_the_scope(server: FakeBitbucket) -> None:
    with bitbucket(server) as source:
        lacks = {"message": "Your credentials lack one or more required privilege scopes."}
        detail = {"required": ["repository:read"], "granted": ["account"]}
        server.next_replies = [json_reply({"type": "error", "error": {**lacks, "detail": detail}}, 403)]
        with pytest.raises(AccessDenied, match=r"bitbucket acme/shop: token lacks repository:read \(403\)"):
            source.default_branch(REPO)
        server.next_replies = [json_reply({"type": "error", "error": lacks}, 403)]
        with pytest.raises(AccessDenied, match=r"token lacks repository \(403\)"):
            source.default_branch(REPO)
        with pytest.raises(NotFound, match="private repository"):
            source.default_branch("acme/unknown")


@pytest.mark.proves("rate limits", by="fake")
def test_the_hours_requests_are_never_exceeded_and_a_429_is_told(history: History) -> None:
    with FakeBitbucket({REPO: FakeRepo(history[0].path)}, token=TOKEN, hourly=3) as server:
        with bitbucket(server, requests_per_hour=3) as source:
            for _ in range(3):
                source.default_branch(REPO)
            with pytest.raises(RateLimited, match="bitbucket acme/shop: rate limit used up; try again after"):
                source.default_branch(REPO)
            assert len(server.requests) == 3
        with bitbucket(server) as source, pytest.raises(RateLimited, match=r"asked to slow down \(429\)"):
            source.default_branch(REPO)


@pytest.mark.proves("rate limits", by="fake")
def test_without_credentials_the_limit_is_that_of_an_address(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_bitbucket, "HOURLY_ANONYMOUS", 2)
    with FakeBitbucket({REPO: FakeRepo(history[0].path)}) as server, bitbucket(server, token=None) as source:
        assert [source.default_branch(REPO) for _ in range(2)] == ["main", "main"]
        with pytest.raises(RateLimited):
            source.default_branch(REPO)
        assert len(server.requests) == 2


@pytest.mark.parametrize("hourly", [0, 10_001])
def test_more_requests_than_any_plan_grants_are_no_setting(hourly: int) -> None:
    with pytest.raises(ValidationError):
        Config(requests_per_hour=hourly)


def test_blame_is_said_to_be_missing(server: FakeBitbucket) -> None:
    with bitbucket(server) as source, pytest.raises(Unsupported, match="mirror"):
        source.blame(REPO, "a", "main")
