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
from types import NoneType
from typing import Any, cast

import orjson
import polars as pl

from incident_pipeline.model.frames import RAW_LOG, UTC_TIME
from incident_pipeline.model.logs import LogEntry
from incident_pipeline.sources._api import utc

_USUAL, _ISO = "%Y-%m-%dT%H:%M:%S.%3fZ", "%Y-%m-%dT%H:%M:%S%.f%#z"
"""The first one, which most vendors send, is read three times as fast."""

_FIRST, _LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
_FIRST_MS, _LAST_MS = int(_FIRST.timestamp()) * 1000, int(_LAST.timestamp()) * 1000
_WRITTEN = {str, NoneType}
_TOO_DEEP = '{"metadata": "nested too deeply to be kept"}'


def frame_of(
    *,
    times: Sequence[str | None] | Sequence[int | None],
    levels: Sequence[Any],
    messages: Sequence[Any],
    metadata: Sequence[Mapping[str, Any] | str | None],
    first_line: int,
) -> pl.DataFrame:
    """One RAW_LOG frame of a page's columns, all equally long; lines are numbered from `first_line`.

    `times` are ISO 8601 texts (no zone is UTC; digits past the microsecond are cut) or milliseconds since 1970. What
    is no time becomes null: compare `frame["timestamp"].null_count()` with what was known to have none. Metadata is
    written as `as_json` writes it; a text is what was written already. A level or message that is no text is written as
    JSON; null stays null.
    """
    written = metadata if set(map(type, metadata)) <= _WRITTEN else [_written(fields) for fields in metadata]
    line = pl.int_range(first_line, first_line + len(messages), dtype=pl.Int64, eager=True)
    columns = (line, _times(times), _texts(levels), _texts(messages), _texts(written))
    return pl.DataFrame([column.alias(name) for name, column in zip(RAW_LOG, columns, strict=True)])


def as_json(fields: Mapping[str, Any] | None) -> str | None:
    """Metadata as one JSON object; null when there is none. What JSON cannot say is written as text."""
    if not fields:
        return None
    try:
        return orjson.dumps(fields).decode()
    except TypeError:  # another mapping, other objects, halves of surrogate pairs, integers over 64 bits, deep nesting
        return _as_json(fields)


def _written(fields: Mapping[str, Any] | str | None) -> str | None:
    return fields if isinstance(fields, str) else as_json(fields)


def _as_json(fields: Mapping[str, Any]) -> str:
    try:
        return orjson.dumps(dict(fields), default=str).decode()
    except TypeError:
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
    if set(map(type, times)) <= {int, NoneType}:
        numbers = pl.Series([t if t is None or _FIRST_MS <= cast("int", t) <= _LAST_MS else None for t in times])
        return numbers.cast(pl.Int64).cast(pl.Datetime("ms", "UTC")).cast(UTC_TIME)
    texts = _texts(times)
    missing = texts.null_count()
    parsed = _parsed(texts, _USUAL)
    if parsed.null_count() > missing:
        parsed = _parsed(texts, _ISO)
    if parsed.null_count() > missing:
        rest = [None if text is None else _time(text) for text in texts]
        parsed = parsed.fill_null(pl.Series(rest, dtype=UTC_TIME))
    try:
        _ = parsed.min(), parsed.max()
    except ValueError:  # Python's years are 1 to 9999, those of Polars are not
        parsed = pl.select(pl.when(parsed.is_between(_FIRST, _LAST)).then(parsed)).to_series()
    return parsed


def _parsed(texts: pl.Series, form: str) -> pl.Series:
    return texts.str.to_datetime(form, time_unit="us", time_zone="UTC", strict=False, cache=False)


def _time(text: str) -> datetime | None:
    try:
        return utc(text)
    except (ValueError, OverflowError):
        return None


def _texts(values: Sequence[Any]) -> pl.Series:
    try:
        return pl.Series(values, dtype=pl.String)
    except (UnicodeEncodeError, TypeError):
        return pl.Series([_text(value) for value in values], dtype=pl.String)


def _text(value: Any) -> str | None:  # noqa: ANN401 - the JSON edge
    """Half a surrogate pair is written out; what is no text is JSON."""
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode()
