"""Timeline events in, places on a line out (per cent of its width), for the page to draw.

Surprising fact: time is not drawn to scale where nothing happens. A long quiet stretch is shortened and marked with
its length, so that a weekend before the incident does not press the incident into one pixel.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Literal

from incident_pipeline.model.report import TimelineEvent
from incident_pipeline.reports.text import count

LEFT, RIGHT = 4.0, 96.0
_LONGEST = 4.0  # times the median gap, before a gap is shortened
_SHORTEST = 0.25  # of the median gap, so that neighbours can be told apart
SUSPECT = 0.2
_FOCUSABLE = 40


@dataclass(frozen=True, slots=True)
class Mark:
    """One event at `x`; `anchor` keeps its label inside the picture; `stop` says whether the keyboard reaches it."""

    x: float
    event: TimelineEvent
    anchor: Literal["start", "middle", "end"]
    height: float
    suspect: bool
    stop: bool


@dataclass(frozen=True, slots=True)
class Break:
    """A quiet stretch that was shortened, at `x`, and how long it lasted."""

    x: float
    label: str


@dataclass(frozen=True, slots=True)
class Picture:
    """What to draw, left to right."""

    marks: tuple[Mark, ...]
    breaks: tuple[Break, ...]


def picture(events: Sequence[TimelineEvent]) -> Picture:
    """Marks in order of time between 4 and 96 per cent; the likeliest commit is a suspect from 0.2 on."""
    if not events:
        return Picture((), ())
    gaps = [(after.at - before.at).total_seconds() for before, after in pairwise(events)]
    usual = max(median(gaps), 1.0) if gaps else 1.0
    drawn = [min(max(gap, usual * _SHORTEST), usual * _LONGEST) for gap in gaps]
    scale = (RIGHT - LEFT) / sum(drawn) if drawn else 0.0
    xs = [LEFT]
    for width in drawn:
        xs.append(xs[-1] + width * scale)
    top = max((event.suspicion for event in events), default=0.0)
    many = len(events) > _FOCUSABLE
    marks = tuple(_mark(x, event, top, many) for x, event in zip(xs, events, strict=True))
    breaks = tuple(
        Break(round((left + right) / 2, 2), duration(gap))
        for (left, right), gap, width in zip(pairwise(xs), gaps, drawn, strict=True)
        if gap > 2 * width
    )
    return Picture(marks, breaks)


def _mark(x: float, event: TimelineEvent, top: float, many: bool) -> Mark:
    suspect = event.kind == "commit" and event.suspicion >= SUSPECT and event.suspicion == top
    anchor: Literal["start", "middle", "end"] = "start" if x < 20 else "end" if x > 80 else "middle"
    stop = not many or event.kind != "commit" or event.suspicion >= 0.05
    return Mark(round(x, 2), event, anchor, round(9 + 27 * event.suspicion, 1), suspect, stop)


def duration(seconds: float) -> str:
    """`3 days`, `18 h`, `25 min`: one unit, rounded."""
    for size, unit in ((86_400, "day"), (3_600, "h"), (60, "min")):
        if seconds >= size * 1.5 or (seconds >= size and unit != "day"):
            number = round(seconds / size)
            return count(number, "day") if unit == "day" else f"{number} {unit}"
    return f"{round(seconds)} s"
