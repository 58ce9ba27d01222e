"""A CI run, its jobs, the incident it became and the window of commits that may explain it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from incident_pipeline.model.git import Commit

RED = ("failure", "timed_out", "startup_failure")
"""Conclusions of a step, job or run that ended red: not merely skipped or cancelled."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a job as the CI system reports it."""

    number: int
    name: str
    conclusion: str | None
    started_at: datetime | None = None
    completed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """One job of one attempt of a run. `conclusion` is None while it runs."""

    job_id: str
    name: str
    status: str
    conclusion: str | None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    url: str = ""
    steps: tuple[Step, ...] = ()

    @property
    def failed(self) -> bool:
        """Ended red (not merely skipped or cancelled)."""
        return self.conclusion in RED


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt of one CI run. `base_sha` and `base_branch` are the pull request's target, None for a push."""

    source: str
    repo: str
    run_id: str
    attempt: int
    workflow: str
    head_sha: str
    status: str
    conclusion: str | None
    workflow_id: str = ""
    run_number: int | None = None
    event: str = ""
    branch: str | None = None
    title: str = ""
    url: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    pr_number: int | None = None
    base_branch: str | None = None
    base_sha: str | None = None

    @property
    def failed(self) -> bool:
        """Ended red."""
        return self.conclusion in RED


BaseKind = Literal["last_green", "merge_base", "given", "time", "none"]


@dataclass(frozen=True, slots=True)
class Window:
    """Commits in (base, head], newest first. `complete` is False when a commit may be missing; `problems` says why."""

    repo: str
    base: str | None
    head: str | None
    base_kind: BaseKind
    commits: tuple[Commit, ...] = ()
    complete: bool = True
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LogRef:
    """One log of an incident and its label in citations: `log`, `log2`, ... for failed jobs, `green` for the base."""

    label: str
    log_id: int
    name: str
    job_id: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Incident:
    """One failure to explain. `id` is short, readable, unique in its tenant and the same on every investigation.

    `origin` is the request it came from (JSON), so that its window can be read again. `same_commit_passed`: the same
    workflow was green on the very same commit; None when that is not known.
    """

    id: str
    tenant: str
    kind: Literal["ci", "logs"]
    source: str
    repo: str
    title: str
    run: Run | None = None
    jobs: tuple[Job, ...] = ()
    green_run: Run | None = None
    occurred_at: datetime | None = None
    since: datetime | None = None
    until: datetime | None = None
    origin: str = ""
    same_commit_passed: bool | None = None

    @property
    def key(self) -> str:
        """The partition key, `tenant|incident`."""
        return f"{self.tenant}|{self.id}"
