"""What every asset body shares: plain failures instead of tracebacks, and a verb's progress in the run log."""

from collections.abc import Generator
from contextlib import contextmanager
from logging import Logger

import dagster as dg

from incident_pipeline.errors import Busy, IncidentError, RateLimited, Unavailable

RETRY = dg.RetryPolicy(max_retries=2, delay=10, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.FULL)
_PASSING = (Busy, RateLimited, Unavailable)


@contextmanager
def plain_failures() -> Generator[None]:
    """Errors raised on purpose become a Dagster failure with their one line; only passing ones are tried again."""
    try:
        yield
    except IncidentError as error:
        raise dg.Failure(str(error), allow_retries=isinstance(error, _PASSING)) from None


class LoggedProgress:
    """Says each step once it begins, and how many units the one before it took."""

    def __init__(self, log: Logger) -> None:
        self._log, self._units = log, 0

    def step(self, text: str, *, total: int | None = None) -> None:
        """A new stretch of work."""
        if self._units:
            self._log.info("%s done", f"{self._units:,}")
        self._units = 0
        self._log.info("%s", text if total is None else f"{text} ({total:,})")

    def advance(self, n: int = 1) -> None:
        """`n` more units done."""
        self._units += n
