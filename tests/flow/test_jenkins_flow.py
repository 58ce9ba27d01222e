"""A CI system whose runs are named by job and number, and know their repository only by what they checked out."""

from pathlib import Path

import pytest

from incident_pipeline.errors import UsageError
from incident_pipeline.flow.incidents import find_incidents
from incident_pipeline.flow.ingest import ingest
from incident_pipeline.flow.investigate import investigate
from incident_pipeline.flow.progress import quiet
from incident_pipeline.flow.request import Request
from incident_pipeline.flow.workspace import Workspace, open_workspace
from incident_pipeline.settings import load_settings
from tests.fakes.jenkins import FakeJenkins
from tests.fakes.jenkins_state import RED_AT, FakeBuild, FakeJob
from tests.flow.sample import CULPRIT, GREEN, Sample, make_sample


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return make_sample(tmp_path_factory.mktemp("sample"))


@pytest.fixture
def jenkins(sample: Sample) -> FakeJenkins:
    def build(number: int, sha: str, log: Path, result: str) -> FakeBuild:
        remote = "https://git.example/acme/prices.git"
        return FakeBuild(number, result, RED_AT, [(remote, sha, "main")], log.read_bytes())

    green = build(11, sample.hashes[GREEN], sample.green_log, "SUCCESS")
    red = build(12, sample.hashes[-1], sample.failed_log, "FAILURE")
    return FakeJenkins([FakeJob("shop", "pipeline", [green, red])])


@pytest.fixture
def ws(jenkins: FakeJenkins, tmp_path: Path, sample: Sample) -> Workspace:
    file = tmp_path / "sources.yaml"
    file.write_text(
        f"git_sources: [{{type: local, config: {{path: '{sample.repo}'}}}}]\n"
        f"log_sources: [{{type: jenkins, config: {{url: '{jenkins.address}'}}}}]\n"
    )
    return open_workspace(load_settings(file, env={"INCIDENT_RESPONDER_HOME": str(tmp_path / "data")}))


def test_a_builds_page_or_name_leads_to_the_culprit_in_the_repository_it_checked_out(
    jenkins: FakeJenkins, ws: Workspace, sample: Sample
) -> None:
    with jenkins:
        (by_url,) = investigate(ws, Request(run_url=f"{jenkins.address}/job/shop/12/"))
        (by_name,) = investigate(ws, Request(logs="jenkins", run_id="shop#12"))
    assert by_url.report.incident == by_name.report.incident
    assert by_url.report.incident.startswith("acme-prices-shop-12-")
    assert by_url.report.repo == "acme/prices"
    assert by_url.report.suspects[0].hash == sample.hashes[CULPRIT]


def test_a_controller_is_ingested_whatever_repositories_its_jobs_build(jenkins: FakeJenkins, ws: Workspace) -> None:
    with jenkins:
        done = ingest(ws, "jenkins", kind="logs", days=3650, progress=quiet)
    assert (done.counts["runs"], len(done.incidents)) == (2, 1)


def test_a_build_number_alone_names_no_build(jenkins: FakeJenkins, ws: Workspace) -> None:
    with jenkins, pytest.raises(UsageError, match="jenkins"):
        list(find_incidents(ws, Request(logs="jenkins", run_id="12"), quiet))
