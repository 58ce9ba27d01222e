"""What flow hands in: one normalized log with its label."""

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True)
class LogText:
    """One log. `frame` has the LOG columns (model.frames) in line order; `failed_steps` are the CI's names of them."""

    label: str
    name: str
    frame: pl.DataFrame
    failed_steps: tuple[str, ...] = ()
