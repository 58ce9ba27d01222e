"""A request in, incidents out: one for each failed run it names, newest first. Found is not yet stored.

Surprising fact: a local log has no run, so its incident is named after what was read: the same files give the same id.
"""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from incident_pipeline.errors import NotFound, UsageError
from incident_pipeline.flow import sources
from incident_pipeline.flow.progress import Progress
from incident_pipeline.flow.redaction import redact_incident
from incident_pipeline.flow.request import Request, to_origin
from incident_pipeline.flow.workspace import Workspace
from incident_pipeline.model.incident import Incident, Run
from incident_pipeline.sources.base import CiLogSource
from incident_pipeline.warehouse.incidents import find_incident, save_incident

MAX_RUNS = 100


def find_incidents(ws: Workspace, request: Request, progress: Progress) -> Iterator[Incident]:
    """What failed, not yet stored: `collect` stores it with what it read. UsageError when nothing is named."""
    return _from_files(ws, request) if request.log_files else _from_source(ws, request, progress)


def open_incidents(ws: Workspace, request: Request, progress: Progress) -> Iterator[Incident]:
    """The same, each stored bare before it is yielded: a partition that another process will collect."""
    for incident in find_incidents(ws, request, progress):
        yield _opened(ws, incident)


def open_run(ws: Workspace, request: Request, run: Run) -> Incident:
    """The incident of one failed run, stored unless it is known. `request` says where its logs and commits are."""
    return _opened(ws, _of_run(ws, request, run))


def _opened(ws: Workspace, incident: Incident) -> Incident:
    if not _is_known(ws, incident.id):
        save_incident(ws.warehouse, redact_incident(incident))
    return incident


def _is_known(ws: Workspace, incident_id: str) -> bool:
    """A known incident keeps its logs and window until they have been read anew."""
    try:
        return find_incident(ws.warehouse, incident_id) == incident_id
    except (NotFound, UsageError):
        return False


def _from_files(ws: Workspace, request: Request) -> Iterator[Incident]:
    first = request.log_files[0]
    repo = request.repo or (request.git_path.absolute().name if request.git_path else first.absolute().parent.name)
    digest = hashlib.blake2b(to_origin(request).encode(), digest_size=4).hexdigest()
    yield Incident(
        id=f"{_slug(repo)}-{digest}",
        tenant=ws.tenant,
        kind="ci",
        source="files",
        repo=repo,
        title=", ".join(p.name for p in request.log_files),
        occurred_at=None,
        origin=to_origin(request),
    )


def _from_source(ws: Workspace, request: Request, progress: Progress) -> Iterator[Incident]:
    if not (request.run_url or request.run_id or request.since):
        raise UsageError("what failed? give --run-url, --run-id, --since and --until, or --log-file FILE")
    progress.step("Finding failed runs")
    with sources.open_logs(ws, request) as logs:
        if not isinstance(logs, CiLogSource):
            yield _of_services(ws, request, logs.name)
            return
        if request.services:
            raise UsageError(f"{logs.name}: has CI runs, not services: leave --service out")
        for run in _runs(logs, request, sources.repo_of(ws, request)):
            progress.advance()
            yield _of_run(ws, request, run)


def _runs(logs: CiLogSource, request: Request, repo: str | None) -> Iterator[Run]:
    if request.run_url:
        url_repo, run_id, attempt = logs.parse_run_url(request.run_url)
        if repo and url_repo and url_repo.lower() != repo.lower():
            raise UsageError(f"the run URL is of {url_repo}, but --repo says {repo}: give one of them")
        yield logs.get_run(url_repo or repo or "", run_id, request.attempt or attempt)
        return
    repo = repo or ""  # where one is needed, the source says so
    if request.run_id:
        yield logs.get_run(repo, request.run_id, request.attempt)
        return
    for count, run in enumerate(logs.get_runs(repo, request.since, request.until, failed_only=True)):
        if count == MAX_RUNS:
            raise UsageError(f"more than {MAX_RUNS} failed runs in this window: choose a shorter one")
        yield run


def _of_run(ws: Workspace, request: Request, run: Run) -> Incident:
    number = run.run_number or run.run_id
    attempt = f"-{run.attempt}" if run.attempt > 1 else ""
    origin = Request(
        logs=sources.logs_type(ws, request), repo=run.repo, run_id=run.run_id, attempt=run.attempt,
        git=request.git, git_path=request.git_path, last_green=request.last_green, head=request.head,
        notes=request.notes,
    )  # fmt: skip
    return Incident(
        id=f"{_slug(run.repo)}-{_run_slug(run.run_id)}{attempt}",
        tenant=ws.tenant,
        kind="ci",
        source=run.source,
        repo=run.repo,
        title=f"{run.workflow} #{number}" + (f" attempt {run.attempt}" if run.attempt > 1 else ""),
        run=run,
        occurred_at=run.updated_at or run.created_at,
        origin=to_origin(origin),
    )


def _of_services(ws: Workspace, request: Request, source: str) -> Incident:
    if request.since is None or request.until is None:
        raise UsageError("production logs need a window: give both --since and --until, or --at")
    services = request.services or (request.repo or source,)  # a source of one service takes its own name for it
    first, others = services[0], len(services) - 1
    told = f"{first} and {others} more" if others > 2 else ", ".join(services)
    digest = hashlib.blake2b("\n".join(sorted(services)).encode(), digest_size=3).hexdigest()
    return Incident(
        id=f"{_slug(first)}{f'-{digest}' if others else ''}-{request.since:%Y%m%dt%H%M}-{request.until:%Y%m%dt%H%M}",
        tenant=ws.tenant,
        kind="logs",
        source=sources.logs_type(ws, request),
        repo=request.repo or first,
        title=f"{told} {request.since:%Y-%m-%d %H:%M}-{request.until:%H:%M} UTC",
        occurred_at=request.until,
        since=request.since,
        until=request.until,
        origin=to_origin(request),
    )


def _run_slug(run_id: str) -> str:
    """A number as it is; a name (`folder/job#12`) short and readable, with a digest, as two may read alike."""
    if run_id.isalnum():
        return run_id
    return f"{_slug(run_id)}-{hashlib.blake2b(run_id.encode(), digest_size=3).hexdigest()}"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", Path(text).as_posix().lower()).strip("-") or "incident"
