"""Logs of one or several services over a stretch of time in, what began or grew in it out, and when that was.

Entries are counted by service, shape (template) and whether they tell of a server error (5xx, which the shape masks).
A shape of trouble whose rate rose sets the onset; what was never seen before the onset and came with it joins.
Surprising fact: no burst is a result too: errors that were there all along have no onset, however many they are.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import log10

import polars as pl

from incident_pipeline.evidence import counting, rates
from incident_pipeline.evidence.counting import CALM, Counted
from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.model.evidence import Burst

CHANCE = 0.01  # of a false burst in a whole stretch of stationary noise, by either of the two groups of shapes
LEAST_RATIO = 2.0
LEAST_COUNT = 5
MAX_BURSTS = 40
_CHAIN = 30  # bins by which the first trouble may come before the loudest
_SLOW = 8  # bins that a new event may take to grow to what stands out
_GAPS = 5
_WITH = 3  # bins after the onset within which a shape that was never seen before came with it
_JOINS = 6.0  # log likelihood ratio of a shape that was first seen later
_SURE = 30.0  # a strength that leaves no doubt
_RAISED = re.compile(r"[A-Z]\w*(?:Error|Exception)\b|\b(?:panic|Traceback|segfault|OutOfMemory|assert)", re.ASCII)
_RELAYED = re.compile(
    r"\b(?:50[234]|bad gateway|unavailable|upstream|downstream|tim(?:ed? ?out|eout)|refused|reset by|circuit|retry)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Survey:
    """`bursts` best first, () when nothing began: then `onset` is None. `bin` is how finely time was looked at.

    `entries` were counted; `untimed` carry no time and stand before any that does; `skipped` are said in `notes`.
    """

    bursts: tuple[Burst, ...]
    onset: datetime | None
    bin: timedelta
    entries: int
    untimed: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Candidate:
    """One rise, dated: `first`, `last` are the times of its first and last entry; `severity` as in `counting`."""

    rise: rates.Rise
    service: str
    severity: int
    template: int
    label: str
    line: int
    text: str
    first: datetime
    last: datetime


def survey(
    logs: Sequence[LogText], services: Mapping[str, str], *, start: datetime, end: datetime, since: datetime
) -> Survey:
    """What began within [start, end). `services`: label -> service (default: the log's name).

    What ended before `since` was over when the incident began and sets no onset. Cost: linear in entries.
    """
    counted = counting.count(logs, services, start=start, end=end)
    if counted.bins < 2:
        return Survey((), None, counted.width, counted.entries, counted.untimed, counted.notes)
    found = _dated(counted, _significant(counted), logs)
    onset = _onset(found, counted, since=since)
    if onset is None:
        return Survey((), None, counted.width, counted.entries, counted.untimed, counted.notes)
    near = [c for c in found if c.last >= onset and (c.severity or abs(c.first - onset) <= _WITH * counted.width)]
    joined = _dated(counted, _first_seen(counted, onset, known={c.rise.key for c in near}), logs)
    names = frozenset(services.get(log.label, log.name) for log in logs)
    ordered = sorted([*near, *joined], key=lambda c: (-_worth(c, onset, counted, names), c.first, c.label, c.line))
    bursts = tuple(_burst(c, counted) for c in ordered[:MAX_BURSTS])
    return Survey(bursts, onset, counted.width, counted.entries, counted.untimed, counted.notes)


def _significant(counted: Counted) -> list[rates.Rise]:
    """Rises that noise does not make; shapes of trouble and calm ones are two families, each with its own chance."""
    found: list[rates.Rise] = []
    for trouble in (True, False):
        series = counted.series(trouble=trouble, least=LEAST_COUNT, most=rates.MAX_SERIES)
        strong = rates.needed(counted.bins, series.height, chance=CHANCE)
        risen = rates.rises(counted.counts, series, counted.exposure, bins=counted.bins)
        first = {key: (at, opened) for key, at, _, _, _, opened, _ in counted.spans(trouble=trouble).iter_rows()}
        kept = (r for r in risen if r.strength >= strong and r.inside >= LEAST_COUNT and _ratio(r) >= LEAST_RATIO)
        found += [_from_its_first(r, *first[r.key]) for r in kept]
    return found


def _from_its_first(rise: rates.Rise, first: int, opened: float) -> rates.Rise:
    """A rise whose only earlier entries lie shortly before it is new, and began slowly: it starts at the first of them.

    `first`: the event's first bin; `opened`: open bins before that.
    """
    if not (rise.before and rise.start - _SLOW <= first < rise.start):
        return rise
    added = rise.start - first
    return replace(
        rise, start=first, inside=rise.inside + rise.before, outside=rise.outside - rise.before, before=0,
        open_in=rise.open_in + added, open_out=rise.open_out - added, open_before=opened,
    )  # fmt: skip


def _ratio(rise: rates.Rise) -> float:
    if not rise.outside:
        return float("inf")
    return rise.inside / rise.open_in / (rise.outside / rise.open_out)


def _onset(found: Sequence[_Candidate], counted: Counted, *, since: datetime) -> datetime | None:
    """When the loudest trouble began, or the trouble that led up to it and was still there."""
    bad = [c for c in found if c.severity > CALM and _lasts(c, counted) >= since]
    if not bad:
        return None
    loudest = max(bad, key=lambda c: (c.rise.strength * c.severity, -c.rise.key))
    lead = loudest.first - _CHAIN * counted.width
    return min(c.first for c in bad if c.first >= lead and _lasts(c, counted) >= loudest.first)


def _lasts(one: _Candidate, counted: Counted) -> datetime:
    """Until when one cannot say that it is over: some of its usual gaps after its last entry."""
    return one.last + max(2 * counted.width, _GAPS * (one.last - one.first) / max(1, one.rise.inside - 1))


def _first_seen(counted: Counted, onset: datetime, *, known: set[int]) -> list[rates.Rise]:
    """Shapes of trouble without an entry before the onset that came with it, however few, or later in numbers."""
    first_bin = counted.bin_of(onset)
    if first_bin < 2:
        return []
    rows = counted.spans(trouble=True).filter((pl.col("anywhere") >= first_bin) & ~pl.col("key").is_in(list(known)))
    found: list[rates.Rise] = []
    for key, first, last, _, n, before, opened in rows.head(rates.MAX_SERIES).iter_rows():
        strength = rates.llr(n, 0, opened - before, before)
        if first <= first_bin + _WITH or strength >= _JOINS:
            found.append(rates.Rise(key, first, last + 1, n, 0, opened - before, before, 0, before, strength))
    return sorted(found, key=lambda r: (-r.strength, r.key))[:MAX_BURSTS]


def _dated(counted: Counted, risen: Sequence[rates.Rise], logs: Sequence[LogText]) -> list[_Candidate]:
    spans = pl.DataFrame(
        {"key": [r.key for r in risen], "start": [r.start for r in risen], "end": [r.end for r in risen]},
        schema={"key": pl.UInt32, "start": pl.UInt32, "end": pl.UInt32},
    )
    found = counted.first_entries(spans, logs)
    return [_Candidate(rise, *facts) for rise in risen if (facts := found.get(rise.key)) is not None]


def _worth(one: _Candidate, onset: datetime, counted: Counted, names: frozenset[str]) -> float:
    """What explains most comes first: errors, new ones, early ones; what only passes on another's trouble, last."""
    late = (one.first - onset) / counted.width
    worth = float(one.severity) + min(1.0, log10(one.rise.inside + 1) / 3)
    worth += 1.0 if not one.rise.before else 0.0
    worth += min(1.0, one.rise.strength / _SURE)
    worth += 0.5 if _RAISED.search(one.text[:2000]) else 0.0
    worth -= 0.7 if _RELAYED.search(one.text[:2000]) else 0.0
    worth -= 1.0 if any(name != one.service and _named(name, one.text[:2000]) for name in names) else 0.0
    return worth - min(1.5, 0.1 * max(0.0, late))


def _named(name: str, text: str) -> bool:
    return bool(name) and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text, re.IGNORECASE) is not None


def _burst(one: _Candidate, counted: Counted) -> Burst:
    rise, minutes = one.rise, counted.width / timedelta(minutes=1)
    before = rise.before / rise.open_before if rise.open_before else rise.outside / max(rise.open_out, 1.0)
    return Burst(
        service=one.service, label=one.label, line=one.line, text=one.text.partition("\n")[0][:2000],
        template=one.template, started_at=one.first, ended_at=one.last, count=rise.inside,
        before=round(before / minutes, 4), during=round(rise.inside / max(rise.open_in, 1.0) / minutes, 4),
        first_seen=not rise.before,
    )  # fmt: skip
