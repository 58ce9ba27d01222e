"""Logs of services in, the moments at which something else went live out: a version, a commit or an image.

Two signs: a line that says so (`Starting app version 1.2.3`, `Deployed abc1234`, `BUILD_SHA=...`), and a version that
every record carries and that changes. Surprising fact: only the first line of each shape is read to find the shapes,
for the mask hides what varies; so two million lines cost little more than their shapes.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.model.evidence import Deploy, log_ref
from incident_pipeline.model.git import Commit, Ref

MAX_DEPLOYS = 200
_LOOK = 600  # characters of a line
_VALUE = r"(?:v?[0-9]+(?:\.[0-9]+){1,3}(?:[-+][0-9A-Za-z.-]{1,40})?|v[0-9]+|[0-9a-f]{7,40})"
_KEY = (
    r"(?:app[_ -]?|service[_ -]?|build[_ -]?|git[_ -]?|image[_ -]?|release[_ -]?)?"
    r"(?:version|release|commit|revision|sha|tag|image)(?:[_ -]?(?:sha|hash|id|version|tag))?"
)
_STARTS = r"(?:start(?:ed|ing|up)?|boot(?:ed|ing)?|launch(?:ed|ing)|running|initiali[sz](?:ed|ing))"
_DEPLOYS = (
    r"(?:deploy(?:ed|ing|ment)?|releas(?:ed|ing)|roll(?:ed|ing)[ -]?out|rollback|promot(?:ed|ing)|upgrad(?:ed|ing))"
)
_IS = r"[\"']?\s?[:=]\s?[\"']?(?:[\w./-]{1,100}[:@])?"
_END = r"\.?(?:$|[\s\"',;)}])"
_SHAPES = (
    rf"(?i)\b{_DEPLOYS}\b[^\n]{{0,80}}?(?:^|[\s:=@\"'/(])({_VALUE}){_END}",
    rf"(?i)\b{_STARTS}\b[^\n]{{0,120}}?\b{_KEY}(?:\s|{_IS})({_VALUE}){_END}",
    rf"(?i)\b{_KEY}{_IS}({_VALUE}){_END}",
    rf"(?i)\b{_STARTS}\b[^\n]{{0,80}}?\s(v?[0-9]+\.[0-9]+\.[0-9]+(?:[-+][0-9A-Za-z.-]{{1,40}})?|v[0-9]+(?:\.[0-9]+)+){_END}",
)
_FIELD = (
    r'"(?:app[_.]|service[_.]|build[_.]|git[_.])?(?:version|release|commit|sha|revision|image|image_tag|git_sha|build_sha)"'
    rf': ?"(?:[\w./-]{{1,100}}[:@])?({_VALUE})"'
)
_SAYS = re.compile(rf"\b(?:{_STARTS}|{_DEPLOYS})\b|\bBUILD_SHA\b|\bimage\b", re.IGNORECASE)
_HASH = re.compile(r"(?=.*[a-f])[0-9a-f]{7,40}|[0-9a-f]{40}")
_KNOWN_SHARE = 0.5  # a field that this share of records carries is the service's own version
_SHAPES_READ = 50


@dataclass(frozen=True, slots=True)
class _Said:
    at: datetime
    service: str
    value: str
    label: str
    line: int
    says: bool


def find_deploys(logs: Sequence[LogText], services: Mapping[str, str]) -> tuple[Deploy, ...]:
    """What went live, oldest first. `hash` is the commit as printed (perhaps short), "" when a version was printed.

    A version said again is no deploy (a restart). One that was there from a log's first line on is none either, unless
    a line says that it was deployed or that it started.
    """
    said = sorted(
        (s for log in logs for s in _said(log, services.get(log.label, log.name))),
        key=lambda s: (s.at, s.label, s.line, not s.says),
    )
    known: dict[str, list[str]] = {}
    found: list[Deploy] = []
    for one in said:
        values = known.setdefault(one.service, [])
        if values and _same(values[-1], one.value):
            continue
        if values or one.says:
            what = f"commit {one.value[:12]}" if _HASH.fullmatch(one.value) else f"version {one.value}"
            commit = one.value if _HASH.fullmatch(one.value) else ""
            found.append(Deploy(one.at, one.service, what, log_ref(one.label, one.line), commit))
        values.append(one.value)
    return tuple(found[:MAX_DEPLOYS])


def tagged(tags: Sequence[Ref], commits: Sequence[Commit]) -> tuple[Deploy, ...]:
    """Tags on `commits` as deploys at the time of their commit, oldest first: a release, if nothing better is known."""
    times = {c.hash: c.committed_at or c.date for c in commits}
    found = [Deploy(times[t.hash], "", f"tag {t.name}", "", t.hash) for t in tags if t.hash in times]
    return tuple(sorted(found, key=lambda d: (d.at, d.what)))


def named_by(version: str, tags: Sequence[Ref]) -> str | None:
    """The commit of the tag that is this version: `1.2.3` is `v1.2.3`, `release-1.2.3` or `app/1.2.3`."""
    wanted = version.removeprefix("version ").removeprefix("v").lower()
    found = {t.hash for t in tags if re.split(r"[/@_]|(?<=[a-z])-", t.name.lower())[-1].removeprefix("v") == wanted}
    return next(iter(found)) if len(found) == 1 else None


def previous_tag(version: str, tags: Sequence[Ref]) -> str | None:
    """The commit of the release before this one: of tags named alike, the one with the next lower numbers."""
    own = _numbers(version.removeprefix("version "))
    lower = [(numbers, t) for t in tags if (numbers := _numbers(re.split(r"[/@_]", t.name)[-1])) and numbers < own]
    best = max((numbers for numbers, _ in lower), default=())
    found = {t.hash for numbers, t in lower if numbers == best}
    return next(iter(found)) if len(found) == 1 else None


def _numbers(version: str) -> tuple[int, ...]:
    """`v1.4.2` -> (1, 4, 2); () when it is no plain version (a release candidate is none)."""
    match = re.fullmatch(r"(?:[a-z]+-)?v?(\d{1,6}(?:\.\d{1,6}){1,3})", version.lower())
    return tuple(map(int, match[1].split("."))) if match else ()


def _same(first: str, second: str) -> bool:
    short, long = sorted((first.removeprefix("v"), second.removeprefix("v")), key=len)
    return short == long or (len(short) >= 7 and bool(_HASH.fullmatch(long)) and long.startswith(short))


def _said(log: LogText, service: str) -> Iterator[_Said]:
    timed = log.frame.filter(pl.col("timestamp").is_not_null())
    for frame, values, says in (*_lines(timed), *_fields(timed)):
        found = frame.select("timestamp", "line").with_columns(value=values).filter(pl.col("value").is_not_null())
        # Of a run of equal values the first is enough: shapes are few, their rows may be millions.
        changed = found.sort("timestamp", "line").filter(pl.col("value").ne_missing(pl.col("value").shift(1)))
        for at, line, value in changed.head(MAX_DEPLOYS).iter_rows():
            if not _is_number(value):
                yield _Said(at, service, value, log.label, line, says)


def _lines(frame: pl.DataFrame) -> Iterator[tuple[pl.DataFrame, pl.Series, bool]]:
    """Rows of each shape whose first line names a version, with the version, and whether it says that it went live."""
    firsts = frame.group_by("template", maintain_order=True).agg(pl.col("text").first().str.slice(0, _LOOK))
    likely = firsts.filter(pl.any_horizontal(pl.col("text").str.contains(p) for p in _SHAPES)).head(_SHAPES_READ)
    for template, text in likely.iter_rows():
        rows = frame.filter(pl.col("template") == template)
        line = rows["text"].str.slice(0, _LOOK)
        values = pl.select(pl.coalesce(line.str.extract(p) for p in _SHAPES)).to_series()
        yield rows, values, _SAYS.search(text) is not None


def _fields(frame: pl.DataFrame) -> Iterator[tuple[pl.DataFrame, pl.Series, bool]]:
    """The version that most records carry, or that a record which says it started carries beside its message."""
    metadata = frame["metadata"]
    if metadata.null_count() == len(metadata):
        return
    if float(metadata.head(500).str.contains(_FIELD).mean() or 0.0) >= _KNOWN_SHARE:  # pyright: ignore[reportArgumentType]  # mean of Booleans is a float
        yield frame, metadata.str.slice(0, 4 * _LOOK).str.extract(_FIELD), False
    firsts = frame.group_by("template", maintain_order=True).agg(pl.col("text", "metadata").first())
    says = pl.col("text").str.slice(0, _LOOK).str.contains(rf"(?i)\b(?:{_STARTS}|{_DEPLOYS})\b")
    likely = firsts.filter(says & pl.col("metadata").str.contains(_FIELD))["template"].head(_SHAPES_READ)
    if len(likely):
        rows = frame.filter(pl.col("template").is_in(likely.implode()))
        yield rows, rows["metadata"].str.extract(_FIELD), True


def _is_number(value: str) -> bool:
    """A plain number of seven digits and more is an id, and four parts are an address, not a version."""
    return value.isdigit() or re.fullmatch(r"\d{1,3}(?:\.\d{1,3}){3}", value) is not None
