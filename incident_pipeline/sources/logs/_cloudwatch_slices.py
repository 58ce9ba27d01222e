"""Log groups and a window in, their events in time order out, however many streams wrote them; memory stays bounded.

AWS says that events come sorted by time, but engines that speak its API give them stream by stream, and several groups
must be merged in any case. So a window is read in slices of time: what a slice holds is sorted whole, and a slice that
holds too much is given up and read again in parts. Surprising fact: a slice of one millisecond needs no sorting, so it
may hold any number of events.

The window is exact: `startTime` is inclusive and so is `endTime` ("events with a timestamp later than this time are not
returned", unlike in GetLogEvents):
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from incident_pipeline.errors import IncidentError, NotFound
from incident_pipeline.http.errors import Call
from incident_pipeline.sources.logs._cloudwatch_api import Asker
from incident_pipeline.sources.logs._cloudwatch_groups import Group

MAX_EVENTS = 50_000
MAX_TEXT = 32 * 2**20
_GROWTH = 4


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `time` and `ingested` are milliseconds since 1970."""

    time: int
    group: str
    stream: str
    message: str
    event_id: str = ""
    ingested: int | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is read of each group. `pattern` is in CloudWatch's filter syntax; `page_size` None leaves it to AWS."""

    name: str
    groups: Sequence[Group]
    pattern: str | None = None
    stream_prefix: str | None = None
    page_size: int | None = None
    max_events: int = MAX_EVENTS
    max_text: int = MAX_TEXT


@dataclass(slots=True)
class _Slice:
    """What is held of a slice: no event twice, `unread` counts those without time or text."""

    start: int
    stop: int
    events: list[Event] = field(default_factory=list[Event])
    text: int = 0
    unread: Counter[str] = field(default_factory=Counter[str])
    seen: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])

    def add(self, events: list[Event]) -> None:
        for event in events:
            # Engines exist that give one id to two events of a millisecond, so the text counts too.
            key = (event.event_id, event.message)
            if event.event_id and key in self.seen:
                continue
            self.seen.add(key)
            self.events.append(event)
            self.text += len(event.message)

    def given(self) -> list[Event]:
        """What is held, by time; at one time by group and stream, each stream's in the order it came."""
        events, self.events, self.text = self.events, [], 0
        return sorted(events, key=lambda event: (event.time, event.group, event.stream))


class Slices:
    """One read. `rows`, `unread` (by group) and `missing` groups are final after `events`."""

    def __init__(self, asker: Asker, wanted: Wanted) -> None:
        self._asker, self._wanted, self.groups = asker, wanted, wanted.groups
        self.rows: Counter[str] = Counter()
        self.unread: Counter[str] = Counter()
        self.missing: dict[Group, NotFound] = {}

    def events(self, start: int, end: int) -> Iterator[list[Event]]:
        """Events with `start <= time < end` (milliseconds since 1970), some at a time, none of them out of order.

        An error comes after what was read before it.
        """
        width = end - start
        while start < end:
            part = _Slice(start, min(start + width, end))
            yield from self._read(part)
            if part.stop - part.start > 1 and self._too_much(part):
                width = _narrower(part)
                continue
            load = max(len(part.events) / self._wanted.max_events, part.text / self._wanted.max_text)
            width = max(1, min(width * _GROWTH, int(width * 0.5 / load) if load else end))
            if part.events:
                yield self._accepted(part)
            self.unread += part.unread
            start = part.stop

    def _read(self, part: _Slice) -> Iterator[list[Event]]:
        """Fill `part` until it is read or holds too much; gives only what need not wait for the rest."""
        try:
            for group in self._wanted.groups:
                for page in self._pages(group, part):
                    part.add(page)
                    if self._too_much(part):
                        if part.stop - part.start > 1:
                            return
                        yield self._accepted(part)
        except IncidentError:
            if part.events:
                yield self._accepted(part)
            raise

    def _too_much(self, part: _Slice) -> bool:
        return len(part.events) > self._wanted.max_events or part.text > self._wanted.max_text

    def _accepted(self, part: _Slice) -> list[Event]:
        events = part.given()
        self.rows.update(event.group for event in events)
        return events

    def _pages(self, group: Group, part: _Slice) -> Iterator[list[Event]]:
        if group in self.missing:
            return
        wanted = self._wanted
        params: dict[str, Any] = {**group.asked, "startTime": part.start, "endTime": part.stop - 1}
        optional = {
            "filterPattern": wanted.pattern, "logStreamNamePrefix": wanted.stream_prefix, "limit": wanted.page_size,
        }  # fmt: skip
        params |= {key: value for key, value in optional.items() if value}
        call = Call(f"{wanted.name} {group.shown}", "its events", needs="logs:FilterLogEvents")
        try:
            for page in self._asker.pages("FilterLogEvents", call, items="events", **params):
                yield list(self._events(page, group, part))
        except NotFound as error:  # one of several groups may be gone; the others still tell
            self.missing[group] = error
            if len(self.missing) == len(self._wanted.groups):
                raise

    def _events(self, page: list[Any], group: Group, part: _Slice) -> Iterator[Event]:
        prefix = self._wanted.stream_prefix or ""
        for item in page:
            event = _to_event(item, group)
            if event is None:
                part.unread[group.shown] += 1
            # Engines exist that pass over the prefix or the window's ends.
            elif part.start <= event.time < part.stop and event.stream.startswith(prefix):
                yield event


def _to_event(item: object, group: Group) -> Event | None:
    if not isinstance(item, dict):
        return None
    fields = cast("dict[str, Any]", item)
    time, message, ingested = fields.get("timestamp"), fields.get("message"), fields.get("ingestionTime")
    if not isinstance(time, int) or isinstance(time, bool) or not isinstance(message, str):
        return None
    stream, event_id = (str(fields.get(key) or "") for key in ("logStreamName", "eventId"))
    return Event(time, group.shown, stream, message, event_id, ingested if isinstance(ingested, int) else None)


def _narrower(part: _Slice) -> int:
    """Half of what was read, or of the slice: whether events came in order or stream by stream, it is less."""
    times = sorted(event.time for event in part.events)
    return max(1, min(times[len(times) // 2] - part.start, (part.stop - part.start) // 2))
