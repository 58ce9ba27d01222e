"""A failed try in, how long to wait before the next one out; None when waiting cannot help.

Rules of rate limits: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api (the header names
are shared by most vendors). Surprising fact: a secondary limit is a 403 whose only mark may be a sentence in the body.
"""

import logging
import random
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TypeVar

from incident_pipeline.errors import IncidentError, RateLimited, Unavailable
from incident_pipeline.http.errors import Call, Refusal
from incident_pipeline.http.limits import limit_name, remaining, reset_at

TELL_SECONDS = 5.0
"""A wait as long as this is told: silence would look like a hang."""

SECONDARY_WAIT = timedelta(seconds=60)
"""GitHub: without Retry-After and reset time, "wait for at least one minute before retrying"."""

T = TypeVar("T")

_HOPELESS = {501, 555}
"""555 is Bitbucket's: what is asked is too large to be answered in time."""

_log = logging.getLogger(__name__)
_SECONDARY_MARKS = ("secondary rate limit", "abuse detection", "abuse-rate-limits", "rate limit exceeded")


@cache
def retry_context() -> Callable[..., Iterable[AbstractContextManager[None, bool | None]]]:
    """`stamina.retry_context`, imported at the first request. Its hooks would write to stdout: none is set."""
    import stamina.instrumentation  # noqa: PLC0415 - not paid for by --help

    stamina.instrumentation.set_on_retry_hooks(())
    return stamina.retry_context


class FailedTry(Exception):
    """One try failed with `error`; another may help when `again`, after `wait` seconds where the vendor named them."""

    def __init__(self, error: IncidentError, *, again: bool = False, wait: float | None = None) -> None:
        self.error, self.again, self.wait = error, again, wait
        super().__init__(str(error))


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to go on. `clock` gives aware UTC, `monotonic` seconds that never jump; they, `sleep` and `jitter` (low,
    high) come in so that tests do not wait.

    `tries` counts the first one. Back-off is full jitter: uniform in 0..min(cap, base * 2^n) seconds. A wait that the
    vendor asks for is kept while a request waits at most `max_wait` seconds in all; else it is an error with its time.
    """

    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    jitter: Callable[[float, float], float] = random.uniform
    tries: int = 4
    base: float = 0.5
    cap: float = 8.0
    max_wait: float = 60.0
    monotonic: Callable[[], float] = time.monotonic

    def pause(self, failed: FailedTry, tries_made: int, *, waited: float = 0.0) -> float | None:
        """Wait as long as `failed` asks for and tell how long; None at once when no wait would help.

        `waited`: seconds spent on this request already; all waits together stay within `max_wait`.
        """
        if not failed.again or waited + (failed.wait or 0) > self.max_wait:
            return None
        seconds = (failed.wait or 0) + self.jitter(0, min(self.cap, self.base * 2 ** (tries_made - 1)))
        if seconds >= TELL_SECONDS:
            _log.warning("%s (waiting %.0f s)", failed.error, seconds)
        self.sleep(seconds)
        return seconds


def tried(once: Callable[[], T], patience: Patience) -> T:
    """What `once` gives, asked again while it raises FailedTry and `patience` lasts; then the error of the last try."""
    made, waited = 0, 0.0

    def again(error: Exception) -> bool | float:
        # The wait is kept here, not in stamina, so that time can come in from outside; zero is left for stamina.
        nonlocal waited
        if not isinstance(error, FailedTry) or made >= patience.tries:
            return False
        paused = patience.pause(error, made, waited=waited)
        waited += paused or 0
        return False if paused is None else 0.0

    try:
        for attempt in retry_context()(on=again, attempts=patience.tries, timeout=None):
            with attempt:
                made += 1
                return once()
    except FailedTry as failed:
        raise failed.error from None
    raise AssertionError("the loop above returns or raises")


def rate_limit(refusal: Refusal, call: Call, now: datetime) -> FailedTry | None:
    """The failed try that a rate limit makes of this refusal; None when it is no rate limit."""
    headers, body = refusal.headers, refusal.body.decode("utf-8", "replace").lower()
    if refusal.status not in {403, 429}:
        return None
    primary = remaining(headers) == 0
    asked = retry_after(headers.get("retry-after"), now)
    if not (primary or asked or refusal.status == 429 or any(mark in body for mark in _SECONDARY_MARKS)):
        return None
    retry_at = asked or (reset_at(headers, now) if primary else None) or now + SECONDARY_WAIT
    wait = max(0.0, (retry_at - now).total_seconds())
    kind = "rate limit used up" if primary else "asked to slow down"
    named = limit_name(headers)
    message = f"{call.who}: {kind} ({refusal.status}){named}; try again after {retry_at:%Y-%m-%d %H:%M:%S} UTC"
    return FailedTry(RateLimited(message, retry_at=retry_at), again=True, wait=wait)


def server_fault(error: Unavailable, refusal: Refusal, now: datetime) -> FailedTry:
    """The failed try that a 5xx makes, with the wait its Retry-After names."""
    asked = retry_after(refusal.headers.get("retry-after"), now)
    wait = max(0.0, (asked - now).total_seconds()) if asked else None
    return FailedTry(error, again=refusal.status not in _HOPELESS, wait=wait)


def retry_after(value: str | None, now: datetime) -> datetime | None:
    """Retry-After in either form (RFC 9110 10.2.3: seconds or a date) as aware UTC; None when absent or unreadable."""
    if value is None:
        return None
    value = value.strip()
    try:
        if value.isascii() and value.isdigit():
            return now + timedelta(seconds=int(value))
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
