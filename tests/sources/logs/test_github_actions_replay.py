"""GitHub Actions before answers and job logs that GitHub really sent."""

import gzip
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from incident_pipeline.errors import BadPayload
from incident_pipeline.evidence.annotations import annotations
from incident_pipeline.http.errors import Call
from incident_pipeline.model.incident import Job, Run
from incident_pipeline.sources.logs._github_annotations import read_annotations
from incident_pipeline.sources.logs._github_zip import RunLogs
from tests.fakes.github import FakeGitHub
from tests.fakes.github_state import FakeJob, FakeRepo, FakeRun
from tests.replay.recordings import Recording, exchanges, wiremock
from tests.replay.server import ReplayServer
from tests.sources.git.github_case import REPO, TOKEN, open_api
from tests.sources.logs.actions_case import actions

pytestmark = pytest.mark.shared


def hub4j(shared: Path, name: str) -> list[Recording]:
    found = wiremock(shared / "contracts/github/recorded/hub4j" / name)
    assert found
    return found


def pygithub(shared: Path, name: str) -> list[Recording]:
    return exchanges(shared / "contracts/github/recorded/pygithub" / f"{name}.txt")


def repo_of(recordings: list[Recording]) -> str:
    return "/".join(recordings[-1].path.split("/")[2:4])


def bare_run(recordings: list[Recording], kind: str) -> Run:
    """The run whose `kind` was recorded."""
    path = next(r.path for r in recordings if r.path.endswith(f"/{kind}") and "/actions/" in r.path)
    return Run("github_actions", repo_of(recordings), path.split("/")[6], 1, "w", "a" * 40, "completed", "success")


@pytest.mark.proves("jobs and steps", by="recording")
@pytest.mark.proves("job logs", by="recording")
def test_recorded_jobs_and_their_logs_by_way_of_the_storage_host(shared: Path) -> None:
    recorded = hub4j(shared, "GHWorkflowRunTest/wiremock/testJobs")
    stored = hub4j(shared, "GHWorkflowRunTest/wiremock/testJobs_actions-user-content")
    location = next(v for r in recorded for k, v in r.headers if k == "Location")
    host = "/".join(location.split("/")[:3])
    api = ReplayServer(recorded, missing_status=404)
    with ReplayServer(stored) as storage, api as server, actions(server) as source:
        api.hosts[host] = storage.url
        run = bare_run(recorded, "jobs")
        jobs = list(source.get_jobs(run))
        assert [(j.status, j.conclusion, len(j.steps) > 2) for j in jobs] == [("completed", "success", True)] * 2
        logs = [source.read_job_log(run, job) for job in jobs]
        frames = [frame for log in logs for frame in log.frames]
    assert [log.status().status for log in logs] == ["read", "read"]
    assert all(f["timestamp"].null_count() == 0 and len(f) > 20 for f in frames)
    assert not any(m.endswith("\r") for f in frames for m in f["message"])
    assert all("authorization" not in r.headers for r in storage.requests)


@pytest.mark.proves("job logs", by="recording")
def test_a_deleted_log_is_missing(shared: Path) -> None:
    recorded = [r for r in hub4j(shared, "GHWorkflowRunTest/wiremock/testLogs") if r.status == 404]
    job_path = f"/repos/{repo_of(recorded)}/actions/jobs/1/logs"
    gone = [Recording("GET", job_path, r.status, headers=r.headers, body=r.body) for r in recorded]
    with ReplayServer(gone) as server, actions(server) as source:
        run = Run("github_actions", repo_of(recorded), "1", 1, "w", "a" * 40, "completed", "failure")
        log = source.read_job_log(run, Job("1", "tests", "completed", "failure"))
    assert log.status().status == "missing"


@pytest.mark.proves("job logs", by="recording")
def test_a_recorded_zip_is_split_by_job_and_by_step(shared: Path) -> None:
    body = next((shared / "contracts/github/recorded/run-logs-zip").glob("*.zip")).read_bytes()
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        logs = {n: archive.read(n) for n in archive.namelist() if "/" not in n}
        steps = {
            int(n.partition("/")[2].partition("_")[0]): archive.read(n)
            for n in archive.namelist()
            if "_" in n and "/" in n
        }
    (first, again) = sorted((n.partition("_")[2].removesuffix(".txt") for n in logs), key=len)
    job = Job("1", first, "completed", "success")
    out = [io.BytesIO() for _ in range(3)]
    # Two files may be the job's: none is taken for it, unless both names are jobs'.
    assert RunLogs(io.BytesIO(body), [first]).unpack(job, out[0], max_bytes=10**6) is None
    both = RunLogs(io.BytesIO(body), [first, again])
    for name, file in ((first, out[0]), (again, out[1])):
        assert both.unpack(replace(job, name=name), file, max_bytes=10**6)
    assert {file.getvalue() for file in out[:2]} == set(logs.values())
    assert both.unpack_steps(job, out[2], max_bytes=10**6)
    assert out[2].getvalue() == b"".join(text for _, text in sorted(steps.items()))


@pytest.mark.proves("job logs", by="recording")
def test_recorded_logs_of_a_run_come_by_way_of_the_storage_host(shared: Path) -> None:
    recorded = [r for r in hub4j(shared, "GHWorkflowRunTest/wiremock/testLogs") if r.status == 302]
    stored = hub4j(shared, "GHWorkflowRunTest/wiremock/testLogs_actions-user-content")
    location = next(v for r in recorded for k, v in r.headers if k == "Location")
    api = ReplayServer(recorded, missing_status=404)
    with ReplayServer(stored) as storage, api as server, actions(server) as source:
        api.hosts["/".join(location.split("/")[:3])] = storage.url
        run_id = next(r.path for r in recorded).split("/")[-2]
        run = Run("github_actions", repo_of(recorded), run_id, 1, "w", "a" * 40, "completed", "success")
        jobs = [Job(str(n), name, "completed", "success") for n, name in enumerate(("build", "build (1)", "c", "d"))]
        source.get_jobs = lambda run: iter(jobs)  # the recording has none
        logs = list(source.read_job_logs(run, jobs))
        assert [log.status().status for log in logs] == ["read", "read", "missing", "missing"]
    assert all("authorization" not in r.headers for r in storage.requests)
    assert len(storage.requests) == 1


@pytest.mark.proves("annotations", by="recording")
def test_recorded_annotations_are_lines_that_evidence_reads(shared: Path) -> None:
    recorded = pygithub(shared, "CheckRun.testListCheckRunAnnotations")[-1:]
    repo = repo_of(recorded)
    with ReplayServer(recorded) as server:
        api = open_api(server.url)
        job = Job(recorded[0].path.split("/")[-2], "lint", "completed", "failure")
        with api.client:
            (report,) = read_annotations(api, f"repos/{repo}", Call("github", "x"), jobs=[job], source="s")
        lines = [line for frame in report.frames for line in frame["message"]]
    told = annotations(enumerate(lines, 1))
    items = json.loads(recorded[-1].body)
    assert [(a.path, a.source_line, a.level) for a in told[-2:]] == [
        (i["path"], i["start_line"], i["annotation_level"]) for i in items
    ]
    assert told[-1].message == f"{items[-1]['message']}\n{items[-1]['raw_details']}"


@pytest.mark.proves("runs", by="recording")
def test_recorded_runs_of_a_branch(shared: Path) -> None:
    recorded = hub4j(shared, "GHWorkflowRunTest/wiremock/testSearchOnBranch")
    branch = next(r.query["branch"] for r in recorded if "branch" in r.query)
    with ReplayServer(recorded, loose=("status", "event")) as server, actions(server) as source:
        runs = list(source.get_runs(repo_of(recorded), branch=branch))
    assert len(runs) == 2
    assert {(r.branch, r.conclusion, r.attempt, r.base_branch) for r in runs} == {(branch, "success", 1, None)}
    assert all(r.title and r.created_at and len(r.head_sha) == 40 for r in runs)


def test_a_run_that_never_started_is_red(shared: Path) -> None:
    recorded = hub4j(shared, "GHWorkflowRunTest/wiremock/testStartupFailureConclusion")
    listed = [
        Recording("GET", f"/repos/{repo_of(recorded)}/actions/runs", r.status, body=r.body) for r in recorded[-1:]
    ]
    with ReplayServer(listed, loose=("status",)) as server, actions(server) as source:
        runs = list(source.get_runs(repo_of(recorded)))
    assert len(runs) == 4
    assert {r.conclusion for r in runs if r.failed} == {"startup_failure"}


@pytest.mark.proves("last green run", by="recording")
def test_the_last_green_run_of_a_recorded_workflow(shared: Path) -> None:
    recorded = hub4j(shared, "GHWorkflowTest/wiremock/testListWorkflowRuns")
    loose = ("status", "branch", "created")
    with ReplayServer(recorded, loose=loose) as server, actions(server) as source:
        workflow = next(r.path for r in recorded if r.path.endswith("/runs")).split("/")[-2]
        run = replace(bare_run(recorded, "runs"), run_id=str(10**12), workflow_id=workflow, branch="main")
        green = source.last_green_run(run)
    assert green is not None
    assert (green.conclusion, green.workflow_id) == ("success", workflow)


def test_a_recorded_run_with_hardly_a_field_is_accepted(shared: Path) -> None:
    recorded = hub4j(shared, "GHWorkflowRunTest/wiremock/testRerunVariants")
    run_id = next(r.path for r in recorded if "/runs/" in r.path and r.method == "GET").split("/")[-1]
    with ReplayServer(recorded) as server, actions(server) as source:
        run = source.get_run(repo_of(recorded), run_id)
    assert (run.run_id, run.attempt, run.failed, run.head_sha) == (run_id, 1, True, "")


@pytest.mark.proves("runs", by="recording")
def test_a_recorded_second_attempt(shared: Path) -> None:
    recorded = pygithub(shared, "WorkflowRun.testGetAttempt")
    with ReplayServer(recorded) as server, actions(server) as source:
        run_id = next(r.path for r in recorded if "/runs/" in r.path).split("/")[-1]
        latest, second = source.get_run(repo_of(recorded[:1]), run_id), source.get_run(repo_of(recorded[:1]), run_id, 2)
    assert latest.attempt == 2
    # GitHub says of an attempt when it was made, of a run when its first attempt was.
    assert replace(latest, created_at=None) == replace(second, created_at=None)
    assert latest.created_at is not None
    assert second.created_at is not None
    assert latest.created_at < second.created_at


@pytest.mark.proves("jobs and steps", by="recording")
def test_recorded_jobs_of_another_client(shared: Path) -> None:
    recorded = pygithub(shared, "WorkflowRun.test_jobs")
    # Recorded without attempts: a server that does not know them answers 404.
    with ReplayServer(recorded, missing_status=404) as server, actions(server) as source:
        jobs = list(source.get_jobs(bare_run(recorded, "jobs")))
    assert len(jobs) == 5
    assert all(j.url and j.started_at for j in jobs)


def test_recorded_pull_requests_of_a_commit_give_its_base(shared: Path) -> None:
    recorded = hub4j(shared, "CommitTest/wiremock/listPullRequestsOfCommitWith2PullRequests")
    path = next(r.path for r in recorded if r.path.endswith("/pulls"))
    pulls = json.loads(next(r.body for r in recorded if r.path == path))
    run: dict[str, Any] = {
        "id": 1, "status": "completed", "event": "pull_request", "pull_requests": [],
        "head_sha": path.split("/")[-2], "head_branch": pulls[1]["head"]["ref"],
    }  # fmt: skip
    asked = Recording("GET", f"/repos/{repo_of(recorded)}/actions/runs/1", 200, body=json.dumps(run).encode())
    with ReplayServer([*recorded, asked]) as server, actions(server) as source:
        found = source.get_run(repo_of(recorded), "1")
    assert (found.base_branch, found.base_sha) in [(p["base"]["ref"], p["base"]["sha"]) for p in pulls]
    assert found.pr_number in [p["number"] for p in pulls]


@pytest.mark.proves("errors", by="recording")
def test_an_error_page_in_place_of_runs_is_a_bad_payload(shared: Path) -> None:
    body = (shared / "contracts/github/recorded/perceval/abuse_rate_limit.json").read_bytes()
    with (
        ReplayServer([Recording("GET", f"/repos/{REPO}/actions/runs", 200, body=body)]) as server,
        actions(server) as source,
        pytest.raises(BadPayload, match="an error came as success"),
    ):
        list(source.get_runs(REPO))


def test_real_job_logs_keep_every_line_and_time(shared: Path) -> None:
    files = sorted((shared / "contracts/github/joblogs").glob("*.log.gz"))
    assert files
    texts = [gzip.decompress(file.read_bytes()) for file in files]
    run = FakeRun(1, "a" * 40, jobs=[FakeJob(n, log=text) for n, text in enumerate(texts, 1)])
    repo = FakeRepo(shared, [run])
    with FakeGitHub({REPO: repo}, token=TOKEN) as server, actions(server, max_log_bytes=10**9) as source:
        found = source.get_run(REPO, "1")
        for job, text in zip(source.get_jobs(found), texts, strict=True):
            log = source.read_job_log(found, job)
            messages = [m for frame in log.frames for m in frame["message"]]
            decoded = text.decode("utf-8-sig", "backslashreplace").replace("\r\n", "\n").replace("\r", "\n")
            assert messages == decoded.removesuffix("\n").split("\n")
            assert log.status().rows == len(messages)
            assert (log.status().status, log.status().bytes) == ("read", len(text))
