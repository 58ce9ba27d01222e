"""Which lines are new since the green run. Lines are compared by shape: what varies from run to run is masked.

Comes in: the failed log's Lines and the green ones. Goes out: a flag a line, and whether the comparison can be trusted.
The surprising fact: counts of 0 and not 0 are kept apart, else `Failures: 1` would look just like `Failures: 0`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from incident_pipeline.evidence.lines import Lines

# One alternation, one pass: each further pass costs half a second a million lines. A lone 0 stays.
_VARIES = (
    r"https?://[^\s\"'<>)]+"
    r"|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
    r"|\b(?:0x)?[0-9a-f]{7,}\b"
    r"|(?:tmp|temp|jenkins|pip-[a-z-]+|pytest-of-[a-z]+/pytest)[-_A-Za-z0-9]*[0-9_][-_A-Za-z0-9]*"
    r"|(?:[0-9]*[1-9][0-9]*(?:[.,:][0-9]+)*|0+(?:[.,:][0-9]+)+) ?"
    r"(?:(?:[nuµm]?s|secs?|seconds|min|minutes|m|h|[kKMG]?i?B)\b)?"
)
_TRUST = 0.35
_PART = 250_000


@dataclass(frozen=True, slots=True)
class Novelty:
    """`new`: Boolean per row, null where it cannot be told. `common`: share of the failed log's lines, up to its first
    error, that the green run has too. `trusted` False: no green log, or one of another job."""

    new: pl.Series
    trusted: bool
    common: float


def mask(text: pl.Expr) -> pl.Expr:
    """Expression: the shape of a line (String)."""
    return text.str.replace_all(_VARIES, "7")


def shapes(lines: Lines) -> pl.Series:
    """64-bit hash of each line's shape (UInt64)."""
    shape = mask(pl.col("text").str.strip_chars()).hash(seed=0).alias("shape")
    # A part at a time: the masked text of a whole large log would be one more copy of it.
    parts = [part.select(shape) for part in lines.frame.iter_slices(_PART)]
    return pl.concat(parts)["shape"] if parts else pl.Series("shape", [], pl.UInt64)


def known_shapes(greens: Iterable[Lines]) -> pl.Series | None:
    """Distinct shapes of the green logs; None without a log."""
    known = [shapes(green).unique() for green in greens]
    return pl.concat(known).unique() if known else None


def compare(failed: Lines, known: pl.Series | None, *, before: int | None = None) -> Novelty:
    """Compare shapes as a set. `before`: row of the first error; the lines above it tell whether it is the same job."""
    if known is None:
        return Novelty(pl.Series("new", [None], pl.Boolean).new_from_index(0, len(failed)), trusted=False, common=0.0)
    new = ~shapes(failed).is_in(known.implode())
    head = (~new).head(before if before is not None and before >= 10 else len(new))
    common = float(head.mean() or 0.0)  # pyright: ignore[reportArgumentType]  # mean of Booleans is a float
    return Novelty(new.alias("new"), trusted=common >= _TRUST, common=common)
