import polars as pl
import pytest

from incident_pipeline.model.levels import at_least, canonical
from incident_pipeline.model.logs import LEVELS
from incident_pipeline.normalize.level import level_expr

SPELLINGS = [
    ("ERROR", "error"), ("err", "error"), ("E", "error"), ("SEVERE", "error"), ("3", "error"), ("50", "error"),
    ("Warning", "warn"), ("WARN", "warn"), ("4", "warn"), ("40", "warn"),
    ("information", "info"), ("6", "info"), ("30", "info"), ("[INFO]", "info"),
    ("crit", "fatal"), ("CRITICAL", "fatal"), ("emerg", "fatal"), ("0", "fatal"), ("60", "fatal"),
    ("notice", "notice"), ("5", "notice"), ("debug", "debug"), ("20", "debug"), ("TRACE", "trace"), ("10", "trace"),
    ("chatty", None), ("", None), (None, None),
]  # fmt: skip


@pytest.mark.parametrize(("spelling", "level"), SPELLINGS)
def test_a_spelling_has_one_level_in_rows_and_alone(spelling: str | None, level: str | None) -> None:
    assert canonical(spelling) == level
    frame = pl.DataFrame({"l": [spelling]}, schema={"l": pl.String}).select(level_expr(pl.col("l")))
    assert frame["l"].to_list() == [level]


def test_at_least_gives_that_level_and_above() -> None:
    assert at_least("Warning") == ("warn", "error", "fatal")
    assert at_least("trace") == LEVELS
    assert at_least("chatty") is None
