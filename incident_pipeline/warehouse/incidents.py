"""Incidents: the failure, its runs and jobs, the labels of its logs, its window of commits, how far each was read.

Saving writes all of it in one transaction. Surprising fact: an incident's jobs are those stored for its run's attempt,
so reading the run again shows here too.
"""

from collections.abc import Sequence
from typing import Any

import polars as pl

from incident_pipeline.errors import NotFound, UsageError
from incident_pipeline.model.incident import Incident, LogRef, Run, Window
from incident_pipeline.model.logs import SourceStatus
from incident_pipeline.warehouse import rows
from incident_pipeline.warehouse.commits import load_commits, save_commits
from incident_pipeline.warehouse.logs import ReadLog
from incident_pipeline.warehouse.store import Warehouse
from incident_pipeline.warehouse.writes import Write

_SHOWN = 5


def save_incident(
    warehouse: Warehouse,
    incident: Incident,
    *,
    window: Window | None = None,
    logs: Sequence[LogRef] = (),
    statuses: Sequence[SourceStatus] = (),
    read: Sequence[ReadLog] = (),
) -> None:
    """The incident becomes this: row, run, jobs, green run, logs and their labels, commits of the window, statuses.

    The window's commits are stored first (they are shared), then the rest in one transaction: all of it, or nothing.
    """
    if window and window.commits:
        save_commits(warehouse, window.repo, window.commits)
    scope = {"incident": incident.id}
    writes = [
        Write("incidents", scope, rows.incident_frame(incident, window)),
        Write("incident_logs", scope, rows.log_ref_frame(incident.id, logs)),
        Write("incident_commits", scope, rows.window_frame(incident.id, window) if window else pl.DataFrame()),
        Write("source_status", scope, rows.status_frame(incident.id, statuses)),
        Write("ci_runs", {}, rows.run_frame([run for run in (incident.run, incident.green_run) if run])),
    ]
    if incident.run:
        writes.append(Write("ci_jobs", _run_key(incident.run), rows.job_frame(incident.run, incident.jobs)))
    writes += [log.write for log in read]
    warehouse.replace(writes, staged=[log.staged for log in read])


def save_statuses(warehouse: Warehouse, statuses: Sequence[SourceStatus]) -> None:
    """Statuses of a check or an ingest, outside any incident: the last one of each thing is kept."""
    warehouse.replace([Write("source_status", {}, rows.status_frame("", statuses))])


def find_incident(warehouse: Warehouse, text: str) -> str:
    """The id that `text` is, or is a part of. NotFound when none, UsageError (names them) when several."""
    found = warehouse.read("incident_find", text=text, limit=_SHOWN + 1)["incident"].to_list()
    if text in found or len(found) == 1:
        return text if text in found else str(found[0])
    if not found:
        raise NotFound(f"incident {text!r}: not in the warehouse: `incidents list` shows those that are")
    more = ", ..." if len(found) > _SHOWN else ""
    raise UsageError(f"incident {text!r}: several match ({', '.join(found[:_SHOWN])}{more}): give more of the id")


def load_incident(warehouse: Warehouse, text: str) -> Incident:
    """The incident by its id or a unique part of it, with run, jobs and green run."""
    row = _row(warehouse, text)
    run = _load_run(warehouse, row["source"], row["repo"], run_id=row["run_id"], attempt=row["attempt"])
    green = _load_run(
        warehouse, row["green_source"], row["green_repo"], run_id=row["green_run_id"], attempt=row["green_attempt"]
    )
    jobs = warehouse.read("jobs_of", **_run_key(run)) if run else pl.DataFrame()
    return rows.incident_of(row, run, tuple(rows.job_of(job) for job in jobs.iter_rows(named=True)), green=green)


def load_window(warehouse: Warehouse, text: str) -> Window | None:
    """The incident's window with commits, files and patches as stored; None when none was saved."""
    row = _row(warehouse, text)
    if row["window_repo"] is None:
        return None
    hashes = warehouse.read("incident_hashes", incident=row["incident"])["hash"].to_list()
    commits = load_commits(warehouse, row["window_repo"], hashes)
    problems = tuple(row["window_problems"] or ())
    return rows.value(
        Window, {**row, "repo": row["window_repo"]}, commits=commits, complete=row["window_complete"], problems=problems
    )


def load_logs(warehouse: Warehouse, text: str) -> tuple[LogRef, ...]:
    """The incident's logs and their labels, in order."""
    found = warehouse.read("incident_log_refs", incident=find_incident(warehouse, text))
    return tuple(rows.value(LogRef, row) for row in found.iter_rows(named=True))


def load_statuses(warehouse: Warehouse, text: str) -> tuple[SourceStatus, ...]:
    """How far each thing was read for the incident, in order."""
    found = warehouse.read("incident_statuses", incident=find_incident(warehouse, text))
    return tuple(rows.value(SourceStatus, row) for row in found.iter_rows(named=True))


def list_incidents(warehouse: Warehouse, *, limit: int = 50, repo: str | None = None) -> pl.DataFrame:
    """One row a failure, newest first: its newest incident, title, repo, run_id, occurred_at, runs (that failed so),
    verdict, category, status, confidence, summary.
    """
    return warehouse.read("incident_list", limit=limit, repo=repo)


def _row(warehouse: Warehouse, text: str) -> dict[str, Any]:
    return warehouse.read("incident_row", incident=find_incident(warehouse, text)).row(0, named=True)


def _run_key(run: Run) -> dict[str, Any]:
    return {"source": run.source, "repo": run.repo, "run_id": run.run_id, "attempt": run.attempt}


def _load_run(
    warehouse: Warehouse, source: str | None, repo: str | None, *, run_id: str | None, attempt: int | None
) -> Run | None:
    if run_id is None:
        return None
    found = warehouse.read("run_of", source=source, repo=repo, run_id=run_id, attempt=attempt)
    return rows.value(Run, found.row(0, named=True)) if len(found) else None
