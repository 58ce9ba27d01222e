"""Every error this package raises on purpose, grouped by what the caller can do about it.

    IncidentError
    |-- UsageError            the words of the call are off: correct and call again      exit 2
    |   `-- ConfigError       a config file is off; carries file and line                exit 2
    |-- NotFound              what was asked for is not there                            exit 1
    |-- AccessDenied          fix the credentials, or grant the scope it names           exit 1
    |-- Gone                  it was there and has expired (410)                         exit 1
    |-- RateLimited           wait until `retry_at`                                      exit 1
    |-- Unavailable           try again: network, 5xx, time-out                          exit 1
    |-- Busy                  another process holds the lock: try again                  exit 1
    |-- BadPayload            the other side sent nonsense: skip, count, show            exit 1
    |-- BadInput              a file or repository cannot be used as it is               exit 1
    |-- Unsupported           this source cannot do that (optional capability)           exit 1
    `-- WarehouseError        corrupt, or newer than this program                        exit 1

A message is one line that says who, what and the next step: `github acme/web: token lacks actions:read (403)`.
"""

from datetime import datetime
from pathlib import Path


class IncidentError(Exception):
    """Base of all errors raised on purpose; `exit_code` is what the CLI leaves with."""

    exit_code = 1


class UsageError(IncidentError):
    """The caller's words are off."""

    exit_code = 2


class ConfigError(UsageError):
    """A config file is off. `path` and `line` (1-based) say where, when known."""

    def __init__(self, message: str, *, path: Path | None = None, line: int | None = None) -> None:
        self.path, self.line = path, line
        where = "" if path is None else f"{path}:{line}: " if line else f"{path}: "
        super().__init__(where + message)


class NotFound(IncidentError):
    """What was asked for is not there."""


class AccessDenied(IncidentError):
    """Credentials are missing, wrong, or lack a scope that the message names."""


class Gone(IncidentError):
    """It was there once and has expired (HTTP 410)."""


class RateLimited(IncidentError):
    """The vendor asks to wait; `retry_at` is aware UTC, None when it did not say."""

    def __init__(self, message: str, *, retry_at: datetime | None = None) -> None:
        self.retry_at = retry_at
        super().__init__(message)


class Unavailable(IncidentError):
    """A passing fault: network, 5xx, time-out. Trying again may help."""


class Busy(IncidentError):
    """Another process holds a lock that did not come free in time."""


class BadPayload(IncidentError):
    """The other side answered something that cannot be read."""


class BadInput(IncidentError):
    """A file or repository cannot be used as it is."""


class Unsupported(IncidentError):
    """The source lacks this optional capability."""


class WarehouseError(IncidentError):
    """The warehouse is corrupt, or was written by a newer program."""
