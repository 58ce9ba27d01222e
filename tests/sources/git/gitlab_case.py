"""A fake GitLab or a replayed one, and the source before it."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from incident_pipeline.http.cache import AnswerCache
from incident_pipeline.http.client import Client
from incident_pipeline.http.retry import Patience
from incident_pipeline.sources._api import Api
from incident_pipeline.sources._gitlab import GitLabConfig, NextPage, find_site
from incident_pipeline.sources.git.gitlab import GitLab
from tests.fakes.gitlab import FakeGitLab, FakeProject, FakeToken
from tests.http.clock import Clock
from tests.replay.server import ReplayServer

TOKEN = "glpat-" + "x" * 20
REPO = "acme/shop"


def config(url: str, *, token: str | None = TOKEN, **more: Any) -> GitLabConfig:
    settings: dict[str, Any] = {"owner": "acme", "repo": "shop", "base_url": url, "token": token, **more}
    return GitLabConfig.model_validate(settings)


def open_api(config: GitLabConfig, *, patience: Patience | None = None, cache: Path | None = None) -> Api:
    """An API whose waits are counted, not kept."""
    site = find_site(config, {})
    client = Client(
        site.api,
        credentials=site.credentials(),
        patience=patience or Clock().patience(),
        cache=AnswerCache(cache) if cache else None,
    )
    return Api(client, paginator=NextPage())


@contextmanager
def gitlab(
    server: FakeGitLab | ReplayServer, *, page_size: int = 100, cache: Path | None = None, **settings: Any
) -> Generator[GitLab]:
    url = server.site if isinstance(server, FakeGitLab) else server.url
    chosen = config(url, **settings)
    with GitLab(chosen, api=open_api(chosen, cache=cache), page_size=page_size) as source:
        yield source


@contextmanager
def fake(path: Path, *, name: str = REPO, prefix: str = "", **project: Any) -> Generator[FakeGitLab]:
    with FakeGitLab({name: FakeProject(path, **project)}, token=FakeToken(TOKEN), prefix=prefix) as server:
        yield server
