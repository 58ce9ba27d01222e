"""Logs: one row of facts in `logs`, their entries as one segment keyed by (log_id, line).

staged = stage_log(warehouse, log_id, frames)        streams, no lock
save_log(warehouse, LogFacts(log_id, ...), staged)   one short transaction
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from incident_pipeline.model.logs import ReadStatus
from incident_pipeline.warehouse import rows
from incident_pipeline.warehouse.segments import Staged, schema
from incident_pipeline.warehouse.store import Warehouse
from incident_pipeline.warehouse.writes import Write

_TABLE = "log_entries"


@dataclass(frozen=True, slots=True)
class LogFacts:
    """What is known of a log beside its entries; the columns of `logs`."""

    log_id: int
    source: str
    service: str
    name: str
    status: ReadStatus
    run_id: str = ""
    attempt: int = 0
    job_id: str = ""
    url: str = ""
    since: datetime | None = None
    until: datetime | None = None
    lines: int = 0
    bytes: int = 0
    skipped: int = 0
    redactions: int = 0
    detail: str = ""
    read_at: datetime | None = None


def stage_log(warehouse: Warehouse, log_id: int, frames: Iterable[pl.DataFrame]) -> Staged:
    """Write LOG frames (model.frames) of one log; lines must grow, a repeated line is dropped and counted."""
    stamped = (frame.with_columns(pl.lit(log_id, dtype=pl.Int64).alias("log_id")) for frame in frames)
    return warehouse.stage(_TABLE, str(log_id), stamped)


@dataclass(frozen=True, slots=True)
class ReadLog:
    """A log that is staged and not yet saved: nobody sees it."""

    facts: LogFacts
    staged: Staged

    @property
    def write(self) -> Write:
        """The write of its row in `logs`; its entries are `staged`."""
        return Write("logs", {"log_id": self.facts.log_id}, rows.frame([rows.fields(self.facts)]))


def save_log(
    warehouse: Warehouse, facts: LogFacts, staged: Staged | None = None, *, beside: Sequence[Write] = ()
) -> Staged:  # fmt: skip
    """The log's facts and entries become these, in one transaction with the writes `beside`. Without `staged` (missing,
    expired) the log has no entries."""
    read = ReadLog(facts, staged or stage_log(warehouse, facts.log_id, ()))
    warehouse.replace([read.write, *beside], staged=(read.staged,))
    return read.staged


def find_log(warehouse: Warehouse, log_id: int) -> tuple[LogFacts, pl.Series] | None:
    """What is stored of a log and the times of its entries; None when it never was stored, or its entries are gone."""
    found = warehouse.read("log_of", log_id=log_id)
    times = warehouse.read_segment(_TABLE, str(log_id), columns=["timestamp"]) if len(found) else None
    return None if times is None else (rows.value(LogFacts, found.row(0, named=True)), times["timestamp"])


def load_log(warehouse: Warehouse, log_id: int) -> pl.DataFrame:
    """Stored columns (log_id, line, timestamp, level, template, raw, metadata) in line order; no rows when unknown."""
    found = warehouse.read_segment(_TABLE, str(log_id))
    return pl.DataFrame(schema=schema(_TABLE)) if found is None else found
