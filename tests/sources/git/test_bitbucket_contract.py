"""Bitbucket keeps what every forge promises."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from incident_pipeline.http.retry import Patience
from incident_pipeline.sources.git.bitbucket import Bitbucket
from tests.fakes.bitbucket import FakeBitbucket, FakeRepo
from tests.fakes.server import FakeVendor
from tests.sources.contract.git import REPO, GitContract
from tests.sources.contract.source import SECRET
from tests.sources.git.bitbucket_case import source_before


class TestContract(GitContract):
    refusal = {"type": "error", "error": {"message": "Not so"}}

    @contextmanager
    def vendor(self, tmp_path: Path) -> Generator[FakeBitbucket]:
        with FakeBitbucket({REPO: FakeRepo(self.history(tmp_path))}, token=SECRET) as fake:
            yield fake

    def open(self, vendor: FakeVendor, patience: Patience) -> Bitbucket:
        api = cast("FakeBitbucket", vendor).api
        return source_before(api, token=SECRET, owner="acme", repo="shop", patience=patience, page_size=self.page_size)
