"""How far a source was ingested, kept beside what was: a cursor in, the same cursor out."""

from dataclasses import dataclass
from datetime import UTC, datetime

from incident_pipeline.warehouse import rows
from incident_pipeline.warehouse.store import Warehouse
from incident_pipeline.warehouse.writes import Write


@dataclass(frozen=True, slots=True)
class Cursor:
    """Everything of `what` (a repository, a service) in [`since`, `until`) was read; the next ingest starts at
    `resume_at`, which is earlier than `until` where something may still come or change."""

    source: str
    kind: str
    what: str
    since: datetime
    until: datetime
    resume_at: datetime


def cursor_write(cursor: Cursor) -> Write:
    """The cursor becomes this, in whatever transaction the write is put."""
    key = {"source": cursor.source, "kind": cursor.kind, "what": cursor.what}
    return Write("ingest_cursors", key, rows.frame([{**rows.fields(cursor), "saved_at": datetime.now(UTC)}]))


def save_cursor(warehouse: Warehouse, cursor: Cursor) -> None:
    """The cursor becomes this."""
    warehouse.replace([cursor_write(cursor)])


def load_cursor(warehouse: Warehouse, source: str, *, kind: str, what: str) -> Cursor | None:
    """How far it was read; None when it never was."""
    found = warehouse.read("cursor_of", source=source, kind=kind, what=what)
    return rows.value(Cursor, found.row(0, named=True)) if len(found) else None
