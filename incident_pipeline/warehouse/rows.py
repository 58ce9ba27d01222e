"""Model values in, rows (dicts, frames) out, and back. Columns carry the names of the dataclass fields.

Surprising fact: frames infer their types from the values and DuckDB casts them on insert (BY NAME), so the schema is
written once, in sql/migrations.
"""

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import polars as pl

from incident_pipeline.model.frames import UTC_TIME
from incident_pipeline.model.git import Commit, FileChange, Ref
from incident_pipeline.model.incident import Incident, Job, LogRef, Run, Step, Window
from incident_pipeline.model.logs import SourceStatus
from incident_pipeline.model.report import Report

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")
Row = dict[str, Any]
COMMITS: dict[str, pl.DataType] = {
    "hash": pl.String(), "author": pl.String(), "author_email": pl.String(), "date": UTC_TIME,
    "committer": pl.String(), "committed_at": UTC_TIME, "message": pl.String(), "parents": pl.List(pl.String),
    "detail": pl.Int32(), "segment": pl.Int64(),
}  # fmt: skip
"""Columns of `commits` but `repo`. `segment` holds a commit's files, null when there are none to hold."""
_REPORT_COLUMNS = (
    "schema_version", "incident", "title", "repo", "head", "base", "verdict", "category", "status", "confidence",
    "summary", "engine", "evidence_hash", "program_version", "log_lines", "window_commits", "seconds",
)  # fmt: skip


def frame(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows as a frame; a column is null where it is null in every row."""
    return pl.DataFrame(list(rows), infer_schema_length=None) if rows else pl.DataFrame()


def value(kind: type[T], row: Mapping[str, Any], **more: object) -> T:
    """A dataclass from the columns of `row` that bear its fields' names."""
    names = {f.name for f in dataclasses.fields(kind)}
    return kind(**({name: item for name, item in row.items() if name in names} | more))


def log_id_of(*parts: str | int) -> int:
    """A stable positive 63-bit id of what a log is: (source, repo, run id, attempt, job id), or (source, path)."""
    text = "\x1f".join(str(part) for part in parts).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big") >> 1


def detail(commit: Commit) -> int:
    """0 without files, 1 with files, 2 with patches (or nothing to patch)."""
    if commit.files is None:
        return 0
    return 2 if all(file.patch is not None or file.binary or file.submodule for file in commit.files) else 1


def commit_of(row: Mapping[str, Any], files: tuple[FileChange, ...] | None) -> Commit:
    """The commit of a row of `commits`."""
    return value(Commit, row, parents=tuple(row["parents"] or ()), files=files)


def ref_frame(repo: str, refs: Sequence[Ref]) -> pl.DataFrame:
    """Rows of `refs`."""
    return frame([{"repo": repo, **fields(ref)} for ref in refs])


def run_frame(runs: Sequence[Run]) -> pl.DataFrame:
    """Rows of `ci_runs`."""
    return frame([fields(run) for run in runs])


def job_frame(run: Run, jobs: Sequence[Job]) -> pl.DataFrame:
    """Rows of `ci_jobs` of one attempt, steps nested."""
    key = {"source": run.source, "repo": run.repo, "run_id": run.run_id, "attempt": run.attempt}
    return frame(
        [
            {**key, "position": position, **fields(job), "steps": [fields(step) for step in job.steps]}
            for position, job in enumerate(jobs)
        ]
    )


def job_of(row: Mapping[str, Any]) -> Job:
    """The job of a row of `ci_jobs`."""
    steps = tuple(Step(**step) for step in row["steps"] or ())
    return value(Job, {name: item for name, item in row.items() if name != "steps"}, steps=steps)


def incident_frame(incident: Incident, window: Window | None) -> pl.DataFrame:
    """The row of `incidents`."""
    run, green = incident.run, incident.green_run
    return frame(
        [
            {
                "incident": incident.id, "tenant": incident.tenant, "kind": incident.kind, "source": incident.source,
                "repo": incident.repo, "title": incident.title, "occurred_at": incident.occurred_at,
                "since": incident.since, "until": incident.until,
                "origin": incident.origin, "same_commit_passed": incident.same_commit_passed,
                "run_id": run and run.run_id, "attempt": run and run.attempt,
                "green_source": green and green.source, "green_repo": green and green.repo,
                "green_run_id": green and green.run_id, "green_attempt": green and green.attempt,
                "window_repo": window and window.repo, "base": window and window.base, "head": window and window.head,
                "base_kind": window and window.base_kind, "window_complete": window and window.complete,
                "window_problems": list(window.problems) if window else None, "saved_at": datetime.now(UTC),
            }
        ]
    )  # fmt: skip


def incident_of(row: Mapping[str, Any], run: Run | None, jobs: tuple[Job, ...], *, green: Run | None) -> Incident:
    """The incident of a row of `incidents` and what was stored beside it."""
    return value(Incident, row, id=row["incident"], run=run, jobs=jobs, green_run=green)


def log_ref_frame(incident: str, logs: Sequence[LogRef]) -> pl.DataFrame:
    """Rows of `incident_logs`."""
    return frame([{"incident": incident, "position": n, **fields(log)} for n, log in enumerate(logs)])


def window_frame(incident: str, window: Window) -> pl.DataFrame:
    """Rows of `incident_commits`, newest first."""
    return frame(
        [
            {"incident": incident, "position": n, "repo": window.repo, "hash": commit.hash}
            for n, commit in enumerate(window.commits)
        ]
    )


def status_frame(incident: str, statuses: Sequence[SourceStatus]) -> pl.DataFrame:
    """Rows of `source_status`; `incident` is empty for a check or an ingest."""
    now = datetime.now(UTC)
    rows = [{"incident": incident, "position": n, "read_at": now, **fields(s)} for n, s in enumerate(statuses)]
    return frame(rows)


def report_row(report: Report) -> Row:
    """Facts of a report for `reports`; its identity and its texts are added by the caller."""
    return {name: getattr(report, name) for name in _REPORT_COLUMNS}


def finding_frame(report: Report, report_id: str) -> pl.DataFrame:
    """Rows of `findings`, best first."""
    key = {"incident": report.incident, "report_id": report_id}
    return frame([{**key, "position": n, **fields(finding)} for n, finding in enumerate(report.findings)])


def suspect_frame(report: Report, report_id: str) -> pl.DataFrame:
    """Rows of `suspects`, first suspect first."""
    key = {"incident": report.incident, "report_id": report_id}
    return frame(
        [
            {**key, "position": n, **fields(suspect), "reasons": [reason.text for reason in suspect.reasons]}
            for n, suspect in enumerate(report.suspects)
        ]
    )


def fields(item: "DataclassInstance") -> Row:
    """Fields of a dataclass as a row, not recursed into."""
    return {f.name: getattr(item, f.name) for f in dataclasses.fields(item)}
