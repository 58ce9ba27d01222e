"""Level expressions: whatever a source calls a level in, one of model.logs.LEVELS or null out. Unknown gives null."""

import polars as pl

from incident_pipeline.model.levels import SPELLINGS


def level_expr(level: pl.Expr) -> pl.Expr:
    """String expression of source levels -> canonical levels (String, null where unknown)."""
    word = level.str.strip_chars(" []<>():\t").str.to_lowercase()
    return word.replace_strict(dict(SPELLINGS), default=None, return_dtype=pl.String())
