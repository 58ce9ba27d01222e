"""Written times in, aware UTC out (Datetime us, UTC; null where there is none). Naive times are in the given zone.

Surprising fact: a local time can exist twice or never; the first of two is taken, and a time that a clock skipped is
read as if the clock had not been moved.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

import polars as pl

from incident_pipeline.model.frames import UTC_TIME

_SECONDS = "%Y-%m-%dT%H:%M:%S"
_MICROSECONDS = pl.Duration("us")

# 2026-01-02T03:04:05.678+01:00 and its relatives: `/` in the date, a blank for the T, a comma before the fraction.
STAMP = (
    r"(?P<day>\d{4}[-/]\d{2}[-/]\d{2})[T ](?P<clock>\d{2}:\d{2}:\d{2})(?:[.,](?P<fraction>\d{1,9}))?"
    r"(?: ?(?P<offset>Z|UTC|GMT|[+-]\d{2}:?\d{2})\b)?"
)
YEARLESS = r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d"
# Where entries carry their time: at the start of a line, or as the value of a key.
_WRITTEN = re.compile(rf"""(?:^[\[(]?|["=]){STAMP}|^(?:<\d{{1,3}}>)?{YEARLESS} """)
_FIRST_EPOCH_MS, _FIRST_EPOCH_US, _FIRST_EPOCH_NS = 10**11, 10**14, 10**17  # seconds are below until the year 5138


def parse_stamps(text: pl.Series, *, prefix: str, zone: str) -> pl.Series:
    """The time that follows `prefix` (a pattern) at the start of each string."""
    groups = text.str.extract_groups(f"^{prefix}{STAMP}").struct.unnest()
    day = groups["day"].str.replace_all("/", "-", literal=True)
    naive = (day + "T" + groups["clock"]).str.to_datetime(_SECONDS, strict=False, time_unit="us")
    fraction = groups["fraction"].str.pad_end(6, "0").str.slice(0, 6).cast(pl.Int64)
    return _with_offset(naive + fraction.fill_null(0).cast(_MICROSECONDS), groups["offset"], zone)


def any_naive(lines: Iterable[str]) -> bool:
    """Whether the first time written in one of `lines` names no zone."""
    return any(found is not None and not found["offset"] for found in map(_WRITTEN.search, lines))


def _with_offset(naive: pl.Series, offset: pl.Series, zone: str) -> pl.Series:
    digits = offset.str.replace_all(r"\D", "")
    hours, minutes = (digits.str.slice(at, 2).cast(pl.Int64, strict=False).fill_null(0) for at in (0, 2))
    east = ((hours * 60 + minutes) * 60_000_000).cast(_MICROSECONDS)
    west = offset.str.starts_with("-").fill_null(value=False)
    given = (naive + east).zip_with(west, naive - east).dt.replace_time_zone("UTC")
    return given.zip_with(offset.is_not_null(), to_utc(naive, zone)).cast(UTC_TIME)


def to_utc(naive: pl.Series, zone: str) -> pl.Series:
    """Naive times of a zone (IANA name) as UTC."""
    if zone == "UTC":
        return naive.dt.replace_time_zone("UTC").cast(UTC_TIME)
    known = naive.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    hour = timedelta(hours=1)
    skipped = (naive - hour).dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null") + hour
    return known.fill_null(skipped).dt.convert_time_zone("UTC").cast(UTC_TIME)


def parse_github(text: pl.Series) -> pl.Series:
    """`2026-01-02T03:04:05.1234567Z` at the start of each string: fixed width, so cut instead of matched."""
    naive = text.str.slice(0, 19).str.to_datetime(_SECONDS, strict=False, time_unit="us")
    micros = text.str.slice(20, 6).cast(pl.Int64, strict=False)
    whole = ((text.str.slice(19, 1) == ".") & (text.str.slice(27, 1) == "Z")).fill_null(value=False)
    times = (naive + micros.cast(_MICROSECONDS)).dt.replace_time_zone("UTC").cast(UTC_TIME)
    return times if whole.all() else times.zip_with(whole, times.clear(len(times)))


def parse_yearless(text: pl.Series, *, zone: str, modified: datetime | None) -> pl.Series:
    """`Jan  2 03:04:05`: in the year of `modified`, or the year before where that would be a day or more after it."""
    if modified is None:
        return pl.Series(text.name, [None] * len(text), dtype=UTC_TIME)
    plain = text.str.replace_all(r" +", " ")

    def in_year(year: int) -> pl.Series:
        return to_utc((f"{year} " + plain).str.to_datetime("%Y %b %d %H:%M:%S", strict=False, time_unit="us"), zone)

    this, last = in_year(modified.year), in_year(modified.year - 1)
    in_past = (this <= modified + timedelta(days=1)).fill_null(value=False)
    return this.zip_with(in_past, last)


def from_epoch(number: float) -> int | None:
    """Microseconds since 1970 of a number of seconds, milli-, micro- or nanoseconds, told by its size."""
    if not 0 < number < 10**20:
        return None
    if number < _FIRST_EPOCH_MS:
        return round(number * 1_000_000)
    if number < _FIRST_EPOCH_US:
        return round(number * 1_000)
    return round(number) if number < _FIRST_EPOCH_NS else round(number / 1_000)
