"""A vendor's published limits in; requests held back so that they are kept out.

Surprising fact: a vendor's limit for a minute may be spent in a second, so requests are not spread but counted: the one
that would be too many waits until the oldest leaves the window.
"""

import math
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from incident_pipeline.errors import RateLimited
from incident_pipeline.http.errors import Call, one_line


@dataclass(frozen=True, slots=True)
class Limits:
    """`at_once`: requests in flight; `requests` in any `seconds` (0: no such limit is published)."""

    at_once: int = 6
    requests: int = 0
    seconds: float = 60.0


_LEAST = 0.001


class Pace:
    """Keeps `limits.requests` in any `limits.seconds`. Threads may share it."""

    def __init__(self, limits: Limits, *, monotonic: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._limits, self._monotonic, self._sleep = limits, monotonic, sleep
        self._sent: deque[float] = deque()
        self._lock = threading.Lock()

    def wait(self, longest: float = math.inf) -> float:
        """Come back when one more request is allowed; it counts as sent from then on, and 0 is given.

        A limit by the hour may be spent for most of it: the seconds are given at once when they are over `longest`.
        """
        if not self._limits.requests:
            return 0.0
        with self._lock:
            while (pause := self._until_free()) > 0:
                if pause > longest:
                    return pause
                self._sleep(max(pause, _LEAST))  # what is less than a clock's tick would be slept for ever
            self._sent.append(self._monotonic())
        return 0.0

    def _until_free(self) -> float:
        now = self._monotonic()
        while self._sent and self._sent[0] + self._limits.seconds <= now:  # the same sum as below, rounded the same
            self._sent.popleft()
        return self._sent[0] + self._limits.seconds - now if len(self._sent) >= self._limits.requests else 0.0


class Budget:
    """What the last answers said is left of the vendor's own count, so that none is asked for once it is spent.

    The wait is counted on the clock that never jumps: one that is set back would stretch it.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._free_at: float | None = None
        self._name = ""

    def note(self, headers: Mapping[str, str], now: datetime) -> None:
        """Remember a successful answer's headers: the vendor refuses the request after the last."""
        until = reset_at(headers, now) if remaining(headers) == 0 else None
        self._free_at = self._monotonic() + (until - now).total_seconds() if until else None
        self._name = limit_name(headers)

    def spent(self, call: Call, now: datetime) -> RateLimited | None:
        """The error with its time when nothing is left at `now`."""
        left = self._free_at - self._monotonic() if self._free_at is not None else 0.0
        return used_up(call, now + timedelta(seconds=left), self._name) if left > 0 else None


def used_up(call: Call, until: datetime, name: str = "") -> RateLimited:
    """The error for a request that is not sent as the vendor would refuse it."""
    message = f"{call.who}: rate limit used up{name}; try again after {until:%Y-%m-%d %H:%M:%S} UTC"
    return RateLimited(message, retry_at=until)


def remaining(headers: Mapping[str, str]) -> int | None:
    """Requests left, by whichever of the vendors' header names is there; None when none tells."""
    value = headers.get("x-ratelimit-remaining") or headers.get("ratelimit-remaining") or ""
    return int(value) if value.isascii() and value.isdigit() else None


def limit_name(headers: Mapping[str, str]) -> str:
    """` (NAME: 300 in 3600 s)` where the vendor tells, as Datadog does (it raises a limit by its name); else empty."""
    name, most, seconds = (headers.get(f"x-ratelimit-{part}", "") for part in ("name", "limit", "period"))
    return f" ({one_line(name)}: {one_line(most)} in {one_line(seconds)} s)" if name else ""


def reset_at(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """When the count starts anew: GitHub and GitLab send a Unix time, Datadog and the IETF draft the seconds until."""
    value = headers.get("x-ratelimit-reset") or headers.get("ratelimit-reset")
    try:
        number = float(value) if value else -1.0
        if number < 0:
            return None
        return now + timedelta(seconds=number) if number < 10**8 else datetime.fromtimestamp(number, UTC)
    except (ValueError, OverflowError, OSError):
        return None
