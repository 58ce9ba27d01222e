"""A judged failure in; what was seen of it before out: the incident it joins, how often, and what resembles it.

Surprising fact: a failure joins an earlier one by its range of commits, not by time. When the commit that failed
before lies in the range that is suspected now, no green run can have come between (docs/decisions/007-memory.md).
"""

from collections.abc import Sequence

from incident_pipeline.evidence.fingerprint import fingerprint
from incident_pipeline.evidence.likeness import similar
from incident_pipeline.flow.workspace import Workspace
from incident_pipeline.model.evidence import Failure
from incident_pipeline.model.incident import Incident, Window
from incident_pipeline.model.memory import Memory, PastIncident
from incident_pipeline.warehouse.memory import fingerprint_write, load_past
from incident_pipeline.warehouse.writes import Write

MAX_PAST = 2_000


def past(ws: Workspace, incident: Incident) -> tuple[PastIncident, ...]:
    """The newest incidents of the tenant but `incident`, newest first, and what came of each. One read, bounded."""
    return load_past(ws.warehouse, without=incident.id, limit=MAX_PAST)


def remembered(incident: Incident, failure: Failure) -> Write:
    """The write that remembers the failure, to be put beside the evidence. An incident has one fingerprint."""
    return fingerprint_write(incident.id, fingerprint(failure))


def recall(
    ws: Workspace, incident: Incident, *, window: Window, failure: Failure, known: Sequence[PastIncident] | None = None
) -> Memory:
    """What was seen of this failure before `incident`. `known` is what `past` gave, where the caller has it already."""
    now = fingerprint(failure)
    at = incident.occurred_at or ws.clock()
    before = [
        p for p in (past(ws, incident) if known is None else known)
        if p.occurred_at is None or (p.occurred_at, p.incident) < (at, incident.id)
    ]  # fmt: skip
    workflow = incident.run.workflow if incident.run else ""
    stretch = [p for p in before if now.key and p.fingerprint.key == now.key and p.repo == incident.repo
               and p.workflow == workflow and _still_red(p, window)]  # fmt: skip
    first = min(stretch, key=lambda p: (p.occurred_at or at, p.incident), default=None)
    return Memory(
        joins=first.incident if first else None,
        times=len(stretch) + 1,
        first_at=first.occurred_at if first else None,
        similar=similar(now, [p for p in before if p not in stretch], repo=incident.repo),
    )


def _still_red(p: PastIncident, window: Window) -> bool:
    """The commit that failed then is suspected now, so nothing since has been green."""
    if p.head is None or p.head == window.base:
        return False
    return p.head == window.head or any(c.hash == p.head for c in window.commits)
