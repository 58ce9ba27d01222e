"""A failure and its logs in, the things it names out: codes, packages, symbols, hosts, images, files, tests.

Only the findings, the blocks around them and the lines next to the best of them are read, never a whole log, so a
failure costs the same in a log of any length. Surprising fact: a URL loses its user, query and fragment, since that is
where tokens hide from the redaction of known shapes.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from urllib.parse import urlsplit

import polars as pl

from incident_pipeline.evidence.entity_codes import CODES, PLACES
from incident_pipeline.evidence.entity_names import PACKAGES, SYMBOLS
from incident_pipeline.evidence.entity_shape import Shape
from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.evidence.rank import BLOCK
from incident_pipeline.model.evidence import Entity, EntityKind, Failure

MAX_ENTITIES = 60
_MAX_OF_A_KIND = 15
_MAX_FINDINGS, _MAX_NEAR, _MAX_BLOCKS = 60, 10, 8
_BEFORE, _AFTER, _BLOCK_ROWS = 3, 5, 40
_WIDTH, _MAX_VALUE = 500, 200
_NEAR, _IN_BLOCK = 0.5, 0.7
_WORTH: Mapping[EntityKind, float] = {
    "error_code": 1.0, "package": 0.98, "signal": 0.96, "image": 0.96, "symbol": 0.94, "host": 0.92, "test": 0.9,
    "file": 0.8, "url": 0.7, "exit_code": 0.6,
}  # fmt: skip
_NOT_THE_CAUSE = frozenset({"exit", "summary", "header", "heading", "cascade", "output"})
_PLACEHOLDER = re.compile(r"\{([abc])\}")
_ADVICE = re.compile(
    r"(?i)\b(?:help|see|docs?|documentation|read|visit|refer|more info\w*|details|learn|guide|issues|report|run `?npm"
    r"|troubleshoot\w*|\[Help \d+\])[^\n]{0,80}$"
)
_OTHERS = re.compile(
    r"(?:^|/)(?:node_modules|\.cargo|\.rustup|go/pkg/mod|\.m2|\.gradle|lib/python\d[\d.]*|hostedtoolcache"
    r"|usr/(?:lib|include|share)|usr/local/go|rustc/[0-9a-f]+|vendor/bundle|gems)/|^<|^node:"
)


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of text to look at; `worth` falls with the rank of its finding and outside it."""

    label: str
    line: int
    text: str
    worth: float
    near: bool


@dataclass(frozen=True, slots=True)
class _Span:
    """Lines `first`..`last` of a log, and what a name in them is worth."""

    label: str
    first: int
    last: int
    worth: float
    near: bool


def entities(failure: Failure, logs: Sequence[LogText]) -> tuple[Entity, ...]:
    """At most MAX_ENTITIES names, most telling first, none twice; each cites the line of `logs` that says it.

    `failure.frames` should have been located (`places.locate`): files are then those of the repository.
    """
    best: dict[tuple[EntityKind, str], tuple[float, int, Entity]] = {}
    for order, (said, entity) in enumerate(_all(failure, logs)):
        worth = said * _WORTH[entity.kind]
        key = (entity.kind, entity.value.lower())
        known = best.get(key)
        if known is None or worth > known[0]:
            best[key] = (worth, order, entity)
    counts: dict[EntityKind, int] = {}
    kept: list[Entity] = []
    whole = {tail for kind, value in best if kind == "test" for tail in _tails(value)}
    for _, _, entity in sorted(best.values(), key=lambda b: (-b[0], b[1])):
        if entity.kind == "test" and entity.value.lower() in whole:
            continue
        counts[entity.kind] = counts.get(entity.kind, 0) + 1
        if counts[entity.kind] <= _MAX_OF_A_KIND:
            kept.append(entity)
    return tuple(kept[:MAX_ENTITIES])


def names(found: Iterable[Entity], kind: EntityKind) -> tuple[str, ...]:
    """The values of one kind, most telling first."""
    return tuple(entity.value for entity in found if entity.kind == kind)


def _tails(test: str) -> Iterator[str]:
    """The shorter names of a test: runners print `tests/a.py::A::b`, and `A.b` above the failure itself."""
    parts = re.split(r"::|\.", test)
    for start in range(1, len(parts)):
        yield from (joint.join(parts[start:]) for joint in ("::", "."))


def _all(failure: Failure, logs: Sequence[LogText]) -> Iterator[tuple[float, Entity]]:
    rows = _rows(failure, logs)
    yield from _matches(rows)
    for finding in failure.findings:
        if finding.test and finding.kind != BLOCK:
            yield finding.score, Entity("test", finding.test[:_MAX_VALUE], finding.label, finding.line)
    yield from _of_frames(failure)


def _rows(failure: Failure, logs: Sequence[LogText]) -> list[_Row]:
    """Lines of the findings, then of the blocks, then next to the best findings; each line once, at its best."""
    told = [f for f in failure.findings if f.kind != BLOCK][:_MAX_FINDINGS]
    blocks = [f for f in failure.findings if f.kind == BLOCK][:_MAX_BLOCKS]
    rows: dict[tuple[str, int], _Row] = {}
    for finding in told:
        worth = finding.score * (0.6 if finding.kind in _NOT_THE_CAUSE else 1.0)
        for line, text in enumerate(finding.text.split("\n"), start=finding.line):
            rows.setdefault((finding.label, line), _Row(finding.label, line, text[:_WIDTH], worth, near=False))
    spans = [
        # a block scores three tenths of its best finding
        _Span(b.label, b.line, min(b.end_line, b.line + _BLOCK_ROWS), min(1.0, b.score / 0.3) * _IN_BLOCK, near=False)
        for b in blocks
    ]
    spans += [
        _Span(f.label, f.line - _BEFORE, f.end_line + _AFTER, f.score * _NEAR, near=True) for f in told[:_MAX_NEAR]
    ]
    for log in logs:
        for row in _read(log, [span for span in spans if span.label == log.label]):
            rows.setdefault((row.label, row.line), row)
    return list(rows.values())


def _read(log: LogText, spans: Sequence[_Span]) -> Iterator[_Row]:
    """The lines of the spans; an entry of several lines is split, each keeping its own number."""
    if not spans or log.frame.is_empty():
        return
    lines = log.frame["line"].rechunk()
    firsts = lines.search_sorted(pl.Series([max(1, span.first) for span in spans]), side="right").to_list()
    stops = lines.search_sorted(pl.Series([max(1, span.last) for span in spans]), side="right").to_list()
    ranges = [range(max(0, first - 1), stop) for first, stop in zip(firsts, stops, strict=True)]
    wanted = [row for rows in ranges for row in rows]
    found = log.frame.select("line", "text")[wanted]
    entries = iter(zip(found["line"].to_list(), found["text"].to_list(), strict=True))
    for span, rows in zip(spans, ranges, strict=True):
        for number, text in islice(entries, len(rows)):
            for line, one in enumerate((text or "").split("\n", maxsplit=500), start=number):
                if span.first <= line <= span.last:
                    yield _Row(span.label, line, one[:_WIDTH], span.worth, span.near)


def _matches(rows: Sequence[_Row]) -> Iterator[tuple[float, Entity]]:
    """All shapes over the rows that hold one of their needles."""
    text = "\n".join(row.text for row in rows)
    for shape in (*CODES, *PACKAGES, *PLACES, *SYMBOLS):
        needles = [needle for needle in shape.needles if needle in text]
        for row in rows if needles else ():
            if (row.near and shape.own) or not any(needle in row.text for needle in needles):
                continue
            for match in shape.pattern.finditer(row.text):
                yield from ((row.worth * shape.worth, entity) for entity in _made(shape, match, row))


def _made(shape: Shape, match: re.Match[str], row: _Row) -> Iterator[Entity]:
    groups = {name: (value or "").strip() for name, value in match.groupdict().items()}
    value = next((v for template in shape.values if (v := _fill(template, groups))), None)
    value = value.rstrip(".,;") if value and shape.kind in {"package", "image", "file"} else value
    if not value or "REDACTED" in value or "***" in value:
        return
    entity = Entity(shape.kind, value[:_MAX_VALUE], row.label, row.line, _fill(shape.note, groups) or "")
    match shape.kind:
        case "url":
            if not _ADVICE.search(row.text[: match.start()]):
                yield from _of_url(entity)
        case "exit_code":
            if value.lstrip("-").strip("0"):
                yield entity
        case "signal":
            yield replace(entity, value=_SIGNALS.get(value, value))
        case _:
            yield entity


_SIGNALS = {
    "6": "SIGABRT",
    "9": "SIGKILL",
    "11": "SIGSEGV",
    "15": "SIGTERM",
    "2": "SIGINT",
    "4": "SIGILL",
    "7": "SIGBUS",
}


def _fill(template: str, groups: Mapping[str, str]) -> str | None:
    """None when the template names a group that matched nothing; `{a}{b}` may go without `b`."""
    needed: list[str] = _PLACEHOLDER.findall(template)
    optional = {"b"} if template == "{a}{b}" else set[str]()
    if any(not groups.get(name) and name not in optional for name in needed):
        return None
    return _PLACEHOLDER.sub(lambda m: groups[m[1]], template)


def _of_url(entity: Entity) -> Iterator[Entity]:
    """The URL without what may be secret, and its host where the scheme is spoken over a network."""
    try:
        parts = urlsplit(entity.value)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return
    if "$" in entity.value or not re.fullmatch(r"[a-z0-9.-]+|[0-9a-f:]+", host) or "." not in host.strip("."):
        return  # a placeholder or a name cut off; `localhost` is said by host shapes
    where = f"{host}:{port}" if port else host
    yield replace(entity, value=f"{parts.scheme}://{where}{parts.path.rstrip('.,:;/')}"[:_MAX_VALUE])
    yield replace(entity, kind="host", value=where)


def _of_frames(failure: Failure) -> Iterator[tuple[float, Entity]]:
    """Files in which it was raised, and the innermost functions of the repository; those of toolchains are nobody's."""
    located = any(frame.repo_path for frame in failure.frames)
    top = max((f.score for f in failure.findings), default=0.0)
    for frame in failure.frames[:200]:
        ours = bool(frame.repo_path) if located else "/" in frame.path and not _OTHERS.search(frame.path)
        if not ours:
            continue
        worth = top * 0.9 ** min(frame.depth, 10)
        yield worth, Entity("file", (frame.repo_path or frame.path)[:_MAX_VALUE], frame.label, frame.line)
        if frame.function and frame.depth == 0 and "<" not in frame.function:
            yield worth, Entity("symbol", frame.function[:_MAX_VALUE], frame.label, frame.line, "raised here")
