"""Frames in, one immutable Parquet file out: `segments/<table>/<hash of window>.<random id>.parquet`.

A segment is written under a temporary name without any lock, synced, renamed, and only then named in the catalogue.
Surprising fact: a file that no catalogue row names is either on its way in or on its way out (a reader of an older
state may still want it), so it is removed only when untouched for an hour.
"""

import contextlib
import hashlib
import importlib
import os
import secrets
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from incident_pipeline.errors import Unavailable
from incident_pipeline.warehouse.publish import sync
from incident_pipeline.warehouse.tables import BULK, Bulk

ORPHAN_SECONDS = 3600.0
EMPTY = "empty.parquet"
_ROWS_A_GROUP = 122_880  # DuckDB's own; a smaller group compresses worse, a bigger one costs memory
_ZSTD_LEVEL = 3  # level 9 saves a tenth of the size for three times the CPU
_BYTES_A_GROUP = 64 << 20
_TYPES = {"UTC": pl.Datetime("us", "UTC")}


@dataclass(frozen=True, slots=True)
class Staged:
    """A segment on the disk that the catalogue does not name yet. `duplicates` counts rows dropped by key."""

    table: str
    window: str
    segment: int
    file: str
    rows: int
    bytes: int
    duplicates: int = 0


def stage(root: Path, table: str, *, window: str, frames: Iterable[pl.DataFrame], segment: int | None = None) -> Staged:
    """Write `frames` (columns as tables.BULK, any further ones are left out) as one synced file below `root`."""
    segment = secrets.randbits(62) if segment is None else segment
    folder = root / table
    folder.mkdir(parents=True, exist_ok=True)
    file = f"{hashlib.blake2b(window.encode(), digest_size=8).hexdigest()}.{segment:016x}.parquet"
    temporary, final = folder / f".{file}.tmp", folder / file
    try:
        rows, duplicates = _write(temporary, table, frames=frames)
        sync(temporary)
        size = temporary.stat().st_size
        temporary.replace(final)
        sync(folder)
    except OSError as error:
        raise Unavailable(f"warehouse {folder}: {error.strerror or error}: free some room and run again") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return Staged(table, window, segment, file, rows=rows, bytes=size, duplicates=duplicates)


def schema(table: str) -> dict[str, Any]:
    """Column -> polars type of a bulk table."""
    return {name: _TYPES.get(kind) or getattr(pl, kind)() for name, kind in BULK[table].columns.items()}


def ensure_empty(root: Path) -> None:
    """A segment without rows for each table, so that a view over no file at all still has its columns."""
    for table in BULK:
        if not (root / table / EMPTY).exists():
            staged = stage(root, table, window=EMPTY, frames=())
            (root / table / staged.file).replace(root / table / EMPTY)


def touch(root: Path, table: str, *, files: Sequence[str]) -> None:
    """Start the hour after which superseded files may go."""
    for file in files:
        with contextlib.suppress(FileNotFoundError):
            os.utime(root / table / file)


def orphans(root: Path, named: frozenset[tuple[str, str]]) -> Iterator[Path]:
    """Files that no (table, file) of `named` names and that were not touched for an hour."""
    limit = time.time() - ORPHAN_SECONDS
    for table in BULK:
        with contextlib.suppress(FileNotFoundError):
            for entry in os.scandir(root / table):
                if (table, entry.name) not in named and entry.name != EMPTY and entry.stat().st_mtime < limit:
                    yield Path(entry.path)


def arrow(frame: pl.DataFrame) -> Any:  # noqa: ANN401 - pyarrow ships no types
    """The frame as a pyarrow table."""
    return frame.to_arrow()  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType] - as above


def _write(path: Path, table: str, *, frames: Iterable[pl.DataFrame]) -> tuple[int, int]:
    spec = BULK[table]
    parquet: Any = importlib.import_module("pyarrow.parquet")  # no type stubs; late, for it is heavy
    columns = schema(table)
    arrow_schema = arrow(pl.DataFrame(schema=columns)).schema
    rows = duplicates = 0
    last: int | None = None
    with parquet.ParquetWriter(
        path,
        arrow_schema,
        compression="zstd",
        compression_level=_ZSTD_LEVEL,
        use_dictionary=list(spec.dictionary),
        column_encoding=dict(spec.encodings) or None,
        write_statistics=[name for name in columns if name not in {"raw", "patch", "text", "metadata"}],
    ) as writer:
        for frame in _grouped(frames, columns):
            kept, last = _without_duplicates(frame, spec, last=last)
            duplicates += len(frame) - len(kept)
            if len(kept):
                writer.write_table(arrow(kept).cast(arrow_schema), row_group_size=_ROWS_A_GROUP)
            rows += len(kept)
    return rows, duplicates


def _grouped(frames: Iterable[pl.DataFrame], columns: dict[str, Any]) -> Iterator[pl.DataFrame]:
    """Frames joined up to about one row group each: many tiny groups would cost both size and reading."""
    waiting: list[pl.DataFrame] = []
    rows = size = 0
    for frame in frames:
        waiting.append(frame.select([pl.col(name).cast(kind) for name, kind in columns.items()]))
        rows += len(frame)
        size += int(waiting[-1].estimated_size())
        if rows >= _ROWS_A_GROUP or size >= _BYTES_A_GROUP:
            yield pl.concat(waiting)
            waiting, rows, size = [], 0, 0
    if waiting:
        yield pl.concat(waiting)


def _without_duplicates(frame: pl.DataFrame, spec: Bulk, *, last: int | None) -> tuple[pl.DataFrame, int | None]:
    if not spec.ascending:
        return frame.unique(subset=list(spec.key), keep="last", maintain_order=True), None
    name = spec.key[-1]
    kept = frame
    if not _grows(frame[name]):
        kept = frame.unique(subset=list(spec.key), keep="last", maintain_order=True).sort(name)
    if last is not None and len(kept) and _first(kept[name]) <= last:
        kept = kept.filter(pl.col(name) > last)
    return kept, _first(kept[name].tail(1)) if len(kept) else last


def _grows(column: pl.Series) -> bool:
    return bool((column.diff().drop_nulls() > 0).all())


def _first(column: pl.Series) -> int:
    return int(column[0])
