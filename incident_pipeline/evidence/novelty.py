"""Which lines are new since the green run. Lines are compared by shape: what varies from run to run is masked.

Comes in: the failed log's Lines and the green ones. Goes out: a flag a line, and whether the comparison can be trusted.
The surprising fact: counts of 0 and not 0 are kept apart, else `Failures: 1` would look just like `Failures: 0`.
"""

from collections.abc import Sequence
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
    return lines.frame.select(shape=mask(pl.col("text").str.strip_chars()).hash(seed=0))["shape"]


def compare(failed: Lines, greens: Sequence[Lines], *, before: int | None = None) -> Novelty:
    """Compare shapes as a set. `before`: row of the first error; the lines above it tell whether it is the same job."""
    if not greens:
        return Novelty(pl.Series("new", [None], pl.Boolean).new_from_index(0, len(failed)), trusted=False, common=0.0)
    known = pl.concat([shapes(green) for green in greens]).unique()
    own = shapes(failed)
    new = ~own.is_in(known.implode())
    head = (~new).head(before if before is not None and before >= 10 else len(new))
    common = float(head.mean() or 0.0)  # pyright: ignore[reportArgumentType]  # mean of Booleans is a float
    return Novelty(new.alias("new"), trusted=common >= _TRUST, common=common)
