"""Columns of the frames that travel between rooms. Importing this imports polars, so the CLI does it late.

RAW_LOG comes out of a source: `message` is the untouched text of the entry (ANSI, vendor prefix and all), `line` the
1-based line it starts at, `level` whatever the source said, `metadata` a JSON object or null.
LOG comes out of normalize: `raw` is the same text with secrets redacted, `text` the cleaned form (no ANSI, no vendor
timestamp), `level` canonical (model.logs.LEVELS) or null, `template` a 64-bit hash that equal shapes of line share
across runs (computed from the first line of the text, masked).
"""

import polars as pl

UTC_TIME = pl.Datetime("us", "UTC")

RAW_LOG: dict[str, pl.DataType] = {
    "line": pl.Int64(),
    "timestamp": UTC_TIME,
    "level": pl.String(),
    "message": pl.String(),
    "metadata": pl.String(),
}

LOG: dict[str, pl.DataType] = {
    "line": pl.Int64(),
    "timestamp": UTC_TIME,
    "level": pl.String(),
    "template": pl.UInt64(),
    "raw": pl.String(),
    "text": pl.String(),
    "metadata": pl.String(),
}
