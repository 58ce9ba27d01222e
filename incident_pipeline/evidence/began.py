"""Logs of services, and what began in them, in; the failure out: the lines that began, not those that always stood.

The part of each log before the onset does what the green run's log does for a CI failure. Surprising fact: a record of
one line often has its stack trace in a field beside the message, so frames are read there too and cited by the record.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import polars as pl

from incident_pipeline.evidence.counting import SERVER_ERROR, TROUBLE
from incident_pipeline.evidence.find import find_failure
from incident_pipeline.evidence.frames import read_frames
from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.evidence.rank import LOWEST
from incident_pipeline.model.evidence import Burst, Deploy, Failure, Finding, Frame

KIND = "burst"
_MAX_BURSTS = 12
_MAX_TEXT = 8
_FIRST, _STEP = 0.99, 0.01
_AGAIN, _BESIDE, _USUAL = (
    0.5,
    0.7,
    0.2,
)  # what a finding is worth that repeats a burst, came beside it, was always there
_RECORDS = 3  # records of a burst whose fields are read
_FIELD_LINES = 400
_TELLS = re.compile(f"{TROUBLE}|{SERVER_ERROR}")
_ERROR_FIELD = re.compile(
    r'"(?:error|err|exception|exc_info|cause|error\.message|exception\.message|reason)": ?"((?:[^"\\]|\\.){1,4000})"'
)
_RECORD, _SAID = 20_000, 160  # characters looked at, told
_REPEATS = 3
_QUIET = frozenset({"info", "notice", "debug", "trace"})


@dataclass(frozen=True, slots=True)
class Began:
    """`logs` from the onset on and `greens`, what is usual: the logs before it, and what other services said since of
    the trouble of the one that broke (so that their time-outs are not taken for a cause)."""

    failure: Failure
    logs: tuple[LogText, ...]
    greens: tuple[LogText, ...]


def find_began(
    logs: Sequence[LogText], services: Mapping[str, str], *,
    bursts: Sequence[Burst], deploys: Sequence[Deploy], split: datetime,
) -> Began:  # fmt: skip
    """What began at `split` or later. `bursts` best first; without any, all that is not in the part before `split`."""
    parts = [_divided(log, split) for log in logs]
    after = tuple(part for part, _ in parts)
    usual = tuple(
        replace(before, label=f"green{number or ''}") for number, (_, before) in enumerate(parts) if before.frame.height
    )
    found = find_failure(after, usual)
    entries = {log.label: log.frame for log in after}
    chronic = _Chronic(parts, services, bursts)
    told = tuple(_tell(found.findings, bursts, entries=entries, chronic=chronic))
    frames = (*_recorded(bursts, entries), *(f for f in found.frames if not chronic.has(f.label, f.line)))
    failure = replace(
        found, findings=told, frames=frames, deploys=tuple(deploys), compared_with_green=False,
        bursts=tuple(sorted(bursts, key=lambda b: (b.started_at, b.label, b.line))),
    )  # fmt: skip
    return Began(failure, after, (*usual, *_relayed(after, services, bursts, len(parts))))


def _divided(log: LogText, split: datetime) -> tuple[LogText, LogText]:
    """From `split` on (with what cannot be placed in time), and before it; line numbers stay."""
    early = (pl.col("timestamp").forward_fill() < split).fill_null(value=False)
    return replace(log, frame=log.frame.filter(~early)), replace(log, frame=log.frame.filter(early))


def _relayed(
    after: Sequence[LogText], services: Mapping[str, str], bursts: Sequence[Burst], number: int
) -> Iterator[LogText]:
    lead = bursts[0].service if bursts else None
    for log in after:
        if lead and services.get(log.label, log.name) != lead and log.frame.height:
            yield replace(log, label=f"green{number}")
            number += 1


class _Chronic:
    """Which lines are of a shape that stood in the service's log before, and that did not grow."""

    def __init__(
        self, parts: Sequence[tuple[LogText, LogText]], services: Mapping[str, str], bursts: Sequence[Burst]
    ) -> None:
        self.frames = {after.label: after.frame for after, _ in parts}
        self.services = {after.label: services.get(after.label, after.name) for after, _ in parts}
        self.grown = {(b.service, b.template) for b in bursts}
        self.before: dict[str, set[int]] = {}
        for _, before in parts:
            shapes = before.frame["template"].unique().drop_nulls().to_list()
            self.before.setdefault(self.services[before.label], set()).update(shapes)

    def shape(self, label: str, line: int) -> tuple[str, int] | None:
        """(service, template) of the entry that a line belongs to."""
        row = _row(self.frames[label], line)
        return None if row is None else (self.services[label], self.frames[label]["template"][row])

    def has(self, label: str, line: int) -> bool:
        """True when the line's shape is usual."""
        shape = self.shape(label, line)
        return shape is not None and shape not in self.grown and shape[1] in self.before.get(shape[0], ())


def _row(frame: pl.DataFrame, line: int) -> int | None:
    row = int(frame["line"].search_sorted(line, side="right")) - 1
    return row if row >= 0 else None


def _tell(
    findings: Sequence[Finding], bursts: Sequence[Burst], *, entries: Mapping[str, pl.DataFrame], chronic: _Chronic
) -> list[Finding]:
    """Bursts first, each at its first entry; then what else is new; what was always there last."""
    at = {(f.label, f.line): f for f in reversed(findings)}
    told = [
        _first_entry(burst, at.get((burst.label, burst.line)), frame=entries[burst.label], place=place)
        for place, burst in enumerate([b for b in bursts if _speaks(b, entries)][:_MAX_BURSTS])
    ]
    taken = {(f.label, f.line) for f in told}
    beside = [f for f in findings if (f.label, f.line) not in taken]
    rest = [_weighed(f, bursts, chronic) for f in _thinned(beside, chronic)]
    return sorted([*told, *rest], key=lambda f: (-f.score, f.label, f.line))


def _thinned(findings: Sequence[Finding], chronic: _Chronic) -> Iterator[Finding]:
    """A storm says the same a thousand times: a few lines of a shape that grew are enough, one of a usual one."""
    told: Counter[tuple[str, int]] = Counter()
    for finding in findings:
        shape = chronic.shape(finding.label, finding.line)
        if shape is None:
            continue
        told[shape] += 1
        most = _REPEATS if shape in chronic.grown else 1
        if told[shape] <= most or not (shape in chronic.grown or chronic.has(finding.label, finding.line)):
            yield finding


def _speaks(burst: Burst, entries: Mapping[str, pl.DataFrame]) -> bool:
    """A calm shape that grew is news, but no failure line."""
    frame = entries.get(burst.label)
    row = None if frame is None else _row(frame, burst.line)
    if frame is None or row is None or frame["line"][row] != burst.line:
        return False
    level = frame["level"][row]
    return (level is not None and level not in _QUIET) or _TELLS.search(burst.text[:2000]) is not None


def _first_entry(burst: Burst, known: Finding | None, *, frame: pl.DataFrame, place: int) -> Finding:
    row = _row(frame, burst.line) or 0
    lines = (frame["text"][row] or "").split("\n")[:_MAX_TEXT]
    score = round(_FIRST - _STEP * place, 4)
    why = _said(frame["metadata"][row]) or (_spoken(known.reason) if known else "")
    reason = "; ".join(filter(None, (why, _reason(burst))))
    if known is not None:
        return replace(known, score=score, reason=reason, novel=burst.first_seen or known.novel)
    return Finding(
        burst.label, burst.line, burst.line + len(lines) - 1, "\n".join(lines), KIND, score, reason, burst.first_seen
    )


def _reason(burst: Burst) -> str:
    since = f"{burst.started_at:%H:%M:%S} UTC"
    if burst.first_seen:
        times = "once" if burst.count == 1 else f"{burst.count:,} times"
        return f"first seen at {since}, {times} until {burst.ended_at:%H:%M:%S}"
    return f"grew at {since} from {burst.before:.3g} to {burst.during:.3g} a minute"


def _weighed(finding: Finding, bursts: Sequence[Burst], chronic: _Chronic) -> Finding:
    shape = chronic.shape(finding.label, finding.line)
    said = _spoken(finding.reason)
    if shape in chronic.grown:
        return replace(finding, score=max(LOWEST, round(finding.score * _AGAIN, 4)), reason=said)
    if not chronic.has(finding.label, finding.line):
        factor = _BESIDE if bursts else 1.0
        return replace(finding, score=max(LOWEST, round(finding.score * factor, 4)), reason=said)
    said = said if "also before" in said else f"{said}, also before"
    return replace(finding, score=max(LOWEST, round(finding.score * _USUAL, 4)), reason=said, novel=False)


def _spoken(reason: str) -> str:
    """There is no green run here, but a time before."""
    return reason.replace("since the green run", "since then").replace("in the green run", "before")


def _said(metadata: str | None) -> str:
    """What the record names as its error beside the message."""
    match = _ERROR_FIELD.search(metadata[:_RECORD]) if metadata else None
    if match is None:
        return ""
    lines = [line.strip() for line in match[1].replace('\\"', '"').split("\\n") if line.strip()]
    return f"its record says {lines[-1][:_SAID]}" if lines else ""


def _recorded(bursts: Sequence[Burst], entries: Mapping[str, pl.DataFrame]) -> tuple[Frame, ...]:
    """Frames in the fields of the first records of each burst; a stack seen before is not told again."""
    found: list[Frame] = []
    seen: set[tuple[tuple[str, int | None], ...]] = set()
    for burst in bursts[:_MAX_BURSTS]:
        frame = entries.get(burst.label)
        if frame is None:
            continue
        rows = frame.filter((pl.col("template") == burst.template) & (pl.col("line") >= burst.line)).head(_RECORDS)
        for line, text, metadata in rows.select("line", "text", "metadata").iter_rows():
            for field in _fields(text, metadata):
                stack = read_frames(burst.label, ((line, part) for part in field.split("\n")[:_FIELD_LINES]))
                key = tuple((f.path, f.source_line) for f in stack)
                if stack and key not in seen:
                    seen.add(key)
                    found += stack
    return tuple(found)


def _fields(text: str | None, metadata: str | None) -> Iterator[str]:
    """Texts of several lines within one record; the line breaks of its message are written out as `\\n`."""
    if text and "\n" not in text and "\\n" in text:
        yield text.replace("\\n", "\n")
    if metadata and "\\n" in metadata:
        try:
            yield from _strings(json.loads(metadata))
        except (ValueError, RecursionError):
            return


def _strings(value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        if "\n" in value:
            yield value
        return
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType] - JSON
        yield from _strings(item)
