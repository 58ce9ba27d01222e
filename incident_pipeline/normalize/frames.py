"""RAW_LOG frames in, LOG frames out (model.frames): secrets redacted first, then everything else derived from that.

Surprising fact: terminal codes can cut a secret in two, so rows that hold codes are looked at once more when clean; a
row that gives a secret away only then is kept in its cleaned form.
"""

import polars as pl

from incident_pipeline.model.frames import LOG
from incident_pipeline.normalize.clean import clean_series, has_codes
from incident_pipeline.normalize.level import level_expr
from incident_pipeline.normalize.redact import redact_series
from incident_pipeline.normalize.template import template_series


def normalize(frame: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """A RAW_LOG frame in line order -> (LOG frame of the same height and order, number of secrets replaced)."""
    raw, in_messages = redact_series(frame["message"])
    metadata, in_metadata = redact_series(frame["metadata"])
    text = clean_series(raw)
    raw, text, hidden = _redact_hidden(raw, text)
    columns = {"template": template_series(text), "raw": raw, "text": text, "metadata": metadata}
    normal = frame.with_columns(level_expr(pl.col("level")), **columns).select(list(LOG))
    return normal, in_messages + in_metadata + hidden


def _redact_hidden(raw: pl.Series, text: pl.Series) -> tuple[pl.Series, pl.Series, int]:
    rows = has_codes(raw).arg_true()
    if rows.is_empty():
        return raw, text, 0
    before = text.gather(rows)
    after, count = redact_series(before)
    if not count:
        return raw, text, 0
    changed = (after != before).fill_null(value=False)
    rows, after = rows.filter(changed), after.filter(changed)
    return raw.clone().scatter(rows, after), text.clone().scatter(rows, after), count
