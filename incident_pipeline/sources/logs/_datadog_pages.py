"""Decoded pages of a Datadog search in, RAW_LOG frames and what became of the read out.

The level is the entry's `status`; the metadata are its `service`, `host`, `tags` and own `attributes`, as Datadog names
them. Surprising fact: an entry need not have a message: one that was sent as
JSON without such a field has its attributes only, and they are its text.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

import polars as pl

from incident_pipeline.errors import BadPayload
from incident_pipeline.http.answer import Answer
from incident_pipeline.http.errors import Call, one_line
from incident_pipeline.http.paging import Page
from incident_pipeline.model.logs import SourceStatus
from incident_pipeline.sources.batching import as_json, frame_of

MAX_WARNINGS = 5

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
    """One read of a window [since, until): entries are kept within it exactly, those without a readable time too.

    An entry that comes twice in a page, or again in the next one (entries move while pages are read), is taken once.
    """

    what: str
    since: datetime
    until: datetime
    rows: int = 0
    bytes: int = 0
    skipped: int = 0
    untimed: int = 0
    partial: dict[str, None] = field(default_factory=dict[str, None])
    _columns: tuple[list[Any], ...] = field(default_factory=lambda: ([], [], [], []))
    _ids: set[str] = field(default_factory=set[str])

    @property
    def held(self) -> int:
        """Entries that were taken and are in no frame yet."""
        return len(self._columns[0])

    def take(self, page: Json, call: Call) -> None:
        """Hold a page's entries for the next frame; the page is emptied. BadPayload when it holds no list."""
        data = page.get("data")
        if not isinstance(data, list):
            said = one_line(str(page.get("errors") or ""))
            raise BadPayload(f"{call.who}: {call.what}: a page without its list of entries{said and f': {said}'}")
        self._warned(_object(page.get("meta")))
        for column, values in zip(self._columns, self._taken_apart(cast("list[Any]", data)), strict=True):
            column.extend(reversed(values))

    def frame(self) -> pl.DataFrame:
        """What is held, numbered on from the frames before."""
        times, levels, messages, metadata = self._columns
        self._columns = ([], [], [], [])
        first_line = self.rows + 1
        frame = frame_of(times=times, levels=levels, messages=messages, metadata=metadata, first_line=first_line)
        stamps = frame["timestamp"]
        first, last = cast("datetime | None", stamps.min()), cast("datetime | None", stamps.max())
        if first and last and (first < self.since or last >= self.until):
            frame = frame.filter(stamps.is_between(self.since, self.until, closed="left").fill_null(value=True))
            lines = pl.int_range(self.rows + 1, self.rows + 1 + frame.height, dtype=pl.Int64, eager=True)
            frame = frame.with_columns(line=lines)
        self.untimed += stamps.null_count()
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

    def _taken_apart(self, data: list[Any]) -> tuple[list[Any], ...]:
        """Times, levels, messages and metadata of the entries that were not there before, the last one first.

        An entry is taken apart, written and freed in one go, and the one that was decoded last is the first, while the
        processor still has it at hand: a pass for each column costs twice as much.
        """
        times: list[Any] = []
        levels: list[Any] = []
        messages: list[Any] = []
        metadata: list[Any] = []
        before, here = self._ids, set[str]()
        while data:
            entry = data.pop()
            try:
                fields, ident = entry["attributes"], entry.get("id")
                time, level = fields.pop("timestamp", None), fields.pop("status", None)
                message = fields.pop("message", None)
            except (TypeError, KeyError, AttributeError):  # no entry, or one without attributes
                self.skipped += 1
                continue
            if isinstance(ident, str):
                if ident in here or ident in before:
                    continue
                here.add(ident)
            times.append(time)
            levels.append(level)
            messages.append(_text(fields) if message is None else message)
            metadata.append(as_json(fields))
        self._ids = here or before
        return times, levels, messages, metadata


def cursor_after(page: Json) -> str | None:
    """`meta.page.after`; None after the last page, which may have no `meta` at all."""
    after = _at(_at(page.get("meta"), "page"), "after")
    return after if isinstance(after, str) and after else None


def _text(entry: Json) -> str:
    """What an entry without a message says: its own attributes."""
    return as_json(_object(entry.get("attributes"))) or ""


def _object(value: Any) -> Json:  # noqa: ANN401 - the JSON edge
    return cast("Json", value) if isinstance(value, dict) else {}


def _at(value: Any, name: str) -> Any:  # noqa: ANN401 - the JSON edge
    return _object(value).get(name)
