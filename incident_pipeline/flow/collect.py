"""A bare incident in; its logs, green log and commits read into the warehouse; the full incident out.

Surprising fact: a log that cannot be had (missing, expired, empty) never stops the rest: it is a status in the report.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice

from incident_pipeline.errors import IncidentError, NotFound, UsageError
from incident_pipeline.flow import sources
from incident_pipeline.flow.logs import LogBook
from incident_pipeline.flow.progress import Progress
from incident_pipeline.flow.request import Request, from_origin
from incident_pipeline.flow.window import pull_request_base, read_window
from incident_pipeline.flow.workspace import Workspace
from incident_pipeline.model.incident import BaseKind, Incident, Run, Window
from incident_pipeline.model.logs import SourceStatus
from incident_pipeline.sources.base import CiLogSource, GitSource
from incident_pipeline.warehouse.incidents import save_incident

MAX_FAILED_JOBS = 20
PRODUCTION_LOOK_BACK = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Collected:
    """The full incident and how far each of its sources was read."""

    incident: Incident
    window: Window
    statuses: tuple[SourceStatus, ...]

    def metadata(self) -> Mapping[str, int | str | bool]:
        """Counts and the window under names people read."""
        window = self.window
        return {
            "log entries": sum(s.rows for s in self.statuses if s.kind == "logs"),
            "log bytes": sum(s.bytes for s in self.statuses if s.kind == "logs"),
            "skipped records": sum(s.skipped for s in self.statuses),
            "commits": len(window.commits),
            "window": f"{(window.base or 'unknown')[:12]}..{(window.head or 'unknown')[:12]} ({window.base_kind})",
            "complete": window.complete,
        }


def collect(ws: Workspace, incident: Incident, progress: Progress) -> Collected:
    """Read everything that may explain `incident` and store it; the same incident again replaces what it stored."""
    request = from_origin(incident.origin)
    book = LogBook(ws, progress)
    with ExitStack() as stack:
        git = sources.open_git(ws, request)
        if git:
            stack.enter_context(git)
        if request.log_files:
            incident = _read_files(incident, request, book)
            window = _window(
                git, incident, progress, head=request.head or "HEAD", base=request.last_green, kind="given"
            )
        elif incident.kind == "logs":
            window = _read_service(ws, incident, book=book, git=git)
        else:
            incident = _read_run(stack.enter_context(sources.open_ci_logs(ws, request)), incident, book)
            window = _run_window(git, incident, request, progress)
    statuses = (*book.statuses, _git_status(git, window))
    save_incident(ws.warehouse, incident, window=window, logs=book.refs, statuses=statuses)
    return Collected(incident, window, statuses)


def _read_files(incident: Incident, request: Request, book: LogBook) -> Incident:
    for kind, paths in (("log", request.log_files), ("green", request.green_logs)):
        for path in paths:
            book.add_file(kind, path, incident=incident)
    return replace(incident, occurred_at=book.last_time)


def _read_service(ws: Workspace, incident: Incident, *, book: LogBook, git: GitSource | None) -> Window:
    request, since, until = from_origin(incident.origin), incident.since, incident.until
    if since is None or until is None:
        raise UsageError(f"{incident.id}: a window of production logs needs both ends")
    with sources.open_logs(ws, request) as logs:
        book.add_window(logs, incident=incident, since=since, until=until)
    if git is None:
        return _no_window(incident, "no git source: commits were not looked at")
    first = git.get_commits(incident.repo, until=since - PRODUCTION_LOOK_BACK, branch=request.head)
    last = git.get_commits(incident.repo, until=until, branch=request.head)
    base, head = next(first, None), next(last, None)
    if head is None:
        return _no_window(incident, f"no commit before {until:%Y-%m-%d %H:%M} UTC")
    return _window(git, incident, book.progress, head=head.hash, base=base.hash if base else None, kind="given")


def _read_run(logs: CiLogSource, incident: Incident, book: LogBook) -> Incident:
    run = _run_of(incident)
    jobs = tuple(logs.get_jobs(run))
    failed = [job for job in jobs if job.failed] or [job for job in jobs if job.conclusion == "cancelled"]
    for job in failed[:MAX_FAILED_JOBS]:
        book.add_job("log", logs, run=run, job=job)
    if len(failed) > MAX_FAILED_JOBS:
        left_out = f"{len(failed) - MAX_FAILED_JOBS} more failed jobs were not read"
        book.statuses.append(SourceStatus(logs.name, "logs", run.workflow, "skipped", left_out))
    green = _green_run(logs, run, book)
    if green:
        wanted = {job.name for job in failed[:MAX_FAILED_JOBS]}
        for job in islice((j for j in logs.get_jobs(green) if j.name in wanted), MAX_FAILED_JOBS):
            book.add_job("green", logs, run=green, job=job)
    return replace(incident, jobs=jobs, green_run=green, same_commit_passed=_passed_elsewhere(logs, run, green))


def _passed_elsewhere(logs: CiLogSource, run: Run, green: Run | None) -> bool | None:
    """Whether the same commit was green: in the last green run, or in a later attempt of this one."""
    if green and green.head_sha == run.head_sha:
        return True
    latest = logs.get_run(run.repo, run.run_id)
    return True if latest.attempt > run.attempt and latest.conclusion == "success" else None


def _green_run(logs: CiLogSource, run: Run, book: LogBook) -> Run | None:
    try:
        return logs.last_green_run(run)
    except NotFound as error:
        book.statuses.append(SourceStatus(logs.name, "logs", "last green run", "missing", str(error)))
        return None


def _run_window(git: GitSource | None, incident: Incident, request: Request, progress: Progress) -> Window:
    run, green = _run_of(incident), incident.green_run
    head = request.head or run.head_sha
    if request.last_green:
        return _window(git, incident, progress, head=head, base=request.last_green, kind="given")
    if git and run.base_branch and (green is None or green.branch != run.branch):
        target = run.base_sha or run.base_branch
        base, problems = pull_request_base(git, incident.repo, head, target)
        window = _window(git, incident, progress, head=head, base=base, kind="merge_base")
        return replace(window, complete=window.complete and not problems, problems=(*problems, *window.problems))
    return _window(git, incident, progress, head=head, base=green.head_sha if green else None, kind="last_green")


def _window(
    git: GitSource | None, incident: Incident, progress: Progress, *, head: str, base: str | None, kind: BaseKind
) -> Window:
    if git is None:
        return _no_window(incident, "no git source: give --git local --git-path DIR to have commits looked at")
    return read_window(git, incident.repo, head=head, base=base, base_kind=kind, progress=progress)


def _no_window(incident: Incident, problem: str) -> Window:
    head = incident.run.head_sha if incident.run else None
    return Window(incident.repo, None, head, "none", (), complete=False, problems=(problem,))


def _git_status(git: GitSource | None, window: Window) -> SourceStatus:
    detail = "; ".join(window.problems)
    if git is None:
        return SourceStatus("git", "git", window.repo, "skipped", detail)
    truncated = sum(f.truncated for c in window.commits for f in c.files or ())
    status = "read" if window.complete and not truncated else "truncated"
    return SourceStatus(
        git.name, "git", window.repo, status if window.commits else "empty", detail, len(window.commits)
    )


def _run_of(incident: Incident) -> Run:
    if incident.run is None:
        raise IncidentError(f"{incident.id}: has no CI run to read")
    return incident.run
