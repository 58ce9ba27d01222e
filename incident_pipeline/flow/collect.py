"""A bare incident in; its logs, green log and commits read into the warehouse; the full incident out.

Surprising fact: a log that cannot be had (missing, expired, empty) never stops the rest: it is a status in the report.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import islice

from incident_pipeline.errors import IncidentError, NotFound
from incident_pipeline.flow import sources
from incident_pipeline.flow.logs import LogBook
from incident_pipeline.flow.production import look
from incident_pipeline.flow.progress import Progress
from incident_pipeline.flow.redaction import redact_incident, without_secrets
from incident_pipeline.flow.request import Request, from_origin
from incident_pipeline.flow.test_reports import add_test_reports
from incident_pipeline.flow.window import pull_request_base, read_window
from incident_pipeline.flow.workspace import Workspace
from incident_pipeline.model.incident import BaseKind, Incident, Run, Window
from incident_pipeline.model.logs import SourceStatus
from incident_pipeline.sources.base import CiLogSource, GitSource
from incident_pipeline.sources.logs.files import read_log_file
from incident_pipeline.warehouse.incidents import save_incident
from incident_pipeline.warehouse.production import Seen, save_seen

MAX_FAILED_JOBS = 100


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
    seen: Seen | None = None
    with ExitStack() as stack:
        git = sources.open_git(ws, request)
        if git:
            stack.enter_context(git)
        if request.log_files:
            head = request.head or "HEAD"
            window = _window(git, incident, progress, head=head, base=request.last_green, kind="given")
            incident = _read_files(incident, request, book)
        elif incident.kind == "logs":
            looked = look(ws, incident, book=book, git=git)
            incident, window, seen = looked.incident, looked.window, looked.seen
        else:
            logs = stack.enter_context(sources.open_ci_logs(ws, request))
            incident = _look_up(logs, incident, book)
            window = _run_window(git, incident, request, progress)
            _read_jobs(logs, incident, book)
            add_test_reports(logs, _run_of(incident), book)
    statuses = (*book.statuses, _git_status(git, window))
    save_incident(
        ws.warehouse,
        redact_incident(incident),
        window=replace(window, problems=without_secrets(window.problems)),  # its commits are redacted
        logs=without_secrets(book.refs),
        statuses=without_secrets(statuses),
        read=book.read,
    )
    if seen is not None:
        save_seen(ws.warehouse, incident.id, without_secrets(seen))
    return Collected(incident, window, statuses)


def _read_files(incident: Incident, request: Request, book: LogBook) -> Incident:
    paths = [("log", path) for path in request.log_files] + [("green", path) for path in request.green_logs]
    readable = [(kind, read_log_file(path)) for kind, path in paths]  # all of them, before one is read
    for kind, log in readable:
        book.add_file(kind, log, incident=incident)
    return replace(incident, occurred_at=book.last_time)


def _look_up(logs: CiLogSource, incident: Incident, book: LogBook) -> Incident:
    """The incident with its run's jobs and the green run to compare with; no log is read yet."""
    run = _run_of(incident)
    green = _green_run(logs, run, book)
    jobs, passed = tuple(logs.get_jobs(run)), _passed_elsewhere(logs, run, green)
    return replace(incident, jobs=jobs, green_run=green, same_commit_passed=passed)


def _read_jobs(logs: CiLogSource, incident: Incident, book: LogBook) -> None:
    """Logs of the failed jobs (of all cancelled ones when none failed), and of the same jobs of the green run."""
    run, green = _run_of(incident), incident.green_run
    red = [j for j in incident.jobs if j.failed] or [j for j in incident.jobs if j.conclusion == "cancelled"]
    book.add_jobs("log", logs, run=run, jobs=red[:MAX_FAILED_JOBS])
    if len(red) > MAX_FAILED_JOBS:
        left_out = f"{len(red) - MAX_FAILED_JOBS} more failed jobs were not read"
        book.statuses.append(SourceStatus(logs.name, "logs", run.workflow, "skipped", left_out))
    if green:
        wanted = {job.name for job in red[:MAX_FAILED_JOBS]}
        same = islice((j for j in logs.get_jobs(green) if j.name in wanted), MAX_FAILED_JOBS)
        book.add_jobs("green", logs, run=green, jobs=list(same))


def _passed_elsewhere(logs: CiLogSource, run: Run, green: Run | None) -> bool | None:
    """Whether the same commit was green: in the last green run, or in a later attempt of this one."""
    if green and run.head_sha and green.head_sha == run.head_sha:
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
    return _window(
        git, incident, progress, head=head, base=(green.head_sha or None) if green else None, kind="last_green"
    )


def _window(
    git: GitSource | None, incident: Incident, progress: Progress, *, head: str, base: str | None, kind: BaseKind
) -> Window:
    if git is None:
        return _no_window(incident, "no git source: give --git local --git-path DIR to have commits looked at")
    if not head:
        return _no_window(incident, "the CI system does not tell which commit this run built: give --head")
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
