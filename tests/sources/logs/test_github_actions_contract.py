"""GitHub Actions keeps what every CI system promises."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from incident_pipeline.http.retry import Patience
from incident_pipeline.sources.logs.github_actions import GitHubActions
from tests.fakes.github import FakeGitHub
from tests.fakes.github_state import FakeJob, FakeRun
from tests.fakes.server import FakeVendor
from tests.sources.contract.ci import LOG, REPO, CiContract
from tests.sources.contract.source import SECRET
from tests.sources.git.github_case import config, open_api
from tests.sources.logs.actions_case import fake

STAMP = "2026-03-01T14:02:03.1234567Z "


class TestContract(CiContract):
    red_url = f"/{REPO}/actions/runs/1001"

    @contextmanager
    def vendor(self, tmp_path: Path) -> Generator[FakeGitHub]:
        log = "\r\n".join(STAMP + line for line in LOG.decode().splitlines()).encode()
        red = FakeRun(1001, "a" * 40, jobs=[FakeJob(7, log=log)])
        green = FakeRun(1000, "b" * 40, conclusion="success", created_at="2026-03-01T13:02:00Z")
        with fake(red, green) as server:
            server.token = SECRET
            yield server

    def open(self, vendor: FakeVendor, patience: Patience) -> GitHubActions:
        return GitHubActions(config(vendor.url), api=open_api(vendor.url, token=SECRET, patience=patience))

    def lines(self, messages: list[str]) -> list[str]:
        return [message.removeprefix(STAMP) for message in messages]

    def set_log(self, fake: FakeVendor, log: bytes | int) -> None:
        (red, _) = cast("FakeGitHub", fake).repos[REPO].runs
        red.jobs[0].log = log
