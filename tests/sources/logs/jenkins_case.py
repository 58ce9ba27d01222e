"""A fake Jenkins before a source that reads it."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

from pydantic import SecretStr

from incident_pipeline.http.auth import basic
from incident_pipeline.http.client import Client
from incident_pipeline.http.retry import Patience
from incident_pipeline.sources._api import Api
from incident_pipeline.sources.logs._jenkins_api import ApiBuilds
from incident_pipeline.sources.logs.jenkins import Config, Jenkins
from tests.fakes.jenkins import FakeJenkins
from tests.fakes.jenkins_state import RED_AT, FakeBuild, FakeJob
from tests.http.clock import Clock

REMOTE = "git@github.com:acme/shop.git"
TOKEN = "11not-a-token"


def at(millis: int) -> datetime:
    return datetime.fromtimestamp(millis / 1000, UTC)


def build(number: int, result: str | None = "SUCCESS", **more: object) -> FakeBuild:
    """A minute of a build a minute after the one before it, for commit number * 40."""
    sha, branch = f"{number % 16:x}" * 40, str(more.pop("branch", "refs/remotes/origin/main"))
    git = more.pop("git", [(REMOTE, sha, branch)])
    return FakeBuild(number, result, RED_AT + number * 60_000, git, **more)  # pyright: ignore[reportArgumentType]


def open_jenkins(
    url: str, *, token: str | None = None, patience: Patience | None = None, page_size: int = 100,
    max_log_bytes: int = 10**6, keys: Mapping[str, object] | None = None,
) -> Jenkins:  # fmt: skip
    config = Config.model_validate({"url": url, **(keys or {})})
    credentials = basic("ann", SecretStr(token)) if token else None
    client = Client(url, credentials=credentials, patience=patience or Clock().patience())
    return Jenkins(config, builds=ApiBuilds(Api(client), page_size=page_size, max_log_bytes=max_log_bytes))


@contextmanager
def jenkins(
    *jobs: FakeJob, page_size: int = 100, max_log_bytes: int = 10**6, **keys: object
) -> Generator[tuple[FakeJenkins, Jenkins]]:
    with FakeJenkins(jobs, token=TOKEN) as fake:
        source = open_jenkins(fake.address, token=TOKEN, page_size=page_size, max_log_bytes=max_log_bytes, keys=keys)
        with source:
            yield fake, source
