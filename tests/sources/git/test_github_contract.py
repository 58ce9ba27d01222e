"""GitHub keeps what every forge promises."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from incident_pipeline.http.retry import Patience
from incident_pipeline.sources.git.github import GitHub
from tests.fakes.github import FakeGitHub
from tests.fakes.github_state import FakeRepo
from tests.fakes.server import FakeVendor
from tests.sources.contract.git import REPO, GitContract
from tests.sources.contract.source import SECRET
from tests.sources.git.github_case import config, open_api


class TestContract(GitContract):
    refusal = {"message": "Not so", "documentation_url": "https://docs.example"}

    @contextmanager
    def vendor(self, tmp_path: Path) -> Generator[FakeGitHub]:
        with FakeGitHub({REPO: FakeRepo(self.history(tmp_path))}, token=SECRET) as fake:
            yield fake

    def open(self, vendor: FakeVendor, patience: Patience) -> GitHub:
        api = open_api(vendor.url, token=SECRET, patience=patience)
        return GitHub(config(vendor.url), api=api, page_size=self.page_size)
