"""Log frames for the tests of this room, from text as a runner prints it."""

import polars as pl

from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.evidence.lines import Lines
from incident_pipeline.model.frames import LOG


def log(text: str, label: str = "log") -> LogText:
    """One row a line, nothing cleaned."""
    lines = text.splitlines()
    frame = pl.DataFrame({"line": range(1, len(lines) + 1), "raw": lines, "text": lines}, strict=False)
    missing = [pl.lit(None, kind).alias(name) for name, kind in LOG.items() if name not in frame.columns]
    return LogText(label, "job", frame.with_columns(missing).select(pl.col(n).cast(k) for n, k in LOG.items()))


def lines(text: str, label: str = "log") -> Lines:
    """The same, read."""
    return Lines(log(text, label))
