"""The mirror clone: cloned once, fetched when a head is unknown, read by the local source, the token in no command."""

import base64
import http.server
import os
import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from incident_pipeline.errors import AccessDenied, NotFound, Unavailable
from incident_pipeline.sources.base import SourceContext
from incident_pipeline.sources.git._mirror import MirroredGit, Remote, clone_environment
from incident_pipeline.sources.git._process import GitProgram
from incident_pipeline.sources.git.github import Config, open_source
from tests.sources.git.github_case import REPO, TOKEN
from tests.sources.git.history import make_history
from tests.sources.git.local_repo import Repo

pytestmark = pytest.mark.proves("mirror clone", by="engine")  # git itself


@contextmanager
def mirrored(tmp_path: Path, clone_url: str, **config: Any) -> Generator[MirroredGit]:
    settings = Config(mirror=True, clone_url=clone_url, token=SecretStr(TOKEN), **config)
    with open_source(settings, SourceContext("github", tmp_path / "cache", tmp_path)) as source:
        assert isinstance(source, MirroredGit)
        yield source


@pytest.fixture
def fetches(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The clone and fetch commands that are run."""
    seen: list[list[str]] = []
    real = GitProgram.run

    def run(self: GitProgram, args: list[str], **more: Any) -> Any:
        if args[0] in {"clone", "fetch"}:
            seen.append(args)
        return real(self, args, **more)

    monkeypatch.setattr(GitProgram, "run", run)
    return seen


def test_a_mirror_is_cloned_once_and_serves_everything(tmp_path: Path, fetches: list[list[str]]) -> None:
    repo, sha = make_history(tmp_path / "up")
    for _ in range(2):
        with mirrored(tmp_path, str(repo.path)) as source:
            assert source.resolve(REPO, sha["head"]) == sha["head"]
            assert len(list(source.get_commits_between(REPO, sha["first"], sha["head"]))) == 5
            assert source.merge_base(REPO, sha["side"], sha["edit"]) == sha["first"]
            assert source.read_file(REPO, "src/basket.py", sha["head"]) == "a\nB\nc\nD\ne\n"
            assert "src/side.py" in source.list_paths(REPO, sha["head"])
            assert [line.hash for line in source.blame(REPO, "src/basket.py", sha["head"])][3] == sha["head"]
            assert source.get_commit(REPO, sha["head"]).files
            assert source.default_branch(REPO) == "main"
            assert source.mirror(REPO).is_dir()
    assert [args[0] for args in fetches] == ["clone"]
    assert "--filter=blob:none" in fetches[0]


def test_an_unknown_head_is_fetched_and_then_known(tmp_path: Path, fetches: list[list[str]]) -> None:
    repo, sha = make_history(tmp_path / "up")
    with mirrored(tmp_path, str(repo.path)) as source:
        source.resolve(REPO, sha["head"])
    new = repo.commit("new", {"n.txt": "n\n"})
    with mirrored(tmp_path, str(repo.path)) as source:
        assert [c.hash for c in source.get_commits_between(REPO, sha["head"], new)] == [new]
        assert source.resolve(REPO, "main") == new
        with pytest.raises(NotFound, match="never pushed, or is gone"):
            source.resolve(REPO, "0" * 40)
    assert [args[0] for args in fetches] == ["clone", "fetch", "fetch"]


def test_a_branch_name_is_fetched_once_as_it_may_have_moved(tmp_path: Path, fetches: list[list[str]]) -> None:
    repo, _ = make_history(tmp_path / "up")
    with mirrored(tmp_path, str(repo.path)) as source:
        source.resolve(REPO, "main")
    new = repo.commit("new", {"n.txt": "n\n"})
    with mirrored(tmp_path, str(repo.path)) as source:
        assert source.resolve(REPO, "main") == new
        assert next(source.get_commits(REPO, branch="main")).hash == new
        assert {r.name for r in source.get_branches(REPO)} == {"main", "side"}
        assert [r.name for r in source.get_tags(REPO)] == ["v1"]
        assert [c.subject for c in source.get_file_history(REPO, "n.txt")] == ["new"]
    assert [args[0] for args in fetches] == ["clone", "fetch"]


def test_contents_left_out_of_the_clone_are_fetched_when_they_are_read(tmp_path: Path) -> None:
    repo, sha = make_history(tmp_path / "up")
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.git("config", "uploadpack.allowAnySHA1InWant", "true")
    with mirrored(tmp_path, repo.path.as_uri()) as source:
        mirror = source.mirror(REPO)
        assert _missing(mirror) > 0
        patches = [f.patch for c in source.get_commits_between(REPO, sha["first"], sha["head"]) for f in c.files or ()]
        assert any("+B" in patch for patch in patches if patch)
        assert source.read_file(REPO, "src/side.py", sha["head"]) == "x\n"
    assert _missing(mirror) < 6


def _missing(mirror: Path) -> int:
    listed = subprocess.run(
        ["git", "rev-list", "--objects", "--all", "--missing=print"],
        cwd=mirror,
        capture_output=True,
        check=True,
        text=True,
    )
    return sum(line.startswith("?") for line in listed.stdout.splitlines())


def test_a_clone_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    with mirrored(tmp_path, str(tmp_path / "nowhere")) as source, pytest.raises(NotFound, match="nothing to clone"):
        source.resolve(REPO, "main")
    assert [p.name for p in (tmp_path / "cache").rglob("*") if p.is_file() or p.name.startswith(".cloning")] == []
    with mirrored(tmp_path, "http://127.0.0.1:1/x.git") as source, pytest.raises(Unavailable, match="try again"):
        source.resolve(REPO, "main")


@contextmanager
def dumb_http(folder: Path, *, authorization: str) -> Generator[tuple[str, list[str | None]]]:
    """A folder over plain HTTP that asks for the header; what it was sent."""
    seen: list[str | None] = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args, directory=str(folder))

        def do_GET(self) -> None:
            seen.append(self.headers.get("Authorization"))
            if seen[-1] == authorization:
                super().do_GET()
            else:
                self.send_error(401)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", seen
    finally:
        server.shutdown()
        server.server_close()


def test_the_token_goes_to_the_site_in_a_header_and_is_in_no_command_or_file(
    tmp_path: Path, fetches: list[list[str]]
) -> None:
    repo, sha = make_history(tmp_path / "work")
    served = tmp_path / "served" / "acme"
    served.mkdir(parents=True)
    repo.git("clone", "-q", "--bare", ".", str(served / "shop.git"))
    Repo(served / "shop.git").git("update-server-info")
    secret = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
    with dumb_http(tmp_path / "served", authorization=f"Basic {secret}") as (url, seen):
        with mirrored(tmp_path, f"{url}/acme/shop.git", base_url=url) as source:
            assert source.resolve(REPO, sha["head"]) == sha["head"]
            mirror = source.mirror(REPO)
        other = Config(mirror=True, clone_url=f"{url}/acme/shop.git", token=SecretStr(TOKEN))
        with open_source(other, SourceContext("github", tmp_path / "other", tmp_path)) as source:
            start = len(seen)
            with pytest.raises(AccessDenied) as caught:
                source.resolve(REPO, "main")
    assert seen[:start]
    assert set(seen[start:]) == {None}
    hidden = (TOKEN, secret)
    text = str(fetches) + str(caught.value) + "".join(p.read_text("latin-1") for p in mirror.rglob("*") if p.is_file())
    assert not any(word in text for word in hidden)


def test_the_callers_own_git_settings_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "http.proxy")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "http://proxy.example")
    remote = Remote(
        vendor="github",
        web="https://github.com",
        name=str,
        url=str,
        login=lambda: ("x-access-token", SecretStr(TOKEN)),
        needs="contents:read",
    )
    environment = clone_environment(remote)
    count = int(environment["GIT_CONFIG_COUNT"])
    keys = {(os.environ | environment)[f"GIT_CONFIG_KEY_{n}"] for n in range(count)}
    assert {"http.proxy", "http.https://github.com/.extraHeader"} <= keys
    assert "GIT_CONFIG_KEY_0" not in environment


def test_a_redirect_of_the_clone_is_not_followed_with_the_token(tmp_path: Path) -> None:
    asked: list[str] = []

    class Away(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(302)
            self.send_header("Location", f"/elsewhere{self.path}")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002 - the base class names it

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Away) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        with (
            mirrored(tmp_path, f"{url}/acme/shop.git", web_url=url) as source,
            pytest.raises(NotFound, match="redirects"),
        ):
            source.resolve(REPO, "main")
        server.shutdown()
    assert [path.startswith("/acme/") for path in asked] == [True]
