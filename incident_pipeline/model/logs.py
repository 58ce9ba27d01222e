"""Log entries and what was read of a log. A source without times leaves `timestamp` None; it never invents one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

Level = Literal["trace", "debug", "info", "notice", "warn", "error", "fatal"]
LEVELS: tuple[Level, ...] = ("trace", "debug", "info", "notice", "warn", "error", "fatal")

ReadStatus = Literal["read", "empty", "missing", "expired", "truncated", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry: aware UTC `timestamp` or None, the source's own `level` or None, the text, and what else came with it.

    `line` is the 1-based line of the file it starts at, where the source has files. A stack trace is one entry; its
    message holds newlines, so the k-th line of the message is file line `line + k`.
    """

    timestamp: datetime | None
    level: str | None
    message: str
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])
    line: int | None = None


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """How far one thing was read. An empty log (`empty`) and a log that is not there (`missing`) are two things."""

    source: str
    kind: Literal["git", "logs"]
    what: str
    status: ReadStatus
    detail: str = ""
    rows: int = 0
    bytes: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class SourceCheck:
    """What one small read of a source showed. A text is for people; an empty one means that it could not be told.

    `credentials`: whose they are, or how they were refused. `scopes`: what they may do, or what is missing.
    `clock_ahead`: the other side's clock minus ours. `found`: what the read gave. `advice`: what to do when it failed.
    """

    source: str
    kind: Literal["git", "logs"]
    what: str
    works: bool
    credentials: str = ""
    scopes: str = ""
    clock_ahead: timedelta | None = None
    found: str = ""
    advice: str = ""
