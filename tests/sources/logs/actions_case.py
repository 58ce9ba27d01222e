"""A fake GitHub with runs before a source of its Actions."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from incident_pipeline.sources.logs.github_actions import GitHubActions
from tests.fakes.github import FakeGitHub
from tests.fakes.github_state import FakeRepo, FakeRun
from tests.replay.server import ReplayServer
from tests.sources.git.github_case import REPO, TOKEN, config, open_api


@contextmanager
def actions(
    server: FakeGitHub | ReplayServer, *, token: str | None = TOKEN, page_size: int = 100, max_log_bytes: int = 10**6
) -> Generator[GitHubActions]:
    api = open_api(server.url, token=token)
    with GitHubActions(config(server.url), api=api, page_size=page_size, max_log_bytes=max_log_bytes) as source:
        yield source


@contextmanager
def fake(*runs: FakeRun, pulls: list[dict[str, object]] | None = None) -> Generator[FakeGitHub]:
    repo = FakeRepo(Path(), list(runs), pulls=pulls or [])
    with FakeGitHub({REPO: repo}, token=TOKEN) as server:
        yield server


def at(minute: int) -> str:
    return f"2026-03-01T14:{minute:02}:00Z"
