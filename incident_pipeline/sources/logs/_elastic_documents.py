"""What Elasticsearch calls a hit in, an entry's time, level, text and rest out. Pure; knows no network.

Surprising fact: `{"log": {"level": "x"}}` and `{"log.level": "x"}` are one field to Elasticsearch, and `_source` is
what was sent, so both spellings (and mixtures) are found under `log.level`. The time is the hit's sort value, not the
document's own text: that one may be in any format that the mapping takes.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from pydantic import BaseModel, ConfigDict

from incident_pipeline.model.levels import canonical
from incident_pipeline.model.logs import LEVELS


class Fields(BaseModel):
    """Which field of a document is what; the default is that of the Elastic Common Schema (ECS).

    Of several names the first that a document has counts. `sequence`: numbers that order entries of one instant.
    `service` may be empty where an index holds one service alone. `keep`: patterns of what else goes to the metadata.
    https://www.elastic.co/docs/reference/ecs
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    time: str = "@timestamp"
    message: tuple[str, ...] = ("message", "event.original")
    level: tuple[str, ...] = ("log.level",)
    service: tuple[str, ...] = ("service.name",)
    sequence: tuple[str, ...] = ("event.sequence", "log.offset")
    keep: tuple[str, ...] = ("*",)

    def source(self) -> bool | dict[str, list[str]]:
        """The `_source` of a search: all of it, or the patterns that are needed."""
        if self.keep == ("*",):
            return True
        return {"includes": [*self.message, *self.level, *self.service, *self.keep]}


@dataclass(frozen=True, slots=True)
class Document:
    """One hit, read. `stamp` is its time as written, to the nanosecond; `services` are all values of the fields that
    name the service."""

    time: datetime
    stamp: str
    level: str | None
    message: str
    metadata: dict[str, Any]
    services: tuple[str, ...]


def read_document(hit: dict[str, Any], fields: Fields) -> Document | None:
    """None for a hit that cannot be an entry: no `_source` (an index may drop it), or a time that is none."""
    source, stamp = hit.get("_source"), sort_time(hit)
    time = _time(stamp)
    if not isinstance(source, dict) or time is None:
        return None
    rest = cast("dict[str, Any]", source)
    services = tuple(_text(value) for name in fields.service if (value := find(rest, name)) is not None)
    levelled = ((name, _level(find(rest, name))) for name in fields.level)
    name, level = next((pair for pair in levelled if pair[1] is not None), ("", None))
    message = _message(rest, fields.message)
    if message is None:
        message, rest = _compact(rest), {}
    for told in (fields.time, name):
        take(rest, told)
    where = {key: hit[key] for key in ("_index", "_id") if isinstance(hit.get(key), str)}
    return Document(time, stamp, level, _valid(message), {**where, **rest}, services)


def sort_time(hit: Mapping[str, Any]) -> str:
    """The first sort value of a hit, as it was sent; empty when there is none."""
    values: Any = hit.get("sort")
    first: Any = cast("list[Any]", values)[0] if isinstance(values, list) and values else ""
    return first if isinstance(first, str) else ""


def find(source: Any, name: str) -> Any:  # noqa: ANN401 - the JSON edge
    """The value under a dotted name, however its parts are nested; None when there is none."""
    holder, key = _holder(source, name)
    return None if holder is None else holder[key]


def take(source: dict[str, Any], name: str) -> None:
    """Remove what `find` gives, with the objects that are empty then."""
    holder, key = _holder(source, name)
    if holder is None:
        return
    del holder[key]
    outer = name.removesuffix(f".{key}")
    if not holder and outer != name:
        take(source, outer)


def _holder(source: Any, name: str) -> tuple[dict[str, Any] | None, str]:  # noqa: ANN401 - the JSON edge
    """The object that holds the last part of `name` as a key, and that key."""
    if isinstance(source, list):
        found = (_holder(item, name) for item in cast("list[Any]", source))
        return next((pair for pair in found if pair[0] is not None), (None, name))
    if not isinstance(source, dict):
        return None, name
    fields = cast("dict[str, Any]", source)
    if fields.get(name) is not None:
        return fields, name
    end = name.find(".")
    while end > 0:
        inner = fields.get(name[:end])
        if inner is not None:
            holder, key = _holder(inner, name[end + 1 :])
            if holder is not None:
                return holder, key
        end = name.find(".", end + 1)
    return None, name


def _time(stamp: str) -> datetime | None:
    """A `strict_date_optional_time_nanos`, cut to microseconds."""
    try:
        return datetime.fromisoformat(stamp).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _message(source: dict[str, Any], names: Sequence[str]) -> str | None:
    """The first text that is there, taken out of `source`; an empty one only where no other is. None: none is there."""
    empty = None
    for name in names:
        value = find(source, name)
        if value is None:
            continue
        text = _text(value)
        if text:
            take(source, name)
            return text
        empty = ""
    return empty


def _text(value: Any) -> str:  # noqa: ANN401 - the JSON edge
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in cast("list[Any]", value)):
        return "\n".join(cast("list[str]", value))
    return _compact(value)


def _compact(value: Any) -> str:  # noqa: ANN401 - the JSON edge
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _level(value: Any) -> str | None:  # noqa: ANN401 - the JSON edge
    """A level's word or number as text; of several the highest that is known."""
    if isinstance(value, list):
        found = [level for item in cast("list[Any]", value) if (level := _level(item)) is not None]
        return max(found, key=_rank, default=None)
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return str(int(value)) if value == int(value) else str(value)


def _rank(level: str) -> int:
    known = canonical(level)
    return -1 if known is None else LEVELS.index(known)


def _valid(text: str) -> str:
    """`text` as UTF-8 can hold it: JSON may hold halves of surrogate pairs, which are written out."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()
