"""Numbered lines in, entries out: the lines that start no entry are joined to the one above, with `\\n` between.

So the k-th line of an entry's message is line `line + k` of the file. Surprising fact: the last entry of a batch may go
on in the next one, so it is held back; one that grows past MAX_LINES is given up piece by piece.
"""

from collections.abc import Iterable, Iterator

import polars as pl

from incident_pipeline.sources.logs._decode import Lines
from incident_pipeline.sources.logs._formats import Format

MAX_LINES = 10_000
_TRACE = (
    r"^(?:\s|Traceback |Caused by|During handling|The above exception|[\w.$]*(?:Error|Exception|Interrupt)\b"
    r"|goroutine |[})\]]|$)"
)


def join_entries(batches: Iterable[Lines], how: Format) -> Iterator[pl.DataFrame]:
    """Frames with `line` (Int64, where the entry starts) and `message` (String), in order."""
    if how.start is None:
        for lines in batches:
            yield _numbered(lines)
        return
    held, seen = None, False
    for lines in batches:
        rows = _numbered(lines).with_columns(start=_starts(lines.text, how))
        rows = rows if held is None else pl.concat([held, rows])
        whole, held, seen = _divide(rows, seen=seen)
        yield from whole
    if held is not None:
        yield _joined(held)


def _numbered(lines: Lines) -> pl.DataFrame:
    numbers = pl.int_range(lines.first, lines.first + len(lines.text), eager=True, dtype=pl.Int64)
    return pl.DataFrame({"line": numbers, "message": lines.text})


def _starts(text: pl.Series, how: Format) -> pl.Series:
    starts = text.str.contains(how.start or "")
    return starts | ~text.str.contains(_TRACE) if how.records else starts


def _divide(rows: pl.DataFrame, *, seen: bool) -> tuple[list[pl.DataFrame], pl.DataFrame | None, bool]:
    """Whole entries, the one that may go on, and whether any entry has started yet in this file."""
    if not seen:  # lines before the first entry (a banner) belong to none: each stays its own
        rows = rows.with_columns(pl.col("start") | (pl.col("start").cum_sum() == 0))
    starts = rows["start"].arg_true()
    last = int(starts[-1]) if len(starts) else 0
    seen = seen or bool(len(starts))
    if rows.height - last > MAX_LINES:
        return [_joined(rows)], None, seen
    whole = [_joined(rows[:last])] if last else []
    return whole, rows[last:], seen


def _joined(rows: pl.DataFrame) -> pl.DataFrame:
    if bool(rows["start"].all()):
        return rows.select("line", "message")
    grouped = rows.group_by(pl.col("start").cum_sum().alias("entry"), maintain_order=True)
    return grouped.agg(pl.col("line").first(), pl.col("message").str.join("\n")).select("line", "message")
