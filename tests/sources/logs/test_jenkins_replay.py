"""Jenkins before answers that real controllers sent: freestyle and pipeline jobs, stages, logs."""

import json
from pathlib import Path
from typing import Any

import pytest

from incident_pipeline.model.incident import RED, Run
from incident_pipeline.sources.logs._jenkins_json import to_build, to_steps
from tests.replay.recordings import Recording
from tests.replay.server import ReplayServer
from tests.sources.logs.jenkins_case import open_jenkins

pytestmark = pytest.mark.shared


def recorded(shared: Path, name: str) -> bytes:
    return (shared / "contracts/jenkins/recorded" / name).read_bytes()


def told(shared: Path, name: str) -> Any:
    return json.loads(recorded(shared, name))


def served(body: bytes, path: str, **headers: str) -> Recording:
    return Recording("GET", path, 200, headers=tuple((k.replace("_", "-"), v) for k, v in headers.items()), body=body)


def replay(*recordings: Recording) -> ReplayServer:
    return ReplayServer(recordings, loose={"tree", "start"}, missing_status=404)


@pytest.mark.proves("runs", by="recording")
def test_recorded_freestyle_builds(shared: Path) -> None:
    body = recorded(shared, "perceval/jenkins_job_builds.json")
    data = json.loads(body)
    keys = {"job": data["name"], "repo": "opnfv/apex"}
    server = replay(served(body, f"/ci/job/{data['name']}/api/json"))
    with server, open_jenkins(f"{server.url}/ci", keys=keys) as source:
        runs = list(source.get_runs("opnfv/apex"))
        red = [run for run in runs if run.failed]
        green = source.last_green_run(red[0])
    assert len(runs) == len(data["builds"]) == 32
    assert [run.run_number for run in runs] == sorted((b["number"] for b in data["builds"]), reverse=True)
    assert len(red) == sum(b["result"] == "FAILURE" for b in data["builds"]) == 12
    assert all(len(run.head_sha) == 40 and run.branch == "master" for run in runs)
    assert {run.event for run in runs} == {"upstream", "manual"}
    passed = [
        b["number"] for b in data["builds"] if b["result"] == "SUCCESS" and b["number"] < (red[0].run_number or 0)
    ]
    assert green
    assert green.run_number == max(passed)


@pytest.mark.proves("runs", by="recording")
def test_recorded_builds_of_a_branch_are_of_its_repository_not_of_the_library(shared: Path) -> None:
    data = told(shared, "perceval/jenkins_workflow_job_builds.json")
    runs: list[Run] = []
    for item in data["builds"]:
        path = f"/job/zowe-docs-site/job/{data['name'].replace('%', '%25')}/{item['number']}"
        stages = served(recorded(shared, "jenkins-rest/workflow.json"), f"{path}/wfapi/describe")
        server = replay(served(json.dumps(item).encode(), f"{path}/api/json"), stages)
        with server, open_jenkins(server.url) as source:
            runs.append(source.get_run("", f"{data['fullName']}#{item['number']}"))
            (job,) = source.get_jobs(runs[-1])
            assert (source.parse_run_url(runs[-1].url)[1], len(job.steps)) == (runs[-1].run_id, 3)
    checked_out = [run for run in runs if run.repo != data["fullName"]]
    assert {(run.repo, run.branch) for run in checked_out} == {("zowe/docs-site", "users/jack/lf-jenkins")}
    assert len(checked_out) == 4
    assert {run.event for run in runs} == {"manual", "push"}


@pytest.mark.proves("jobs and steps", by="recording")
def test_recorded_stages_of_every_kind_of_end(shared: Path) -> None:
    folder = shared / "contracts/jenkins/recorded/wfapi"
    found: dict[str | None, int] = {}
    for file in sorted(folder.glob("*runs*.json")):
        read: dict[str, Any] | list[dict[str, Any]] = json.loads(file.read_bytes())
        for run in read if isinstance(read, list) else []:
            steps = to_steps(run)
            assert [s.number for s in steps] == list(range(1, len(steps) + 1))
            assert all(s.name and (s.started_at or s.conclusion == "skipped") for s in steps)
            for step in steps:
                found[step.conclusion] = found.get(step.conclusion, 0) + 1
    assert found.keys() >= {"success", "failure", None}
    assert set(found) & set(RED)


@pytest.mark.proves("runs", by="recording")
def test_recorded_build_without_git_data_takes_the_commit_of_its_change_log(shared: Path) -> None:
    data = told(shared, "jenkins-rest/build-info-git-commit.json")
    build = to_build(data, "fish")
    assert build.changed == data["changeSets"][0]["items"][0]["commitId"]
    for name in ("build-info", "build-info-no-params", "build-info-empty-and-null-params"):
        assert to_build(told(shared, f"jenkins-rest/{name}.json"), "fish").conclusion in {"success", "failure"}


@pytest.mark.proves("runs", by="recording")
def test_recorded_folders_and_jobs_are_told_apart(shared: Path) -> None:
    top = recorded(shared, "perceval/jenkins_jobs.json")
    inside = recorded(shared, "perceval/jenkins_workflow_jobs.json")
    builds = recorded(shared, "perceval/jenkins_workflow_job_builds.json")
    names = [job["name"] for job in json.loads(top)["jobs"] if "_class" not in job]
    gone = [served(b"{}", f"/job/{name}/api/json") for name in names]
    multi = served(inside, "/job/zowe-docs-site/api/json")
    branch = served(builds, "/job/zowe-docs-site/job/zowe-workflow/api/json")
    with replay(served(top, "/api/json"), multi, branch, *gone) as server, open_jenkins(server.url) as source:
        runs = list(source.get_runs(""))
    assert [run.run_id for run in runs] == [f"zowe-docs-site/zowe-workflow#{n}" for n in (5, 4, 3, 2, 1)]


@pytest.mark.proves("job logs", by="recording")
def test_recorded_console_texts_are_read_whole(shared: Path) -> None:
    build = json.dumps({"number": 1, "building": True, "_class": "hudson.model.FreeStyleBuild"}).encode()
    piece = recorded(shared, "jenkins-rest/progressive-text.txt")
    whole = recorded(shared, "jenkins-rest/build-consoleText.txt")
    progressive = served(piece, "/job/s/1/logText/progressiveText", X_Text_Size=str(len(piece)))
    ended = json.dumps({"number": 2, "result": "SUCCESS", "_class": "hudson.model.FreeStyleBuild"}).encode()
    answers = [
        served(build, "/job/s/1/api/json"), progressive,
        served(ended, "/job/s/2/api/json"), served(whole, "/job/s/2/consoleText"),
    ]  # fmt: skip
    with replay(*answers) as server, open_jenkins(server.url) as source:
        for number, body in ((1, piece), (2, whole)):
            run = source.get_run("", f"s#{number}")
            log = source.read_job_log(run, next(iter(source.get_jobs(run))))
            lines = [m for f in log.frames for m in f["message"]]
            assert lines == body.decode().splitlines()
            assert log.status().status == "read"
