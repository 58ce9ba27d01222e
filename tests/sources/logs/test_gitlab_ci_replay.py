"""GitLab CI before objects of GitLab's own documentation, kept by others: no recorded pipeline or trace was found."""

import json
from pathlib import Path
from typing import Any

import pytest

from incident_pipeline.sources.logs.gitlab_ci import to_job, to_run

pytestmark = pytest.mark.shared


def sample(shared: Path, name: str) -> dict[str, Any]:
    return json.loads((shared / "contracts/gitlab/recorded/gitlab4j" / f"{name}.json").read_text("utf-8"))


@pytest.mark.proves("runs", by="recording")
def test_a_sample_pipeline_is_read(shared: Path) -> None:
    data = sample(shared, "pipeline")
    run = to_run(data, source="gitlab_ci", repo="a/b")
    assert (run.run_id, run.head_sha, run.branch) == (str(data["id"]), data["sha"], data["ref"])
    assert (run.conclusion, run.title, run.url) == ("success", data["name"], data["web_url"])
    assert run.created_at


@pytest.mark.proves("jobs and steps", by="recording")
def test_a_sample_job_and_a_bridge_are_read(shared: Path) -> None:
    data = sample(shared, "job")
    job = to_job(data)
    assert (job.job_id, job.name, job.failed, job.url) == (str(data["id"]), data["name"], True, data["web_url"])
    assert job.started_at
    assert job.completed_at
    data = sample(shared, "bridge")
    bridge = to_job(data)
    assert (bridge.status, bridge.conclusion) == ("queued", None)
    assert bridge.url == data["downstream_pipeline"]["web_url"]
