"""What is special about GitLab: nested groups, ranges instead of comparisons, diffs left out, pages by key, blame."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from incident_pipeline.errors import AccessDenied, BadPayload, ConfigError, NotFound, Unsupported, UsageError
from incident_pipeline.sources._gitlab import GitLabConfig, find_site, page_path, project_name
from incident_pipeline.sources._gitlab import open_api as open_configured
from incident_pipeline.sources.base import SourceContext
from incident_pipeline.sources.git._mirror import MirroredGit
from incident_pipeline.sources.git.gitlab import Config, GitLab, open_source
from incident_pipeline.sources.git.local import LocalGit
from tests.contracts.openapi import Description
from tests.fakes import gitlab_json
from tests.fakes.gitlab import FakeToken
from tests.fakes.server import Reply, json_reply
from tests.http.clock import START, Clock
from tests.sources.contract.git import odd_history
from tests.sources.git.gitlab_case import REPO, TOKEN, config, fake, gitlab, open_api
from tests.sources.git.history import add_commits, make_history
from tests.sources.git.local_repo import Repo

History = tuple[Repo, dict[str, str]]
HASH = "0123456789" * 4
DIFF = {"diff": "@@ -0,0 +1 @@\n+x\n", "old_path": "n.txt", "new_path": "n.txt", "new_file": True, "too_large": False}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> History:
    return make_history(tmp_path_factory.mktemp("gitlab") / "up")


@pytest.fixture
def up(made: History, tmp_path: Path) -> History:
    """The history, copied: making it anew costs twenty processes."""
    repo, sha = made
    shutil.copytree(repo.path, tmp_path / "up")
    return Repo(tmp_path / "up", repo.clock), dict(sha)


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]
    for name in ("GITLAB_TOKEN", "CI_SERVER_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.proves("credentials", by="fake")
@pytest.mark.parametrize(
    ("kind", "header", "value"),
    [
        ("private", "private-token", TOKEN),
        ("oauth", "authorization", f"Bearer {TOKEN}"),
        ("job", "job-token", TOKEN),
    ],
)
def test_each_kind_of_token_goes_in_its_own_header(
    up: History, tmp_path: Path, kind: str, header: str, value: str
) -> None:
    with fake(tmp_path / "up") as server:
        server.token = FakeToken(TOKEN, header=header)
        with gitlab(server, token_type=kind) as source:
            assert source.default_branch(REPO) == "main"
    sent = server.requests[0].headers
    assert [sent.get(name) for name in ("private-token", "authorization", "job-token") if name in sent] == [value]


@pytest.mark.proves("credentials", by="fake")
def test_a_token_without_the_scope_is_told_which_one_is_missing(up: History, tmp_path: Path) -> None:
    with fake(tmp_path / "up") as server, gitlab(server) as source:
        server.token = FakeToken(TOKEN, scopes=["read_repository"])
        with pytest.raises(AccessDenied, match=r"token lacks api read_api \(403\)"):
            source.default_branch(REPO)
        server.always = json_reply({"message": "403 Forbidden"}, 403)
        with pytest.raises(AccessDenied, match=r"token lacks read_api \(403\)"):
            source.default_branch(REPO)


@pytest.mark.parametrize(
    ("given", "env", "web", "token"),
    [
        ({}, {"GITLAB_TOKEN": "a"}, "https://gitlab.com", "a"),
        ({}, {}, "https://gitlab.com", None),
        ({"token": ""}, {"GITLAB_TOKEN": "a"}, "https://gitlab.com", "a"),
        ({"token": "b"}, {"GITLAB_TOKEN": "a"}, "https://gitlab.com", "b"),
        ({"base_url": "https://other.example"}, {"GITLAB_TOKEN": "a"}, "https://other.example", None),
        ({}, {"GITLAB_TOKEN": "a", "CI_SERVER_URL": "https://own.example/git"}, "https://own.example/git", "a"),
        ({"base_url": "https://own.example/git/api/v4/"}, {}, "https://own.example/git", None),
    ],
)
def test_the_environments_token_goes_to_its_own_server_only(
    given: dict[str, Any], env: Mapping[str, str], web: str, token: str | None
) -> None:
    site = find_site(GitLabConfig(**given), env)
    assert (site.web, site.token and site.token.get_secret_value()) == (web, token)
    assert site.api == f"{web}/api/v4"


def test_the_environments_token_is_a_private_one_whatever_the_config_says() -> None:
    site = find_site(GitLabConfig(token_type="oauth"), {"GITLAB_TOKEN": "a"})
    assert site.kind == "private"


@pytest.mark.parametrize("url", ["http://git.example", "ftp://x", "https://u:p@x", "https://x/?q=1", "https://[", ""])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    if not url:
        assert find_site(GitLabConfig(base_url=url), {}).web == "https://gitlab.com"
        return
    with pytest.raises(ConfigError, match="base_url"):
        find_site(GitLabConfig(base_url=url), {})


def test_unknown_keys_and_kinds_of_token_are_refused() -> None:
    for wrong in ({"tokn": "x"}, {"token_type": "basic"}):
        with pytest.raises(ValidationError):
            Config(**wrong)  # pyright: ignore[reportArgumentType]


def test_a_page_of_the_site_is_told_from_one_elsewhere() -> None:
    site = find_site(GitLabConfig(base_url="https://git.example/code"), {})
    assert page_path(" https://GIT.example/code/a/b?x=1#y ", site, who="ci") == "/a/b"
    for wrong in (
        "https://git.example/a/b",
        "https://git.example/codex/a",
        "http://git.example/code/a",
        "https://[",
        "",
    ):
        with pytest.raises(UsageError, match=r"^ci: "):
            page_path(wrong, site, who="ci")


@pytest.mark.parametrize("name", ["group/sub/deep/proj", "a.b/c_d-e", "ü/ñ"])
def test_a_project_may_lie_in_nested_groups(up: History, tmp_path: Path, name: str) -> None:
    _, sha = up
    with fake(tmp_path / "up", name=name) as server, gitlab(server, owner=None, repo=None) as source:
        assert source.resolve(name, "main") == sha["head"]
    assert server.requests[0].path.count("/") == 7


def test_the_project_of_the_config_is_meant_when_none_is_named() -> None:
    assert project_name("", GitLabConfig(owner="group/sub", repo="app")) == "group/sub/app"
    assert project_name("", GitLabConfig(repo="group/sub/app")) == "group/sub/app"
    assert project_name("other/one", GitLabConfig(owner="group", repo="app")) == "other/one"


@pytest.mark.parametrize(
    "name", ["", "app", "a//b", "a/../b", "../a/b", "a/b?x=1", "a/b#c", "a/b%2fc", "a/b c", "a\n/b"]
)
def test_what_is_no_project_is_refused_before_any_request(name: str) -> None:
    with pytest.raises(UsageError, match="which project") as caught:
        project_name(name, GitLabConfig())
    assert "\n" not in str(caught.value)


@pytest.mark.proves("commits between two hashes", by="fake")
@pytest.mark.parametrize(("count", "size", "pages"), [(265, 100, 3), (40, 20, 3)])
def test_a_range_of_any_length_comes_whole_and_newest_first(
    up: History, tmp_path: Path, *, count: int, size: int, pages: int
) -> None:
    repo, sha = up
    head = add_commits(repo, count)
    with fake(tmp_path / "up", diffs=[DIFF]) as server, gitlab(server, page_size=size) as source:
        commits = list(source.get_commits_between(REPO, sha["head"], head, patch=False))
    assert [c.hash for c in commits] == [c.hash for c in LocalGit(repo.path).get_commits("", branch="long")][:count]
    assert all(c.files for c in commits)
    lists = [asked for asked in server.requests if asked.path.endswith("/commits")]
    assert [asked.query.get("page") for asked in lists] == [None, *map(str, range(2, pages + 1))]
    assert len(server.requests) == pages + count


@pytest.mark.proves("commits between two hashes", by="fake")
def test_a_range_asked_for_again_costs_no_request(up: History, tmp_path: Path) -> None:
    repo, sha = up
    with fake(tmp_path / "up") as server:
        for _ in range(2):
            with gitlab(server, cache=tmp_path / "cache") as source:
                commits = list(source.get_commits_between(REPO, sha["first"], sha["head"]))
                assert source.merge_base(REPO, sha["first"], sha["head"]) == sha["first"]
                assert source.read_file(REPO, "src/basket.py", sha["head"])
                assert source.list_paths(REPO, sha["head"])
            assert len(commits) == 5
            assert len(server.requests) == 9
        with gitlab(server, cache=tmp_path / "cache") as source:
            repo.commit("new", {"n.txt": "n\n"})
            assert len(list(source.get_commits(REPO))) == len(list(source.get_commits(REPO))) == 7
    assert len(server.requests) == 9 + 2
    assert "if-none-match" in server.requests[-1].headers


@pytest.mark.proves("errors", by="fake")
def test_nothing_is_kept_for_ever_that_is_not_gitlabs_answer(up: History, tmp_path: Path) -> None:
    repo, sha = up
    page = Reply(200, b"<html>Sign in</html>", {"Content-Type": "text/html; charset=utf-8"})
    with fake(tmp_path / "up") as server, gitlab(server, cache=tmp_path / "cache") as source:
        for wrong in (page, json_reply({"message": "try later"})):
            server.always = wrong
            for ask in (source.resolve, source.list_paths, source.get_commit):
                with pytest.raises(BadPayload):
                    ask(REPO, sha["head"])
            with pytest.raises(BadPayload):
                list(source.get_commits_between(REPO, sha["first"], sha["head"]))
        server.always = page
        with pytest.raises(BadPayload, match="a web page came instead of the file"):
            source.read_file(REPO, "src/basket.py", sha["head"])
        server.always = None
        assert source.read_file(REPO, "src/basket.py", sha["head"]) == "a\nB\nc\nD\ne\n"
        assert source.get_commit(REPO, sha["head"]).files
        assert len(list(source.get_commits_between(REPO, sha["first"], sha["head"]))) == 5
        server.always = json_reply([])
        with pytest.raises(BadPayload):
            list(source.get_commits_between(REPO, sha["head"], HASH))
        server.always = None
        new = repo.commit("pushed later", {"n.txt": "n\n"})
        server.next_replies = [json_reply([]), json_reply({"message": "404 Commit Not Found"}, 404)]
        with pytest.raises(NotFound):
            list(source.get_commits_between(REPO, sha["head"], new))
        assert [c.subject for c in source.get_commits_between(REPO, sha["head"], new)] == ["pushed later"]


@pytest.mark.proves("errors", by="fake")
def test_a_name_that_gitlab_does_not_know_is_no_empty_history(up: History, tmp_path: Path) -> None:
    _, sha = up
    with fake(tmp_path / "up") as server, gitlab(server) as source:
        assert list(source.get_commits(REPO, branch="main", until=datetime(2000, 1, 1, tzinfo=UTC))) == []
        for wrong in ("no-such", "--all", "-1"):
            with pytest.raises((NotFound, BadPayload)):
                list(source.get_commits(REPO, branch=wrong))
        for base, head in ((HASH, sha["head"]), (sha["head"], HASH)):
            with pytest.raises(NotFound, match=HASH[:12]):
                list(source.get_commits_between(REPO, base, head))
        for wrong in ("", ".", ".."):
            with pytest.raises(NotFound):
                source.resolve(REPO, wrong)
        with pytest.raises(NotFound, match="Could not find ref"):
            source.merge_base(REPO, HASH, sha["head"])
        with pytest.raises(NotFound, match="404 Commit Not Found"):
            source.read_file(REPO, "src/basket.py", HASH)
        with pytest.raises(NotFound, match="404 Tree Not Found"):
            source.list_paths(REPO, HASH)


@pytest.mark.proves("merge base", by="fake")
def test_unrelated_histories_have_no_merge_base(up: History, tmp_path: Path) -> None:
    repo, sha = up
    repo.git("checkout", "-q", "--orphan", "other")
    other = repo.commit("other", {"o.txt": "o\n"})
    with fake(tmp_path / "up") as server, gitlab(server) as source:
        assert source.merge_base(REPO, sha["head"], other) is None
        with pytest.raises(NotFound, match="404 Project Not Found"):
            source.merge_base("acme/other", sha["head"], other)


@pytest.mark.proves("default branch", by="fake")
def test_an_empty_repository_has_no_default_branch(tmp_path: Path) -> None:
    Repo.make(tmp_path / "up")
    with (
        fake(tmp_path / "up", default_branch=None) as server, gitlab(server) as source,
        pytest.raises(NotFound, match="the repository is empty"),
    ):  # fmt: skip
        source.default_branch(REPO)


@pytest.mark.proves("branches", by="fake")
def test_the_host_of_a_next_link_is_not_followed_only_its_page(up: History, tmp_path: Path) -> None:
    with fake(tmp_path / "up") as server, gitlab(server, page_size=1) as source:
        server.links_to = "https://internal.example"
        assert len(list(source.get_branches(REPO))) == 2
    assert {asked.path for asked in server.requests} == {"/api/v4/projects/acme%2Fshop/repository/branches"}


@pytest.mark.proves("branches", by="fake")
def test_pages_that_repeat_or_never_end_are_no_loop(up: History, tmp_path: Path) -> None:
    page = json_reply([{"name": "a", "commit": {"id": HASH}}])
    with fake(tmp_path / "up") as server, gitlab(server) as source:
        link = {"Link": f'<{server.url}/x?page=2>; rel="next"'}
        server.always = Reply(200, page.body, {**page.headers, **link})
        with pytest.raises(BadPayload, match="leads back"):
            list(source.get_branches(REPO))
        server.always = Reply(200, b" [] ", {**page.headers, "X-Next-Page": "7"})
        assert list(source.get_branches(REPO)) == []
        server.always = None
        server.next_replies = [Reply(200, page.body, {**page.headers, "X-Next-Page": "2"}), page]
        assert [ref.name for ref in source.get_branches(REPO)] == ["a"]


@pytest.mark.proves("rate limits", by="fake")
def test_a_spent_budget_is_waited_for_before_the_next_request(up: History, tmp_path: Path) -> None:
    clock = Clock()
    with fake(tmp_path / "up") as server:
        settings = config(server.url)
        with GitLab(settings, api=open_api(settings, patience=clock.patience())) as source:
            reset = str(int((START + timedelta(seconds=30)).timestamp()))
            about = json_reply({"default_branch": "main"})
            spent = {"RateLimit-Remaining": "0", "RateLimit-Reset": reset}
            server.next_replies = [Reply(200, about.body, {"Content-Type": "application/json", **spent})]
            source.default_branch(REPO)
            assert clock.slept == []
            source.default_branch(REPO)
    assert 30 <= sum(clock.slept) < 40
    assert len(server.requests) == 2


@pytest.mark.proves("rate limits", by="fake")
@pytest.mark.parametrize(("token", "allowed"), [(TOKEN, 2_000), (None, 500)])
def test_no_more_is_asked_in_a_minute_than_gitlab_com_allows(
    up: History, tmp_path: Path, *, token: str | None, allowed: int
) -> None:
    with fake(tmp_path / "up") as server:
        server.token = FakeToken(token) if token else None
        api = open_configured(config(server.url, token=token), SourceContext("gitlab", tmp_path, tmp_path))
        limits = api.client.limits
        assert (limits.requests, limits.seconds, limits.at_once) == (allowed, 60, 6)
        with GitLab(config(server.url), api=api) as source:
            assert source.default_branch(REPO) == "main"


@pytest.mark.proves("files and patch of a commit", by="fake")
@pytest.mark.parametrize("flags", [True, False])
def test_a_diff_that_gitlab_leaves_out_is_said_to_be_truncated(up: History, tmp_path: Path, *, flags: bool) -> None:
    repo, _ = up
    sha = repo.commit("big", {"new.txt": "1\n2\n", "src/basket.py": "x\n", "small.txt": "s\n", "none.txt": ""})
    cut = frozenset({"new.txt", "src/basket.py"})
    with fake(tmp_path / "up", flags=flags, cut_diff=cut) as server, gitlab(server) as source:
        files = {f.path: f for f in source.get_commit(REPO, sha).files or ()}
    assert {path for path, f in files.items() if f.truncated} >= cut
    assert [files[path].additions for path in sorted(cut)] == [None, None]
    assert not files["small.txt"].truncated
    assert files["small.txt"].additions == 1
    if flags:
        assert not files["none.txt"].truncated


@pytest.mark.proves("files and patch of a commit", by="fake")
@pytest.mark.parametrize("flags", [True, False])
def test_an_empty_or_only_renamed_file_is_not_taken_for_truncated(up: History, tmp_path: Path, *, flags: bool) -> None:
    repo, sha = up
    repo.git("mv", "src/basket.py", "src/trolley.py")
    moved = repo.commit("move", {})
    with fake(tmp_path / "up", flags=flags) as server, gitlab(server) as source:
        for rev in (sha["first"], moved):
            assert not any(f.truncated for f in source.get_commit(REPO, rev).files or ())


@pytest.mark.proves("files and patch of a commit", by="fake")
def test_files_that_are_missing_behind_the_limit_are_said_to_be(up: History, tmp_path: Path) -> None:
    repo, _ = up
    sha = repo.commit("big", {"a.txt": "a line of text\n" * 8_000, "b.txt": "b\n"})
    with fake(tmp_path / "up") as server, gitlab(server) as source:
        assert not any(f.truncated for f in source.get_commit(REPO, sha).files or ())
        next(iter(server.projects.values())).diffs = gitlab_json.diffs(repo.path, sha)[:1]
        assert [(f.path, f.truncated) for f in source.get_commit(REPO, sha).files or ()] == [("a.txt", True)]


@pytest.mark.proves("files and patch of a commit", by="fake")
def test_modes_links_and_submodules_are_told_as_git_tells_them(up: History, tmp_path: Path) -> None:
    repo, _ = up
    (repo.path / "src/basket.py").chmod(0o755)
    mode = repo.commit("mode", {})
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{HASH},lib")
    repo.git("commit", "-q", "-m", "sub")
    sub = repo.git("rev-parse", "HEAD")
    truth = LocalGit(repo.path)
    with fake(tmp_path / "up") as server, gitlab(server) as source:
        for rev in (mode, sub):
            got, wanted = source.get_commit(REPO, rev).files, truth.get_commit("", rev).files
            assert [replace(f, patch=None) for f in got or ()] == [replace(f, patch=None) for f in wanted or ()]


@pytest.mark.proves("files and patch of a commit", by="fake")
def test_names_and_messages_that_try_to_be_something_else_stay_what_they_are(tmp_path: Path) -> None:
    repo = odd_history(tmp_path / "up")
    repo.git("checkout", "-q", "-b", "feat/ü#&%41")
    sha = repo.git("rev-parse", "HEAD")
    with fake(tmp_path / "up") as server, gitlab(server) as source:
        commit = source.get_commit(REPO, "feat/ü#&%41")
        assert (commit.hash, commit.message) == (sha, LocalGit(repo.path).get_commit("", sha).message)
        assert {f.path for f in commit.files or ()} == {"a b/ü#?%41.py", "-rf"}
        assert source.read_file(REPO, "a b/ü#?%41.py", sha) == "x\n"
        assert [line.text for line in source.blame(REPO, "a b/ü#?%41.py", "feat/ü#&%41")] == ["x"]
        assert [c.hash for c in source.get_commits(REPO, branch="feat/ü#&%41")] == [sha]
        for path in ("", "..", ".", "a/../../b", "/etc/passwd", "a//b"):
            assert source.read_file(REPO, path, sha) is None
            with pytest.raises(NotFound):
                source.blame(REPO, path, sha)


@pytest.mark.proves("file history", by="fake")
@pytest.mark.parametrize("follows", [True, False])
def test_a_history_goes_on_behind_renames_whether_the_server_follows_or_not(
    up: History, tmp_path: Path, *, follows: bool
) -> None:
    repo, sha = up
    repo.git("mv", "src/basket.py", "src/trolley.py")
    sha["again"] = repo.commit("again", {})
    with fake(tmp_path / "up", follows=follows) as server, gitlab(server, page_size=2) as source:
        got = [c.hash for c in source.get_file_history(REPO, "src/trolley.py", sha["again"])]
    assert got == [sha[name] for name in ("again", "head", "rename", "edit", "first")]


@pytest.mark.proves("files at a revision", by="fake")
@pytest.mark.parametrize("status", [0, 400, 500])
def test_a_server_that_lists_files_only_by_pages_is_asked_for_pages(up: History, tmp_path: Path, status: int) -> None:
    repo, sha = up
    with fake(tmp_path / "up", tree_fails=status) as server, gitlab(server, page_size=2) as source:
        assert source.list_paths(REPO, sha["head"]) == LocalGit(repo.path).list_paths("", sha["head"])
    tokens = [asked.query["page_token"] for asked in server.requests if "page_token" in asked.query]
    assert (len(tokens) > 1) == bool(status)


def test_too_many_files_are_said_to_need_the_mirror(
    up: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_many(*_: Any, **__: Any) -> None:
        raise UsageError("more than 1,000 pages")

    _, sha = up
    monkeypatch.setattr("incident_pipeline.sources._api.Api.items", too_many)
    with (
        fake(tmp_path / "up", tree_fails=400) as server, gitlab(server) as source,
        pytest.raises(Unsupported, match="mirror: true"),
    ):  # fmt: skip
        source.list_paths(REPO, sha["head"])


@pytest.mark.proves("files at a revision", by="fake")
def test_blame_names_commit_path_and_line_there_as_git_does(up: History, tmp_path: Path) -> None:
    repo, sha = up
    head = repo.commit("insert", {"src/basket.py": "top\na\nB\nc\nD\nB\ne\r\n"})
    truth = LocalGit(repo.path)
    with fake(tmp_path / "up") as server, gitlab(server) as source:
        assert source.blame(REPO, "src/basket.py", head) == truth.blame("", "src/basket.py", head)
        assert source.blame(REPO, "src/basket.py", head, (3, 5)) == truth.blame("", "src/basket.py", head, (3, 5))
        assert source.blame(REPO, "empty.txt", head) == ()
        assert source.blame(REPO, "src/basket.py", head, ignore=(head,))[0].hash == head
        with pytest.raises(NotFound):
            source.blame(REPO, "no/such", head)
    assert {line.hash for line in truth.blame("", "src/basket.py", head)} >= {sha["first"], sha["edit"]}


@pytest.mark.proves("files at a revision", by="fake")
def test_blame_of_a_much_changed_file_asks_for_few_commits(up: History, tmp_path: Path) -> None:
    repo, _ = up
    lines, head = list[str](), ""
    for n in range(12):
        lines.insert(0, f"line {n}")
        head = repo.commit(f"line {n}", {"many.txt": "\n".join(lines) + "\n"})
    with fake(tmp_path / "up") as server, gitlab(server) as source:
        found = source.blame(REPO, "many.txt", head)
    assert [line.text for line in found] == lines
    assert [line.original_line for line in found[:8]] == [1] * 8
    assert len(server.requests) == 1 + 2 * 8


@pytest.mark.proves("check", by="fake")
def test_check_tells_whose_token_it_is_and_what_it_may_do(up: History, tmp_path: Path) -> None:
    with fake(tmp_path / "up", prefix="/git") as server:
        with gitlab(server) as source:
            found = source.check()
        assert (found.works, found.what, found.found) == (True, REPO, "default branch main")
        assert found.credentials == "user robot, token triage, ends 2027-01-31"
        assert found.scopes == "read_api, read_repository"
        with gitlab(server, owner=None, repo=None) as source:
            assert source.check().found == "GitLab 18.5.0-ee"
        server.token = FakeToken(TOKEN, header="job-token")
        with gitlab(server, token_type="job") as source:
            assert source.check().credentials == "user robot"
        server.token = None
        with gitlab(server, token=None) as source:
            assert source.check().credentials.startswith("no token: public projects only")


@pytest.mark.parametrize(
    "body",
    [
        b"[null]", b"[1]", b'{"message": "404"}', b'[{"name": "a"}]', b'[{"name": "a", "commit": {}}]',
        b'[{"name": "a", "commit": "x"}]', b"[" * 100_000,
    ],
)  # fmt: skip
@pytest.mark.proves("errors", by="fake")
def test_a_list_of_nonsense_is_told_as_such(up: History, tmp_path: Path, body: bytes) -> None:
    with fake(tmp_path / "up") as server, gitlab(server) as source:
        server.always = Reply(200, body, {"Content-Type": "application/json"})
        with pytest.raises(BadPayload):
            list(source.get_branches(REPO))


@pytest.mark.parametrize("missing", ["id", "message", "authored_date"])
@pytest.mark.proves("errors", by="fake")
def test_a_commit_that_lacks_what_every_commit_has_is_a_bad_payload(up: History, tmp_path: Path, missing: str) -> None:
    whole = {"id": HASH, "message": "m", "authored_date": "2026-01-02T03:04:05Z", "parent_ids": None}
    with fake(tmp_path / "up") as server, gitlab(server) as source:
        server.always = json_reply([whole])
        (commit,) = source.get_commits(REPO)
        assert (commit.parents, commit.author, commit.committed_at) == ((), "", commit.date)
        server.always = json_reply([{k: v for k, v in whole.items() if k != missing}])
        with pytest.raises(BadPayload):
            list(source.get_commits(REPO))


def test_a_tag_of_no_commit_is_left_out(up: History, tmp_path: Path) -> None:
    repo, sha = up
    repo.git("tag", "blob", repo.git("hash-object", "-w", "src/basket.py"))
    with fake(tmp_path / "up") as server, gitlab(server) as source:
        assert [(t.name, t.hash) for t in source.get_tags(REPO)] == [("v1", sha["edit"])]


@pytest.mark.proves("mirror clone", by="fake")
@pytest.mark.parametrize(("kind", "user"), [("private", "oauth2"), ("oauth", "oauth2"), ("job", "gitlab-ci-token")])
def test_a_mirror_is_cloned_with_the_token_and_serves_what_rest_does(
    up: History, tmp_path: Path, kind: Any, user: str
) -> None:
    repo, sha = up
    settings = Config(mirror=True, clone_url=str(repo.path), token=SecretStr(TOKEN), token_type=kind)
    with open_source(settings, SourceContext("gitlab", tmp_path / "cache", tmp_path)) as source:
        assert isinstance(source, MirroredGit)
        assert source.resolve("group/sub/shop", "main") == sha["head"]
        assert source.mirror("group/sub/shop") == tmp_path / "cache/mirrors/gitlab.com/group/sub/shop.git"
    assert find_site(settings, {}).login() == (user, SecretStr(TOKEN))
    assert find_site(Config(), {}).login() is None


def test_a_mirror_is_cloned_from_the_projects_own_address(tmp_path: Path) -> None:
    settings = Config(mirror=True, base_url="https://git.example/code")
    with open_source(settings, SourceContext("gitlab", tmp_path, tmp_path)) as source:
        assert isinstance(source, MirroredGit)
        assert source._remote.url("group/sub/shop") == "https://git.example/code/group/sub/shop.git"  # pyright: ignore[reportPrivateUsage]
    with open_source(Config(), SourceContext("gitlab", tmp_path, tmp_path)) as source:
        assert isinstance(source, GitLab)


@pytest.mark.shared
@pytest.mark.proves("commits in a window", by="description")
@pytest.mark.proves("commits between two hashes", by="description")
@pytest.mark.proves("files and patch of a commit", by="description")
@pytest.mark.proves("branches", by="description")
@pytest.mark.proves("tags", by="description")
@pytest.mark.proves("file history", by="description")
@pytest.mark.proves("default branch", by="description")
@pytest.mark.proves("files at a revision", by="description")
def test_every_request_is_one_that_gitlab_describes(up: History, shared: Path, tmp_path: Path) -> None:
    _, sha = up
    described = Description.load(shared / "contracts/gitlab/swagger2.json")
    with fake(tmp_path / "up", prefix="/git") as server, gitlab(server, page_size=2) as source:
        since = datetime(2023, 1, 1, tzinfo=UTC)
        assert list(source.get_commits(REPO, since, since + timedelta(days=900, microseconds=1), "main"))
        assert list(source.get_commits_between(REPO, sha["first"], sha["head"]))
        assert source.get_commit(REPO, "main")
        assert list(source.get_branches(REPO))
        assert list(source.get_tags(REPO))
        assert list(source.get_file_history(REPO, "src/basket.py"))
        assert source.default_branch(REPO)
        assert source.read_file(REPO, "src/basket.py", "main")
        assert source.list_paths(REPO, "main")
        next(iter(server.projects.values())).tree_fails = 400
        assert source.list_paths(REPO, sha["head"])
        assert source.blame(REPO, "src/basket.py", "main", (1, 2))
        assert source.check().works
    undescribed = [asked for asked in server.requests if asked.path.endswith(("/user", "/self"))]
    assert len(undescribed) == 2
    problems = [
        p for asked in server.requests if asked not in undescribed for p in described.problems(asked, base="/git")
    ]
    assert problems == []
