"""A small history with a merge, a rename, a binary file and an empty one, a fake GitHub before it, and its source."""

import re
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from incident_pipeline.http.auth import bearer
from incident_pipeline.http.client import Client
from incident_pipeline.http.retry import Patience
from incident_pipeline.sources._api import Api
from incident_pipeline.sources._github import HEADERS, GitHubConfig
from incident_pipeline.sources.git.github import GitHub
from tests.contracts.openapi import Description
from tests.fakes.github import FakeGitHub
from tests.fakes.github_state import FakeRepo
from tests.fakes.server import Asked
from tests.http.clock import Clock
from tests.replay.server import ReplayServer

TOKEN = "ghp_" + "x" * 36

UNDESCRIBED = re.compile(r"/(user|app|graphql|repos/[^/]+/[^/]+/(pulls|actions/artifacts/\d+/zip))")
"""Paths that GitHub documents and the stored cut of its description lacks."""

WRONG = re.compile(r": created: '[^']*' is not a 'date-time'|: status: 'startup_failure' is not one of")
"""Where the description is wrong: its own words about `created` are "date-time range" and name the search syntax; runs
end with `startup_failure` (its schema of a check suite's conclusion has it), and clients filter by it."""
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


def described(requests: Iterable[Asked], description: Description) -> list[str]:
    """What GitHub's description would refuse about the requests that it describes."""
    asked = [request for request in requests if not UNDESCRIBED.fullmatch(request.path)]
    assert asked
    found = [problem for request in asked for problem in description.problems(request)]
    return [problem for problem in found if not WRONG.search(problem)]
