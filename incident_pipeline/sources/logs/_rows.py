"""Entries of the formats whose message is the whole line (CI logs, Python logging, plain text) in, RAW_LOG rows out.

The message stays untouched, timestamp and all; time, level and the rest are read out of its first line beside it.
Source: GitHub's workflow commands. `_syslog`, `_java` and `_web` do the same for their formats.
"""

import polars as pl

from incident_pipeline.model.frames import RAW_LOG
from incident_pipeline.sources.logs import _times

_GH_PREFIX = r"(?:[^\t\n]*\t[^\t\n]*\t)?\x{feff}?"
_COMMAND = (
    r"^(?:[^\t\n]*\t[^\t\n]*\t)?\x{feff}?(?:\d{4}-\d\d-\d\dT[\d:.]+Z )?(?:\x1b\[[0-9;]*m|[ \t])*"
    r"(?:##\[(error|warning|notice|debug)\]|::(error|warning|notice|debug)(?: [^\n]*?)?::)"
)
_STAMPED_LEVEL = (
    r"^[^A-Za-z\n]{0,16}T?[^A-Za-z\n]{0,24}(?:Z|UTC|GMT)?[^A-Za-z\n]{0,12}(?:[^\s\n]+[^\w\n]+){0,4}?"
    r"((?i:TRACE|DEBUG|NOTICE|WARNING|WARN|ERROR|CRITICAL|FATAL|SEVERE)|INFO|Info|info)\b"
)
_PLAIN_LEVEL = r"^(DEBUG|INFO|WARNING|ERROR|CRITICAL|FATAL):[\w.-]+:"
_NAME = r"^(?:[^\n]{19,35}? - ([\w.-]+) - |(?:DEBUG|INFO|WARNING|ERROR|CRITICAL|FATAL):([\w.-]+):)"


def plain(rows: pl.DataFrame) -> pl.DataFrame:
    """Lines without times, levels and metadata."""
    return raw_log(rows)


def github(rows: pl.DataFrame) -> pl.DataFrame:
    """A job log of GitHub Actions, also as `gh run view --log` prints it. Lines without a time get none."""
    text = rows["message"]
    times = _times.parse_github(text)
    missing = times.is_null() & text.str.contains("Z", literal=True)
    if missing.any():
        others = _times.parse_stamps(text.filter(missing), prefix=_GH_PREFIX, zone="UTC")
        times = times.clone().scatter(missing.arg_true(), others)
    return raw_log(rows, timestamp=times, level=_commands(text))


def _commands(text: pl.Series) -> pl.Series:
    """What `##[error]` and `::error file=x::` say; few lines hold one, so few are matched in full."""
    level = text.clear(len(text))
    rows = text.str.contains(r"##\[[ednw]|::[ednw]").arg_true()
    if rows.is_empty():
        return level
    groups = text.gather(rows).str.extract_groups(_COMMAND).struct.unnest()
    found = groups.select(pl.coalesce(pl.all())).to_series()
    return level.scatter(rows, found)


def stamped(rows: pl.DataFrame, *, zone: str) -> pl.DataFrame:
    """Lines that start with a time, and `LEVEL:name:message` lines of Python's default format, which have none."""
    first = rows["message"].str.extract(r"^([^\n]*)")
    level = first.str.extract(_PLAIN_LEVEL).fill_null(stamped_level(first))
    names = first.str.extract_groups(_NAME).struct.unnest().select(pl.coalesce(pl.all())).to_series()
    metadata = '{"logger": "' + names + '"}'  # a name is letters, digits, `.`, `_` and `-`: nothing to escape
    return raw_log(
        rows, timestamp=_times.parse_stamps(first, prefix=r"[\[(]?", zone=zone), level=level, metadata=metadata
    )


def stamped_level(first: pl.Series) -> pl.Series:
    """The level that stands among the first words after a time."""
    return first.str.extract(_STAMPED_LEVEL)


def raw_log(rows: pl.DataFrame, **columns: pl.Series) -> pl.DataFrame:
    """`rows` (line, message) with the columns given and null for the rest, in RAW_LOG's order and types."""
    values = [
        columns[name].alias(name).cast(kind) if name in columns
        else rows[name].cast(kind) if name in rows.columns
        else pl.lit(None, dtype=kind).alias(name)
        for name, kind in RAW_LOG.items()
    ]  # fmt: skip
    return rows.select(values)
