"""A repository's GitHub Actions in; runs, jobs, job logs and the last green run out.

Surprising facts: the list of runs ends at 1,000 per query, so a long window is asked for in pieces; its `status` filter
takes one conclusion only, and red has three; a job's log is a redirect to a storage host.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from heapq import merge
from itertools import chain, islice
from typing import Any, ClassVar
from urllib.parse import urlsplit

from incident_pipeline.errors import NotFound, UsageError
from incident_pipeline.http.answer import Answer
from incident_pipeline.http.client import never
from incident_pipeline.http.errors import Call
from incident_pipeline.model.incident import RED, Job, Run
from incident_pipeline.model.logs import SourceCheck
from incident_pipeline.sources._api import Api, in_window, reading, utc
from incident_pipeline.sources._github import (
    PAGE_SIZE,
    GitHubConfig,
    ask_of,
    check_site,
    find_site,
    is_whole,
    open_api,
    repo_name,
)
from incident_pipeline.sources.base import CiLogSource, JobLog, SourceContext, TestReport
from incident_pipeline.sources.logs._github_annotations import read_annotations
from incident_pipeline.sources.logs._github_artifacts import read_reports
from incident_pipeline.sources.logs._github_logs import MANY, MAX_LOG_BYTES, LogReader, is_silent
from incident_pipeline.sources.logs._github_runs import (
    created_query,
    head_repository,
    is_pull_request,
    to_job,
    to_run,
    with_pull_request,
)

MAX_RUNS_A_QUERY = 1_000
MAX_CANDIDATES = 500
REMEMBERED = 8
_RUN_PATH = re.compile(r"/([\w.-]+/[\w.-]+)/actions/runs/(\d+)(?:/attempts/(\d+))?(?:/(?!attempts/).*)?")


class Config(GitHubConfig):
    """Keys of a `github_actions` entry; `mirror` and `clone_url` say nothing here."""

    forge: ClassVar[str | None] = "github"
    run_hosts: ClassVar[tuple[str, ...]] = ("github.com",)
    job_variables: ClassVar[Mapping[str, str]] = {
        "repo": "GITHUB_REPOSITORY",
        "run_id": "GITHUB_RUN_ID",
        "attempt": "GITHUB_RUN_ATTEMPT",
    }


def open_source(config: Config, context: SourceContext) -> "GitHubActions":
    """The first request opens the connection."""
    return GitHubActions(config, api=open_api(config, context), name=context.name)


@dataclass(slots=True)
class _Attempt:
    """What was seen of a run's attempt: all its jobs' names, and its failed jobs without a log."""

    names: list[str] = field(default_factory=list[str])
    silent: dict[str, Job] = field(default_factory=dict[str, Job])


class GitHubActions(CiLogSource):
    """Each call is one request unless it says more. `service` of `get_logs` is `owner/name`."""

    def __init__(
        self, config: GitHubConfig, *, api: Api, name: str = "github_actions", page_size: int = PAGE_SIZE,
        max_log_bytes: int = MAX_LOG_BYTES,
    ) -> None:  # fmt: skip
        self.name, self.config, self.api = name, config, api
        self._web = find_site(config).web
        self._page_size, self._logs = page_size, LogReader(api, name, max_log_bytes=max_log_bytes)
        self._seen: dict[tuple[str, str, int], _Attempt] = {}

    def close(self) -> None:
        """Close the connections."""
        self.api.client.close()

    def check(self) -> SourceCheck:
        """Read one run of the configured repository (see `check_site`)."""

        def read() -> str:
            path, call = self._at("", "its workflow runs")
            self.api.object(f"{path}/actions/runs", call, params={"per_page": 1})
            return ""

        return check_site(self.api, self.config, name=self.name, kind="logs", read=read)

    def _at(self, repo: str, what: str, needs: str = "actions:read") -> tuple[str, Call]:
        return ask_of(repo, self.config, what=what, needs=needs)

    def parse_run_url(self, url: str) -> tuple[str, str, int | None]:
        """No request. Query and fragment are passed over; a job's page names its run."""
        home = urlsplit(self._web)
        try:
            parts = urlsplit(url.strip())
        except ValueError:
            raise UsageError(f"{self.name}: the run URL is no URL") from None
        if parts.netloc.lower() != home.netloc.lower() or parts.scheme not in {"https", home.scheme}:
            raise UsageError(f"{self.name}: this run is not on {home.netloc}; for another server set base_url")
        match = _RUN_PATH.fullmatch(parts.path)
        if match is None:
            raise UsageError(f"{self.name}: not a run's page, which is {self._web}/OWNER/REPO/actions/runs/ID")
        repo, run_id, attempt = match.groups()
        return repo, run_id, int(attempt) if attempt else None

    def get_run(self, repo: str, run_id: str, attempt: int | None = None) -> Run:
        """One request; up to two more for the pull request of a fork."""
        if not (run_id.isascii() and run_id.isdigit()):
            raise UsageError(f"{self.name}: a run id is a number (got {run_id[:40]!r})")
        path, call = self._at(repo, f"run {run_id}" + (f" attempt {attempt}" if attempt else ""))
        url = f"{path}/actions/runs/{run_id}" + (f"/attempts/{attempt}" if attempt else "")
        data = self.api.object(url, call, keep="tagged", final=_is_over if attempt else never)
        return self._with_base(self._to_run(data, repo, call), head_repository(data))

    def _to_run(self, data: dict[str, Any], repo: str, call: Call) -> Run:
        with reading(call):
            return to_run(data, source=self.name, repo=repo_name(repo, self.config))

    def _with_base(self, run: Run, head: str) -> Run:
        """A fork's run names no pull request: the head commit may, else the head branch does."""
        if not is_pull_request(run) or run.base_branch:
            return run
        path, call = self._at(run.repo, f"pull request of run {run.run_id}", "pull_requests:read")
        lists: list[tuple[str, dict[str, str | int]]] = [(f"{path}/commits/{run.head_sha}/pulls", {})]
        if head and run.branch:
            lists.append((f"{path}/pulls", {"head": f"{head.partition('/')[0]}:{run.branch}", "state": "all"}))
        for url, params in lists:
            try:
                pulls = self.api.get(url, call, params=params, keep="tagged", final=_is_found).json_list(call)
            except NotFound:
                continue
            with reading(call):
                run = with_pull_request(run, pulls)
            if run.base_branch:
                break
        return run

    def get_runs(
        self, repo: str, since: datetime | None = None, until: datetime | None = None,
        *, branch: str | None = None, failed_only: bool = False,
    ) -> Iterator[Run]:  # fmt: skip
        """One request for each 100 runs; with `failed_only` at least one for each of the three red conclusions."""
        path, call = self._at(repo, "workflow runs")
        params: dict[str, str | int] = {"branch": branch} if branch else {}
        queries = [{**params, "status": red} for red in RED] if failed_only else [params]
        found = [self._listed(f"{path}/actions/runs", call, query, since=since, until=until) for query in queries]
        for data in merge(*found, key=_newness, reverse=True):
            run = self._to_run(data, repo, call)
            yield self._with_base(run, head_repository(data)) if run.failed else run

    def _listed(
        self, url: str, call: Call, params: dict[str, str | int], *, since: datetime | None, until: datetime | None
    ) -> Iterator[dict[str, Any]]:
        """Run objects created in the window, newest first; a list that ends at GitHub's limit goes on from its last."""
        seen: set[int] = set()
        last = until
        while True:
            known, listed = len(seen), 0
            window = created_query(since, last)
            whole = {**params, **window, "per_page": self._page_size}
            for page in self.api.pages(url, call, params=whole, keep="tagged"):
                with reading(call):
                    runs = [(data, int(data["id"]), utc(data.get("created_at"))) for data in _runs_of(page, call)]
                listed += len(runs)
                for data, run_id, at in runs:
                    last = at or last
                    if run_id not in seen and (at is None or in_window(at, since, until)):
                        yield data
                    seen.add(run_id)
            if listed < MAX_RUNS_A_QUERY or len(seen) == known:
                return

    def get_jobs(self, run: Run) -> Iterator[Job]:
        """One request for each 100 jobs; one more on a server too old to know attempts."""
        path, call = self._at(run.repo, f"jobs of run {run.run_id}")
        url = f"{path}/actions/runs/{run.run_id}"
        pages = self.api.pages(
            f"{url}/attempts/{run.attempt}/jobs", call, params={"per_page": self._page_size},
            keep="tagged", final=is_whole if run.status == "completed" else never,
        )  # fmt: skip
        try:
            first = next(pages)
        except NotFound:
            if run.attempt > 1:
                raise
            pages = self.api.pages(f"{url}/jobs", call, params={"filter": "latest", "per_page": self._page_size})
            first = next(pages)
        names: list[str] = []
        for page in chain([first], pages):
            with reading(call):
                jobs = [to_job(data) for data in page.json_object(call)["jobs"]]
            names += [job.name for job in jobs]
            yield from jobs
        self._of(run).names = names

    def _of(self, run: Run) -> _Attempt:
        key = (run.repo, run.run_id, run.attempt)
        if key not in self._seen and len(self._seen) >= REMEMBERED:
            self._seen.pop(next(iter(self._seen)))
        return self._seen.setdefault(key, _Attempt())

    def last_green_run(self, run: Run) -> Run | None:
        """One request; for a pull request up to two more: its own branch first, then the branch it goes to."""
        if not run.workflow_id:
            return None
        if not is_pull_request(run):
            own = self._green(run, run.branch)
        else:
            path, call = self._at(run.repo, f"run {run.run_id}")
            url = f"{path}/actions/runs/{run.run_id}"
            # Where a run comes from never changes, so that any answer about it will do.
            head = head_repository(self.api.object(url, call, keep="tagged", final=is_whole))
            own = self._green(run, run.branch, head=head)
        return own or (self._green(run, run.base_branch) if run.base_branch else None)

    def _green(self, run: Run, branch: str | None, *, head: str | None = None) -> Run | None:
        """`head`: only pull requests from that repository; None: none at all, as a fork may call its branch `main`."""
        path, call = self._at(run.repo, f"green runs of {run.workflow}")
        params: dict[str, str | int] = {"status": "success", **({"branch": branch} if branch else {})}
        url = f"{path}/actions/workflows/{run.workflow_id}/runs"
        until = run.created_at + timedelta(seconds=1) if run.created_at else None
        for data in islice(self._listed(url, call, params, since=None, until=until), MAX_CANDIDATES):
            green = self._to_run(data, run.repo, call)
            wanted = is_pull_request(green) and head_repository(data) == head if head else not is_pull_request(green)
            # Ids grow with time; a second attempt's `created_at` is its own, later than runs of newer commits.
            if wanted and int(green.run_id) < int(run.run_id) and green.conclusion == "success":
                return green
        return None

    def read_job_log(self, run: Run, job: Job) -> JobLog:
        """Two requests: the log is a redirect."""
        return self._noted(run, self._logs.read(job, partial(self._at, run.repo)))

    def read_job_logs(self, run: Run, jobs: Sequence[Job]) -> Iterator[JobLog]:
        """From MANY jobs on two requests for all of them, and two for each that the run's zip lacks."""
        if len(jobs) < MANY:
            yield from super().read_job_logs(run, jobs)
            return

        def names() -> list[str]:
            return self._of(run).names or [job.name for job in self.get_jobs(run)]

        for log in self._logs.read_many(run, jobs, partial(self._at, run.repo), names=names):
            yield self._noted(run, log)

    def _noted(self, run: Run, log: JobLog) -> JobLog:
        if log.job.failed and is_silent(log):
            self._of(run).silent[log.job.job_id] = log.job
        return log

    def get_test_reports(self, run: Run) -> Iterator[TestReport]:
        """Those in artifacts, and the annotations of failed jobs whose log was read here and is not there.

        One request for each 100 artifacts, two for each that looks like test results, one for each such job.
        """
        path, call = self._at(run.repo, f"artifacts of run {run.run_id}")
        yield from read_reports(self.api, path, call, run=run, source=self.name, web=self._web)
        path, call = self._at(run.repo, "annotations", "checks:read")
        silent = tuple(self._of(run).silent.values())
        yield from read_annotations(self.api, path, call, jobs=silent, source=self.name)


def _is_over(answer: Answer) -> bool:
    """Whether this is an attempt that has ended: it does not change."""
    return is_whole(answer) and json.loads(answer.body).get("status") == "completed"


def _is_found(answer: Answer) -> bool:
    """Whether this lists a pull request: which one a run was for stays as it was."""
    return is_whole(answer) and answer.body.strip() != b"[]"


def _runs_of(page: Answer, call: Call) -> list[dict[str, Any]]:
    return list(page.json_object(call)["workflow_runs"])


def _newness(data: dict[str, Any]) -> tuple[str, int]:
    return str(data.get("created_at") or ""), int(data["id"])
