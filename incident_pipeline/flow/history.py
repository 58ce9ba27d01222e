"""What is stored, looked at again: incidents, one report, and any question in SQL. Reads never wait for a writer."""

import polars as pl

from incident_pipeline.flow.report import StoredReport
from incident_pipeline.flow.workspace import Workspace
from incident_pipeline.reports.json import from_json
from incident_pipeline.warehouse import incidents, reports
from incident_pipeline.warehouse.gate import QueryResult


def list_incidents(ws: Workspace, *, limit: int = 50) -> pl.DataFrame:
    """Newest first, one row a failure: its newest incident, how many runs failed so, the current verdict."""
    return incidents.list_incidents(ws.warehouse, limit=limit)


def show_incident(ws: Workspace, id_or_part: str) -> StoredReport:
    """The current report of the incident with that id, or with a part of it that no other has."""
    with ws.warehouse.reading():
        stored = reports.load_report(ws.warehouse, incidents.find_incident(ws.warehouse, id_or_part))
    page = ws.home / (stored.html_path or "")
    return StoredReport(stored.report_id, from_json(stored.json), stored.json, stored.markdown, page)


def query(ws: Workspace, sql: str, *, max_rows: int, seconds: float) -> QueryResult:
    """Public SQL, read only and bounded. UsageError says what is allowed."""
    return ws.warehouse.query(sql, max_rows=max_rows, seconds=seconds)
