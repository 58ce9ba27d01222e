"""What CI adapters share: a log fetched as a JobLog, failed tests as a TestReport, the lines of all logs of a window.

Surprising fact: the temporary file is opened before its name goes, so its frames stay readable until they end or are
dropped, and nothing is left on disk.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from incident_pipeline.errors import BadInput, Gone, IncidentError, NotFound, UsageError
from incident_pipeline.http.client import Client
from incident_pipeline.http.errors import Call
from incident_pipeline.model.incident import Job
from incident_pipeline.model.levels import at_least, canonical
from incident_pipeline.model.logs import LogEntry, ReadStatus, SourceStatus
from incident_pipeline.sources._api import in_window
from incident_pipeline.sources.base import CiLogSource, JobLog, TestReport
from incident_pipeline.sources.logs._junit_report import FailedCase, write_report

if TYPE_CHECKING:
    import polars as pl


def fetch_job_log(
    client: Client, url: str, call: Call, job: Job, *, source: str, fmt: str, max_bytes: int,
    empty: Callable[[], tuple[ReadStatus, str]], stopped: str | None = None,
) -> JobLog:  # fmt: skip
    """Read whole into a temporary file first, so that a broken transfer can start over and is never half a log.

    `empty` says what it means that there is nothing in it. A line that fits `stopped` (a Rust regex) is what whoever
    wrote the log left where it ended.
    """
    try:
        with NamedTemporaryFile(prefix="job-", suffix=".log") as file:
            missing = [] if client.download(url, call, file, max_bytes=max_bytes) else [f"cut at {max_bytes:,} bytes"]
            if not file.tell():
                return unread_log(job, *empty(), source=source)
            if job.conclusion is None:
                missing.append("the job has not ended")
            file.flush()
            return _opened(Path(file.name), call, job, source=source, fmt=fmt, missing=missing, stopped=stopped)
    except (NotFound, Gone, BadInput) as error:
        return unread_log(job, kind_of(error), str(error), source=source)


def _opened(
    path: Path, call: Call, job: Job, *, source: str, fmt: str, missing: list[str], stopped: str | None
) -> JobLog:  # fmt: skip
    from incident_pipeline.sources.logs._log_file import open_log_file  # noqa: PLC0415 - polars is slow to load

    log = open_log_file(path, fmt=fmt, who=f"{call.who}: {call.what}")
    first = list(islice(log.frames, 1))

    def frames() -> "Iterator[pl.DataFrame]":
        for frame in chain(first, log.frames):
            if stopped and frame["message"].str.contains(stopped).any():
                missing.append("the log stopped at a limit of its size")
            yield frame

    return JobLog(job, lambda: _told(log.status(source), job.name, missing), frames())


def failed_tests(cases: Iterable[FailedCase], *, key: str, name: str, source: str, url: str = "") -> TestReport:
    """One report with all `cases`; it has no frames when there is no case."""
    from incident_pipeline.sources.logs._log_file import open_log_file  # noqa: PLC0415 - polars is slow to load

    with NamedTemporaryFile(prefix="report-", suffix=".xml") as file:
        _, left = write_report(cases, file)
        file.flush()
        log = open_log_file(Path(file.name), fmt="plain", who=name)
        first = list(islice(log.frames, 1))
    missing = [f"{left:,} more failed tests were left out"] if left else []
    return TestReport(key, name, lambda: _told(log.status(source), name, missing), chain(first, log.frames), url)


def _told(status: SourceStatus, what: str, missing: list[str]) -> SourceStatus:
    status = replace(status, what=what)
    if not missing:
        return status
    return replace(status, status="truncated", detail="; ".join(filter(None, (*missing, status.detail))))


def kind_of(error: IncidentError) -> ReadStatus:
    """How far a log was read that ended in `error`."""
    return "missing" if isinstance(error, NotFound) else "expired" if isinstance(error, Gone) else "failed"


def unread_log(job: Job, kind: ReadStatus, detail: str, *, source: str) -> JobLog:
    """A log without frames."""
    told = SourceStatus(source, "logs", job.name, kind, detail)
    return JobLog(job, lambda: told, iter(()))


def unread_report(name: str, kind: ReadStatus, detail: str, *, source: str) -> TestReport:
    """A report without frames."""
    told = SourceStatus(source, "logs", name, kind, detail)
    return TestReport("", name, lambda: told, iter(()))


def entries_of(
    ci: CiLogSource, repo: str, since: datetime, until: datetime, level: str | None = None
) -> Iterator[LogEntry]:
    """Lines of all jobs of the runs created in the window; those without a time are kept, those of another time not.

    UsageError for an unknown level.
    """
    levels = at_least(level) if level else None
    if level and levels is None:
        raise UsageError(f"{ci.name}: unknown level {level[:40]!r}")
    for run in ci.get_runs(repo, since, until):
        for log in ci.read_job_logs(run, list(ci.get_jobs(run))):
            about = {"run_id": run.run_id, "job_id": log.job.job_id, "job": log.job.name}
            for row in chain.from_iterable(frame.iter_rows(named=True) for frame in log.frames):
                at, said = row["timestamp"], row["level"]
                if (at is None or in_window(at, since, until)) and (levels is None or canonical(said) in levels):
                    yield LogEntry(at, said, row["message"], about, row["line"])
