"""GitHub over REST, before a fake that serves a real repository: what REST says must be what git says."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from incident_pipeline.errors import AccessDenied, BadPayload, ConfigError, NotFound, Unsupported, UsageError
from incident_pipeline.model.git import Commit
from incident_pipeline.sources._github import GitHubConfig, find_site
from incident_pipeline.sources.base import SourceContext
from incident_pipeline.sources.git import _github_files as module
from incident_pipeline.sources.git.github import Config, GitHub, open_source
from incident_pipeline.sources.git.local import LocalGit
from tests.fakes.github import FakeGitHub
from tests.fakes.github_state import FakeRepo
from tests.fakes.server import Reply, json_reply
from tests.sources.git.github_case import REPO, TOKEN, config, fake, github, open_api
from tests.sources.git.history import add_commits, make_history
from tests.sources.git.local_repo import Repo


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> tuple[Repo, dict[str, str]]:
    return make_history(tmp_path_factory.mktemp("fake") / "repo")


@pytest.fixture
def server(history: tuple[Repo, dict[str, str]]) -> Iterator[FakeGitHub]:
    with fake(history[0].path) as running:
        yield running


def test_commits_between_are_those_git_gives_with_the_same_files_and_patches(
    history: tuple[Repo, dict[str, str]], server: FakeGitHub
) -> None:
    repo, sha = history
    with github(server) as source, LocalGit(repo.path) as local:
        found = list(source.get_commits_between(REPO, sha["first"], sha["head"]))
        expected = list(local.get_commits_between("", sha["first"], sha["head"]))
    assert [c.subject for c in found][:3] == ["café \U0001f9c0", "rename", "merge side"]
    assert sorted(map(_plain, found), key=lambda c: c.hash) == sorted(map(_plain, expected), key=lambda c: c.hash)


def _plain(commit: Commit) -> Commit:
    """Without what the two sources may rightly tell differently."""
    files = tuple(replace(f, patch=(f.patch or "").rstrip("\n")) for f in commit.files or ())
    return replace(commit, message=commit.message.rstrip("\n"), files=files)


def test_a_commit_has_its_rename_its_binary_file_and_a_diff(
    history: tuple[Repo, dict[str, str]], server: FakeGitHub
) -> None:
    with github(server) as source:
        commit = source.get_commit(REPO, history[1]["rename"])
        first = source.get_commit(REPO, history[1]["first"])
    files = {f.path: f for f in commit.files or ()}
    assert (files["src/basket.py"].status, files["src/basket.py"].old_path) == ("renamed", "src/cart.py")
    assert (files["logo.bin"].binary, files["logo.bin"].additions) == (True, None)
    assert "rename from src/cart.py\nrename to src/basket.py" in (commit.diff or "")
    assert {f.path: f.binary for f in first.files or ()} == {"empty.txt": False, "logo.bin": True, "src/cart.py": False}
    assert "--- /dev/null\n+++ b/src/cart.py\n@@ -0,0 +1,5 @@\n+a" in (first.diff or "")


def test_a_range_beyond_250_commits_is_whole_and_newest_first(tmp_path: Path) -> None:
    repo, sha = make_history(tmp_path / "repo")
    head = add_commits(repo, 255)
    with fake(repo.path) as server, github(server) as source:
        listed = source.list_between(REPO, sha["head"], head)
        assert next(listed).hash == head
        assert len(server.requests) == 2
        assert 1 + sum(1 for _ in listed) == 255
        assert len(server.requests) == 3
        expected = repo.git("rev-list", "--topo-order", f"{sha['head']}..{head}").split()
        assert [c.hash for c in source.list_between(REPO, sha["head"], head)] == expected


def test_thirty_commits_cost_one_request_each_and_two_for_their_ends(tmp_path: Path) -> None:
    repo, sha = make_history(tmp_path / "repo")
    head = add_commits(repo, 30)
    with fake(repo.path) as server, github(server) as source:
        assert source.resolve(REPO, head) == head
        assert source.resolve(REPO, sha["head"]) == sha["head"]
        assert source.merge_base(REPO, sha["head"], head) == sha["head"]
        assert len(list(source.get_commits_between(REPO, sha["head"], head))) == 30
        assert len(server.requests) == 32


def test_the_window_is_half_open_and_on_the_branch(history: tuple[Repo, dict[str, str]], server: FakeGitHub) -> None:
    with github(server) as source:
        everything = list(source.get_commits(REPO))
        assert [c.subject for c in source.get_commits(REPO, branch="side")] == ["side work", "first"]
        by_hash = {c.hash: c for c in everything}
        since, until = (by_hash[history[1][name]].committed_at for name in ("edit", "head"))
        assert since is not None
        assert until is not None
        found = {c.hash for c in source.get_commits(REPO, since, until)}
        assert found == {history[1][name] for name in ("edit", "merge", "rename")}
        later = {c.hash for c in source.get_commits(REPO, since, until + timedelta(microseconds=1))}
        assert later - found == {history[1]["head"]}
    assert everything[0].files is None


def test_without_a_base_all_commits_come_lazily(history: tuple[Repo, dict[str, str]], server: FakeGitHub) -> None:
    with github(server) as source:
        found = source.get_commits_between(REPO, None, "main", patch=False)
        first = next(found)
        assert first.hash == history[1]["head"]
        assert [f.patch for f in first.files or ()] == [None]
        assert sum(1 for _ in found) == 5


def test_branches_tags_default_branch_and_resolve(history: tuple[Repo, dict[str, str]], server: FakeGitHub) -> None:
    sha = history[1]
    with github(server) as source:
        assert {(r.name, r.hash) for r in source.get_branches(REPO)} == {("main", sha["head"]), ("side", sha["side"])}
        assert [(r.name, r.kind, r.hash) for r in source.get_tags(REPO)] == [("v1", "tag", sha["edit"])]
        assert source.default_branch(REPO) == "main"
        assert source.resolve(REPO, "v1") == sha["edit"]
        assert source.resolve(REPO, sha["edit"][:10]) == sha["edit"]
        with pytest.raises(NotFound, match="commit nope not found"):
            source.resolve(REPO, "nope")


def test_file_history_goes_on_across_a_rename(history: tuple[Repo, dict[str, str]], server: FakeGitHub) -> None:
    with github(server) as source:
        found = [c.subject for c in source.get_file_history(REPO, "src/basket.py")]
        assert found == ["café \U0001f9c0", "rename", "edit", "first"]
        assert [c.subject for c in source.get_file_history(REPO, "src/cart.py", history[1]["edit"])] == [
            "edit",
            "first",
        ]
        assert list(source.get_file_history(REPO, "no/such/file")) == []


def test_merge_base_is_none_for_unrelated_histories(tmp_path: Path) -> None:
    repo, sha = make_history(tmp_path / "repo")
    repo.git("checkout", "-q", "--orphan", "other")
    other = repo.commit("other")
    with fake(repo.path) as server, github(server) as source:
        assert source.merge_base(REPO, "main", other) is None
        assert source.merge_base(REPO, sha["side"], sha["edit"]) == sha["first"]
        with pytest.raises(NotFound):
            source.merge_base(REPO, "main", "no-such-branch")


def test_files_are_read_as_text_and_what_is_no_text_is_none(tmp_path: Path) -> None:
    repo, _ = make_history(tmp_path / "repo")
    big = "line\n" * 300_000
    repo.commit("more", {"big.txt": big, "latin.txt": b"caf\xe9\n", "a b/c#d.txt": "odd\n"})
    with fake(repo.path) as server, github(server) as source:
        assert source.read_file(REPO, "src/basket.py", "main") == "a\nB\nc\nD\ne\n"
        assert source.read_file(REPO, "a b/c#d.txt", "main") == "odd\n"
        assert source.read_file(REPO, "latin.txt", "main") == "caf\\xe9\n"
        assert source.read_file(REPO, "big.txt", "main") == big
        for path in ("logo.bin", "src", "no/such/file"):
            assert source.read_file(REPO, path, "main") is None
        with pytest.raises(NotFound):
            source.read_file(REPO, "src/basket.py", "0" * 40)


def test_all_paths_are_listed(history: tuple[Repo, dict[str, str]], server: FakeGitHub) -> None:
    expected = {"src/basket.py", "src/side.py", "logo.bin", "empty.txt"}
    with github(server) as source:
        assert source.list_paths(REPO, history[1]["head"]) == expected


def test_a_tree_that_github_cuts_is_read_folder_by_folder_or_refused(
    history: tuple[Repo, dict[str, str]], server: FakeGitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = json_reply({"tree": [], "truncated": True})
    with github(server) as source:
        server.next_replies = [cut]
        assert "src/side.py" in source.list_paths(REPO, history[1]["head"])
        monkeypatch.setattr(module, "MAX_TREES", 1)
        server.next_replies = [cut]
        with pytest.raises(Unsupported, match="mirror: true"):
            source.list_paths(REPO, history[1]["head"])


def test_a_patch_left_out_as_too_large_is_marked(history: tuple[Repo, dict[str, str]], server: FakeGitHub) -> None:
    files = [
        {"sha": "1" * 40, "filename": "a", "status": "modified", "additions": 9000, "deletions": 1},
        {"sha": "2" * 40, "filename": "lib", "status": "modified", "additions": 1, "deletions": 1,
         "patch": f"@@ -1 +1 @@\n-Subproject commit {'a' * 40}\n+Subproject commit {'b' * 40}"},
    ]  # fmt: skip
    with github(server) as source:
        server.next_replies = [json_reply({**_bare_commit(), "files": files})]
        found = source.get_commit(REPO, "main").files
    assert found is not None
    large, module_file = found
    assert (large.truncated, large.patch, large.binary, large.additions) == (True, None, False, 9000)
    assert (module_file.submodule, module_file.truncated) == (True, False)


def _bare_commit() -> dict[str, object]:
    who = {"name": "Ann", "email": "a@x", "date": "2026-03-01T12:00:00Z"}
    return {"sha": "3" * 40, "commit": {"author": who, "message": "m"}}


@pytest.mark.parametrize("broken", [{}, {"sha": "x", "commit": None}, {"sha": "x", "commit": {"message": "m"}}])
def test_a_commit_that_is_none_is_a_bad_payload(server: FakeGitHub, broken: dict[str, object]) -> None:
    with github(server) as source:
        server.next_replies = [json_reply(broken)]
        with pytest.raises(BadPayload, match="github acme/shop: commit main: cannot be read"):
            source.get_commit(REPO, "main")


def test_a_comparison_that_gives_too_few_commits_is_never_taken_for_whole(server: FakeGitHub) -> None:
    with github(server) as source:
        server.next_replies = [json_reply({"commits": [_bare_commit()], "total_commits": 2})]
        with pytest.raises(BadPayload, match="1 of 2 commits"):
            list(source.get_commits_between(REPO, "a", "b"))


def test_refusals_name_the_repository_and_the_scope(server: FakeGitHub) -> None:
    with github(server, token="wrong") as source:
        with pytest.raises(AccessDenied, match="github acme/shop: the token is refused"):
            source.default_branch(REPO)
        assert not source.check().works
    with github(server) as source:
        server.next_replies = [json_reply({"message": "Resource not accessible"}, 403)]
        with pytest.raises(AccessDenied, match=r"github acme/shop: token lacks contents:read \(403\)"):
            source.resolve(REPO, "main")
        with pytest.raises(NotFound, match="private repository"):
            source.default_branch("acme/unknown")
        server.next_replies = [Reply(200, b"<html>", {"Content-Type": "text/html"})]
        with pytest.raises(BadPayload, match="proxy"):
            source.default_branch(REPO)


@pytest.mark.parametrize("repo", ["shop", "a/b/c", "../x", "a/..", "acme/sh op", "acme/shop\n"])
def test_what_is_no_repository_is_refused_before_any_request(server: FakeGitHub, repo: str) -> None:
    with github(server) as source, pytest.raises(UsageError, match="OWNER/NAME"):
        source.default_branch(repo)
    assert server.requests == []


def test_the_configured_repository_is_meant_when_none_is_named(server: FakeGitHub, tmp_path: Path) -> None:
    named = Config(owner="acme", repo="shop", token=SecretStr(TOKEN), base_url=server.url)
    with open_source(named, SourceContext("github", tmp_path, tmp_path)) as source:
        assert source.default_branch("") == "main"
        assert source.check().found == "default branch main"
    assert TOKEN not in repr(named) + repr(source)


def test_where_a_site_is_and_which_token_it_gets() -> None:
    token = "ghp_" + "y" * 36
    plain = find_site(GitHubConfig(), {"GITHUB_TOKEN": token})
    assert (plain.api, plain.web) == ("https://api.github.com", "https://github.com")
    assert plain.token is not None
    assert plain.token.get_secret_value() == token
    other = find_site(GitHubConfig(base_url="https://ghe.example/api/v3/"), {"GITHUB_TOKEN": token})
    assert (other.api, other.web, other.token) == ("https://ghe.example/api/v3", "https://ghe.example", None)
    runner = {
        "GITHUB_API_URL": "https://ghe.example/api/v3",
        "GITHUB_SERVER_URL": "https://ghe.example",
        "GH_TOKEN": token,
    }
    assert find_site(GitHubConfig(), runner).token is not None
    assert find_site(GitHubConfig(base_url="https://api.acme.ghe.com"), {}).web == "https://acme.ghe.com"
    assert find_site(GitHubConfig(token=SecretStr("")), {}).token is None


@pytest.mark.parametrize(
    "url", ["http://ghe.example/api/v3", "ghe.example", "https://u:p@ghe.example", "https://x/?a=1", "https://[::1"]
)
def test_an_address_that_would_show_the_token_or_leads_nowhere_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="base_url"):
        find_site(GitHubConfig(base_url=url), {})


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(ValidationError):
        Config.model_validate({"owner": "a", "tokn": "x"})


def test_blame_is_said_to_be_missing() -> None:
    with (
        GitHub(GitHubConfig(), api=open_api("https://ghe.example")) as source,
        pytest.raises(Unsupported, match="mirror"),
    ):
        source.blame(REPO, "a", "main")


@pytest.mark.proves("check", by="fake")
@pytest.mark.parametrize(
    ("scopes", "told"),
    [
        ("repo, workflow", ("ana", "repo, workflow")),
        (None, ("ana", "fine-grained: GitHub does not tell")),
    ],
)
def test_check_says_whose_token_it_is_and_its_scopes(
    history: tuple[Repo, dict[str, str]], scopes: str | None, told: tuple[str, str]
) -> None:
    with FakeGitHub({REPO: FakeRepo(history[0].path)}, token=TOKEN, scopes=scopes) as server:
        with GitHub(config(server.url, owner="acme", repo="shop"), api=open_api(server.url)) as source:
            checked = source.check()
        assert (checked.credentials, checked.scopes) == told
        assert len(server.requests) == 2


@pytest.mark.proves("check", by="fake")
def test_check_without_a_token_or_with_a_workflows_says_so(history: tuple[Repo, dict[str, str]]) -> None:
    refused = json_reply({"message": "Resource not accessible by integration"}, 403)
    with FakeGitHub({REPO: FakeRepo(history[0].path)}) as server:
        with github(server, token=None) as source:
            assert source.check().credentials.startswith("none: only what is public")
        with github(server) as source:
            server.next_replies = [json_reply({"resources": {"core": {"remaining": 1}}}), refused]
            assert source.check().credentials == "a token of no user (of a workflow or an app)"
