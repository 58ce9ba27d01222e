"""Decoded pages of a Datadog search in, RAW_LOG frames and what became of the read out.

The level is the entry's `status`; the metadata are its `service`, `host`, `tags` and own `attributes` as Datadog names
them, and `version` out of the tag of that name. Surprising fact: an entry need not have a message: one that was sent as
JSON without such a field has its attributes only, and they are its text.
"""

import json
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import NoneType
from typing import Any, cast

import polars as pl

from incident_pipeline.errors import BadPayload
from incident_pipeline.http.answer import Answer
from incident_pipeline.http.errors import Call, one_line
from incident_pipeline.http.paging import Page
from incident_pipeline.model.logs import SourceStatus
from incident_pipeline.sources.batching import as_json, frame_of

PAGES_REMEMBERED = 10
"""An entry that comes again (Datadog may move it while pages are read) is known by its id for so many pages."""

MAX_WARNINGS = 5
_VERSION = "version:"
_TEXT = {str, NoneType}

Json = dict[str, Any]


@dataclass(slots=True)
class Cursor:
    """Pages by the cursor that the reader took from the last one, which it has decoded anyway (see BodyCursor)."""

    after: str | None = None

    def following(self, asked: Page, answer: Answer, call: Call) -> Page | None:  # noqa: ARG002 - as all paginators
        """The same search from there on; None after the last page."""
        if self.after is None:
            return None
        body = asked.body or {}
        return replace(asked, body={**body, "page": {**body.get("page", {}), "cursor": self.after}})


@dataclass(slots=True)
class Reading:
    """One read of a window [since, until): entries are kept within it exactly, those without a readable time too."""

    what: str
    since: datetime
    until: datetime
    rows: int = 0
    bytes: int = 0
    skipped: int = 0
    untimed: int = 0
    partial: dict[str, None] = field(default_factory=dict[str, None])
    _ids: deque[frozenset[str]] = field(default_factory=lambda: deque[frozenset[str]](maxlen=PAGES_REMEMBERED))

    def take(self, page: Json, call: Call) -> pl.DataFrame:
        """A page's entries, numbered on from those before. BadPayload when it holds no list."""
        data = page.get("data")
        if not isinstance(data, list):
            said = one_line(str(page.get("errors") or ""))
            raise BadPayload(f"{call.who}: {call.what}: a page without its list of entries{said and f': {said}'}")
        self._warned(_object(page.get("meta")))
        columns = _columns([cast("Json", entry["attributes"]) for entry in self._new(cast("list[Any]", data))])
        frame = frame_of(**columns, first_line=self.rows + 1)
        times = frame["timestamp"]
        inside = times.is_between(self.since, self.until, closed="left").fill_null(value=True)
        if not inside.all():
            frame = frame.filter(inside)
            lines = pl.int_range(self.rows + 1, self.rows + 1 + frame.height, dtype=pl.Int64, eager=True)
            frame = frame.with_columns(line=lines)
        self.untimed += times.null_count()
        self.rows += frame.height
        return frame

    def stop(self, why: str) -> None:
        """The rest of the window was not read."""
        self.partial[why] = None

    def status(self, source: str) -> SourceStatus:
        """How far the window was read."""
        said = [*self.partial, *([f"{self.untimed:,} entries without a readable time"] if self.untimed else [])]
        status = "truncated" if self.partial else "read" if self.rows else "empty"
        return SourceStatus(
            source, "logs", self.what, status, "; ".join(said),
            rows=self.rows, bytes=self.bytes, skipped=self.skipped,
        )  # fmt: skip

    def _warned(self, meta: Json) -> None:
        """`meta.status` and `meta.warnings`: "partial results might be returned if warnings are present"."""
        if meta.get("status") == "timeout":
            self.partial["Datadog ran out of time and gave a part of the entries: ask for a shorter window"] = None
        warnings = meta.get("warnings")
        for warning in cast("list[Any]", warnings) if isinstance(warnings, list) else []:
            fields = _object(warning)
            told = [str(fields[key]) for key in ("title", "detail") if fields.get(key)] or [str(fields.get("code"))]
            if len(self.partial) < MAX_WARNINGS:
                self.partial[one_line(": ".join(told))] = None

    def _new(self, data: Sequence[Any]) -> list[Json]:
        """Entries with attributes that were not there before; the others are counted, or known already."""
        entries = [cast("Json", e) for e in data if isinstance(e, dict) and isinstance(_at(e, "attributes"), dict)]
        self.skipped += len(data) - len(entries)
        given = [entry.get("id") for entry in entries]
        ids = frozenset(known for known in given if isinstance(known, str))
        if len(ids) < len(entries) or not all(page.isdisjoint(ids) for page in self._ids):
            entries = [e for e, known in zip(entries, self._known(given), strict=True) if not known]
        self._ids.append(ids)
        return entries

    def _known(self, given: Sequence[Any]) -> Iterator[bool]:
        """Whether each id was there before. An entry without one is new."""
        here: set[str] = set()
        for known in given:
            yield isinstance(known, str) and (known in here or any(known in page for page in self._ids))
            if isinstance(known, str):
                here.add(known)


def cursor_after(page: Json) -> str | None:
    """`meta.page.after`; None after the last page, which may have no `meta` at all."""
    after = _at(_at(page.get("meta"), "page"), "after")
    return after if isinstance(after, str) and after else None


def _columns(entries: list[Json]) -> dict[str, Any]:
    """The columns of `frame_of`. The entries are taken apart: what is left of each is its metadata."""
    times = [entry.pop("timestamp", None) for entry in entries]
    levels = [entry.pop("status", None) for entry in entries]
    messages = [entry.pop("message", None) for entry in entries]
    if None in messages:
        messages = [
            (as_json(_object(entry.get("attributes"))) or "") if text is None else text
            for text, entry in zip(messages, entries, strict=True)
        ]
    for entry in entries:
        tags = entry.get("tags")
        if isinstance(tags, list):
            for tag in cast("list[Any]", tags):
                if isinstance(tag, str) and tag.startswith(_VERSION):
                    entry.setdefault("version", tag[len(_VERSION) :])
                    break
    return {"times": _texts(times), "levels": _texts(levels), "messages": _texts(messages), "metadata": entries}


def _texts(values: list[Any]) -> list[Any]:
    if set(map(type, values)) <= _TEXT:
        return values
    return [v if v is None or isinstance(v, str) else json.dumps(v, ensure_ascii=False) for v in values]


def _object(value: Any) -> Json:  # noqa: ANN401 - the JSON edge
    return cast("Json", value) if isinstance(value, dict) else {}


def _at(value: Any, name: str) -> Any:  # noqa: ANN401 - the JSON edge
    return _object(value).get(name)
