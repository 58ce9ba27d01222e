"""A build as both ways in tell it, and the run of the model that it is.

Surprising fact: UNSTABLE is Jenkins's word for a build whose tests failed, and `lastSuccessfulBuild` may be one: here
it is red, and only SUCCESS is green (hudson.model.Result; Job.getLastSuccessfulBuild, getLastStableBuild).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from incident_pipeline.model.incident import Job, Run, Step
from incident_pipeline.sources._api import Found
from incident_pipeline.sources.logs._jenkins_names import (
    MAIN_JOB,
    branch_name,
    branch_of_job,
    is_library,
    job_path,
    pull_number,
    readable,
    repo_name,
    repo_path,
    short_name,
)
from incident_pipeline.sources.logs._junit_report import FailedCase

MAX_JOBS = 5_000
MARGIN = timedelta(days=1)
"""A controller's clock may have been set back: a job is passed over only when its last build is older than that."""

CONCLUSIONS: Mapping[str, str] = {
    "SUCCESS": "success", "FAILURE": "failure", "FAILED": "failure", "UNSTABLE": "failure", "ABORTED": "cancelled",
    "NOT_BUILT": "skipped", "NOT_EXECUTED": "skipped",
}  # fmt: skip
"""Of builds (hudson.model.Result) and of stages (com.cloudbees.workflow.rest.external.StatusExt)."""

_EVENTS = (
    ("PullRequest", "pull_request"), ("MergeRequest", "pull_request"), ("Ghprb", "pull_request"),
    ("Timer", "schedule"), ("User", "manual"), ("Remote", "manual"), ("Replay", "manual"), ("Upstream", "upstream"),
    ("SCM", "push"), ("Push", "push"), ("Branch", "push"), ("GitLabWebHook", "push"), ("Bitbucket", "push"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Checkout:
    """One git repository that a build checked out: the remote's addresses, the commit, the branch as git said it."""

    remotes: tuple[str, ...]
    sha: str
    branch: str = ""

    @property
    def repo(self) -> str | None:
        """`owner/name` of the first remote that has one."""
        return next((name for url in self.remotes if (name := repo_name(url))), None)

    def is_of(self, repo: str) -> bool:
        """Whether a remote's path is `repo` or ends with it."""
        wanted = "/" + repo.lower()
        return any(("/" + (repo_path(url) or "").lower()).endswith(wanted) for url in self.remotes)


@dataclass(frozen=True, slots=True)
class Build:
    """One build.

    `seconds` is 0 while it runs; `causes` are (class or kind, sentence); `changed` is the newest commit of its change
    log; `timed_out`: it was aborted because a time limit was over.
    """

    job: str
    number: int
    building: bool
    result: str | None
    at: datetime | None
    seconds: float = 0.0
    checkouts: tuple[Checkout, ...] = ()
    causes: tuple[tuple[str, str], ...] = ()
    changed: str = ""
    timed_out: bool = False

    @property
    def conclusion(self) -> str | None:
        """In the model's words; None while it runs."""
        if self.building or self.result is None:
            return None
        if self.timed_out and self.result == "ABORTED":
            return "timed_out"
        return CONCLUSIONS.get(self.result, self.result.lower())

    def named_repo(self) -> str | None:
        """The repository that the build itself names."""
        checkout = choose(self.checkouts, self.job)
        return checkout.repo if checkout else None


@dataclass(frozen=True, slots=True)
class Fetched:
    """How a log came: `cut` and `running` say what is missing of it."""

    cut: bool = False
    running: bool = False


class Builds(Protocol):
    """A way in to a controller's builds. `job` is a full name; NotFound when it or the build is not there."""

    @property
    def clock_ahead(self) -> timedelta | None:
        """The controller's clock minus ours; None where it has none to ask."""
        ...

    def close(self) -> None:
        """Free what is held."""
        ...

    def check(self, job: str | None) -> Found:
        """One small read of the job, else of the top folder."""
        ...

    def jobs(self, under: str | None, since: datetime | None) -> Iterator[str]:
        """Full names of the job itself or of those in the folder (all of them: None) that built since then."""
        ...

    def builds(self, job: str, since: datetime | None = None) -> Iterator[Build]:
        """A job's builds by number, newest first, at least those since then."""
        ...

    def build(self, job: str, number: str) -> Build:
        """One build."""
        ...

    def jobs_of(self, run: Run) -> Iterator[Job]:
        """The build as a job, first, and its parts that have a log of their own."""
        ...

    def log(self, run: Run, job: Job) -> AbstractContextManager[tuple[Path, Fetched]]:
        """The log as a file, which may be gone afterwards."""
        ...

    def failed_cases(self, run: Run) -> Iterator[FailedCase]:
        """Its failed tests. NotFound when it published no results."""
        ...

    def primary_branch(self, job: str) -> str | None:
        """The main branch's job beside a pull request's."""
        ...


def main_job(run: Run, steps: tuple[Step, ...] = ()) -> Job:
    """The job that is the build itself."""
    name = short_name(run.workflow_id, run.branch)
    ended = run.updated_at if run.status == "completed" else None
    return Job(MAIN_JOB, name, run.status, run.conclusion, run.created_at, ended, run.url, steps)


def choose(checkouts: Sequence[Checkout], job: str, repo: str = "") -> Checkout | None:
    """The checkout that a build is of: of the repository asked for, of the branch the job is named after, or the first
    that is no pipeline library."""
    branch = branch_of_job(job)
    tests: tuple[Callable[[Checkout], bool], ...] = (
        lambda c: bool(repo) and c.is_of(repo),
        lambda c: branch_name(c.branch) == branch and not any(map(is_library, c.remotes)),
        lambda c: branch_name(c.branch) == branch,
        lambda c: not any(map(is_library, c.remotes)),
        lambda _: True,
    )  # fmt: skip
    return next((c for test in tests for c in checkouts if test(c)), None)


def to_run(build: Build, *, source: str, asked: str, configured: str, web: str) -> Run:
    """`asked` is the repository that the caller names, `configured` the config's, `web` where the pages are (or '')."""
    checkout = choose(build.checkouts, build.job, asked or configured)
    named = checkout.repo if checkout else None
    repo = asked if checkout and asked and checkout.is_of(asked) else configured or named or asked or build.job
    own = branch_of_job(build.job)
    branch = branch_name(checkout.branch) if checkout else None
    pull = pull_number(own) if branch in {None, own} else None
    event = "pull_request" if pull else _event(build)
    return Run(
        source=source,
        repo=repo,
        run_id=f"{build.job}#{build.number}",
        attempt=1,
        workflow=readable(build.job),
        head_sha=(checkout.sha if checkout else "") or build.changed,
        status="in_progress" if build.conclusion is None else "completed",
        conclusion=build.conclusion,
        workflow_id=build.job,
        run_number=build.number,
        event=event,
        branch=branch or (own if pull else None),
        title=next((said for _, said in build.causes if said), ""),
        url=f"{web}/{job_path(build.job)}/{build.number}/" if web else "",
        created_at=build.at,
        updated_at=build.at + timedelta(seconds=build.seconds) if build.at else None,
        pr_number=pull,
    )


def _event(build: Build) -> str:
    """What set the build off; the first cause that is known decides."""
    return next((event for kind, _ in build.causes for mark, event in _EVENTS if mark in kind), "")


def millis(value: float | str | None) -> datetime | None:
    """Milliseconds since 1970 as aware UTC; None of none. ValueError or TypeError when it is no time."""
    if not value:
        return None
    try:
        return datetime.fromtimestamp(float(value) / 1000, UTC)
    except (OverflowError, OSError):
        raise ValueError("a time out of range") from None
