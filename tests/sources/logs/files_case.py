"""A text in, the rows that are read of a file with it out."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from incident_pipeline.sources.logs.files import read_log_file


def read(
    tmp_path: Path, text: str | bytes, *, fmt: str | None = None, timezone: str = "UTC",
    modified: datetime | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """Rows of RAW_LOG; `modified` is when the file is said to be last written."""
    path = tmp_path / "a.log"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    if modified:
        os.utime(path, (modified.timestamp(), modified.timestamp()))
    log = read_log_file(path, fmt=fmt, timezone=timezone)
    return pl.concat(log.frames).to_dicts()


def facts(row: dict[str, Any]) -> dict[str, Any]:
    """A row's metadata; none is an empty one."""
    return json.loads(row["metadata"] or "{}")


def utc(*parts: int) -> datetime:
    """Aware UTC."""
    return datetime(*parts, tzinfo=UTC)  # pyright: ignore[reportArgumentType] - seven integers
