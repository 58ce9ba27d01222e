"""GitLab keeps what every forge promises."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from incident_pipeline.http.retry import Patience
from incident_pipeline.sources.git.gitlab import GitLab
from tests.fakes.gitlab import FakeGitLab, FakeProject, FakeToken
from tests.fakes.server import FakeVendor
from tests.sources.contract.git import REPO, GitContract
from tests.sources.contract.source import SECRET
from tests.sources.git.gitlab_case import config, open_api


class TestContract(GitContract):
    refusal = {"message": "404 Not so"}

    @contextmanager
    def vendor(self, tmp_path: Path) -> Generator[FakeGitLab]:
        project = FakeProject(self.history(tmp_path))
        with FakeGitLab({REPO: project}, token=FakeToken(SECRET), prefix="/git") as fake:
            yield fake

    def open(self, vendor: FakeVendor, patience: Patience) -> GitLab:
        settings = config(cast("FakeGitLab", vendor).site, token=SECRET)
        return GitLab(settings, api=open_api(settings, patience=patience), page_size=self.page_size)
