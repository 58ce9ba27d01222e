"""A window, a service and a level in, Elasticsearch's query out, after what its indices say of the fields. Pure.

What the server can tell it filters; what it can only tell roughly (a text field, a level in an odd spelling) is kept by
the query and left to `Wanted.keeps`. So the query may give too much and never too little. Surprising fact: a level's
filter says what to leave out, since a document whose level nobody foresaw must not be lost.
https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-field-caps
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from incident_pipeline.errors import ConfigError, NotFound, UsageError
from incident_pipeline.http.errors import Call
from incident_pipeline.model.levels import SPELLINGS, at_least, canonical
from incident_pipeline.model.logs import Level
from incident_pipeline.sources._api import in_window
from incident_pipeline.sources.logs._elastic_documents import Document, Fields

DATES = frozenset({"date", "date_nanos"})
EXACT = frozenset({"keyword", "constant_keyword", "wildcard"})
TEXTS = frozenset({"text", "match_only_text"})
WHOLE = frozenset({"long", "integer", "short", "byte", "unsigned_long"})
NANOS = "strict_date_optional_time_nanos"

_EVER = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC) - timedelta(seconds=1))
_NANOS_EVER = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2262, 4, 11, tzinfo=UTC))
"""What a `date_nanos` can hold; a query beyond it is refused.
https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/date_nanos"""

Query = dict[str, Any]


class Mapped:
    """What `_field_caps` (with `include_unmapped`) says: each field's types, and whether they can be searched."""

    def __init__(self, answer: Mapping[str, Any]) -> None:
        indices, fields = answer.get("indices"), answer.get("fields")
        listed = cast("list[Any]", indices) if isinstance(indices, list) else [indices] if indices else []
        self.indices = len(listed)
        self._fields = cast("dict[str, dict[str, dict[str, Any]]]", fields) if isinstance(fields, dict) else {}

    def types(self, name: str) -> frozenset[str]:
        """The types of a field in the indices that have it; empty when none has."""
        return frozenset(self._fields.get(name, {})) - {"unmapped"}

    def searchable(self, name: str) -> bool:
        """Whether each index that has the field lets it be searched."""
        found = self._fields.get(name, {})
        return all(how.get("searchable", True) is True for kind, how in found.items() if kind != "unmapped")

    def exact(self, name: str) -> str | None:
        """The field, or its `keyword` beside the text, that holds the values whole in each index that has the field."""
        if not self.types(name) or not self.searchable(name):
            return None
        if self.types(name) <= EXACT:
            return name
        whole = f"{name}.keyword"
        beside = self.types(name) <= TEXTS and self.types(whole) and self.types(whole) <= EXACT
        return whole if beside and self._lacking(whole) <= self._lacking(name) and self.searchable(whole) else None

    def _lacking(self, name: str) -> frozenset[str]:
        """Indices without the field; all that there are is said as `*`."""
        how = self._fields.get(name, {}).get("unmapped")
        return frozenset() if how is None else frozenset(how.get("indices") or ["*"])


def asked_fields(fields: Fields) -> list[str]:
    """The names to ask `_field_caps` for."""
    names = [*fields.service, *fields.level]
    return sorted({fields.time, *fields.sequence, *names, *(f"{name}.keyword" for name in names)})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to search for (`filters`, `left_out`), in what order, and what to keep of it. `within`: the times that the
    time field can hold. `service` is empty where the filters tell it for sure."""

    time: str
    within: tuple[datetime, datetime]
    since: datetime
    until: datetime
    filters: tuple[Query, ...]
    left_out: tuple[Query, ...]
    sort: tuple[Query, ...]
    service: str
    levels: tuple[Level, ...] | None

    def query(self, start: str | None = None) -> Query:
        """The query; from `start` (a sort value) on, inclusive, where the search goes on.

        Both ends are widened to whole milliseconds: a `date` field holds no more, and rounds what it is compared with.
        """
        earliest, latest = self.within
        first = start or _millis(max(self.since, earliest))
        last = _millis(min(self.until, latest) + timedelta(microseconds=999))
        within = {"range": {self.time: {"gte": first, "lt": last, "format": NANOS}}}
        left_out: Query = {"must_not": list(self.left_out)} if self.left_out else {}
        return {"bool": {"filter": [within, *self.filters], **left_out}}

    def keeps(self, document: Document) -> bool:
        """What the query could not tell: the exact window, the level's meaning, and the service's whole name."""
        if not in_window(document.time, self.since, self.until):
            return False
        if self.levels is not None and canonical(document.level) not in self.levels:
            return False
        named = [value.casefold() for value in document.services]
        return not self.service or not named or self.service.casefold() in named


def want(
    service: str, since: datetime, until: datetime, level: str | None, *,
    fields: Fields, mapped: Mapped, call: Call, query: str | None = None,
) -> Wanted:  # fmt: skip
    """UsageError for a window without a zone or an unknown level; NotFound without an index; ConfigError for fields
    that no index has."""
    levels = None if level is None else at_least(level)
    if level is not None and levels is None:
        raise UsageError(f"{call.who}: unknown level {level!r}: use error, warn, info, debug ...")
    if since.tzinfo is None or until.tzinfo is None:
        raise UsageError(f"{call.who}: the window needs times with a zone")
    if not mapped.indices:
        raise NotFound(f"{call.who}: no index of that name (or the credentials may not see it): check `index`")
    _check_time(fields.time, mapped, call)
    filters: list[Query] = [{"query_string": {"query": query}}] if query else []
    sure = True
    if service and fields.service:
        named, sure = _of_service(service, fields.service, mapped, call)
        filters += named
    left_out = _below(levels, fields.level, mapped) if levels else []
    return Wanted(
        fields.time, _NANOS_EVER if "date_nanos" in mapped.types(fields.time) else _EVER, since.astimezone(UTC),
        until.astimezone(UTC), tuple(filters), tuple(left_out), tuple(_sort(fields, mapped)),
        "" if sure else service, levels,
    )  # fmt: skip


def _check_time(time: str, mapped: Mapped, call: Call) -> None:
    types = mapped.types(time)
    if not types & DATES:
        has = f"is of type {', '.join(sorted(types))}" if types else "is not there"
        raise ConfigError(f"{call.who}: the date field {time!r} {has}: set fields.time")


def _of_service(service: str, names: Sequence[str], mapped: Mapped, call: Call) -> tuple[list[Query], bool]:
    """The filter, if one can be made, and whether it lets that service's documents through alone."""
    there = [name for name in names if mapped.types(name)]
    if not there:
        said = " or ".join(repr(name) for name in names)
        raise ConfigError(f"{call.who}: no index has a field {said}: set fields.service ([] to read every document)")
    clauses: list[Query] = []
    for name in there:
        if exact := mapped.exact(name):
            clauses.append({"term": {exact: {"value": service}}})
        elif mapped.types(name) <= EXACT | TEXTS and mapped.searchable(name):
            clauses.append({"match_phrase": {name: {"query": service}}})
        else:
            return [], False  # a field that cannot be searched by name: what it says is compared afterwards
    sure = all("term" in clause for clause in clauses)
    return [{"bool": {"should": clauses, "minimum_should_match": 1}}], sure


def _below(levels: Sequence[Level], names: Sequence[str], mapped: Mapped) -> list[Query]:
    """What surely lies below the wanted levels, field by field in the order in which they count."""
    low = [word for word, level in SPELLINGS.items() if level not in levels]
    high = [word for word, level in SPELLINGS.items() if level in levels]
    clauses: list[Query] = []
    before: list[Query] = []
    for name in names:
        if exact := mapped.exact(name):
            below, above = _terms(exact, _cases(low)), _terms(exact, _cases(high))
        elif mapped.types(name) and mapped.types(name) <= WHOLE and mapped.searchable(name):
            below, above = _terms(name, _numbers(low)), _terms(name, _numbers(high))
        elif mapped.types(name) and mapped.types(name) <= TEXTS and mapped.searchable(name):
            below, above = {"exists": {"field": name}}, {"match": {name: {"query": " ".join(_cases(high))}}}
        else:
            break  # nothing is known of it, so nothing of what counts after it
        clauses.append({"bool": {"filter": [below], "must_not": [above, *before]}})
        before.append({"exists": {"field": name}})
    return clauses


def _sort(fields: Fields, mapped: Mapped) -> list[Query]:
    """Time, what orders entries of one instant, and the tiebreaker that a point in time has.

    https://www.elastic.co/docs/reference/elasticsearch/rest-apis/paginate-search-results#search-after
    """
    time = {"order": "asc", "format": NANOS, "numeric_type": "date_nanos", "unmapped_type": "date_nanos"}
    numbered = [name for name in fields.sequence if mapped.types(name) and mapped.types(name) <= WHOLE]
    order = {"order": "asc", "unmapped_type": "long"}
    return [{fields.time: time}, *({name: order} for name in numbered), {"_shard_doc": {"order": "asc"}}]


def _terms(name: str, values: Sequence[str | int]) -> Query:
    return {"terms": {name: list(values)}}


def _cases(words: Sequence[str]) -> list[str]:
    return sorted({case for word in words for case in (word, word.upper(), word.title())})


def _numbers(words: Sequence[str]) -> list[int]:
    return sorted(int(word) for word in words if word.isdigit())


def _millis(at: datetime) -> str:
    return at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
