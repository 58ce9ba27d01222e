"""Everything that is stored of one judged incident, loaded once: what a report is built from and checked against."""

from dataclasses import dataclass

from incident_pipeline.errors import NotFound
from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.flow.logs import load_logs
from incident_pipeline.flow.lookup import EvidenceLookup
from incident_pipeline.flow.workspace import Workspace
from incident_pipeline.model.incident import Incident, LogRef, Window
from incident_pipeline.model.logs import SourceStatus
from incident_pipeline.warehouse import incidents
from incident_pipeline.warehouse.reports import Evidence, load_evidence


@dataclass(frozen=True, slots=True)
class Subject:
    """`logs` are the failed jobs'; `lookup` knows the green ones too."""

    incident: Incident
    window: Window
    evidence: Evidence
    refs: tuple[LogRef, ...]
    statuses: tuple[SourceStatus, ...]
    logs: tuple[LogText, ...]
    lookup: EvidenceLookup


def load_window(ws: Workspace, incident: Incident) -> Window:
    """The incident's window. NotFound when it was never read."""
    window = incidents.load_window(ws.warehouse, incident.id)
    if window is None:
        raise NotFound(f"{incident.id}: its window was not read yet: materialize incident_window, or investigate it")
    return window


def load_subject(ws: Workspace, incident_id: str) -> Subject:
    """NotFound, with the next step, when the incident is unknown, not read or not judged yet."""
    with ws.warehouse.reading():
        return _load(ws, incident_id)


def _load(ws: Workspace, incident_id: str) -> Subject:
    incident = incidents.load_incident(ws.warehouse, incident_id)
    window = load_window(ws, incident)
    evidence = load_evidence(ws.warehouse, incident.id)
    if evidence is None:
        raise NotFound(f"{incident.id}: not judged yet: materialize evidence, or investigate it")
    refs = incidents.load_logs(ws.warehouse, incident.id)
    logs, greens = load_logs(ws, refs, incident)
    lookup = EvidenceLookup([*logs, *greens], window, evidence.code)
    statuses = incidents.load_statuses(ws.warehouse, incident.id)
    return Subject(incident, window, evidence, refs, statuses, tuple(logs), lookup)
