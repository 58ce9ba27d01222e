"""One write in, the rows of its window replaced, within the transaction that is open on the connection.

The warehouse has no keys, so the write brings the order: its frame is deduplicated by the table's key (the last row
wins), its window deleted, the frame inserted. Surprising fact: an empty window means "replace exactly these keys".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from incident_pipeline.warehouse.segments import Staged, arrow, touch
from incident_pipeline.warehouse.tables import KEYS

if TYPE_CHECKING:
    import duckdb

Scalar = str | int | float | bool | datetime | None


@dataclass(frozen=True, slots=True)
class Write:
    """Rows of `table` where `window` holds become `frame`. All rows of the frame lie in the window.

    `window` names columns of the table's key (tables.KEYS); an empty one replaces the keys that the frame brings.
    A frame without rows or columns empties the window.
    """

    table: str
    window: Mapping[str, Scalar]
    frame: pl.DataFrame = field(default_factory=pl.DataFrame)


def put(connection: "duckdb.DuckDBPyConnection", write: Write) -> int:
    """Replace the window; returns the rows inserted. ValueError when the write breaks the rules above."""
    frame = _checked(write)
    if write.window:
        where = " AND ".join(f'"{name}" IS NOT DISTINCT FROM ${name}' for name in write.window)
        connection.execute(f'DELETE FROM "{write.table}" WHERE {where}', dict(write.window))  # noqa: S608 - names of KEYS
    if frame.is_empty():
        return 0
    connection.register("incoming", arrow(frame))
    try:
        if not write.window:
            same = " AND ".join(f't."{name}" IS NOT DISTINCT FROM i."{name}"' for name in KEYS[write.table])
            connection.execute(f'DELETE FROM "{write.table}" AS t USING incoming AS i WHERE {same}')  # noqa: S608 - names of KEYS
        connection.execute(f'INSERT INTO "{write.table}" BY NAME SELECT * FROM incoming')  # noqa: S608 - a name of KEYS
    finally:
        connection.unregister("incoming")
    return len(frame)


def put_segment(connection: "duckdb.DuckDBPyConnection", staged: Staged, *, root: Path) -> None:
    """Name a staged segment in the catalogue instead of the one its window had."""
    window = {"table_name": staged.table, "window_key": staged.window}
    superseded = connection.execute(
        "SELECT file FROM segments WHERE table_name = $table_name AND window_key = $window_key", window
    ).fetchall()
    touch(root, staged.table, files=[row[0] for row in superseded])
    row = {
        **window, "segment": staged.segment, "file": staged.file, "rows": staged.rows, "bytes": staged.bytes,
        "written_at": datetime.now(UTC),
    }  # fmt: skip
    put(connection, Write("segments", window, pl.DataFrame([row])))


def _checked(write: Write) -> pl.DataFrame:
    key = KEYS.get(write.table)
    if key is None:
        raise ValueError(f"warehouse: no table {write.table!r} to write to")
    if stray := [name for name in write.window if name not in key]:
        raise ValueError(f"warehouse {write.table}: window columns {stray} are not part of the key {key}")
    frame = write.frame
    if frame.is_empty():
        return frame
    if missing := [name for name in key if name not in frame.columns]:
        raise ValueError(f"warehouse {write.table}: rows lack the key columns {missing}")
    for name, value in write.window.items():
        if not frame[name].eq_missing(pl.lit(value) if value is None else value).all():
            raise ValueError(f"warehouse {write.table}: a row lies outside the window {name} = {value!r}")
    return frame.unique(subset=list(key), keep="last", maintain_order=True)
