"""A small history with a merge, a rename, a binary file and an empty one, a fake GitHub before it, and its source."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from incident_pipeline.http.client import Client
from incident_pipeline.sources._github import Api, GitHubConfig, Site
from incident_pipeline.sources.git.github import GitHub
from tests.fakes.github import FakeGitHub
from tests.fakes.github_state import FakeRepo
from tests.http.clock import Clock
from tests.replay.server import ReplayServer
from tests.sources.git.local_repo import Repo

TOKEN = "ghp_" + "x" * 36
REPO = "acme/shop"


def make_history(path: Path) -> tuple[Repo, dict[str, str]]:
    """The repository and its commits by a short name."""
    repo = Repo.make(path)
    sha = {"first": repo.commit("first", {"src/cart.py": "a\nb\nc\nd\ne\n", "logo.bin": b"\0\1", "empty.txt": ""})}
    repo.git("checkout", "-q", "-b", "side")
    sha["side"] = repo.commit("side work\n\nwith a body", {"src/side.py": "x\n"})
    repo.git("checkout", "-q", "main")
    sha["edit"] = repo.commit("edit", {"src/cart.py": "a\nB\nc\nd\ne\n"})
    repo.git("merge", "-q", "--no-ff", "-m", "merge side", "side")
    sha["merge"] = repo.git("rev-parse", "HEAD")
    repo.git("mv", "src/cart.py", "src/basket.py")
    sha["rename"] = repo.commit("rename", {"logo.bin": b"\0\2"})
    sha["head"] = repo.commit("café \U0001f9c0", {"src/basket.py": "a\nB\nc\nD\ne\n"})
    repo.git("tag", "-a", "-m", "one", "v1", sha["edit"])
    return repo, sha


def add_commits(repo: Repo, count: int) -> str:
    """Many commits at once on branch `long`, above main; its head."""
    tip = repo.git("rev-parse", "main")
    text = "".join(
        f"commit refs/heads/long\ncommitter Ann <ann@example.org> {repo.clock + 60 * n} +0000\ndata 2\nc\n"
        + (f"from {tip}\n" if n == 1 else "")
        + f"M 100644 inline n.txt\ndata {len(str(n)) + 1}\n{n}\n"
        for n in range(1, count + 1)
    )
    repo.git("fast-import", "--quiet", stdin=text.encode())
    return repo.git("rev-parse", "long")


def open_api(url: str, *, token: str | None = TOKEN, clock: Clock | None = None) -> Api:
    """An API whose waits are counted, not kept."""
    site = Site(url, url, SecretStr(token) if token else None)
    api = Api(site)
    api.client = Client(
        url,
        authorization=SecretStr(f"Bearer {token}") if token else None,
        headers={"Accept": "application/vnd.github+json"},
        patience=(clock or Clock()).patience(),
    )
    return api


@contextmanager
def github(server: FakeGitHub | ReplayServer, *, page_size: int = 100, token: str | None = TOKEN) -> Generator[GitHub]:
    with GitHub(GitHubConfig(), api=open_api(server.url, token=token), page_size=page_size) as source:
        yield source


@contextmanager
def fake(path: Path) -> Generator[FakeGitHub]:
    with FakeGitHub({REPO: FakeRepo(path)}, token=TOKEN) as server:
        yield server
