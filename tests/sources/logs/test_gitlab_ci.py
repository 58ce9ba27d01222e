"""What is special about GitLab CI: states, merge requests, children, retried jobs, traces, reports from JSON."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from incident_pipeline.errors import AccessDenied, BadPayload, NotFound, UsageError
from incident_pipeline.flow.sources import ci_job, run_owner
from incident_pipeline.model.incident import Job, Run
from incident_pipeline.sources.base import SourceContext
from incident_pipeline.sources.logs.gitlab_ci import MAX_LOG_BYTES, Config, GitLabCi, open_source, to_job, to_run
from tests.contracts.openapi import Description
from tests.fakes import gitlab_ci as invented
from tests.fakes.gitlab import FakeGitLab, FakeProject, FakeToken
from tests.fakes.gitlab_ci import FakeBridge, FakeCiJob, FakeMergeRequest, FakePipeline
from tests.fakes.server import json_reply
from tests.sources.git.gitlab_case import REPO, TOKEN, config, open_api

A, B, C, D = ("a" * 40, "b" * 40, "c" * 40, "d" * 40)
AT = datetime(2026, 3, 1, 14, 2, tzinfo=UTC)


@contextmanager
def served(*pipelines: FakePipeline, requests: list[FakeMergeRequest] | None = None) -> Generator[FakeGitLab]:
    project = FakeProject(Path(), pipelines=list(pipelines), merge_requests=requests or [])
    with FakeGitLab({REPO: project}, token=FakeToken(TOKEN)) as server:
        yield server


@contextmanager
def gitlab_ci(server: FakeGitLab, **more: Any) -> Generator[GitLabCi]:
    size, most = more.pop("page_size", 100), more.pop("max_log_bytes", MAX_LOG_BYTES)
    settings = config(server.site, **more)
    with GitLabCi(settings, api=open_api(settings), page_size=size, max_log_bytes=most) as source:
        yield source


def at(minutes: int) -> str:
    return f"{AT + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%S}.000Z"


def read(source: GitLabCi, run: Run, job: Job) -> tuple[list[str], str, str]:
    """Messages, status and detail."""
    log = source.read_job_log(run, job)
    messages = [m for frame in log.frames for m in frame["message"]]
    return messages, log.status().status, log.status().detail


@pytest.mark.proves("runs", by="fake")
@pytest.mark.parametrize(
    ("status", "state", "conclusion"),
    [
        ("success", "completed", "success"), ("failed", "completed", "failure"), ("canceled", "completed", "cancelled"),
        ("skipped", "completed", "skipped"), ("running", "in_progress", None), ("canceling", "in_progress", None),
        ("manual", "waiting", None), ("created", "queued", None), ("pending", "queued", None),
        ("scheduled", "queued", None), ("waiting_for_callback", "queued", None), ("of_tomorrow", "queued", None),
    ],
)  # fmt: skip
def test_every_status_of_gitlab_is_one_of_the_models(status: str, state: str, conclusion: str | None) -> None:
    job = to_job({"id": 1, "name": "n", "status": status})
    run = to_run({"id": 1, "status": status}, source="s", repo="a/b")
    assert (job.status, job.conclusion, run.status, run.conclusion) == (state, conclusion, state, conclusion)


@pytest.mark.proves("jobs and steps", by="fake")
def test_how_a_job_failed_is_told() -> None:
    failed = {"id": 1, "name": "n", "status": "failed"}
    assert to_job({**failed, "failure_reason": "job_execution_timeout"}).conclusion == "timed_out"
    assert to_job({**failed, "failure_reason": "runner_system_failure"}).conclusion == "failure"
    allowed = to_job({**failed, "allow_failure": True, "failure_reason": "job_execution_timeout"})
    assert (allowed.conclusion, allowed.failed) == ("neutral", False)
    assert to_run({"id": 1, "status": "failed", "yaml_errors": "no"}, source="s", repo="a/b").failed


@pytest.mark.proves("runs", by="fake")
def test_a_pipeline_of_a_merge_request_has_its_branches(tmp_path: Path) -> None:
    of_request = FakePipeline(5, A, ref="refs/merge-requests/42/head", source="merge_request_event")
    merged = FakePipeline(6, C, ref="refs/merge-requests/42/merge", source="merge_request_event")
    gone = FakePipeline(7, C, ref="refs/merge-requests/43/train", source="merge_request_event")
    request = FakeMergeRequest(42, "feature", "main", A, base_sha=B, start_sha=D)
    with served(of_request, merged, gone, requests=[request]) as server, gitlab_ci(server) as source:
        for number, sha in (("5", A), ("6", C)):
            run = source.get_run(REPO, number)
            assert (run.pr_number, run.branch, run.base_branch, run.base_sha) == (42, "feature", "main", D)
            assert (run.head_sha, run.title) == (sha, "Merge request 42")
        assert [run.base_branch for run in source.get_runs(REPO)] == [None, "main", "main"]
        assert source.get_run(REPO, "7").branch == "refs/merge-requests/43/train"


@pytest.mark.proves("last green run", by="fake")
def test_the_green_run_of_a_merge_request_is_its_own_else_the_target_branchs() -> None:
    green_main = FakePipeline(1, B, "success", created_at=at(-60))
    own = FakePipeline(2, C, "success", ref="refs/merge-requests/42/merge", created_at=at(-30))
    older = FakePipeline(3, D, "success", ref="refs/merge-requests/42/head", created_at=at(-40))
    red = FakePipeline(4, A, ref="refs/merge-requests/42/head", created_at=at(0))
    later = FakePipeline(5, A, "success", ref="refs/merge-requests/42/head", created_at=at(0))
    request = FakeMergeRequest(42, "feature", "main", A, base_sha=B, start_sha=B)
    with served(green_main, own, older, red, later, requests=[request]) as server, gitlab_ci(server) as source:
        run, project = source.get_run(REPO, "4"), server.projects[REPO]
        green = source.last_green_run(run)
        assert green
        assert (green.run_id, green.branch) == ("3", "feature")
        project.pipelines = [green_main, red, later]
        assert source.last_green_run(run) == source.get_run(REPO, "1")
        project.pipelines, project.merge_requests = [green_main, red], []
        assert source.last_green_run(source.get_run(REPO, "4")) is None


@pytest.mark.proves("last green run", by="fake")
def test_a_scheduled_run_is_compared_with_a_scheduled_one_where_there_is_any() -> None:
    night = FakePipeline(1, B, "success", source="schedule", created_at=at(-90))
    push = FakePipeline(2, C, "success", created_at=at(-60))
    red_night = FakePipeline(3, A, source="schedule", created_at=at(-1))
    red = FakePipeline(4, A, created_at=at(0))
    with served(night, push, red_night, red) as server, gitlab_ci(server, page_size=1) as source:

        def green(number: str) -> str | None:
            found = source.last_green_run(source.get_run(REPO, number))
            return found.run_id if found else None

        assert (green("3"), green("4")) == ("1", "2")
        server.projects[REPO].pipelines = [night, red]
        assert green("4") == "1"
        server.projects[REPO].pipelines = [push, red_night]
        assert green("3") == "2"


@pytest.mark.proves("runs", by="fake")
@pytest.mark.parametrize("knows", [True, False])
def test_a_window_is_exact_on_a_server_that_cannot_filter_by_creation(
    monkeypatch: pytest.MonkeyPatch, *, knows: bool
) -> None:
    real = invented.listed

    def old(pipelines: list[FakePipeline], query: dict[str, str]) -> list[FakePipeline]:
        return real(pipelines, query if knows else {k: v for k, v in query.items() if k != "created_before"})

    monkeypatch.setattr(invented, "listed", old)
    made = [FakePipeline(n, A, created_at=at(n), updated_at=at(n)) for n in range(6)]
    with served(*made) as server, gitlab_ci(server, page_size=2) as source:
        since, until = AT + timedelta(minutes=1), AT + timedelta(minutes=4)
        assert [run.run_id for run in source.get_runs(REPO, since, until)] == ["3", "2", "1"]


@pytest.mark.proves("jobs and steps", by="fake")
def test_a_retried_job_counts_by_its_last_try() -> None:
    jobs = [FakeCiJob(1, retried=True), FakeCiJob(2, status="success"), FakeCiJob(3, "lint", allow_failure=True)]
    with served(FakePipeline(9, A, jobs=jobs)) as server, gitlab_ci(server) as source:
        found = list(source.get_jobs(source.get_run(REPO, "9")))
    assert [(job.job_id, job.name, job.conclusion) for job in found] == [
        ("2", "test", "success"),
        ("3", "lint", "neutral"),
    ]


@pytest.mark.proves("jobs and steps", by="fake")
def test_jobs_of_child_pipelines_are_among_them_and_other_projects_are_named() -> None:
    above = FakePipeline(
        9, A, jobs=[FakeCiJob(1, "build", "success")],
        bridges=[
            FakeBridge(2, "child", downstream=10),
            FakeBridge(3, "deploy", downstream=77, project=(8, "ops/deploy")),
            FakeBridge(4, "broken"),
        ],
    )  # fmt: skip
    child = FakePipeline(
        10, A, source="parent_pipeline", jobs=[FakeCiJob(5)], bridges=[FakeBridge(6, "again", downstream=9)]
    )
    with served(above, child) as server, gitlab_ci(server, page_size=1) as source:
        assert [run.run_id for run in source.get_runs(REPO)] == ["9"]
        run = source.get_run(REPO, "9")
        jobs = {job.name: job for job in source.get_jobs(run)}
        assert list(jobs) == ["build", "child", "deploy", "broken", "child: test", "child: again"]
        assert read(source, run, jobs["child: test"])[0] == ["boom"]
        _, status, detail = read(source, run, jobs["deploy"])
        assert (status, jobs["deploy"].failed) == ("skipped", True)
        assert f"{server.site}/ops/deploy/-/pipelines/77" in detail
        assert read(source, run, jobs["broken"])[1] == "missing"
        old = to_job(
            {"id": 6, "name": "o", "status": "failed", "downstream_pipeline": {"id": 5, "web_url": "x/pipelines/5"}}
        )
        assert read(source, run, old)[1] == "skipped"


TRACE = (
    "2026-03-01T14:02:03.123456Z 00O Running with gitlab-runner 18.7.0\n"
    "2026-03-01T14:02:03.200000Z 00O section_start:1772373723:step_script\r\x1b[0K\x1b[36;1mExecuting\x1b[0;m\n"
    "2026-03-01T14:02:04.000001Z 01O 10%\r20%\r100%\n"
    "2026-03-01T14:02:04.500000Z 01E \x1b[31mE   assert 2 == 3\x1b[0m\n"
    "2026-03-01T14:02:04.600000Z 01O+and on\n"
    "2026-03-01T14:02:05.000000Z 00O section_end:1772373725:step_script\r\x1b[0K\n"
)


@pytest.mark.proves("job logs", by="fake")
def test_a_trace_keeps_its_text_and_gives_its_times() -> None:
    with served(FakePipeline(9, A, jobs=[FakeCiJob(1, trace=TRACE.encode())])) as server, gitlab_ci(server) as source:
        run = source.get_run(REPO, "9")
        (job,) = source.get_jobs(run)
        rows = [row for frame in source.read_job_log(run, job).frames for row in frame.iter_rows(named=True)]
    text = [str(row["message"]) for row in rows]
    assert "\n".join(text) == TRACE.replace("\r", "\n").rstrip("\n")
    assert text[1].endswith("section_start:1772373723:step_script")
    times = [row["timestamp"] for row in rows if row["message"].startswith("2026")]
    assert times[0] == datetime(2026, 3, 1, 14, 2, 3, 123456, tzinfo=UTC)
    assert None not in times
    assert [row["line"] for row in rows] == list(range(1, len(rows) + 1))


@pytest.mark.proves("job logs", by="fake")
@pytest.mark.parametrize(
    ("job", "status", "detail"),
    [
        (FakeCiJob(1, trace=b"", started_at=None), "missing", "never started"),
        (FakeCiJob(1, trace=b"", erased_at="2026-03-02T00:00:00Z"), "expired", "erased at 2026-03-02"),
        (FakeCiJob(1, trace=b""), "empty", "no line"),
        (FakeCiJob(1, trace=b"x" * 99), "truncated", "cut at 50 bytes"),
        (FakeCiJob(1, trace=b"so far\n", status="running"), "truncated", "the job has not ended"),
        (FakeCiJob(1, trace=b"\0\1\2" * 9), "failed", "is binary"),
        (FakeCiJob(1, trace=b"a\nb\n"), "read", ""),
    ],
)  # fmt: skip
def test_how_far_a_log_was_read_is_told(job: FakeCiJob, status: str, detail: str) -> None:
    with served(FakePipeline(9, A, jobs=[job])) as server, gitlab_ci(server, max_log_bytes=50) as source:
        run = source.get_run(REPO, "9")
        (found,) = source.get_jobs(run)
        _, told, said = read(source, run, found)
    assert told == status
    assert detail in said


@pytest.mark.proves("running builds", by="fake")
def test_a_running_jobs_log_is_what_is_there_by_now() -> None:
    job = FakeCiJob(1, status="running", trace=b"one\n", finished_at=None)
    with served(FakePipeline(9, A, "running", jobs=[job])) as server, gitlab_ci(server) as source:
        run = source.get_run(REPO, "9")
        (found,) = source.get_jobs(run)
        assert read(source, run, found)[:2] == (["one"], "truncated")
        job.trace, job.status = b"one\ntwo\n", "success"
        (found,) = source.get_jobs(run)
        assert read(source, run, found)[:2] == (["one", "two"], "read")


@pytest.mark.proves("job logs", by="fake")
@pytest.mark.parametrize("before", ["", "2026-03-01T14:02:03.123456Z 00O "])
def test_a_log_that_the_runner_cut_is_truncated(before: str) -> None:
    said = "\x1b[33;1mJob's log exceeded limit of 4194304 bytes.\nJob execution will continue\x1b[0;m\n"
    jobs = [
        FakeCiJob(1, trace=f"a\n{before}{said}".encode()),
        FakeCiJob(2, trace=b"echo: Job's log exceeded limit of 9 bytes"),
    ]
    with served(FakePipeline(9, A, jobs=jobs)) as server, gitlab_ci(server) as source:
        run = source.get_run(REPO, "9")
        assert [read(source, run, job)[1] for job in source.get_jobs(run)] == ["truncated", "read"]


@pytest.mark.proves("test reports", by="fake")
def test_failed_tests_become_a_junit_report() -> None:
    cases: list[dict[str, Any]] = [
        {
            "status": "failed",
            "name": "test_total",
            "classname": "price",
            "system_output": "assert 2 == 3\n  at price.py:2",
        },
        {"status": "error", "name": "test_<x>", "classname": None, "system_output": None, "stack_trace": "boom & co"},
        {"status": "success", "name": "fine", "classname": "price"},
    ]
    suites: list[dict[str, Any]] = [
        {"name": "test", "test_cases": cases},
        {"name": "e2e", "suite_error": "no XML", "test_cases": []},
    ]
    green = FakePipeline(8, A, suites=[{"name": "test", "test_cases": cases[2:]}])
    with served(FakePipeline(9, A, suites=suites), green) as server, gitlab_ci(server) as source:
        broken, report = source.get_test_reports(source.get_run(REPO, "9"))
        assert (broken.key, broken.status().status) == ("", "failed")
        assert "e2e: no XML" in broken.status().detail
        text = "\n".join(line for frame in report.frames for line in frame["message"])
        assert report.status().status == "read"
        assert report.url.endswith("/-/pipelines/9/test_report")
        assert 'classname="price" name="test_total"' in text
        assert "test_&lt;x&gt;" in text
        assert "fine" not in text
        assert list(source.get_test_reports(source.get_run(REPO, "8"))) == []
        run = source.get_run(REPO, "8")
        server.always = json_reply({"test_suites": [{"test_cases": [{}]}]})
        (unread,) = source.get_test_reports(run)
        assert (unread.key, unread.status().status) == ("", "failed")


@pytest.mark.proves("run URL", by="fake")
@pytest.mark.parametrize(
    ("path", "repo", "number"),
    [
        ("/acme/shop/-/pipelines/9", "acme/shop", "9"),
        ("/group/sub/deep/shop/-/pipelines/9/builds?x=1#y", "group/sub/deep/shop", "9"),
        ("/acme/shop/pipelines/9", "acme/shop", "9"),
        ("/acme/shop/-/jobs/1", "acme/shop", "9"),
        ("/acme/shop/-/jobs/1/raw", "acme/shop", "9"),
    ],
)
def test_pages_of_pipelines_and_jobs_lead_to_the_pipeline(path: str, repo: str, number: str) -> None:
    with served(FakePipeline(9, A, jobs=[FakeCiJob(1)])) as server:
        server.prefix = "/git"
        with gitlab_ci(server) as source:
            assert source.parse_run_url(f" {server.site}{path}\n") == (repo, number, None)
    assert len(server.requests) == ("jobs" in path)


@pytest.mark.proves("run URL", by="fake")
@pytest.mark.parametrize(
    "url",
    [
        "https://gitlab.com/acme/shop/-/pipelines/9", "{site}x/acme/shop/-/pipelines/9", "{site}/acme/-/pipelines/9",
        "{site}/acme/shop/-/pipelines/", "{site}/acme/shop/-/pipelines/9x", "{site}/acme/shop/-/issues/9",
        "ftp://{host}/git/acme/shop/-/pipelines/9", "https://[", "", "{site}", "{root}/acme/shop/-/pipelines/9",
    ],
)  # fmt: skip
def test_other_pages_are_refused_without_a_request(url: str) -> None:
    with served() as server:
        server.prefix = "/git"
        with gitlab_ci(server) as source, pytest.raises(UsageError) as caught:
            source.parse_run_url(url.format(site=server.site, root=server.url, host=server.url.partition("//")[2]))
    assert "\n" not in str(caught.value)
    assert server.requests == []


@pytest.mark.proves("run URL", by="fake")
def test_gitlab_com_and_a_jobs_environment_lead_here() -> None:
    assert run_owner("https://gitlab.com/acme/shop/-/pipelines/9") == "gitlab_ci"
    found = ci_job({"CI_PROJECT_PATH": "acme/shop", "CI_PIPELINE_ID": "9"})
    assert found
    assert found[0] == "gitlab_ci"
    assert {**found[1]}["run_id"] == "9"
    assert Config.forge == "gitlab"


@pytest.mark.proves("errors", by="fake")
def test_words_that_name_no_run_are_refused() -> None:
    with served(FakePipeline(9, A)) as server, gitlab_ci(server) as source:
        for wrong in ("", "x", "9/../8", "-1", "9 ", "²"):
            with pytest.raises(UsageError, match="is a number"):
                source.get_run(REPO, wrong)
        with pytest.raises(UsageError, match="keeps no attempts"):
            source.get_run(REPO, "9", 2)
        assert source.get_run(REPO, "9", 1).attempt == 1
        with pytest.raises(NotFound, match="404 Not found"):
            source.get_run(REPO, "10")


@pytest.mark.parametrize("missing", ["id", "status"])
@pytest.mark.proves("errors", by="fake")
def test_a_pipeline_that_lacks_what_every_one_has_is_a_bad_payload(missing: str) -> None:
    whole: dict[str, Any] = {"id": 1, "status": "failed", "ref": None, "sha": None, "created_at": None, "source": None}
    with served() as server, gitlab_ci(server) as source:
        server.always = json_reply([whole])
        (run,) = source.get_runs(REPO, AT, AT)
        assert (run.branch, run.head_sha, run.event, run.created_at) == (None, "", "", None)
        assert source.last_green_run(run) is None
        server.always = json_reply([{k: v for k, v in whole.items() if k != missing}])
        with pytest.raises(BadPayload):
            list(source.get_runs(REPO))


@pytest.mark.proves("credentials", by="fake")
def test_a_log_without_a_token_says_that_it_needs_one() -> None:
    with served(FakePipeline(9, A, jobs=[FakeCiJob(1)])) as server:
        server.token = None
        with gitlab_ci(server, token=None) as source:
            run = source.get_run(REPO, "9")
            (job,) = source.get_jobs(run)
            with pytest.raises(AccessDenied, match="no token was given and one is needed"):
                source.read_job_log(run, job)


@pytest.mark.proves("check", by="fake")
def test_check_reads_the_last_pipeline() -> None:
    with served(FakePipeline(9, A)) as server, gitlab_ci(server) as source:
        found = source.check()
        assert (found.works, found.kind, found.found, found.scopes) == (
            True,
            "logs",
            "pipeline 9",
            "read_api, read_repository",
        )
        server.projects[REPO].pipelines = []
        assert source.check().found == "no pipeline yet"


@pytest.mark.proves("job logs", by="fake")
def test_entries_of_a_window_are_lines_of_its_jobs() -> None:
    trace = b"2026-03-01T14:02:03.000000Z 00O early\n2026-03-01T14:02:09.000000Z 00O late\nno time\n##[error]no\n"
    with served(FakePipeline(9, A, jobs=[FakeCiJob(1, trace=trace)])) as server, gitlab_ci(server) as source:
        window = (AT, AT + timedelta(seconds=9))
        entries = list(source.get_logs(REPO, *window))
        assert [e.message.rpartition(" ")[2] for e in entries] == ["early", "time", "##[error]no"]
        assert entries[0].metadata == {"run_id": "9", "job_id": "1", "job": "test"}
        assert [e.message for e in source.get_logs(REPO, *window, "error")] == ["##[error]no"]
        with pytest.raises(UsageError, match="unknown level"):
            list(source.get_logs(REPO, *window, "loud"))


def test_it_opens_by_its_config(tmp_path: Path) -> None:
    settings = Config(owner="acme", repo="shop", token=SecretStr(TOKEN), base_url="https://git.example/code")
    with open_source(settings, SourceContext("ci", tmp_path, tmp_path)) as source:
        assert (source.name, source.api.client.base_url) == ("ci", "https://git.example/code/api/v4")


@pytest.mark.shared
@pytest.mark.proves("runs", by="description")
@pytest.mark.proves("jobs and steps", by="description")
@pytest.mark.proves("job logs", by="description")
@pytest.mark.proves("last green run", by="description")
@pytest.mark.proves("test reports", by="description")
def test_every_request_is_one_that_gitlab_describes(shared: Path) -> None:
    """The description lacks merge requests and `created_before`, and calls a project's id a number in two places."""
    described = Description.load(shared / "contracts/gitlab/swagger2.json")
    of_request = FakePipeline(9, A, ref="refs/merge-requests/42/head", jobs=[FakeCiJob(1, trace=b"")])
    request = FakeMergeRequest(42, "feature", "main", A, base_sha=B, start_sha=D)
    with served(of_request, FakePipeline(8, B, "success"), requests=[request]) as server, gitlab_ci(server) as source:
        (run, _) = source.get_runs(REPO, AT - timedelta(hours=1), AT + timedelta(hours=1), failed_only=False)
        assert list(source.get_runs(REPO, branch="main")) != list(source.get_runs(REPO, failed_only=True))
        assert source.last_green_run(run)
        (job,) = source.get_jobs(source.get_run(REPO, "9"))
        assert source.read_job_log(run, job).status().status == "empty"
        assert list(source.get_test_reports(run)) == []
    problems = [p for asked in server.requests for p in described.problems(asked, allow={"created_before"})]
    known = ("merge_requests/42: not described", "id: 'acme/shop' is not of type 'integer'")
    assert [p for p in problems if not p.endswith(known)] == []
