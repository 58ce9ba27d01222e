"""GitHub's published limits, enforced and counted: how many requests an hour, points a minute, and at once.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api: 5,000 requests an hour; 900 points a
minute, a GET being one and what writes five; 100 requests at once; an answer 304 is free of the first.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tests.fakes.server import Asked, Reply, json_reply

_SLOW_DOWN = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


@dataclass
class Limiter:
    """`violations` holds a line for each request that went over a limit; it was refused."""

    hourly: int = 5_000
    points: int = 900
    seconds: float = 60.0
    at_once: int = 100
    used: int = 0
    peak: int = 0
    violations: list[str] = field(default_factory=list[str])
    _sent: deque[tuple[float, int]] = field(default_factory=deque[tuple[float, int]])
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _running: int = 0
    _reset: int = field(default_factory=lambda: int(time.time()) + 3_600)

    def answer(self, asked: Asked, real: Callable[[Asked], Reply]) -> Reply:
        with self._lock:
            self._running += 1
            self.peak = max(self.peak, self._running)
            refused = self._over(asked)
        try:
            reply = refused or real(asked)
        finally:
            with self._lock:
                self._running -= 1
        with self._lock:
            self.used += not refused and reply.status != 304
        left = max(0, self.hourly - self.used)
        told = {"X-RateLimit-Limit": self.hourly, "X-RateLimit-Remaining": left, "X-RateLimit-Reset": self._reset}
        return replace(reply, headers={**reply.headers, **{k: str(v) for k, v in told.items()}})

    def _over(self, asked: Asked) -> Reply | None:
        now, cost = time.monotonic(), 1 if asked.method == "GET" or asked.path == "/graphql" else 5
        while self._sent and self._sent[0][0] <= now - self.seconds:
            self._sent.popleft()
        if self.used >= self.hourly:
            return self._refuse(f"{asked.path}: hour's count used up", "API rate limit exceeded for user ID 1.")
        if self._running > self.at_once:
            return self._refuse(f"{asked.path}: {self._running} at once", _SLOW_DOWN, wait=1)
        if sum(points for _, points in self._sent) + cost > self.points:
            wait = int(self._sent[0][0] + self.seconds - now) + 1
            return self._refuse(f"{asked.path}: over {self.points} points", _SLOW_DOWN, wait=wait)
        self._sent.append((now, cost))
        return None

    def _refuse(self, what: str, message: str, *, wait: int = 0) -> Reply:
        self.violations.append(what)
        reply = json_reply({"message": message, "documentation_url": "https://docs.example"}, 403)
        return replace(reply, headers={**reply.headers, **({"Retry-After": str(wait)} if wait else {})})
