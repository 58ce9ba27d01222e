"""Entries that are records of keys and values (JSON lines, logfmt) in, RAW_LOG rows out.

Time, level and message are found under the names the common loggers give them; the rest goes to `metadata`. A record
without a known message keeps the whole line. Surprising fact: a line break inside a JSON string stays written `\\n`:
the record is one line of the file, and a real break would claim the line after it.
"""

import json
import re
from collections.abc import Callable
from typing import Any, cast

import polars as pl

from incident_pipeline.model.frames import UTC_TIME
from incident_pipeline.sources.logs._rows import raw_log
from incident_pipeline.sources.logs._times import from_epoch, parse_stamps

# logstash, bunyan, pino, zap, zerolog, structlog, Serilog, GELF, Docker, ECS, OpenTelemetry, Google Cloud, journald
_TIME = (
    "timestamp", "@timestamp", "time", "ts", "datetime", "date", "asctime", "@t", "eventTime", "Timestamp", "t",
    "__REALTIME_TIMESTAMP",
)  # fmt: skip
_LEVEL = (
    "level", "severity", "lvl", "levelname", "log.level", "loglevel", "log_level", "logLevel", "@l", "severity_text",
    "SeverityText", "severityText", "Level", "PRIORITY",
)  # fmt: skip
_MESSAGE = (
    "message", "msg", "event", "text", "log", "body", "@m", "@mt", "short_message", "Body", "Message", "MESSAGE",
    "textPayload",
)  # fmt: skip
_PAIR = re.compile(r'([\w.@/-]+)=("(?:[^"\\]|\\.)*"?|\S*)')
_ESCAPE = re.compile(r'\\(["\\])')
_BREAKS = {"\n": "\\n", "\r": "\\r"}

Record = dict[str, Any]


def json_rows(rows: pl.DataFrame, *, zone: str) -> pl.DataFrame:
    """JSON lines. Numeric times are seconds, milli-, micro- or nanoseconds since 1970, told by their size."""
    return _rows(rows, _json_record, zone)


def logfmt_rows(rows: pl.DataFrame, *, zone: str) -> pl.DataFrame:
    """logfmt lines: `time=... level=info msg="two words" key=value`."""
    return _rows(rows, _logfmt_record, zone)


def json_fields(text: str) -> tuple[str | None, str | None, Record] | None:
    """(level, message, the rest) of a JSON object, its time among the rest; None when `text` is no JSON object.

    For sources whose entries are records already: what the message says is kept as it is, line breaks too.
    """
    record = _json_record(text)
    if record is None:
        return None
    level, message = _take(record, _LEVEL), _take(record, _MESSAGE)
    return (None if level is None else str(level)), (None if message is None else str(message)), record


def _rows(rows: pl.DataFrame, parse: Callable[[str], Record | None], zone: str) -> pl.DataFrame:
    stamps: list[str | None] = []
    epochs: list[int | None] = []
    levels: list[str | None] = []
    messages: list[str] = []
    extras: list[str | None] = []
    for whole in rows["message"].to_list():
        line, _, trace = whole.partition("\n")
        record = parse(line) or {}
        time, level, message = (_take(record, names) for names in (_TIME, _LEVEL, _MESSAGE))
        epochs.append(_epoch(time))
        stamps.append(time if isinstance(time, str) else None)
        levels.append(None if level is None else str(level))
        text = line if message is None else _one_line(message)
        messages.append(f"{text}\n{trace}" if trace else text)
        extras.append(json.dumps(record, ensure_ascii=False, default=str) if record else None)
    given = parse_stamps(pl.Series(stamps, dtype=pl.String), prefix="", zone=zone)
    return raw_log(
        rows.with_columns(message=pl.Series(messages, dtype=pl.String)),
        timestamp=given.fill_null(pl.Series(epochs, dtype=pl.Int64).cast(UTC_TIME)),
        level=pl.Series(levels, dtype=pl.String),
        metadata=pl.Series(extras, dtype=pl.String),
    )


def _json_record(line: str) -> Record | None:
    try:
        record: object = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return cast("Record", record) if isinstance(record, dict) else None


def _logfmt_record(line: str) -> Record | None:
    record: Record = {}
    for match in _PAIR.finditer(line):
        value = match[2]
        if value.startswith('"'):
            value = _ESCAPE.sub(r"\1", value[1:].removesuffix('"'))
        record[match[1]] = value
    return record or None


def _take(record: Record, names: tuple[str, ...]) -> object:
    """Remove and give the first value under one of `names` that is no container and not null."""
    for name in names:
        value = record.get(name)
        if value is not None and not isinstance(value, dict | list):
            return record.pop(name)
    return None


def _epoch(time: object) -> int | None:
    if isinstance(time, str) and time.replace(".", "", 1).isdigit() and len(time) < 24:
        time = float(time)
    return from_epoch(time) if isinstance(time, int | float) and not isinstance(time, bool) else None


def _one_line(message: object) -> str:
    text = str(message).rstrip("\r\n")
    for real, written in _BREAKS.items():
        text = text.replace(real, written)
    return text
