r"""Events in, entries out: level and message read off JSON or text, a stack trace's lines put together.

The awslogs driver makes an event of each line that a container prints, unless it is told how entries start
(https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html). So lines that go on an entry of the
same stream within CONTINUES milliseconds are joined to it with `\n`. Surprising fact: AWS strips no level: it is read
off the text, and only where a logger would put it, since a message may speak of errors and be none.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from incident_pipeline.model.levels import canonical
from incident_pipeline.sources.logs._cloudwatch_slices import Event
from incident_pipeline.sources.logs._pairs import json_fields

CONTINUES = 100
MAX_JOINED = 10_000
_HEAD = 300
_ANSI = re.compile(r"\x1b\[[\d;]*m")

_WORDS = "TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|CRITICAL|FATAL|SEVERE"
_BRACKETED = rf"[\[<(]((?i:{_WORDS}|ERR|CRIT|ALERT|EMERG))[\]>)]"
_STAMP = r"[\[(]?\d{2,4}[-/.:]\d\d[-/.:]\d\d[^\sA-Za-z]*(?:T[\d:.,]+)?(?:Z|[+-]\d\d:?\d\d)?[\])]?,?"
_LEVELS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\W{{0,3}}({_WORDS})\b",  # ERROR: ..., [ERROR]<tab>2026-... (Lambda's Python)
        rf"{_STAMP}(?:[ \t]+\S{{1,80}}){{0,5}}?[ \t]+(?:({_WORDS})\b|{_BRACKETED})",  # 2026-03-01 12:00:00 app ERROR
        r"(?:.{0,200}?[ \t])?(?:level|lvl|severity)=\"?([A-Za-z]+)",  # logfmt
        r"([IWEF])\d{4} \d\d:\d\d:\d\d",  # glog, klog
    )
)
_GOES_ON = re.compile(
    r"[ \t]|Traceback |Caused by|During handling|The above exception|\.\.\. \d+ more|[)\]}]+[;,]?\s*$|\s*$"
)
_ENDS_TRACE = re.compile(r"[\w.$]*(?:Error|Exception|Interrupt|Exit)\b")


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry: `time` in milliseconds since 1970, what the logger called its level, and what else came with it."""

    time: int
    level: str | None
    message: str
    metadata: dict[str, Any]


def entries_of(events: Iterable[Event], *, join: bool) -> Iterator[Entry]:
    """Entries of events that are sorted by time, in the order of their first events."""
    return map(_entry, _joined(events) if join else ([event] for event in events))


def level_of(text: str) -> str | None:
    """The level that the first line of a plain message says; None when it says none where loggers write it."""
    head = _ANSI.sub("", text[:_HEAD].partition("\n")[0])
    for pattern in _LEVELS:
        found = pattern.match(head)
        word = next(filter(None, found.groups())) if found else None
        if canonical(word) is not None:
            return word
    return None


def _joined(events: Iterable[Event]) -> list[list[Event]]:
    entries: list[list[Event]] = []
    last: dict[tuple[str, str], list[Event]] = {}
    for event in events:
        key = (event.group, event.stream)
        entry = last.get(key)
        if entry is not None and _goes_on(event, entry):
            entry.append(event)
        else:
            last[key] = entry = [event]
            entries.append(entry)
    return entries


def _goes_on(event: Event, entry: list[Event]) -> bool:
    if event.time - entry[-1].time > CONTINUES or len(entry) >= MAX_JOINED:
        return False
    if event.message.lstrip()[:1] == "{" and event.message.rstrip()[-1:] == "}":
        return False  # a record of its own
    return bool(_GOES_ON.match(event.message) or (len(entry) > 1 and _ENDS_TRACE.match(event.message)))


def _entry(events: list[Event]) -> Entry:
    first = events[0]
    fields = json_fields(first.message) if first.message.lstrip()[:1] == "{" else None
    level, message, metadata = fields or (None, None, {})
    text = first.message if message is None else message
    if canonical(level) is None:
        level = level_of(text) or level
    if len(events) > 1:
        text = "\n".join([text, *(event.message for event in events[1:])])
    named = {
        "log_group": first.group, "log_stream": first.stream, "event_id": first.event_id,
        "ingestion_time": first.ingested,
    }  # fmt: skip
    return Entry(first.time, level, text, metadata | {k: v for k, v in named.items() if v})
