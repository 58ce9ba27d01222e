"""Evidence, reports and feedback. Facts are rows; whole texts (JSON, Markdown) are documents in segments, for they
would make every published copy heavy (docs/decisions/003-warehouse.md has the figures).

Every report is kept; exactly one of an incident is current, and the flip is part of the same transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import polars as pl
from pydantic import TypeAdapter

from incident_pipeline.errors import NotFound
from incident_pipeline.model.evidence import CodeFacts, Failure, Judgement
from incident_pipeline.model.report import Report
from incident_pipeline.warehouse import rows, statements
from incident_pipeline.warehouse.memory import Answer
from incident_pipeline.warehouse.store import Warehouse
from incident_pipeline.warehouse.writes import Write, put, put_segment

_TABLE = "documents"
_EVIDENCE = "evidence"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found and how it was judged, and the hash of both (a report has its own, of what it shows too)."""

    hash: str
    failure: Failure
    code: CodeFacts
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class StoredReport:
    """A report as stored. `json` and `markdown` are whole texts; `html_path` is relative to the tenant's folder."""

    incident: str
    report_id: str
    current: bool
    created_at: datetime
    dagster_run_id: str | None
    html_path: str | None
    json: str
    markdown: str


def save_evidence(warehouse: Warehouse, incident: str, evidence: Evidence, *, also: Sequence[Write] = ()) -> None:
    """The incident's evidence becomes this, `also` in the same transaction."""
    texts = {
        name: _adapter(kind).dump_json(getattr(evidence, name)).decode("utf-8")
        for name, kind in _EVIDENCE_KINDS.items()
    }
    staged = warehouse.stage(_TABLE, f"{incident} {_EVIDENCE}", [_documents(incident, _EVIDENCE, texts=texts)])
    row = {"incident": incident, "hash": evidence.hash, "saved_at": datetime.now(UTC)}
    warehouse.replace([Write("evidence", {"incident": incident}, rows.frame([row])), *also], staged=(staged,))


def load_evidence(warehouse: Warehouse, incident: str) -> Evidence | None:
    """The incident's evidence, None when there is none."""
    found = warehouse.read("evidence_hash", incident=incident)
    texts = _texts(warehouse, incident, _EVIDENCE)
    if found.is_empty() or not texts:
        return None
    values = {name: _adapter(kind).validate_json(texts[name]) for name, kind in _EVIDENCE_KINDS.items()}
    return Evidence(hash=found.item(), **values)


def save_report(
    warehouse: Warehouse,
    report: Report,
    *,
    report_id: str,
    json: str,
    markdown: str,
    html_path: str | None = None,
    dagster_run_id: str | None = None,
) -> None:
    """Store a report and make it the current one of its incident. The same `report_id` again replaces it."""
    incident = report.incident
    window = {"incident": incident, "report_id": report_id}
    row = {
        **rows.report_row(report), **window, "current": True, "dagster_run_id": dagster_run_id,
        "created_at": report.created_at or datetime.now(UTC), "html_path": html_path,
    }  # fmt: skip
    texts = {"json": json, "markdown": markdown}
    staged = warehouse.stage(_TABLE, f"{incident} {report_id}", [_documents(incident, report_id, texts=texts)])
    with warehouse.writing() as connection:
        connection.execute(statements.query("reports_not_current"), {"incident": incident})
        put_segment(connection, staged, root=warehouse.segments)
        put(connection, Write("reports", window, rows.frame([row])))
        put(connection, Write("findings", window, rows.finding_frame(report, report_id)))
        put(connection, Write("suspects", window, rows.suspect_frame(report, report_id)))


def load_report(warehouse: Warehouse, incident: str, report_id: str | None = None) -> StoredReport:
    """That report, the current one unless asked otherwise. NotFound when there is none."""
    found = warehouse.read("report_row", incident=incident, report_id=report_id)
    if found.is_empty():
        which = f"report {report_id!r}" if report_id else "report"
        raise NotFound(f"incident {incident}: no {which} in the warehouse: investigate it first")
    row = found.row(0, named=True)
    texts = _texts(warehouse, incident, row["report_id"])
    return rows.value(StoredReport, row, json=texts.get("json", ""), markdown=texts.get("markdown", ""))


def save_feedback(
    warehouse: Warehouse,
    incident: str,
    *,
    feedback_id: str,
    answer: Answer,
    report_id: str | None = None,
    hash: str | None = None,  # noqa: A002 - the model's own name for a commit's hash
    note: str = "",
    author: str = "",
    created_at: datetime | None = None,
) -> None:
    """What someone said about an incident (aware UTC, now by default). The same `feedback_id` again replaces it."""
    row = {
        "feedback_id": feedback_id, "incident": incident, "report_id": report_id, "answer": answer, "hash": hash,
        "note": note, "author": author, "created_at": created_at or datetime.now(UTC),
    }  # fmt: skip
    warehouse.replace([Write("feedback", {"feedback_id": feedback_id}, rows.frame([row]))])


_EVIDENCE_KINDS: dict[str, type[Any]] = {"failure": Failure, "code": CodeFacts, "judgement": Judgement}


@cache
def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _documents(incident: str, owner: str, *, texts: dict[str, str]) -> pl.DataFrame:
    return pl.DataFrame(
        [{"incident": incident, "owner": owner, "name": name, "text": text} for name, text in texts.items()]
    )


def _texts(warehouse: Warehouse, incident: str, owner: str) -> dict[str, str]:
    found = warehouse.read_segment(_TABLE, f"{incident} {owner}")
    return {} if found is None else {row[0]: row[1] for row in found.select("name", "text").iter_rows()}
