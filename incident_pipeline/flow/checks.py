"""What must hold of a stored report, asked again of the warehouse: by Dagster's asset checks and by anyone in doubt."""

from collections.abc import Mapping

from incident_pipeline.flow.history import show_incident
from incident_pipeline.flow.logs import load_log_raw
from incident_pipeline.flow.subject import Subject, load_subject
from incident_pipeline.flow.workspace import Workspace
from incident_pipeline.normalize.redact import redact_series, redact_text
from incident_pipeline.reports.check import check_report

WHOLE = {"read", "empty"}


def citation_problems(ws: Workspace, incident_id: str) -> tuple[str, ...]:
    """Statements of the current report whose citation does not resolve or does not say what is quoted."""
    subject = load_subject(ws, incident_id)
    return tuple(map(str, check_report(show_incident(ws, incident_id).report, subject.lookup)))


def secrets_left(ws: Workspace, incident_id: str) -> Mapping[str, int]:
    """How many things that look like secrets are left in the stored logs, the commits and the report."""
    subject = load_subject(ws, incident_id)
    return {
        "logs": sum(redact_series(load_log_raw(ws, ref.log_id))[1] for ref in subject.refs),
        "commits": sum(redact_text(text)[1] for text in _texts(subject)),
        "report": redact_text(show_incident(ws, incident_id).json)[1],
    }


def window_problems(ws: Workspace, incident_id: str) -> tuple[str, ...]:
    """Why a line or a commit that explains the failure may be missing."""
    subject = load_subject(ws, incident_id)
    cut = [
        f"{s.source} {s.what}: {s.status}" + (f" ({s.detail})" if s.detail else "")
        for s in subject.statuses
        if s.kind == "logs" and s.status not in WHOLE
    ]
    return (*subject.window.problems, *cut)


def _texts(subject: Subject) -> list[str]:
    commits = subject.window.commits
    said = [text for c in commits for text in (c.message, c.author, c.author_email, c.committer)]
    return said + [text for c in commits for f in c.files or () for text in (f.path, f.patch) if text]
