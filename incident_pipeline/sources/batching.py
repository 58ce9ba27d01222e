"""Entries of a page in, RAW_LOG frames out: what every `read_frames` that is fed by an API is made of.

    frame_of(times=[...], levels=[...], messages=[...], metadata=[...], first_line=1)     a page's columns to a frame
    frames_of(entries, rows=50_000)                                                       entries to frames
    entries_of(frame)                                                                     a frame to its entries
    gathered(frames, rows=50_000)                                                         small frames to larger ones

Surprising fact: JSON may hold half of a surrogate pair (`"\\ud800"`), which no UTF-8 text can: it is kept, written
out.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, cast

import orjson
import polars as pl

from incident_pipeline.model.frames import RAW_LOG, UTC_TIME
from incident_pipeline.model.logs import LogEntry
from incident_pipeline.sources._api import utc

_ISO = "%Y-%m-%dT%H:%M:%S%.f%#z"
_FIRST, _LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
_FIRST_MS, _LAST_MS = int(_FIRST.timestamp()) * 1000, int(_LAST.timestamp()) * 1000
_TOO_DEEP = '{"metadata": "nested too deeply to be kept"}'


def frame_of(
    *,
    times: Sequence[str | None] | Sequence[int | None],
    levels: Sequence[str | None],
    messages: Sequence[str],
    metadata: Sequence[Mapping[str, Any] | None],
    first_line: int,
) -> pl.DataFrame:
    """One RAW_LOG frame of a page's columns, all equally long; lines are numbered from `first_line`.

    `times` are ISO 8601 texts (no zone is UTC; digits past the microsecond are cut) or milliseconds since 1970. What
    is no time becomes null: compare `frame["timestamp"].null_count()` with what was known to have none. Metadata is
    written as `as_json` writes it.
    """
    return pl.DataFrame(
        {
            "line": pl.int_range(first_line, first_line + len(messages), dtype=pl.Int64, eager=True),
            "timestamp": _times(times),
            "level": _texts(levels),
            "message": _texts(messages),
            "metadata": pl.Series([as_json(fields) for fields in metadata], dtype=pl.String),
        },
        schema=RAW_LOG,
    )


def as_json(fields: Mapping[str, Any] | None) -> str | None:
    """Metadata as one JSON object; null when there is none. What JSON cannot say is written as text."""
    if not fields:
        return None
    try:
        return orjson.dumps(fields if isinstance(fields, dict) else dict(fields), default=str).decode()
    except TypeError:  # halves of surrogate pairs, integers over 64 bits, keys that are no text, deep nesting
        pass
    try:
        return json.dumps(dict(fields), default=str, separators=(",", ":"))
    except RecursionError:
        return _TOO_DEEP


def frames_of(entries: Iterable[LogEntry], *, rows: int) -> Iterator[pl.DataFrame]:
    """Frames of at most `rows` rows. Entries without a line number are numbered by their order, from 1."""
    stream = enumerate(entries, start=1)
    while batch := list(islice(stream, rows)):
        yield pl.DataFrame(
            {
                "line": [position if entry.line is None else entry.line for position, entry in batch],
                "timestamp": [entry.timestamp for _, entry in batch],
                "level": _texts([entry.level for _, entry in batch]),
                "message": _texts([entry.message for _, entry in batch]),
                "metadata": [as_json(entry.metadata) for _, entry in batch],
            },
            schema=RAW_LOG,
        )


def entries_of(frame: pl.DataFrame) -> Iterator[LogEntry]:
    """The rows of a RAW_LOG frame. Their numbers are left out: they are an order, not lines of a file."""
    for timestamp, level, message, metadata in frame.select("timestamp", "level", "message", "metadata").iter_rows():
        yield LogEntry(timestamp, level, message, json.loads(metadata) if metadata else {})


def gathered(frames: Iterable[pl.DataFrame], *, rows: int) -> Iterator[pl.DataFrame]:
    """The same rows in frames of `rows` rows, the last one shorter: normalizing few large frames costs less."""
    held: list[pl.DataFrame] = []
    height = 0
    for frame in frames:
        held.append(frame)
        height += frame.height
        if height >= rows:
            whole = pl.concat(held)
            full = height - height % rows
            yield from whole.head(full).iter_slices(rows)
            held, height = [whole.tail(height - full)], height - full
    if height:
        yield pl.concat(held)


def _times(times: Sequence[str | None] | Sequence[int | None]) -> pl.Series:
    if not any(isinstance(time, str) for time in times):
        numbers = pl.Series(times, dtype=pl.Int64)
        return _where(numbers.is_between(_FIRST_MS, _LAST_MS), numbers).cast(pl.Datetime("ms", "UTC")).cast(UTC_TIME)
    texts = pl.Series(times, dtype=pl.String)
    parsed = texts.str.to_datetime(_ISO, time_unit="us", time_zone="UTC", strict=False)
    if parsed.null_count() > texts.null_count():
        rest = [None if time is None else _time(time) for time in cast("Sequence[str | None]", times)]
        parsed = parsed.fill_null(pl.Series(rest, dtype=UTC_TIME))
    return _where(parsed.is_between(_FIRST, _LAST), parsed)


def _where(known: pl.Series, values: pl.Series) -> pl.Series:
    return pl.select(pl.when(known).then(values)).to_series()


def _time(text: str) -> datetime | None:
    try:
        return utc(text)
    except (ValueError, OverflowError):
        return None


def _texts(values: Sequence[str | None]) -> pl.Series:
    try:
        return pl.Series(values, dtype=pl.String)
    except UnicodeEncodeError:
        kept = [value if value is None else value.encode("utf-8", "backslashreplace").decode() for value in values]
        return pl.Series(kept, dtype=pl.String)
