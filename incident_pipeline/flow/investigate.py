"""A request in, one stored report for each failed run it names, newest first: the one sentence, end to end."""

import time
from collections.abc import Iterator

from incident_pipeline.errors import NotFound
from incident_pipeline.flow.collect import collect
from incident_pipeline.flow.incidents import find_incidents
from incident_pipeline.flow.judge import judge
from incident_pipeline.flow.progress import Progress, quiet
from incident_pipeline.flow.report import StoredReport, write_report
from incident_pipeline.flow.request import Request
from incident_pipeline.flow.workspace import Workspace

__all__ = ["StoredReport", "investigate"]


def investigate(ws: Workspace, request: Request, *, progress: Progress = quiet) -> Iterator[StoredReport]:
    """Find, collect, judge and report each incident of `request`. NotFound when its window holds no failed run."""
    incidents = list(find_incidents(ws, request, progress))
    if not incidents:
        raise NotFound(f"{request.repo or request.logs}: no failed run in this window")
    for incident in incidents:
        started = time.monotonic()
        collect(ws, incident, progress)
        judge(ws, incident.id, progress)
        yield write_report(ws, incident.id, progress, seconds=time.monotonic() - started)
