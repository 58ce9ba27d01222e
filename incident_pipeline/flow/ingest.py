"""One configured source in, what it held of the last days in the warehouse out; failed CI runs become incidents.

A cursor is kept beside what was read, in one transaction where it can be: a run that is killed goes on where it was.
Surprising fact: reading the same stretch again replaces it, so an ingest can be repeated or overlap without doubles.
"""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from incident_pipeline.errors import NotFound
from incident_pipeline.flow.incidents import open_run
from incident_pipeline.flow.logs import read_window_logs, unread
from incident_pipeline.flow.progress import Progress
from incident_pipeline.flow.redaction import redact_commits, without_secrets
from incident_pipeline.flow.request import Request
from incident_pipeline.flow.sources import configured_repo, repo_name
from incident_pipeline.flow.workspace import Workspace
from incident_pipeline.model.incident import Run
from incident_pipeline.model.logs import SourceStatus
from incident_pipeline.settings import SourceEntry
from incident_pipeline.sources import registry
from incident_pipeline.sources.base import CiLogSource, GitSource, LogSource
from incident_pipeline.warehouse.commits import save_commits, save_refs
from incident_pipeline.warehouse.cursors import Cursor, cursor_write, load_cursor, save_cursor
from incident_pipeline.warehouse.incidents import save_statuses
from incident_pipeline.warehouse.logs import LogFacts, save_log
from incident_pipeline.warehouse.rows import run_frame
from incident_pipeline.warehouse.writes import Write

HOUR = timedelta(hours=1)
LATE_RECORDS, LATE_RUNS, LATE_COMMITS = timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)
"""How long after its time a thing may still appear: so far back the next ingest looks again."""

Number = int | float | str
_ALL_TIME = (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))  # a file is replaced as a whole


@dataclass(frozen=True, slots=True)
class Ingested:
    """What one ingest read. `incidents` are the partition keys of the failures it opened; `counts` are rows by kind;
    `unread` is what of the source could not be read, or not whole.
    """

    source: str
    since: datetime
    until: datetime
    seconds: float
    counts: Mapping[str, int]
    incidents: tuple[str, ...] = ()
    unread: tuple[SourceStatus, ...] = ()

    def metadata(self) -> Mapping[str, Number]:
        """Counts, window and seconds under names people read."""
        window = {"since": self.since.isoformat(), "until": self.until.isoformat()}
        facts = {**self.counts, **window, "seconds": round(self.seconds, 3), "incidents": len(self.incidents)}
        said = "; ".join(f"{s.what}: {s.detail or s.status}" for s in self.unread)
        return {**facts, "not read whole": said} if said else facts


def ingest(ws: Workspace, name: str, *, kind: str, days: float, progress: Progress) -> Ingested:
    """Read what the source `name` of the config gained since it was last read, or its last `days` the first time.

    NotFound when the config has no such source; ConfigError when its entry is off.
    """
    started, until = time.monotonic(), ws.clock()
    entry = _entry(ws, name, kind)
    opener = registry.open_git if kind == "git" else registry.open_logs
    incidents: tuple[str, ...] = ()
    problems: tuple[SourceStatus, ...] = ()
    progress.step(f"Reading {name}")
    with opener(entry, settings=ws.settings) as source:
        reach = _Reach(ws, name, kind, until - timedelta(days=days), until)
        if isinstance(source, GitSource):
            counts, since = _commits(ws, source, repo_name(entry), reach=reach, progress=progress)
        elif isinstance(source, CiLogSource):
            counts, since, incidents = _runs(ws, source, entry, reach=reach)
        else:
            counts, since, problems = _logs(ws, source, reach=reach, progress=progress)
    return Ingested(name, since, until, time.monotonic() - started, counts, incidents, problems)


@dataclass(frozen=True, slots=True)
class _Reach:
    """What one ingest is to cover: [`since`, `until`), and with it all that came since the last one."""

    ws: Workspace
    name: str
    kind: str
    since: datetime
    until: datetime

    def cursor(self, what: str) -> Cursor | None:
        """How far `what` was read; None when what is asked for now begins before that."""
        known = load_cursor(self.ws.warehouse, self.name, kind=self.kind, what=what)
        return known if known and known.since <= self.since else None

    def done(self, what: str, known: Cursor | None, *, start: datetime, until: datetime, resume_at: datetime) -> Cursor:
        """The cursor after [`start`, `until`) was read on from `known`."""
        return Cursor(self.name, self.kind, what, known.since if known else start, until, resume_at)


def _entry(ws: Workspace, name: str, kind: str) -> SourceEntry:
    entries = ws.settings.git_sources if kind == "git" else ws.settings.log_sources
    for entry in entries:
        if entry.name == name and entry.enabled:
            return entry
    raise NotFound(f"{name}: no enabled {kind} source of that name in the config")


def _commits(
    ws: Workspace, git: GitSource, repo: str, *, reach: _Reach, progress: Progress
) -> tuple[dict[str, int], datetime]:  # fmt: skip
    known = reach.cursor(repo)
    since = known.resume_at if known else reach.since
    if git.streams_patches:
        before = next(git.get_commits(repo, until=since), None)
        commits = git.get_commits_between(repo, before.hash if before else None, git.default_branch(repo))
    else:
        commits = git.get_commits(repo, since=since)
    saved = save_commits(ws.warehouse, repo, redact_commits(commits))
    progress.advance(saved.commits)
    refs = save_refs(ws.warehouse, repo, without_secrets([*git.get_branches(repo), *git.get_tags(repo)]))
    # A commit may be pushed long after it was made; one that is pushed later still is read when a run needs it.
    resume_at = _floor(reach.until - LATE_COMMITS, timedelta(days=1))
    save_cursor(ws.warehouse, reach.done(repo, known, start=since, until=reach.until, resume_at=resume_at))
    counts = {"commits": saved.commits, "known commits": saved.known, "files": saved.files, "refs": refs}
    return counts, since


def _runs(
    ws: Workspace, logs: CiLogSource, entry: SourceEntry, *, reach: _Reach
) -> tuple[dict[str, int], datetime, tuple[str, ...]]:
    """Asked for without an end and from a start that stays while nothing is new: the same question, which a vendor may
    answer with "not modified"."""
    repo = configured_repo(entry)
    what = repo or entry.name
    known = reach.cursor(what)
    since = known.resume_at if known else _floor(reach.since, timedelta(days=1))
    runs = list(logs.get_runs(repo, since))
    ws.warehouse.replace([Write("ci_runs", {}, run_frame(without_secrets(runs)))])
    failed = [run for run in runs if run.failed]
    opened = [open_run(ws, Request(logs=entry.type, repo=repo), run).key for run in failed]
    resume_at = _resume_runs(runs, since)
    save_cursor(ws.warehouse, reach.done(what, known, start=since, until=reach.until, resume_at=resume_at))
    return {"runs": len(runs), "failed runs": len(failed)}, since, tuple(opened)


def _resume_runs(runs: Sequence[Run], since: datetime) -> datetime:
    """The oldest run that has not ended, else a little before the newest: runs are not listed in the order they end."""
    made = sorted((run.created_at, run.conclusion is None) for run in runs if run.created_at)
    if not made:
        return since
    unfinished = [at for at, running in made if running]
    return max(since, min([*unfinished, made[-1][0] - LATE_RUNS]))


def _logs(
    ws: Workspace, logs: LogSource, *, reach: _Reach, progress: Progress
) -> tuple[dict[str, int], datetime, tuple[SourceStatus, ...]]:
    service = logs.name
    known = None if logs.reads_files else reach.cursor(service)
    since = known.resume_at if known else _floor(reach.since, HOUR)
    windows = [_ALL_TIME] if logs.reads_files else _hours(since, reach.until)
    stored: list[LogFacts] = []
    problems: list[SourceStatus] = []
    for start, end in windows:
        for _, done in read_window_logs(ws, logs, service, since=start, until=end, progress=progress):
            beside: list[Write] = []
            if not logs.reads_files:
                until = min(end, reach.until)
                # The hour that is open, and one that just closed, are read again: records come late.
                resume_at = _floor(until - LATE_RECORDS, HOUR)
                beside = [cursor_write(reach.done(service, known, start=since, until=until, resume_at=resume_at))]
            save_log(ws.warehouse, done.read.facts, done.read.staged, beside=beside)
            stored.append(done.read.facts)
            problems += [done.status] if done.status.status not in {"read", "empty"} else []
        problems += unread(logs, [facts.name for facts in stored])
    problems = without_secrets(problems)
    if problems:
        save_statuses(ws.warehouse, problems)
    counts = {
        "logs": len(stored),
        "entries": sum(facts.lines for facts in stored),
        "redactions": sum(facts.redactions for facts in stored),
    }
    return counts, since, tuple(problems)


def _hours(since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
    """UTC hours that touch [since, until): an hour is what is replaced as a whole."""
    start = _floor(since, HOUR)
    count = math.ceil((until - start) / HOUR)
    return [(start + n * HOUR, start + (n + 1) * HOUR) for n in range(count)]


def _floor(at: datetime, step: timedelta) -> datetime:
    return at - (at - datetime(1970, 1, 1, tzinfo=UTC)) % step
