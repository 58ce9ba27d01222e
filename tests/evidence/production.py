"""Made-up logs of services for the tests of bursts and deploys: Poisson noise with a seed, and what is put into it."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import polars as pl

from incident_pipeline.evidence.bursts import Survey, survey
from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.model.frames import RAW_LOG
from incident_pipeline.normalize.frames import normalize

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
Entry = tuple[datetime | None, str | None, str]


def minutes(number: float) -> timedelta:
    """That many minutes."""
    return timedelta(minutes=number)


def arrivals(chance: random.Random, rate: float, first: float, last: float) -> list[datetime]:
    """Times of a Poisson process of `rate` a minute between minute `first` and `last` after noon."""
    times: list[datetime] = []
    at = first
    while (at := at + chance.expovariate(rate)) < last:
        times.append(NOON + minutes(at))
    return times


def noise(seed: int, *, shapes: int = 15, last: float = 120, busy: float = 1.0) -> list[Entry]:
    """Stationary entries of many shapes and levels, rare and common ones."""
    chance = random.Random(seed)
    rows: list[Entry] = []
    for number in range(shapes):
        name = "".join(chance.choice("abcdefghij") for _ in range(6))
        level = ("error", "info", "warn", "debug")[number % 4]
        rate = busy * chance.choice([0.02, 0.1, 0.5, 2.0, 4.0])
        rows += [(at, level, f"{name} came to {chance.randrange(999)}") for at in arrivals(chance, rate, 0, last)]
    return rows


def log(rows: Sequence[Entry], label: str = "log", *, ordered: bool = True, metadata: str | None = None) -> LogText:
    """A normalized log of these entries."""
    entries = sorted(rows, key=lambda r: r[0] or NOON) if ordered else list(rows)
    raw = pl.DataFrame(
        {
            "line": range(1, len(entries) + 1), "timestamp": [e[0] for e in entries], "level": [e[1] for e in entries],
            "message": [e[2] for e in entries], "metadata": [metadata] * len(entries),
        },
        schema=RAW_LOG,
    )  # fmt: skip
    return LogText(label, label, normalize(raw)[0])


def look(*logs: LogText, since: datetime = NOON, last: float = 180, **services: str) -> Survey:
    """A survey of a stretch that begins two hours before noon."""
    return survey(logs, services, start=NOON - minutes(120), end=NOON + minutes(last), since=since)
