"""An incident of production logs in; its logs, what began in them and the commits that may have done it out.

Besides the asked window a stretch before it is read, to know what is usual. Surprising fact: the errors' beginning, not
the asked window, decides which commits are looked at: what came after it cannot have caused it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

import polars as pl

from incident_pipeline.errors import AccessDenied, BadInput, IncidentError, NotFound, UsageError
from incident_pipeline.evidence.began import Began, find_began
from incident_pipeline.evidence.bursts import Survey, survey
from incident_pipeline.evidence.deploys import find_deploys
from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.flow import sources
from incident_pipeline.flow.live import SLACK, Live, read_live_window
from incident_pipeline.flow.logs import MAX_EVIDENCE_LINES, LogBook
from incident_pipeline.flow.request import Request, from_origin, to_origin
from incident_pipeline.flow.workspace import Workspace
from incident_pipeline.model.frames import LOG
from incident_pipeline.model.incident import Incident, LogRef, Window
from incident_pipeline.model.logs import LogEntry, SourceCheck, SourceStatus
from incident_pipeline.normalize.clean import clean_expr
from incident_pipeline.normalize.grouping import group_templates
from incident_pipeline.normalize.template import hash_series
from incident_pipeline.sources import registry
from incident_pipeline.sources.base import GitSource, LogSource
from incident_pipeline.warehouse.production import Seen, load_seen, load_staged

LEAST_BASELINE, MOST_BASELINE = timedelta(hours=1), timedelta(hours=24)
MAX_ENTRIES = 5_000_000
NOTE = "Window: "
_DATED = re.compile(r"[-_.]?\d[\d_.T:-]*$")


@dataclass(frozen=True, slots=True)
class Looked:
    """The incident dated to its onset, with notes; the commits that may have done it; what was seen in the logs."""

    incident: Incident
    window: Window
    seen: Seen


def baseline_start(since: datetime, until: datetime) -> datetime:
    """Where reading starts: as long before the window as it lasts, at least an hour, at most a day."""
    return since - min(max(until - since, LEAST_BASELINE), MOST_BASELINE)


def look(ws: Workspace, incident: Incident, *, book: LogBook, git: GitSource | None) -> Looked:
    """Read the services' logs, find what began and what went live, and read the commits from one to the other."""
    request, since, until = from_origin(incident.origin), incident.since, incident.until
    if since is None or until is None:
        raise UsageError(f"{incident.id}: a window of production logs needs both ends")
    start = baseline_start(since, until)
    services = _read(ws, incident, request, book=book, start=start)
    logs = [_text(ws, ref, book) for ref in book.refs]
    book.progress.step("Finding when it began")
    found = survey(logs, services, start=start, end=until, since=since)
    deploys = find_deploys(logs, services)
    latest = until if found.onset is None else min(until, found.onset + max(SLACK, 2 * found.bin))
    live = Live(deploys, found.bursts[0].service if found.bursts else None, min(since, found.onset or since), latest)
    window, deploys, notes = read_live_window(git, incident, request, live=live, progress=book.progress)
    said = (
        *(n for n in request.notes if not n.startswith(NOTE)), *_notes(found, start, until),
        *(f"{NOTE}{note}" for note in notes),
    )  # fmt: skip
    dated = replace(incident, occurred_at=found.onset or incident.until, origin=to_origin(replace(request, notes=said)))
    return Looked(dated, window, Seen(services, found.bursts, deploys))


def find(ws: Workspace, incident: Incident, logs: Sequence[LogText]) -> Began:
    """The failure of a collected incident of production logs, and the logs to judge it by."""
    seen = load_seen(ws.warehouse, incident.id)
    onset = incident.occurred_at if seen.bursts else incident.since
    if onset is None:
        raise UsageError(f"{incident.id}: a window of production logs needs both ends")
    return find_began(
        [by_event(log) for log in logs], seen.services, bursts=seen.bursts, deploys=seen.deploys, split=onset
    )


def _read(ws: Workspace, incident: Incident, request: Request, *, book: LogBook, start: datetime) -> dict[str, str]:
    """Read each service; label -> service. One that cannot be read is a status, unless none can."""
    since, until = start, incident.until or start
    asked = request.services or (incident.repo,)
    found: dict[str, str] = {}
    failures: list[IncidentError] = []
    for service in asked:
        done = len(book.refs)
        try:
            with _opened(ws, request, service) as logs:
                bounded = _Bounded(logs, MAX_ENTRIES)
                book.add_window(bounded, incident=replace(incident, repo=service), since=since, until=until)
        except (AccessDenied, BadInput, NotFound) as error:
            failures.append(error)
            status = "missing" if isinstance(error, NotFound) else "failed"
            book.statuses.append(SourceStatus(incident.source, "logs", service, status, str(error)))
            continue
        found |= _labelled(book.refs[done:], service, files=logs.reads_files)
    if len(failures) == len(asked):
        raise failures[0]
    return found


def _labelled(refs: Sequence[LogRef], service: str, *, files: bool) -> dict[str, str]:
    """Files of one set that bear several names are several services; rotated and dated ones are one."""
    stems = {ref.label: _DATED.sub("", Path(ref.name).name.partition(".")[0]) for ref in refs} if files else {}
    several = len(set(stems.values())) > 1 and service not in stems.values()
    return {ref.label: (stems[ref.label] if several else "") or service for ref in refs}


def _opened(ws: Workspace, request: Request, service: str) -> LogSource:
    """The configured source of that name (or whose set is of that service), else the one the request means."""
    kind = registry.canonical("logs", request.logs) if request.logs else None
    for entry in ws.settings.log_sources:
        named = service in {entry.name, entry.config.get("service")}
        if entry.enabled and named and kind in {None, entry.type}:
            return registry.open_logs(entry, settings=ws.settings)
    return sources.open_logs(ws, request)


def _text(ws: Workspace, ref: LogRef, book: LogBook) -> LogText:
    """A log that was just read, as evidence takes it."""
    staged = load_staged(ws.warehouse, book.read[book.refs.index(ref)]).tail(MAX_EVIDENCE_LINES)
    frame = staged.with_columns(clean_expr(pl.col("raw")).alias("text")).select(list(LOG))
    return by_event(LogText(ref.label, ref.name, frame))


def by_event(log: LogText) -> LogText:
    """The log with the event of each line for its template: `no rate for alice` and `no rate for bob` are one event.

    Events are read off the lines beside each other, so the same log has to be given whole each time.
    """
    events = hash_series(group_templates(log.frame["text"]))
    return replace(log, frame=log.frame.with_columns(events.alias("template")))


def _notes(found: Survey, start: datetime, until: datetime) -> Iterator[str]:
    if found.onset and found.bursts:
        lead = min(found.bursts, key=lambda b: b.started_at)
        yield (
            f"{NOTE}the errors began at {_show(found.onset)} in {lead.service} ({lead.label}:{lead.line}): lines from "
            f"then on and commits up to then were looked at; what was usual was read from {start:%Y-%m-%d %H:%M} UTC on"
        )
    else:
        yield (
            f"{NOTE}no burst of errors stands out between {start:%Y-%m-%d %H:%M} and {until:%Y-%m-%d %H:%M} UTC: "
            "the asked window was kept"
        )
    yield from (f"{NOTE}{note}" for note in found.notes)


def _show(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S} UTC"


class _Bounded(LogSource):
    """A source that gives at most `most` entries of a read and says when it stopped. Its owner closes the source."""

    def __init__(self, source: LogSource, most: int) -> None:
        self.name, self.reads_files = source.name, source.reads_files
        self._source, self._most, self._stopped = source, most, False

    def check(self) -> SourceCheck:
        return self._source.check()

    def get_logs(self, service: str, since: datetime, until: datetime, level: str | None = None) -> Iterator[LogEntry]:
        return islice(self._source.get_logs(service, since, until, level), self._most)

    def read_frames(
        self, service: str, since: datetime, until: datetime, level: str | None = None, *, rows: int = 50_000
    ) -> Iterator[pl.DataFrame]:
        left = self._most
        for frame in self._source.read_frames(service, since, until, level, rows=rows):
            yield frame.head(left)
            left -= frame.height
            if left <= 0:
                self._stopped = True
                return

    def read_statuses(self) -> tuple[SourceStatus, ...]:
        told = self._source.read_statuses()
        if not self._stopped:
            return told
        detail = f"stopped after {self._most:,} entries: choose a shorter window"
        return (*told, SourceStatus(self.name, "logs", "the rest of the window", "truncated", detail))
