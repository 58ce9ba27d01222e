"""Jenkins keeps what every CI system promises."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from incident_pipeline.http.retry import Patience
from incident_pipeline.sources.logs.jenkins import Jenkins
from tests.fakes.jenkins import FakeJenkins
from tests.fakes.jenkins_state import HOUR, RED_AT, FakeBuild, FakeJob
from tests.fakes.server import FakeVendor
from tests.sources.contract.ci import LOG, CiContract
from tests.sources.contract.source import SECRET
from tests.sources.logs.jenkins_case import REMOTE, open_jenkins


class TestContract(CiContract):
    red = "team/shop#12"
    green = "team/shop#11"
    red_url = "/jenkins/job/team/job/shop/12/console"

    @contextmanager
    def vendor(self, tmp_path: Path) -> Generator[FakeJenkins]:
        main = "refs/remotes/origin/main"
        red = FakeBuild(12, "FAILURE", RED_AT, [(REMOTE, "a" * 40, main)], LOG)
        green = FakeBuild(11, "SUCCESS", RED_AT - HOUR, [(REMOTE, "b" * 40, main)])
        with FakeJenkins(
            [FakeJob("team", "folder", jobs=[FakeJob("shop", builds=[red, green])])], token=SECRET
        ) as fake:
            yield fake

    def open(self, vendor: FakeVendor, patience: Patience) -> Jenkins:
        return open_jenkins(cast("FakeJenkins", vendor).address, token=SECRET, patience=patience)

    def set_log(self, fake: FakeVendor, log: bytes | int) -> None:
        (folder,) = cast("FakeJenkins", fake).jobs
        folder.jobs[0].builds[0].log = log
