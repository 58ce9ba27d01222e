"""Written times in, aware UTC out (Datetime us, UTC; null where there is none). Naive times are in the given zone.

Surprising fact: a local time can exist twice or never; the first of two is taken, and a time that a clock skipped is
read as if the clock had not been moved.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from incident_pipeline.model.frames import UTC_TIME

_SECONDS = "%Y-%m-%dT%H:%M:%S"
_MICROSECONDS = pl.Duration("us")
_NAIVE = pl.Datetime("us")
_MIDNIGHT = 2 * 3_600 * 1_000_000
_SLACK = timedelta(minutes=5)  # two clocks: the program's and the file system's

# 2026-01-02T03:04:05.678+01:00 and its relatives: `/` in the date, a blank for the T, a comma before the fraction.
STAMP = (
    r"(?P<day>\d{4}[-/]\d{2}[-/]\d{2})[T ](?P<clock>\d{2}:\d{2}:\d{2})(?:[.,](?P<fraction>\d{1,9}))?"
    r"(?: ?(?P<offset>Z|UTC|GMT|[+-]\d{2}:?\d{2})\b)?"
)
CLOCK = r"[0-2][0-9]:[0-5][0-9]:[0-6][0-9](?:[.,][0-9]{1,9})?"
YEARLESS = rf"[A-Z][a-z]{{2}} [ 0-9][0-9] (?:[0-9]{{4}} )?{CLOCK}"  # Cisco's have the year
SHORT_YEAR = r"[0-9]{2}/[0-9]{2}/[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}"  # 26/03/01 12:00:00: log4j at Spark
TOMCAT = rf"[0-9]{{2}}-[A-Z][a-z]{{2}}-[0-9]{{4}} {CLOCK}"  # 01-Mar-2026 12:00:00.123
JUL = r"[A-Z][a-z]{2} [0-9]{1,2}, [0-9]{4} [0-9]{1,2}:[0-9]{2}:[0-9]{2} [AP]M"  # Mar 01, 2026 12:00:00 PM
APACHE = rf"[A-Z][a-z]{{2}} [A-Z][a-z]{{2}} [ 0-9]?[0-9] {CLOCK} [0-9]{{4}}"  # Sun Mar 01 12:00:00.123456 2026
# Where entries carry their time: at the start of a line, or as the value of a key.
_WRITTEN = re.compile(
    rf"""(?:^(?:[A-Z]{{4,7}} +)?[\[(]?|["=]){STAMP}|^(?:<\d{{1,3}}>)?{YEARLESS} """
    rf"|^(?:{JUL}|{TOMCAT}|{SHORT_YEAR}|{CLOCK}) |^\[{APACHE}\]"
)
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


def parse_named(text: pl.Series, shape: str, *, zone: str) -> pl.Series:
    """Times in the form that `shape` (of `to_datetime`) tells, their fraction after a full stop."""
    return to_utc(text.str.to_datetime(shape, strict=False, time_unit="us").cast(_NAIVE), zone)


def parse_web(text: pl.Series) -> pl.Series:
    """`10/Oct/2026:13:55:36 +0200`, the time of an access log."""
    return text.str.to_datetime("%d/%b/%Y:%H:%M:%S%.f %z", strict=False, time_unit="us").cast(UTC_TIME)


def parse_apache(text: pl.Series, *, zone: str) -> pl.Series:
    """`Sun Mar 01 12:00:00.123456 2026`, the day of the week not believed."""
    return parse_named(text.str.slice(4).str.replace_all(" +", " "), "%b %d %H:%M:%S%.f %Y", zone=zone)


def parse_yearless(text: pl.Series, *, zone: str, modified: datetime | None) -> pl.Series:
    """`Jan  2 03:04:05`: in the latest year in which that is no more than a day after `modified`.

    `Feb 29` is of the latest leap year. A year that is written (`Jan  2 2026 03:04:05`) counts.
    """
    none = pl.Series(text.name, [None] * len(text), dtype=UTC_TIME)
    plain = text.str.replace_all(" +", " ").str.replace(",", ".", literal=True)
    if plain.null_count() == len(plain):
        return none
    times = parse_named(plain, "%b %d %Y %H:%M:%S%.f", zone=zone) if plain.str.contains(r" [0-9]{4} ").any() else none
    if modified is None:
        return times
    for back in range(9):  # 1896 and 1904 are the leap years farthest apart
        left = times.is_null() & plain.is_not_null()
        if not left.any() or (back > 1 and not plain.filter(left).str.starts_with("Feb 29").any()):
            break
        found = parse_named(f"{modified.year - back} " + plain, "%Y %b %d %H:%M:%S%.f", zone=zone)
        in_past = (found <= modified + timedelta(days=1)).fill_null(value=False)
        times = times.zip_with(~(left & in_past), found)
    return times


@dataclass(frozen=True, slots=True)
class Days:
    """The days of a file whose lines say the hour only: `last` is that of its last line, and a day begins at each of
    the lines numbered `midnights`."""

    last: date
    midnights: tuple[int, ...] = ()


def seconds_of(text: pl.Series) -> pl.Series:
    """`03:04:05.678` as microseconds since midnight (Int64)."""
    groups = text.str.extract_groups(r"^(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?").struct.unnest()
    hour, minute, second = (groups[at].cast(pl.Int64) for at in "123")
    fraction = groups["4"].str.pad_end(6, "0").str.slice(0, 6).cast(pl.Int64).fill_null(0)
    return ((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction


def parse_clock(text: pl.Series, lines: pl.Series, *, days: Days, zone: str) -> pl.Series:
    """`03:04:05.678` at the file's line `lines`, on the day that `days` tells."""
    ahead = pl.Series(days.midnights, dtype=pl.Int64).search_sorted(lines, side="right")
    back = (len(days.midnights) - ahead.cast(pl.Int64)) * 86_400_000_000
    midnight = pl.Series([datetime.combine(days.last, datetime.min.time())], dtype=_NAIVE)
    return to_utc((midnight - back.cast(_MICROSECONDS)) + seconds_of(text).cast(_MICROSECONDS), zone)


def find_days(batches: Iterable[tuple[int, pl.Series]], *, modified: datetime, zone: str) -> Days:
    """The days of a file last written at `modified`, from (number of the first line, clocks or null) of its batches.

    Midnight is where the clock falls by more than two hours: less is threads that overtake each other, or the end of
    summer time.
    """
    midnights: list[int] = []
    before: int | None = None
    for first, clocks in batches:
        at = seconds_of(clocks)
        rows = at.is_not_null().arg_true()
        at = at.gather(rows)
        if at.is_empty():
            continue
        fell = at.diff() < -_MIDNIGHT
        if before is not None and int(at[0]) - before < -_MIDNIGHT:
            midnights.append(first + int(rows[0]))
        midnights += (rows.filter(fell.fill_null(value=False)).cast(pl.Int64) + first).to_list()
        before = int(at[-1])
    here = modified.astimezone(ZoneInfo(zone)) + _SLACK
    last = here.replace(tzinfo=None) - timedelta(microseconds=before or 0)
    return Days(last.date(), tuple(midnights))


def from_epoch(number: float) -> int | None:
    """Microseconds since 1970 of a number of seconds, milli-, micro- or nanoseconds, told by its size."""
    if not 0 < number < 10**20:
        return None
    if number < _FIRST_EPOCH_MS:
        return round(number * 1_000_000)
    if number < _FIRST_EPOCH_US:
        return round(number * 1_000)
    return round(number) if number < _FIRST_EPOCH_NS else round(number / 1_000)
