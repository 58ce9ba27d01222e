"""Incident, window, suspects and what was seen in production in, events in order of time out.

Surprising fact: a commit's place in time is when it was committed, not when it was written: a rebased commit may be
written weeks before the last green run it came after.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from incident_pipeline.model.evidence import Failure, Suspect, log_ref
from incident_pipeline.model.git import Commit
from incident_pipeline.model.incident import Incident, Run, Window
from incident_pipeline.model.report import TimelineEvent
from incident_pipeline.reports.text import collapse, cut, short

MOST_COMMITS = 200
MOST_LIVE = 20
_LABEL_WIDTH = 120
_ORDER = {"commit": 0, "deploy": 1, "error": 2, "green": 3, "red": 4}


def timeline(
    incident: Incident, window: Window, suspects: Sequence[Suspect], failure: Failure
) -> tuple[TimelineEvent, ...]:
    """Commits, deploys, bursts of errors, the last green run and the red one, oldest first.

    Of a window of more than 200 commits the most suspect and then the newest are kept; views compare the number with
    `window_commits` and say so.
    """
    suspicion = {suspect.hash: suspect.probability for suspect in suspects}
    ranked = sorted(window.commits, key=lambda commit: -suspicion.get(commit.hash, 0.0))[:MOST_COMMITS]
    events = [_of_commit(commit, suspicion.get(commit.hash, 0.0)) for commit in ranked]
    events += [*_of_runs(incident), *_of_production(failure)]
    return tuple(sorted(events, key=lambda event: (event.at, _ORDER[event.kind])))


def _of_commit(commit: Commit, suspicion: float) -> TimelineEvent:
    label = cut(f"{short(commit.hash)} {collapse(commit.subject)}", _LABEL_WIDTH)
    return TimelineEvent(commit.committed_at or commit.date, "commit", label, commit.hash, suspicion)


def _of_production(failure: Failure) -> Iterator[TimelineEvent]:
    for deploy in failure.deploys[-MOST_LIVE:]:
        label = cut(collapse(f"{deploy.service} {deploy.what}"), _LABEL_WIDTH)
        yield TimelineEvent(deploy.at, "deploy", label, deploy.hash or deploy.ref)
    for burst in failure.bursts[:MOST_LIVE]:
        label = cut(collapse(f"{burst.service}: {burst.text}"), _LABEL_WIDTH)
        yield TimelineEvent(burst.started_at, "error", label, log_ref(burst.label, burst.line))


def _of_runs(incident: Incident) -> Iterator[TimelineEvent]:
    green, red = incident.green_run, incident.run
    green_at = green and run_time(green)
    if green and green_at:
        yield TimelineEvent(green_at, "green", f"last green: {run_name(green)}", green.run_id)
    red_at = incident.occurred_at or (red and run_time(red))
    if red_at:
        name = run_name(red) if red else incident.title
        yield TimelineEvent(red_at, "red", cut(f"failed: {collapse(name)}", _LABEL_WIDTH), red.run_id if red else "")


def run_time(run: Run) -> datetime | None:
    """When the run ended, else when it began."""
    return run.updated_at or run.created_at


def run_name(run: Run) -> str:
    """`CI #1842`, with the attempt when it was not the first."""
    name = f"{collapse(run.workflow)} #{run.run_number or run.run_id}"
    return f"{name} attempt {run.attempt}" if run.attempt > 1 else name
