"""A fake Bitbucket or a replayed one, and the source before it."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from incident_pipeline.http.retry import Patience
from incident_pipeline.sources.base import SourceContext
from incident_pipeline.sources.git._bitbucket import PAGE_SIZE, Config, open_api
from incident_pipeline.sources.git.bitbucket import Bitbucket
from tests.fakes.bitbucket import FakeBitbucket, FakeRepo
from tests.http.clock import Clock

TOKEN = "ATCTT3" + "x" * 30
REPO = "acme/shop"


def source_before(
    api: str, *, cache: Path | None = None, patience: Patience | None = None, page_size: int = PAGE_SIZE, **keys: Any
) -> Bitbucket:
    """A source whose waits are counted, not kept."""
    chosen = Config.model_validate({"token": TOKEN, "base_url": api, "cache": cache is not None, **keys})
    folder = cache or Path()
    context = SourceContext("bitbucket", folder, folder)
    return Bitbucket(chosen, api=open_api(chosen, context, patience or Clock().patience()), page_size=page_size)


@contextmanager
def bitbucket(fake: FakeBitbucket, **keys: Any) -> Generator[Bitbucket]:
    with source_before(fake.api, **keys) as source:
        yield source


@contextmanager
def fake(path: Path, **repo: Any) -> Generator[FakeBitbucket]:
    with FakeBitbucket({REPO: FakeRepo(path, **repo)}, token=TOKEN) as server:
        yield server
