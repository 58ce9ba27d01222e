"""Log entries in, RAW_LOG frames out: what the default `read_frames` is made of."""

import json
from collections.abc import Iterable, Iterator
from itertools import islice

import polars as pl

from incident_pipeline.model.frames import RAW_LOG
from incident_pipeline.model.logs import LogEntry


def frames_of(entries: Iterable[LogEntry], *, rows: int) -> Iterator[pl.DataFrame]:
    """Frames of at most `rows` rows. Entries without a line number are numbered by their order, from 1."""
    stream = enumerate(entries, start=1)
    while batch := list(islice(stream, rows)):
        yield pl.DataFrame(
            {
                "line": [position if entry.line is None else entry.line for position, entry in batch],
                "timestamp": [entry.timestamp for _, entry in batch],
                "level": [entry.level for _, entry in batch],
                "message": [entry.message for _, entry in batch],
                "metadata": [_json(entry) for _, entry in batch],
            },
            schema=RAW_LOG,
        )


def _json(entry: LogEntry) -> str | None:
    return json.dumps(dict(entry.metadata), default=str, ensure_ascii=False) if entry.metadata else None
