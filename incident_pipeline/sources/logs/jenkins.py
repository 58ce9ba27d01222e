"""A Jenkins controller's API, or its home folder, in; runs, jobs, logs and the last green run out.

A run is a build: `repo` is the git repository that it checked out, `workflow` its job, `run_id` both job and number
(`team/app/main#12`). Surprising fact: a build is one job here, its stages are the steps, as it has one log.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from heapq import merge
from itertools import chain, islice
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import ClassVar
from urllib.parse import urlsplit

from pydantic import SecretStr

from incident_pipeline.errors import BadInput, ConfigError, Gone, IncidentError, NotFound, UsageError
from incident_pipeline.http.auth import basic
from incident_pipeline.http.client import Client
from incident_pipeline.model.incident import Job, Run
from incident_pipeline.model.logs import ReadStatus, SourceCheck, SourceStatus
from incident_pipeline.sources._api import Api, HttpConfig, address, check, in_window
from incident_pipeline.sources.base import CiLogSource, JobLog, SourceContext, TestReport
from incident_pipeline.sources.logs._jenkins_api import LIMITS, ApiBuilds
from incident_pipeline.sources.logs._jenkins_build import Build, Builds, to_run
from incident_pipeline.sources.logs._jenkins_home import HomeBuilds
from incident_pipeline.sources.logs._jenkins_names import find_run, split_run_id
from incident_pipeline.sources.logs._junit_report import write_report

MAX_LOG_BYTES = 512 * 2**20
MAX_CANDIDATES = 2_000
FIRST_BUILDS = 100


class Config(HttpConfig):
    """`url` of the controller, also under a path; `username` with its API `token`, neither where all may read.

    `home` reads a Jenkins home folder instead. `job`: the job, folder or multibranch job to read, as in its address;
    all of the controller without it. `owner` and `repo` name the git repository where remotes do not. `web_url`: where
    people see it, if elsewhere. `plain_http`: send the token over http.
    """

    variables: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "url": ("JENKINS_URL",),
        "username": ("JENKINS_USER", "JENKINS_USERNAME", "JENKINS_USER_ID"),
        "token": ("JENKINS_TOKEN", "JENKINS_API_TOKEN"),
    }
    job_variables: ClassVar[Mapping[str, str]] = {"repo": "JOB_NAME", "run_id": "BUILD_NUMBER"}

    url: str | None = None
    home: Path | None = None
    job: str | None = None
    username: str | None = None
    token: SecretStr | None = None
    owner: str | None = None
    repo: str | None = None
    web_url: str | None = None
    plain_http: bool = False

    @property
    def repository(self) -> str:
        """`owner/name`, empty when none is configured."""
        return f"{self.owner}/{self.repo}" if self.owner and self.repo else self.repo or ""


def open_source(config: Config, context: SourceContext) -> "Jenkins":
    """The first request opens the connection. ConfigError when the entry says too little or too much."""
    if config.home is not None:
        home = context.root / config.home.expanduser()
        return Jenkins(config, builds=HomeBuilds(home, source=context.name), name=context.name)
    if config.url is None:
        raise ConfigError("jenkins: give `url`, the controller's address, or `home`, its folder on this machine")
    has_token = bool(config.token and config.token.get_secret_value())
    if has_token != bool(config.username):
        raise ConfigError("jenkins: username and token go together: the token is one of that user's")
    client = Client(
        _address(config, config.url, "url"),
        credentials=basic(config.username, config.token) if config.username and config.token else None,
        limits=LIMITS,
        network=config.network(context.root),
    )
    return Jenkins(config, builds=ApiBuilds(Api(client), max_log_bytes=MAX_LOG_BYTES), name=context.name)


def _address(config: Config, url: str, key: str) -> str:
    checked = f"https{url[4:]}" if config.plain_http and url.lower().startswith("http:") else url
    whole = address(checked, vendor="jenkins", key=key, like="https://jenkins.example.com/jenkins (or set plain_http)")
    return whole if checked == url else f"http{whole[5:]}"


class Jenkins(CiLogSource):
    """`repo` of the calls, and `service`, is `owner/name` of a git repository or a job's full name."""

    def __init__(self, config: Config, *, builds: Builds, name: str = "jenkins") -> None:
        self.name, self.config, self._builds = name, config, builds
        keys = {"web_url": config.web_url, "url": config.url}
        self._webs = [_address(config, url, key) for key, url in keys.items() if url]
        self._web = self._webs[0] if self._webs else ""
        self._job = (config.job or "").strip("/") or None

    def close(self) -> None:
        """Close the connections."""
        self._builds.close()

    def check(self) -> SourceCheck:
        """Whose the token is, and whether it sees the configured job (else the top folder)."""
        what = self._job or self._web
        return check(self.name, "logs", what, client=self._builds, read=lambda: self._builds.check(self._job))

    def parse_run_url(self, url: str) -> tuple[str, str, int | None]:
        """No request, so the repository is not known: it is ''. Query and fragment are passed over."""
        try:
            parts = urlsplit(url.strip())
        except ValueError:
            raise UsageError(f"{self.name}: the run URL is no URL") from None
        homes = [urlsplit(web) for web in self._webs]
        fitting = [h for h in homes if h.netloc.lower() == parts.netloc.lower() and parts.scheme in {"https", h.scheme}]
        fitting = [home for home in fitting if f"{parts.path}/".startswith(f"{home.path}/")]
        if not fitting:
            raise UsageError(f"{self.name}: this build is not below {self._web}: set url or web_url to its controller")
        found = find_run(parts.path[len(fitting[0].path) :].split("/"))
        if found is None:
            raise UsageError(f"{self.name}: not a build's page, which is {self._web}/job/NAME/NUMBER/")
        job, number = found
        return "", f"{job}#{number}", None

    def get_run(self, repo: str, run_id: str, attempt: int | None = None) -> Run:
        """One request. `run_id` is `job#12`; `12` is enough where `job` is configured or `repo` is the job."""
        if attempt not in {None, 1}:
            raise UsageError(f"{self.name}: a build has one attempt; a rebuild has a number of its own")
        job, number = split_run_id(run_id, self._job or repo)
        build = self._builds.build(job, number)
        return self._to_run(build, "" if repo == job else repo)

    def _to_run(self, build: Build, repo: str) -> Run:
        return to_run(build, source=self.name, asked=repo, configured=self.config.repository, web=self._web)

    def get_runs(
        self, repo: str, since: datetime | None = None, until: datetime | None = None,
        *, branch: str | None = None, failed_only: bool = False,
    ) -> Iterator[Run]:  # fmt: skip
        """One request for each folder, and for each 100 builds of every job that built since then."""
        jobs = list(self._builds.jobs(self._job, since))
        for run in merge(*(self._runs_of(job, repo, since) for job in jobs), key=_newness, reverse=True):
            fits = not repo or run.repo.lower() == repo.lower() or f"{run.workflow_id}/".startswith(f"{repo}/")
            wanted = (branch is None or run.branch == branch) and (run.failed or not failed_only)
            timed = in_window(run.created_at, since, until) if run.created_at else since is until is None
            if fits and wanted and timed:
                yield run

    def _runs_of(self, job: str, repo: str, since: datetime | None) -> Iterator[Run]:
        """A build that failed before it checked anything out is of the repository that its job's others are of."""
        builds = self._builds.builds(job, since)
        try:
            first = list(islice(builds, FIRST_BUILDS))
        except (NotFound, Gone):
            return  # it went while we looked
        others = next((name for build in first if (name := build.named_repo())), repo if self._job else "")
        for build in chain(first, builds):
            yield self._to_run(build, repo if build.checkouts else others)

    def get_jobs(self, run: Run) -> Iterator[Job]:
        """One request, two for a pipeline."""
        return self._builds.jobs_of(run)

    def last_green_run(self, run: Run) -> Run | None:
        """One request for each 100 builds back to it. A pull request's own job first, then the main branch's."""
        own = self._green(run, run.workflow_id)
        if own or not run.pr_number:
            return own
        primary = self._builds.primary_branch(run.workflow_id)
        return self._green(run, primary) if primary else None

    def _green(self, run: Run, job: str) -> Run | None:
        for build in islice(self._builds.builds(job), MAX_CANDIDATES):
            if build.conclusion != "success" or not _is_before(build, run):
                continue
            green = self._to_run(build, run.repo)
            if job != run.workflow_id or None in {green.branch, run.branch} or green.branch == run.branch:
                return green
        return None

    def read_job_log(self, run: Run, job: Job) -> JobLog:
        """A log over the API is read whole into a temporary file first; of a build that runs, what is there by now."""
        from incident_pipeline.sources.logs._log_file import open_log_file  # noqa: PLC0415 - polars is slow to load

        try:
            with self._builds.log(run, job) as (path, fetched):
                size = path.stat().st_size
                log = open_log_file(path, fmt="plain", who=f"jenkins {run.run_id}: its log")
                # Reading has begun, so the file stays readable without its name until the frames end or are dropped.
                first = list(islice(log.frames, 1))
        except (NotFound, Gone, BadInput) as error:
            unread = SourceStatus(self.name, "logs", job.name, _kind(error), str(error))
            return JobLog(job, lambda: unread, iter(()))
        note = f"cut after {size:,} bytes" if fetched.cut else "the build still runs" if fetched.running else ""
        return JobLog(job, lambda: _told(log.status(self.name), job.name, note), chain(first, log.frames))

    def get_test_reports(self, run: Run) -> Iterator[TestReport]:
        """One request: the failures of the build's test results, as one report."""
        from incident_pipeline.sources.logs._log_file import open_log_file  # noqa: PLC0415 - polars is slow to load

        what = "test results"
        try:
            with NamedTemporaryFile(prefix="report-", suffix=".xml") as file:
                written, left = write_report(self._builds.failed_cases(run), file)
                file.flush()
                if not written:
                    return
                log = open_log_file(Path(file.name), fmt="plain", who=f"jenkins {run.run_id}: {what}")
                first = list(islice(log.frames, 1))
        except NotFound:
            return  # the build published none
        except IncidentError as error:
            unread = SourceStatus(self.name, "logs", what, _kind(error), str(error))
            yield TestReport("", what, lambda: unread, iter(()))
            return
        note = f"{left:,} more failed tests were not read" if left else ""
        status = lambda: _told(log.status(self.name), what, note)  # noqa: E731 - a closure over this report
        url = f"{run.url}testReport/" if run.url else ""
        yield TestReport("testReport", what, status, chain(first, log.frames), url)

    def read_statuses(self) -> tuple[SourceStatus, ...]:
        """Builds on disk that the last list of runs could not read."""
        return tuple(self._builds.problems) if isinstance(self._builds, HomeBuilds) else ()


def _newness(run: Run) -> tuple[float, int]:
    return run.created_at.timestamp() if run.created_at else 0.0, run.run_number or 0


def _is_before(build: Build, run: Run) -> bool:
    """Numbers tell the order within a job (clocks may jump); between two jobs only times do."""
    if build.job == run.workflow_id:
        return build.number < (run.run_number or 0)
    return bool(build.at and run.created_at and build.at < run.created_at)


def _kind(error: IncidentError) -> ReadStatus:
    return "missing" if isinstance(error, NotFound) else "expired" if isinstance(error, Gone) else "failed"


def _told(status: SourceStatus, what: str, note: str) -> SourceStatus:
    status = replace(status, what=what)
    if not note:
        return status
    return replace(status, status="truncated", detail="; ".join(filter(None, (note, status.detail))))
