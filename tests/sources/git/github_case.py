"""A small history with a merge, a rename, a binary file and an empty one, a fake GitHub before it, and its source."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from incident_pipeline.http.auth import bearer
from incident_pipeline.http.client import Client
from incident_pipeline.http.retry import Patience
from incident_pipeline.sources._api import Api
from incident_pipeline.sources._github import HEADERS, GitHubConfig
from incident_pipeline.sources.git.github import GitHub
from tests.fakes.github import FakeGitHub
from tests.fakes.github_state import FakeRepo
from tests.http.clock import Clock
from tests.replay.server import ReplayServer

TOKEN = "ghp_" + "x" * 36
REPO = "acme/shop"


def open_api(url: str, *, token: str | None = TOKEN, patience: Patience | None = None) -> Api:
    """An API whose waits are counted, not kept."""
    client = Client(
        url,
        credentials=bearer(SecretStr(token)) if token else None,
        headers=HEADERS,
        patience=patience or Clock().patience(),
    )
    return Api(client)


def config(url: str, **keys: str) -> GitHubConfig:
    return GitHubConfig.model_validate({"base_url": url, **keys})


@contextmanager
def github(server: FakeGitHub | ReplayServer, *, page_size: int = 100, token: str | None = TOKEN) -> Generator[GitHub]:
    with GitHub(config(server.url), api=open_api(server.url, token=token), page_size=page_size) as source:
        yield source


@contextmanager
def fake(path: Path) -> Generator[FakeGitHub]:
    with FakeGitHub({REPO: FakeRepo(path)}, token=TOKEN) as server:
        yield server
