"""GitLab CI keeps what every CI system promises."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from incident_pipeline.http.retry import Patience
from incident_pipeline.sources.logs.gitlab_ci import GitLabCi
from tests.fakes.gitlab import FakeGitLab, FakeProject, FakeToken
from tests.fakes.gitlab_ci import FakeCiJob, FakePipeline
from tests.fakes.server import FakeVendor
from tests.sources.contract.ci import LOG, REPO, CiContract
from tests.sources.contract.source import SECRET
from tests.sources.git.gitlab_case import config, open_api

STAMP = "2026-03-01T14:02:03.123456Z 00O "


class TestContract(CiContract):
    refusal = {"message": "404 Not so"}
    red_url = f"/git/{REPO}/-/pipelines/1001"

    @contextmanager
    def vendor(self, tmp_path: Path) -> Generator[FakeGitLab]:
        log = "\n".join(STAMP + line for line in LOG.decode().splitlines()).encode()
        red = FakePipeline(1001, "a" * 40, jobs=[FakeCiJob(7, trace=log)])
        green = FakePipeline(1000, "b" * 40, "success", created_at="2026-03-01T13:02:00.000Z")
        project = FakeProject(tmp_path, pipelines=[red, green])
        with FakeGitLab({REPO: project}, token=FakeToken(SECRET), prefix="/git") as fake:
            yield fake

    def open(self, vendor: FakeVendor, patience: Patience) -> GitLabCi:
        settings = config(cast("FakeGitLab", vendor).site, token=SECRET)
        return GitLabCi(settings, api=open_api(settings, patience=patience), page_size=1)

    def lines(self, messages: list[str]) -> list[str]:
        return [message.removeprefix(STAMP) for message in messages]

    def set_log(self, fake: FakeVendor, log: bytes | int) -> None:
        (red, _) = cast("FakeGitLab", fake).projects[REPO].pipelines
        red.jobs[0].trace = log
