"""Stored evidence and a replay's proof in; a checked report out, stored as rows, Markdown, JSON and one HTML file.

Surprising fact: a report whose citations do not resolve is never stored: that is a defect of ours, said as an error.
"""

from dataclasses import dataclass
from pathlib import Path

from incident_pipeline.errors import IncidentError
from incident_pipeline.evidence.confirm import confirmed
from incident_pipeline.evidence.excerpt import select_lines
from incident_pipeline.flow.files import write_file
from incident_pipeline.flow.memory import recall
from incident_pipeline.flow.progress import Progress
from incident_pipeline.flow.request import from_origin
from incident_pipeline.flow.subject import load_subject
from incident_pipeline.flow.workspace import Workspace
from incident_pipeline.model.report import Report
from incident_pipeline.reports.build import build_report
from incident_pipeline.reports.check import check_report
from incident_pipeline.reports.html import render_html
from incident_pipeline.reports.json import to_json
from incident_pipeline.reports.markdown import render_markdown
from incident_pipeline.warehouse.proofs import load_proof
from incident_pipeline.warehouse.reports import save_report

EXCERPT_CHARS = 8_000


@dataclass(frozen=True, slots=True)
class StoredReport:
    """A report and where it lies. `id` is the Dagster run's, or made of the time and the evidence for other callers."""

    id: str
    report: Report
    json: str
    markdown: str
    html_path: Path


def write_report(
    ws: Workspace, incident_id: str, progress: Progress, *, run_id: str | None = None, seconds: float | None = None
) -> StoredReport:
    """Build, check and store the report of a judged incident; it becomes the incident's current one."""
    progress.step("Writing the report")
    with ws.warehouse.reading():
        subject = load_subject(ws, incident_id)
        incident, window, failure = subject.incident, subject.window, subject.evidence.failure
        proof = load_proof(ws.warehouse, incident.id, window)
        memory = recall(ws, incident, window=window, failure=failure)
    judgement = subject.evidence.judgement
    report = build_report(
        incident=incident,
        window=window,
        failure=failure,
        judgement=confirmed(judgement, proof, window) if proof else judgement,
        code=subject.evidence.code,
        logs=subject.refs,
        excerpts={log.label: select_lines(log, failure, max_chars=EXCERPT_CHARS).lines for log in subject.logs},
        memory=memory,
        replay=proof,
        lookup=subject.lookup,
        statuses=subject.statuses,
        notes=from_origin(incident.origin).notes,
        created_at=ws.clock(),
        seconds=seconds,
    )
    if problems := check_report(report, subject.lookup):
        first = problems[0]
        raise IncidentError(
            f"{incident.id}: the report was refused, {len(problems)} of its statements do not hold: {first}"
        )
    return _store(ws, report, run_id)


def _store(ws: Workspace, report: Report, run_id: str | None) -> StoredReport:
    report_id = run_id or f"{ws.clock():%Y%m%dT%H%M%S%f}-{report.evidence_hash[-8:]}"
    path = ws.reports / report.incident / f"{report_id}.html"
    stored = StoredReport(report_id, report, to_json(report), render_markdown(report), path)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, render_html(report))
    save_report(
        ws.warehouse,
        report,
        report_id=report_id,
        json=stored.json,
        markdown=stored.markdown,
        html_path=path.relative_to(ws.home).as_posix(),
        dagster_run_id=run_id,
    )
    return stored
