"""One configured source in, what it held of the last days in the warehouse out; failed CI runs become incidents.

Surprising fact: reading the same stretch again replaces it, so an ingest can be repeated or overlap without doubles.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from incident_pipeline.errors import NotFound
from incident_pipeline.flow.incidents import open_run
from incident_pipeline.flow.logs import read_window_logs, unread
from incident_pipeline.flow.progress import Progress
from incident_pipeline.flow.redaction import redact_commits, without_secrets
from incident_pipeline.flow.request import Request
from incident_pipeline.flow.sources import repo_name
from incident_pipeline.flow.workspace import Workspace
from incident_pipeline.model.logs import SourceStatus
from incident_pipeline.settings import SourceEntry
from incident_pipeline.sources import registry
from incident_pipeline.sources.base import CiLogSource, GitSource, LogSource
from incident_pipeline.warehouse.commits import save_commits, save_refs
from incident_pipeline.warehouse.incidents import save_statuses
from incident_pipeline.warehouse.logs import LogFacts, save_log
from incident_pipeline.warehouse.rows import run_frame
from incident_pipeline.warehouse.writes import Write

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
    """Read the source `name` of the config. NotFound when the config has none; ConfigError when its entry is off."""
    started, until = time.monotonic(), ws.clock()
    since = until - timedelta(days=days)
    entry = _entry(ws, name, kind)
    opener = registry.open_git if kind == "git" else registry.open_logs
    incidents: tuple[str, ...] = ()
    problems: tuple[SourceStatus, ...] = ()
    progress.step(f"Reading {name}")
    with opener(entry, settings=ws.settings) as source:
        if isinstance(source, GitSource):
            counts = _commits(ws, source, repo_name(entry), since=since, progress=progress)
        elif isinstance(source, CiLogSource):
            counts, incidents = _runs(ws, source, entry, since=since, until=until)
        else:
            counts, problems = _logs(ws, source, since=since, until=until, progress=progress)
    return Ingested(name, since, until, time.monotonic() - started, counts, incidents, problems)


def _entry(ws: Workspace, name: str, kind: str) -> SourceEntry:
    entries = ws.settings.git_sources if kind == "git" else ws.settings.log_sources
    for entry in entries:
        if entry.name == name and entry.enabled:
            return entry
    raise NotFound(f"{name}: no enabled {kind} source of that name in the config")


def _commits(ws: Workspace, git: GitSource, repo: str, *, since: datetime, progress: Progress) -> dict[str, int]:
    if git.streams_patches:
        before = next(git.get_commits(repo, until=since), None)
        commits = git.get_commits_between(repo, before.hash if before else None, git.default_branch(repo))
    else:
        commits = git.get_commits(repo, since=since)
    saved = save_commits(ws.warehouse, repo, redact_commits(commits))
    progress.advance(saved.commits)
    refs = save_refs(ws.warehouse, repo, without_secrets([*git.get_branches(repo), *git.get_tags(repo)]))
    return {"commits": saved.commits, "known commits": saved.known, "files": saved.files, "refs": refs}


def _runs(
    ws: Workspace, logs: CiLogSource, entry: SourceEntry, *, since: datetime, until: datetime
) -> tuple[dict[str, int], tuple[str, ...]]:
    repo = repo_name(entry)
    runs = list(logs.get_runs(repo, since, until))
    ws.warehouse.replace([Write("ci_runs", {}, run_frame(without_secrets(runs)))])
    failed = [run for run in runs if run.failed]
    opened = [open_run(ws, Request(logs=entry.type, repo=repo), run).key for run in failed]
    return {"runs": len(runs), "failed runs": len(failed)}, tuple(opened)


def _logs(
    ws: Workspace, logs: LogSource, *, since: datetime, until: datetime, progress: Progress
) -> tuple[dict[str, int], tuple[SourceStatus, ...]]:
    windows = [_ALL_TIME] if logs.reads_files else _days(since, until)
    stored: list[LogFacts] = []
    problems: list[SourceStatus] = []
    for start, end in windows:
        for _, done in read_window_logs(ws, logs, logs.name, since=start, until=end, progress=progress):
            save_log(ws.warehouse, done.read.facts, done.read.staged)
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
    return counts, tuple(problems)


def _days(since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
    """UTC days that touch [since, until]: a day is what is replaced as a whole."""
    day = since.replace(hour=0, minute=0, second=0, microsecond=0)
    days: list[tuple[datetime, datetime]] = []
    while day < until:
        days.append((day, day + timedelta(days=1)))
        day += timedelta(days=1)
    return days
