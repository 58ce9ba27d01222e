"""Logs in, counts of entries by service, shape and bin of time out, and how long each service was there to be counted.

Surprising fact: a run of empty bins in a busy service is a hole in the log, not a calm hour, and counts for nothing; in
a service that logs little it is a calm hour.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import polars as pl

from incident_pipeline.evidence.inputs import LogText

CALM, WARN, ERROR = 0, 1, 2
MAX_BINS = 240
_WIDTHS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)  # seconds
_HOLE = 20.0  # entries missing that a service would have written with near certainty: exp(-20)
_UNTIMED = 0.5  # a log with a greater share of entries without a time has none to go by
_SEVERITY = {"fatal": ERROR, "error": ERROR, "warn": WARN, "notice": CALM, "info": CALM, "debug": CALM, "trace": CALM}
TROUBLE = (
    r"\b(?:(?i:error|exception|fatal|panic|traceback|failed|failure|fails|timed? ?out|timeout|refused|unavailable"
    r"|critical|crashed|aborted|oom|killed|unhandled))\b|(?:Error|Exception)\b"
)
_STATUS = r"HTTP/|status|\" \d{3}\b"
SERVER_ERROR = r"(?:\" |HTTP/\d(?:\.\d)?\"? |status(?:[_ ]?code)?[\"']?[=: ]{1,3}[\"']?)5\d\d\b"
_LOOK = 2_000  # characters of an entry
_ENTRIES = {
    "service": pl.UInt16, "log": pl.UInt16, "row": pl.UInt32, "line": pl.Int64, "bin": pl.UInt32, "time": pl.Int64,
    "severity": pl.UInt8, "template": pl.UInt64, "bad": pl.Boolean,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Counted:
    """`keys`: key, service, template, bad, severity, n, first, last (bins). `counts`: key, bin, n. `exposure`: service,
    bin, open, traffic. `rows`: one an entry. `start` is the left edge of bin 0."""

    keys: pl.DataFrame
    counts: pl.DataFrame
    exposure: pl.DataFrame
    rows: pl.DataFrame
    services: tuple[str, ...]
    start: datetime
    width: timedelta
    bins: int
    entries: int
    untimed: int
    notes: tuple[str, ...]

    def series(self, *, trouble: bool, least: int, most: int) -> pl.DataFrame:
        """key, service of the shapes worth a look: those with `least` entries, the commonest `most` of them."""
        is_bad = pl.col("severity") > CALM
        found = self.keys.filter((is_bad if trouble else ~is_bad) & (pl.col("n") >= least))
        return found.sort(["n", "key"], descending=[True, False]).head(most).select("key", "service")

    def spans(self, *, trouble: bool) -> pl.DataFrame:
        """key, first, last, first in any service, n, open bins before `first`, open bins in all."""
        opened = self.exposure.sort("service", "bin").with_columns(
            before=pl.col("open").cum_sum().over("service") - pl.col("open"), all=pl.col("open").sum().over("service")
        )
        keys = self.keys.with_columns(anywhere=pl.col("first").min().over("template", "bad"))
        keys = keys.filter((pl.col("severity") > CALM) == trouble).sort("n", "key", descending=[True, False])
        found = keys.join(
            opened.select("service", "bin", "before", "all"), left_on=["service", "first"], right_on=["service", "bin"],
            maintain_order="left",
        )  # fmt: skip
        return found.select("key", "first", "last", "anywhere", "n", "before", "all")

    def bin_of(self, time: datetime) -> int:
        """The bin a time lies in."""
        return (time - self.start) // self.width

    def first_entries(
        self, spans: pl.DataFrame, logs: Sequence[LogText]
    ) -> dict[int, tuple[str, int, int, str, int, str, datetime, datetime]]:
        """key -> (service, severity, template, label, line, text, first time, last time) of its entries in the span.

        `spans`: key, start, end (bins, end excluded).
        """
        keys = self.keys.join(spans, on="key")
        rows = self.rows.join(keys.drop("severity", "n"), on=["service", "template", "bad"])
        rows = rows.filter((pl.col("bin") >= pl.col("start")) & (pl.col("bin") < pl.col("end")))
        rows = rows.sort("time", "log", "line")
        firsts = rows.group_by("key", maintain_order=True).agg(
            pl.col("service", "template", "log", "row", "line", "time").first(), last_time=pl.col("time").max()
        )
        severities = dict(self.keys.select("key", "severity").iter_rows())
        return {
            key: (
                self.services[service], severities[key], template, logs[int(log)].label, line,
                logs[int(log)].frame["text"][row] or "", _moment(first), _moment(last),
            )
            for key, service, template, log, row, line, first, last in firsts.iter_rows()
        }  # fmt: skip


def count(logs: Sequence[LogText], services: Mapping[str, str], *, start: datetime, end: datetime) -> Counted:
    """Count all entries of `logs` with `start` <= time < `end`. An entry without a time has that of the one above."""
    names = tuple(dict.fromkeys(services.get(log.label, log.name) for log in logs))
    frames: list[pl.DataFrame] = []
    notes: list[str] = []
    untimed = 0
    for number, log in enumerate(logs):
        timed, without = _timed(log, number, names.index(services.get(log.label, log.name)))
        untimed += without
        if without and timed.is_empty():
            notes.append(f"{log.label}: its entries carry no time, so no burst can be dated in it")
        frames.append(timed.filter(pl.col("time").is_between(_micros(start), _micros(end), closed="left")))
    rows = pl.concat(frames) if frames else pl.DataFrame(schema={n: k for n, k in _ENTRIES.items() if n != "bin"})
    low, high = rows["time"].min(), rows["time"].max()
    if not isinstance(low, int) or not isinstance(high, int):
        empty = pl.DataFrame()
        return Counted(empty, empty, empty, rows, names, start, timedelta(seconds=1), 0, 0, untimed, tuple(notes))
    width = _width(high - low)
    left = low // width * width
    bins = (high - left) // width + 1
    rows = rows.with_columns(((pl.col("time") - left) // width).cast(pl.UInt32).alias("bin"))
    keys = _keys(rows, logs)
    shape = ["service", "template", "bad"]
    counts = rows.join(keys.select("key", *shape), on=shape).group_by("key", "bin").agg(n=pl.len())
    exposure = _exposure(rows, keys, services=len(names), bins=bins)
    return Counted(
        keys, counts, exposure, rows, names, _moment(left), timedelta(microseconds=width), bins, rows.height, untimed,
        tuple(notes),
    )  # fmt: skip


def _timed(log: LogText, number: int, service: int) -> tuple[pl.DataFrame, int]:
    """The entries that have a time, and how many have none to go by."""
    frame = log.frame
    missing = frame["timestamp"].null_count()
    if missing > _UNTIMED * frame.height:
        return _select(frame.head(0), number, service), missing
    timed = _select(frame, number, service)
    known = timed.filter(pl.col("time").is_not_null())
    return known, timed.height - known.height


def _select(frame: pl.DataFrame, number: int, service: int) -> pl.DataFrame:
    bad = _bad(frame)
    return frame.select(
        pl.lit(service, pl.UInt16).alias("service"), pl.lit(number, pl.UInt16).alias("log"),
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"), "line",
        pl.col("timestamp").forward_fill().cast(pl.Int64).alias("time"),
        pl.col("level").replace_strict(_SEVERITY, default=None, return_dtype=pl.UInt8).alias("severity"),
        pl.col("template").fill_null(0), bad.alias("bad"),
    )  # fmt: skip


def _bad(frame: pl.DataFrame) -> pl.Series:
    """Which entries name a status of 500 or more; only shapes whose first entry speaks of a status are read."""
    bad = pl.repeat(value=False, n=frame.height, dtype=pl.Boolean, eager=True)
    firsts = frame.group_by("template", maintain_order=True).agg(pl.col("text", "metadata").first())
    for column, hint in (("text", _STATUS), ("metadata", r'"status')):
        shapes = firsts.filter(pl.col(column).str.contains(hint))["template"]
        if shapes.is_empty():
            continue
        found = frame.select(
            pl.when(pl.col("template").is_in(shapes.implode())).then(pl.col(column).str.slice(0, _LOOK))
        ).to_series()
        bad = bad | found.str.contains(SERVER_ERROR).fill_null(value=False)
    return bad


def _keys(rows: pl.DataFrame, logs: Sequence[LogText]) -> pl.DataFrame:
    """One row a shape. A shape without a level, or a calm one, is judged by the words of its first entry."""
    grouped = rows.group_by("service", "template", "bad", maintain_order=True).agg(
        pl.col("severity").max(), pl.col("log").first(), pl.col("row").first(), n=pl.len(),
        first=pl.col("bin").min(), last=pl.col("bin").max(),
    )  # fmt: skip
    parts = grouped.select("log", "row", "service", "template", "bad").partition_by("log")
    words = pl.concat(
        part.with_columns(
            trouble=logs[int(part["log"][0])].frame["text"].gather(part["row"]).str.slice(0, 400).str.contains(TROUBLE)
        )
        for part in parts
    )
    grouped = grouped.join(words, on=["service", "template", "bad", "log", "row"], how="left", maintain_order="left")
    said, told = pl.col("trouble").fill_null(value=False), pl.col("severity")
    severity = (
        pl.when(pl.col("bad")).then(ERROR)
        .when(told.is_null()).then(pl.when(said).then(ERROR).otherwise(CALM))
        .when((told == CALM) & said).then(WARN)
        .otherwise(told)
    )  # fmt: skip
    return grouped.with_row_index("key").select(
        "key", "service", "template", "bad", severity.cast(pl.UInt8).alias("severity"), "n", "first", "last"
    )


def _exposure(rows: pl.DataFrame, keys: pl.DataFrame, *, services: int, bins: int) -> pl.DataFrame:
    """service, bin, open, traffic: a bin is open from the service's first entry on, holes excepted."""
    shape = ["service", "template", "bad"]
    calm = keys.filter(pl.col("severity") == CALM).select(*shape, calm=pl.lit(value=True))
    seen = rows.join(calm, on=shape, how="left").group_by("service", "bin").agg(
        all=pl.len(), traffic=pl.col("calm").is_not_null().sum()
    )  # fmt: skip
    grid = pl.DataFrame({"service": pl.int_range(services, dtype=pl.UInt16, eager=True)}).join(
        pl.DataFrame({"bin": pl.int_range(bins, dtype=pl.UInt32, eager=True)}), how="cross"
    )
    grid = grid.join(seen, on=["service", "bin"], how="left", maintain_order="left").fill_null(0)
    started = (pl.col("all").cum_sum() > 0).over("service")
    run = (pl.col("all") > 0).cum_sum().over("service")
    usual = pl.col("all").filter(pl.col("all").cum_sum() > 0).median().over("service").fill_null(0)
    empty = (pl.col("all") == 0).sum().over("service", run.alias("run")).cast(pl.Float64)
    hole = (pl.col("all") == 0) & (empty * usual > _HOLE)
    return grid.select(
        "service", "bin", (started & ~hole).cast(pl.Float64).alias("open"), pl.col("traffic").cast(pl.Float64)
    )


def _width(span: int) -> int:
    """Microseconds of a bin: the smallest usual width that makes at most MAX_BINS of `span`."""
    seconds = span / 1e6 / MAX_BINS
    usual = next((w for w in _WIDTHS if w >= seconds), None)
    return (usual or int(seconds / 3600 + 1) * 3600) * 1_000_000


def _micros(time: datetime) -> int:
    return (time - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _moment(micros: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
