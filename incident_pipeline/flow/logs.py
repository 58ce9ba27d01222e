"""Logs of an incident on their way into the warehouse, and out of it again as evidence reads them.

In: RAW_LOG frames of a source. Stored: LOG columns, redacted, one segment a log. Surprising fact: `text` is not stored;
it is derived again on the way out, so a log costs its raw line and little more.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby

import polars as pl

from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.flow.progress import Progress
from incident_pipeline.flow.redaction import without_secrets
from incident_pipeline.flow.workspace import Workspace
from incident_pipeline.model.frames import LOG
from incident_pipeline.model.incident import RED, Incident, Job, LogRef, Run
from incident_pipeline.model.logs import SourceStatus
from incident_pipeline.normalize.clean import clean_expr
from incident_pipeline.normalize.frames import normalize
from incident_pipeline.sources.base import CiLogSource, LogSource, TestReport
from incident_pipeline.sources.logs._log_file import FileLog
from incident_pipeline.warehouse.logs import LogFacts, ReadLog, find_log, load_log, stage_log
from incident_pipeline.warehouse.rows import log_id_of

MAX_EVIDENCE_LINES = 3_000_000
CLOCK_SKEW = timedelta(minutes=5)


@dataclass(slots=True)
class LogBook:
    """Reads an incident's logs one by one and keeps what citations call them and how far each was read.

    `read` is saved with the incident, in one transaction: an incident that could not be read leaves nothing behind.
    """

    ws: Workspace
    progress: Progress
    refs: list[LogRef] = field(default_factory=list[LogRef])
    statuses: list[SourceStatus] = field(default_factory=list[SourceStatus])
    read: list[ReadLog] = field(default_factory=list[ReadLog])
    last_time: datetime | None = None

    def add_jobs(self, kind: str, logs: CiLogSource, *, run: Run, jobs: Sequence[Job]) -> None:
        """Logs of CI jobs, each under the next `log` or `green` label. One that is stored whole is not read again."""
        stored = {job.job_id: found for job in jobs if (found := self._stored(run, job))}
        read = logs.read_job_logs(run, [job for job in jobs if job.job_id not in stored])
        for job in jobs:
            if job.job_id in stored:
                self._reuse(kind, *stored[job.job_id])
            else:
                log = next(read)
                self._add(kind, _job_facts(run, job), frames=log.frames, status=log.status)

    def _stored(self, run: Run, job: Job) -> tuple[LogFacts, datetime | None] | None:
        """What the warehouse has of a job that has ended, with its latest time: such a log does not change."""
        found = find_log(self.ws.warehouse, _job_facts(run, job).log_id) if job.conclusion else None
        if found is None or found[0].status != "read":  # where a log says nothing the source may tell more elsewhere
            return None
        times = _Times(self.ws.clock() + CLOCK_SKEW)
        times.see(found[1])
        return found[0], times.last

    def _reuse(self, kind: str, facts: LogFacts, last_time: datetime | None) -> None:
        status = SourceStatus(
            facts.source, "logs", facts.name, facts.status, facts.detail, facts.lines, facts.bytes, facts.skipped
        )
        self._name(kind, LogRef("", facts.log_id, facts.name, facts.job_id, facts.url), status, last_time)

    def add_report(self, report: TestReport, *, run: Run) -> None:
        """A test report of the failed run, under the next `log` label."""
        log_id = log_id_of(run.source, run.repo, run.run_id, run.attempt, report.key)
        facts = LogFacts(
            log_id, run.source, run.repo, report.name, "read",
            run_id=run.run_id, attempt=run.attempt, job_id=report.key, url=report.url,
        )  # fmt: skip
        self._add("log", facts, frames=report.frames, status=report.status)

    def add_file(self, kind: str, log: FileLog, *, incident: Incident) -> None:
        """A log file that proved readable, under the next `log` or `green` label."""
        path = str(log.path.absolute())
        log_id = log_id_of("files", incident.id, kind, path)
        facts = LogFacts(log_id, "files", incident.repo, log.path.name, "read", run_id=incident.id, job_id=path)
        self._add(kind, facts, frames=log.frames, status=log.status)

    def add_window(self, logs: LogSource, *, incident: Incident, since: datetime, until: datetime) -> None:
        """A service's entries in a time window, under the next `log` labels: one for each file where it has files."""
        window = read_window_logs(self.ws, logs, incident.repo, since=since, until=until, progress=self.progress)
        names = [self._keep("log", ref, done) for ref, done in window]
        self.statuses += unread(logs, names)

    def _add(
        self, kind: str, facts: LogFacts, *, frames: Iterator[pl.DataFrame], status: Callable[[], SourceStatus]
    ) -> None:
        done = read_log(self.ws, facts, frames=frames, status=status, progress=self.progress)
        self._keep(kind, LogRef("", facts.log_id, facts.name, facts.job_id, facts.url), done)

    def _keep(self, kind: str, ref: LogRef, done: "LogDone") -> str:
        self.read.append(done.read)
        return self._name(kind, ref, done.status, done.last_time)

    def _name(self, kind: str, ref: LogRef, status: SourceStatus, last_time: datetime | None) -> str:
        number = 1 + sum(other.label.rstrip("0123456789") == kind for other in self.refs)
        label = kind if number == 1 else f"{kind}{number}"
        self.refs.append(replace(ref, label=label))
        self.statuses.append(replace(status, what=f"{label}: {ref.name}"))
        if kind == "log" and last_time:
            self.last_time = max(last_time, self.last_time or last_time)
        return ref.name


def _job_facts(run: Run, job: Job) -> LogFacts:
    return LogFacts(
        log_id_of(run.source, run.repo, run.run_id, run.attempt, job.job_id), run.source, run.repo, job.name, "read",
        run_id=run.run_id, attempt=run.attempt, job_id=job.job_id, url=job.url,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class LogDone:
    """How far a log was read; `read` is still to be saved, `last_time` its latest time up to now, None without one."""

    status: SourceStatus
    read: ReadLog
    last_time: datetime | None


def read_window_logs(
    ws: Workspace, logs: LogSource, service: str, *, since: datetime, until: datetime, progress: Progress
) -> Iterator[tuple[LogRef, LogDone]]:
    """A service's entries in a time window become one log, or one for each file where line numbers are the files'."""
    frames = logs.read_frames(service, since, until)
    if not logs.reads_files:
        name = f"{service} {since:%Y-%m-%d %H:%M}"
        yield _read_part(ws, logs, service, frames=frames, name=name, window=(since, until), progress=progress)
        return
    for path, part in groupby(frames, key=_file_of):
        yield _read_part(ws, logs, service, frames=part, name=path, window=(since, until), progress=progress)


def _read_part(
    ws: Workspace, logs: LogSource, service: str, *,
    frames: Iterator[pl.DataFrame], name: str, window: tuple[datetime, datetime], progress: Progress,
) -> tuple[LogRef, LogDone]:  # fmt: skip
    since, until = window
    log_id = log_id_of(logs.name, service, name, since.isoformat(), until.isoformat())
    facts = LogFacts(log_id, logs.name, service, name, "read", since=since, until=until)
    seen = {"rows": 0}

    def counted() -> Iterator[pl.DataFrame]:
        for frame in frames if logs.reads_files else _numbered(frames):
            seen["rows"] += frame.height
            yield frame

    def status() -> SourceStatus:
        told = next((s for s in logs.read_statuses() if s.what == name), None)
        told = told or SourceStatus(logs.name, "logs", name, "read" if seen["rows"] else "empty")
        return replace(told, rows=seen["rows"])

    return LogRef("", log_id, name), read_log(ws, facts, frames=counted(), status=status, progress=progress)


def _numbered(frames: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Entries of a service numbered as if they stood in a file: one of three lines takes three numbers."""
    first = 1
    for frame in frames:
        heights = (frame["message"].str.count_matches("\n", literal=True) + 1).cast(pl.Int64)
        starts = heights.cum_sum() - heights + first
        first += int(heights.sum())
        yield frame.with_columns(line=starts)


def unread(logs: LogSource, read: Sequence[str]) -> list[SourceStatus]:
    """What the last read of a source did not make a log of although it should have: failed, missing, skipped files."""
    return [s for s in logs.read_statuses() if s.what not in read and s.status != "read"]


def _file_of(frame: pl.DataFrame) -> str:
    metadata = frame["metadata"][0] if frame.height else None
    return str(json.loads(metadata).get("file", "")) if metadata else ""


@dataclass(slots=True)
class _Times:
    """What is odd about a log's times: some lie after `now`, some before the one above. Order is kept as it stands."""

    now: datetime
    last: datetime | None = None
    ahead: int = 0
    back: int = 0
    above: datetime | None = None

    def see(self, times: pl.Series) -> None:
        """The next times of the log, in its order."""
        known = times.drop_nulls()
        if known.is_empty():
            return
        self.back += int((known.diff() < timedelta()).sum()) + (self.above is not None and known[0] < self.above)
        self.above = known[-1]
        past = known.filter(known <= self.now)
        self.ahead += len(known) - len(past)
        latest = past.max()
        if isinstance(latest, datetime):
            self.last = max(latest, self.last or latest)

    def odd(self) -> tuple[str, ...]:
        """One clause for each kind."""
        said = ((self.ahead, "entries carry a time in the future"), (self.back, "times go back (order was kept)"))
        return tuple(f"{count:,} {what}" for count, what in said if count)


def read_log(
    ws: Workspace, facts: LogFacts, *,
    frames: Iterator[pl.DataFrame], status: Callable[[], SourceStatus], progress: Progress,
) -> LogDone:  # fmt: skip
    """Normalize, redact and stage `frames` as they come; `status` is asked when all are read."""
    progress.step(without_secrets(f"Reading {facts.name}"))
    counts = {"redactions": 0}
    times = _Times(ws.clock() + CLOCK_SKEW)

    def normalized() -> Iterator[pl.DataFrame]:
        for raw in frames:
            frame, redactions = normalize(raw)
            counts["redactions"] += redactions
            times.see(frame["timestamp"])
            progress.advance(frame.height)
            yield frame

    staged = stage_log(ws.warehouse, facts.log_id, normalized())
    final = status()
    final = replace(final, detail="; ".join(filter(None, (final.detail, *times.odd()))))
    known = {name: getattr(facts, name) for name in LogFacts.__dataclass_fields__}
    known |= {
        "status": final.status, "detail": final.detail, "lines": staged.rows, "bytes": final.bytes,
        "skipped": final.skipped, "redactions": counts["redactions"], "read_at": ws.clock(),
    }  # fmt: skip
    return LogDone(final, ReadLog(without_secrets(LogFacts(**known)), staged), times.last)


def load_logs(ws: Workspace, refs: Sequence[LogRef], incident: Incident) -> tuple[list[LogText], list[LogText]]:
    """The failed logs and the green logs of an incident, normalized, as evidence takes them."""
    texts = [LogText(ref.label, ref.name, load_frame(ws, ref.log_id), _failed_steps(incident, ref)) for ref in refs]
    failed = [t for t in texts if not t.label.startswith("green")]
    return failed, [t for t in texts if t.label.startswith("green")]


def load_frame(ws: Workspace, log_id: int) -> pl.DataFrame:
    """LOG columns of a stored log; of a log past MAX_EVIDENCE_LINES only its end is looked at."""
    stored = load_log(ws.warehouse, log_id).tail(MAX_EVIDENCE_LINES)
    return stored.with_columns(clean_expr(pl.col("raw")).alias("text")).select(list(LOG))


def load_log_raw(ws: Workspace, log_id: int) -> pl.Series:
    """The untouched (redacted) text of every entry of a stored log."""
    return load_log(ws.warehouse, log_id)["raw"]


def _failed_steps(incident: Incident, ref: LogRef) -> tuple[str, ...]:
    job = next((j for j in incident.jobs if j.job_id == ref.job_id), None)
    return tuple(s.name for s in job.steps if s.conclusion in RED) if job else ()
