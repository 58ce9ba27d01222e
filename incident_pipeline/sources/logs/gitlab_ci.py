"""A project's GitLab CI in; pipelines as runs, jobs, their logs, the last green pipeline and failed tests out.

Surprising facts: a job that has no log answers 200 with nothing in it, as one with an empty log does; a pipeline keeps
its number when jobs are retried, so it has no attempts and a job counts by its last try.
Documentation: https://docs.gitlab.com/api/pipelines/, https://docs.gitlab.com/api/jobs/.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, ClassVar

from incident_pipeline.errors import IncidentError, NotFound, UsageError
from incident_pipeline.http.errors import Call, one_line
from incident_pipeline.model.incident import Job, Run
from incident_pipeline.model.logs import ReadStatus, SourceCheck
from incident_pipeline.sources._api import Api, in_window, reading, stamp, utc
from incident_pipeline.sources._gitlab import (
    PAGE_SIZE,
    GitLabConfig,
    ask_of,
    check_site,
    find_site,
    open_api,
    page_path,
    project_name,
)
from incident_pipeline.sources.base import CiLogSource, JobLog, SourceContext, TestReport
from incident_pipeline.sources.logs._job_log import (
    failed_tests,
    fetch_job_log,
    kind_of,
    unread_log,
    unread_report,
)
from incident_pipeline.sources.logs._junit_report import FailedCase

MAX_LOG_BYTES = 512 * 2**20
MAX_CANDIDATES, MAX_CHILDREN = 500, 50
LOG_FORMAT = "github_actions"
"""Each line is an entry, with the time that runners from 18.7 on put before it."""

CONCLUSIONS = {"success": "success", "failed": "failure", "canceled": "cancelled", "skipped": "skipped"}
TIMED_OUT = frozenset({"job_execution_timeout", "stuck_or_timeout_failure"})
_RUN_PATH = re.compile(r"/([\w.][\w.-]*(?:/[\w.][\w.-]*)+?)(?:/-)?/(pipelines|jobs)/(\d+)(?:/.*)?")
_PIPELINE_PAGE = re.compile(r"/pipelines/\d+$")
_MERGE_REQUEST = re.compile(r"refs/merge-requests/(\d+)/(?:head|merge|train)")
STOPPED = r"^(?:\S+Z [0-9a-f]{2}[OE]\+? ?)?(?:\x1b\[[0-9;]*m)*Job's log exceeded limit of \d+ bytes"
"""What a runner writes where it stops: https://docs.gitlab.com/runner/configuration/advanced-configuration/."""


class Config(GitLabConfig):
    """Keys of a `gitlab_ci` entry; `mirror` and `clone_url` say nothing here."""

    forge: ClassVar[str | None] = "gitlab"
    run_hosts: ClassVar[tuple[str, ...]] = ("gitlab.com",)
    job_variables: ClassVar[Mapping[str, str]] = {"repo": "CI_PROJECT_PATH", "run_id": "CI_PIPELINE_ID"}


def open_source(config: Config, context: SourceContext) -> "GitLabCi":
    """The first request opens the connection."""
    return GitLabCi(config, api=open_api(config, context), name=context.name)


class GitLabCi(CiLogSource):
    """Each call is one request unless it says more. `service` of `get_logs` is a project's full path."""

    def __init__(
        self, config: GitLabConfig, *, api: Api, name: str = "gitlab_ci", page_size: int = PAGE_SIZE,
        max_log_bytes: int = MAX_LOG_BYTES,
    ) -> None:  # fmt: skip
        self.name, self.config, self.api = name, config, api
        self._site = find_site(config)
        self._page_size, self._max_log_bytes = page_size, max_log_bytes

    def close(self) -> None:
        """Close the connections."""
        self.api.client.close()

    def check(self) -> SourceCheck:
        """Read the configured project's last pipeline (see `check_site`)."""

        def read() -> str:
            return next((f"pipeline {run.run_id}" for run in self.get_runs("")), "no pipeline yet")

        return check_site(self.api, self.config, name=self.name, kind="logs", read=read)

    def _at(self, repo: str, what: str) -> tuple[str, Call]:
        return ask_of(repo, self.config, what=what, needs="read_api")

    def parse_run_url(self, url: str) -> tuple[str, str, int | None]:
        """A pipeline's page, without a request; a job's page, with one."""
        match = _RUN_PATH.fullmatch(page_path(url, self._site, who=self.name))
        if match is None:
            raise UsageError(f"{self.name}: not a pipeline's page, which is {self._site.web}/GROUP/NAME/-/pipelines/ID")
        repo, kind, number = match.groups()
        if kind == "pipelines":
            return repo, number, None
        path, call = self._at(repo, f"job {number}")
        data = self.api.object(f"{path}/jobs/{number}", call)
        with reading(call):
            return repo, str(int(data["pipeline"]["id"])), None

    def get_run(self, repo: str, run_id: str, attempt: int | None = None) -> Run:
        """One request; one more for the merge request of its pipeline."""
        if not (run_id.isascii() and run_id.isdigit()):
            raise UsageError(f"{self.name}: a pipeline's id is a number (got {run_id[:40]!r})")
        if attempt not in {None, 1}:
            raise UsageError(f"{self.name}: GitLab keeps no attempts of a pipeline: leave the attempt out")
        path, call = self._at(repo, f"pipeline {run_id}")
        return self._with_request(self._to_run(self.api.object(f"{path}/pipelines/{run_id}", call), repo, call))

    def _to_run(self, data: dict[str, Any], repo: str, call: Call) -> Run:
        with reading(call):
            return to_run(data, source=self.name, repo=project_name(repo, self.config))

    def _with_request(self, run: Run) -> Run:
        """`run` with branch and target of the merge request that it is of."""
        if run.pr_number is None:
            return run
        path, call = self._at(run.repo, f"merge request {run.pr_number}")
        try:
            data = self.api.object(f"{path}/merge_requests/{run.pr_number}", call)
        except NotFound:
            return run
        with reading(call):
            refs: dict[str, Any] = data.get("diff_refs") or {}
            return replace(
                run,
                title=run.title or str(data.get("title") or ""),
                branch=str(data["source_branch"]),
                base_branch=str(data["target_branch"]),
                base_sha=str(refs["start_sha"]) if refs.get("start_sha") else None,
            )

    def get_runs(
        self, repo: str, since: datetime | None = None, until: datetime | None = None,
        *, branch: str | None = None, failed_only: bool = False,
    ) -> Iterator[Run]:  # fmt: skip
        """One request for each 100 pipelines that changed since `since`; servers that know no `created_before` give
        newer ones too, which are passed over. Child pipelines are not among them."""
        params: dict[str, str | int] = {"ref": branch} if branch else {}
        if failed_only:
            params["status"] = "failed"
        if since:
            params["updated_after"] = stamp(since - timedelta(seconds=1))
        for run in self._listed(repo, params, until=until):
            if run.created_at is None or in_window(run.created_at, since, until):
                yield self._with_request(run) if run.failed else run

    def _listed(self, repo: str, params: dict[str, str | int], *, until: datetime | None) -> Iterator[Run]:
        path, call = self._at(repo, "pipelines")
        params = {**params, "order_by": "id", "sort": "desc", "per_page": self._page_size}
        if until:
            params["created_before"] = stamp(until + timedelta(seconds=1))
        for data in self.api.items(f"{path}/pipelines", call, params=params, keep="tagged", identity="id"):
            yield self._to_run(data, repo, call)

    def get_jobs(self, run: Run) -> Iterator[Job]:
        """Jobs and bridges: two requests for each 100, and for each child pipeline of the same project, whose jobs are
        named behind the bridge that started it."""
        waiting, seen = [(run.run_id, "")], {run.run_id}
        while waiting and len(seen) <= MAX_CHILDREN:
            number, above = waiting.pop(0)
            path, call = self._at(run.repo, f"jobs of pipeline {number}")
            for kind in ("jobs", "bridges"):
                url, params = f"{path}/pipelines/{number}/{kind}", {"per_page": self._page_size}
                for data in self.api.items(url, call, params=params, identity="id"):
                    with reading(call):
                        job = to_job(data, above=above)
                        child = _child(data)
                    yield job
                    if child and child not in seen:
                        seen.add(child)
                        waiting.append((child, f"{job.name}: "))

    def last_green_run(self, run: Run) -> Run | None:
        """One request; for a merge request up to three: its own pipelines first, then those of the target branch."""
        if run.pr_number is None:
            return self._green(run, run.branch)
        refs = [f"refs/merge-requests/{run.pr_number}/{kind}" for kind in ("head", "merge")]
        own = max((g for ref in refs if (g := self._green(run, ref))), key=lambda g: int(g.run_id), default=None)
        return replace(own, branch=run.branch) if own else self._green(run, run.base_branch)

    def _green(self, run: Run, ref: str | None) -> Run | None:
        """The newest before `run`, a scheduled one for a scheduled one where there is any: it may run other jobs."""
        if not ref:
            return None
        other: Run | None = None
        params: dict[str, str | int] = {"ref": ref, "status": "success"}
        for green in islice(self._listed(run.repo, params, until=run.created_at), MAX_CANDIDATES):
            if int(green.run_id) < int(run.run_id):
                if (green.event == "schedule") == (run.event == "schedule"):
                    return green
                other = other or green
        return other

    def read_job_log(self, run: Run, job: Job) -> JobLog:
        """One request; one more for an empty log, to learn whether it was erased."""
        if _PIPELINE_PAGE.search(job.url):
            detail = f"it starts another pipeline, which has the logs: {one_line(job.url)}"
            return unread_log(job, "skipped", detail, source=self.name)
        path, call = self._at(run.repo, f"log of job {job.job_id}")
        return fetch_job_log(
            self.api.client, f"{path}/jobs/{job.job_id}/trace", call, job, source=self.name, fmt=LOG_FORMAT,
            max_bytes=self._max_log_bytes, empty=lambda: self._why_empty(path, call, job), stopped=STOPPED,
        )  # fmt: skip

    def _why_empty(self, path: str, call: Call, job: Job) -> tuple[ReadStatus, str]:
        if job.started_at is None:
            return "missing", "the job never started"
        erased = self.api.object(f"{path}/jobs/{job.job_id}", call).get("erased_at")
        return ("expired", f"erased at {one_line(str(erased))}") if erased else ("empty", "the log has no line")

    def get_test_reports(self, run: Run) -> Iterator[TestReport]:
        """The failed tests that GitLab read from the jobs' JUnit artifacts, as one report."""
        name = f"tests of pipeline {run.run_id}"
        path, call = self._at(run.repo, name)
        try:
            data = self.api.object(f"{path}/pipelines/{run.run_id}/test_report", call)
            with reading(call):
                suites: list[dict[str, Any]] = list(data.get("test_suites") or ())
                cases = [case for suite in suites for case in failed_cases(suite)]
                broken = [
                    f"{suite.get('name')}: {suite['suite_error']}" for suite in suites if suite.get("suite_error")
                ]
        except IncidentError as error:
            yield unread_report(name, kind_of(error), str(error), source=self.name)
            return
        if broken:
            detail = one_line(f"GitLab could not read {'; '.join(broken)}")
            yield unread_report(name, "failed", detail, source=self.name)
        if cases:
            url = f"{run.url}/test_report"
            yield failed_tests(cases, key="test_report", name=name, source=self.name, url=url)


def to_run(data: dict[str, Any], *, source: str, repo: str) -> Run:
    """A pipeline. KeyError, TypeError or ValueError when it is none."""
    status, ref = str(data["status"]), str(data.get("ref") or "")
    request = _MERGE_REQUEST.fullmatch(ref)
    return Run(
        source=source,
        repo=repo,
        run_id=str(int(data["id"])),
        attempt=1,
        workflow="pipeline",
        head_sha=str(data.get("sha") or ""),
        status=_state(status),
        conclusion="startup_failure" if status == "failed" and data.get("yaml_errors") else CONCLUSIONS.get(status),
        event=str(data.get("source") or ""),
        branch=ref or None,
        title=str(data.get("name") or ""),
        url=str(data.get("web_url") or ""),
        created_at=utc(data.get("created_at")),
        updated_at=utc(data.get("updated_at")),
        pr_number=int(request[1]) if request else None,
    )


def to_job(data: dict[str, Any], *, above: str = "") -> Job:
    """A job, or a bridge, whose page is the pipeline it started. One that may fail does not make a pipeline red."""
    status = str(data["status"])
    downstream: dict[str, Any] = data.get("downstream_pipeline") or {}
    conclusion = CONCLUSIONS.get(status)
    if status == "failed" and data.get("allow_failure"):
        conclusion = "neutral"
    elif status == "failed" and data.get("failure_reason") in TIMED_OUT:
        conclusion = "timed_out"
    return Job(
        job_id=str(int(data["id"])),
        name=above + str(data["name"]),
        status=_state(status),
        conclusion=conclusion,
        started_at=utc(data.get("started_at")),
        completed_at=utc(data.get("finished_at")),
        url=str(downstream.get("web_url") or data.get("web_url") or ""),
    )


def _state(status: str) -> str:
    if status in CONCLUSIONS:
        return "completed"
    return "in_progress" if status in {"running", "canceling"} else "waiting" if status == "manual" else "queued"


def _child(data: dict[str, Any]) -> str | None:
    """The pipeline in the same project that a bridge started."""
    downstream: dict[str, Any] = data.get("downstream_pipeline") or {}
    own: dict[str, Any] = data.get("pipeline") or {}
    project = downstream.get("project_id")
    return str(int(downstream["id"])) if project is not None and project == own.get("project_id") else None


def failed_cases(suite: dict[str, Any]) -> Iterator[FailedCase]:
    """Of one suite of a pipeline's test report."""
    for case in suite.get("test_cases") or ():
        if case["status"] in {"failed", "error"}:
            said = "\n".join(str(case[key]) for key in ("system_output", "stack_trace") if case.get(key))
            names = (str(suite.get("name") or ""), str(case.get("classname") or ""), str(case["name"]))
            yield FailedCase(*names, details=said.partition("\n")[0], trace=said)
