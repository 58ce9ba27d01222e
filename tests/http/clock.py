"""A clock that moves only when someone sleeps, so that waiting is free and can be counted."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from incident_pipeline.http.retry import Patience

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@dataclass
class Clock:
    now: datetime = START
    slept: list[float] = field(default_factory=list[float])

    def __call__(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return (self.now - START).total_seconds()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        # A datetime holds no less than a microsecond: without it, who waits for the rest of one waits for ever.
        self.now += max(timedelta(seconds=seconds), timedelta(microseconds=1 if seconds > 0 else 0))

    def patience(self, **changes: float) -> Patience:
        """Without jitter: the back-off is the upper end."""
        return Patience(clock=self, sleep=self.sleep, jitter=lambda _, high: high, monotonic=self.monotonic, **changes)  # pyright: ignore[reportArgumentType] - tries is an int
