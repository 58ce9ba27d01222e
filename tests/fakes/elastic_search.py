"""Queries and sorts of a fake Elasticsearch: a search's body and the documents it is about in, hits out.

What a real one refuses (an unknown query, a text field to sort by, `_shard_doc` without a point in time) is refused.
https://www.elastic.co/docs/reference/query-languages/querydsl
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from tests.fakes.elastic_index import NUMERIC, Doc, ElasticError, Index, flatten, nanos, written

KEYS = {"query", "size", "from", "sort", "search_after", "pit", "_source", "track_total_hits"}
_SORT_KEYS = {"order", "format", "numeric_type", "unmapped_type", "missing"}
_MISSING = 2**63 - 1


@dataclass(frozen=True)
class Row:
    """A document where it lies: `place` is its `_shard_doc`."""

    index: Index
    doc: Doc
    place: int


def bad(kind: str, reason: str) -> ElasticError:
    return ElasticError(400, kind, reason)


def search(rows: Sequence[Row], body: dict[str, Any], *, in_pit: bool, window: int = 10_000) -> tuple[list[Any], int]:
    """(hits of the page, number of all hits)."""
    if unknown := set(body) - KEYS:
        raise bad("parsing_exception", f"unknown key [{min(unknown)}] for a search")
    size, start = body.get("size", 10), body.get("from", 0)
    if size + start > window:
        reason = f"Result window is too large, from + size must be less than or equal to: [{window}] but was [{size}]"
        raise bad("illegal_argument_exception", reason)
    matching = [row for row in rows if matches(row.index, row.doc, body.get("query") or {"match_all": {}})]
    order = [_sort(one) for one in _listed(body.get("sort"))]
    if any(name == "_shard_doc" for name, _ in order) and not in_pit:
        reason = "[_shard_doc] sort field cannot be used without [point in time]"
        raise bad("action_request_validation_exception", reason)
    for index in {row.index.name: row.index for row in rows}.values():
        for name, how in order:
            _sortable(index, name, how)  # each shard makes the sort its own before it looks for documents
    keyed = [(tuple(_value(row, name, how) for name, how in order), row) for row in matching]
    keyed.sort(key=lambda pair: (_directed(pair[0], order), 0 if order else pair[1].place))
    if "search_after" in body:
        after = body["search_after"]
        if len(after) != len(order):
            reason = f"search_after has {len(after)} value(s) but sort has {len(order)}."
            raise bad("illegal_argument_exception", reason)
        limit = tuple(_parsed(value, name, how, matching) for value, (name, how) in zip(after, order, strict=True))
        keyed = [pair for pair in keyed if _directed(pair[0], order) > _directed(limit, order)]
    page = keyed[start : start + size]
    return [_hit(row, key, order, body.get("_source", True)) for key, row in page], len(matching)


def matches(index: Index, doc: Doc, query: dict[str, Any]) -> bool:
    if len(query) != 1:
        raise bad("parsing_exception", "a query holds one clause")
    ((kind, how),) = query.items()
    if kind not in _QUERIES:
        raise bad("parsing_exception", f"unknown query [{kind}]")
    return _QUERIES[kind](index, doc, how)


def tokens(text: Any) -> list[str]:
    return re.findall(r"\w+", str(text).lower())


def _bool(index: Index, doc: Doc, how: dict[str, Any]) -> bool:
    if unknown := set(how) - {"must", "filter", "should", "must_not", "minimum_should_match"}:
        raise bad("x_content_parse_exception", f"[bool] unknown field [{min(unknown)}]")
    needed = [*_listed(how.get("must")), *_listed(how.get("filter"))]
    should = _listed(how.get("should"))
    least = how.get("minimum_should_match", 0 if needed else min(1, len(should)))
    # Lists, not generators: each clause is looked at, so that a wrong one is refused wherever it stands.
    return (
        all([matches(index, doc, q) for q in needed])  # noqa: C419
        and sum([matches(index, doc, q) for q in should]) >= least
        and not any([matches(index, doc, q) for q in _listed(how.get("must_not"))])  # noqa: C419
    )


def _range(index: Index, doc: Doc, how: dict[str, Any]) -> bool:
    ((name, ends),) = how.items()
    if unknown := set(ends) - {"gte", "gt", "lte", "lt", "format", "time_zone"}:
        raise bad("parsing_exception", f"[range] query does not support [{min(unknown)}]")
    kind = (index.mapping(name) or {}).get("type")
    if kind is None:
        return False
    if kind not in {"date", "date_nanos"}:
        raise bad("query_shard_exception", f"failed to create query: [{name}] is no date")
    found = index.values(doc, name)
    fmt = ends.get("format", "strict_date_optional_time||epoch_millis")
    limits = {op: nanos(ends[op], fmt) for op in ends if op in {"gte", "gt", "lte", "lt"}}
    if kind == "date_nanos" and any(not 0 <= at < 2**63 for at in limits.values()):
        raise bad("illegal_argument_exception", f"date {ends} cannot be stored in nanosecond resolution")
    if kind == "date":  # it holds milliseconds, and what it is compared with is cut to them
        limits = {op: at - at % 10**6 for op, at in limits.items()}
    tests = {"gte": int.__ge__, "gt": int.__gt__, "lte": int.__le__, "lt": int.__lt__}
    return any(all(tests[op](at, limit) for op, limit in limits.items()) for at in found)


def _term(index: Index, doc: Doc, how: dict[str, Any]) -> bool:
    ((name, value),) = how.items()
    return _terms(index, doc, {name: [value["value"] if isinstance(value, dict) else value]})


def _terms(index: Index, doc: Doc, how: dict[str, Any]) -> bool:
    ((name, wanted),) = how.items()
    kind = _searchable(index, name)
    if kind is None:
        return False
    found = index.values(doc, name)
    if kind in NUMERIC:
        try:
            return any(float(v) in {float(w) for w in wanted} for v in found)
        except ValueError as error:
            raise bad("query_shard_exception", f"failed to create query: {error}") from error
    if kind == "text":
        return any(str(w) in tokens(v) for v in found for w in wanted)
    return any(v in {str(w) for w in wanted} for v in found)


def _match(index: Index, doc: Doc, how: dict[str, Any]) -> bool:
    ((name, value),) = how.items()
    text: Any = cast("dict[str, Any]", value)["query"] if isinstance(value, dict) else value
    if _searchable(index, name) != "text":
        return _terms(index, doc, {name: [text]})
    return any(set(tokens(text)) & set(tokens(v)) for v in index.values(doc, name))


def _match_phrase(index: Index, doc: Doc, how: dict[str, Any]) -> bool:
    ((name, value),) = how.items()
    text: Any = cast("dict[str, Any]", value)["query"] if isinstance(value, dict) else value
    if _searchable(index, name) != "text":
        return _terms(index, doc, {name: [text]})
    phrase = tokens(text)
    return any(
        phrase == found[at : at + len(phrase)]
        for found in (tokens(v) for v in index.values(doc, name))
        for at in range(len(found))
    )


def _exists(index: Index, doc: Doc, how: dict[str, Any]) -> bool:
    name = how["field"]
    return any(index.values(doc, known) for known in index.properties if known == name or known.startswith(f"{name}."))


def _query_string(index: Index, doc: Doc, how: dict[str, Any]) -> bool:
    """Words, and `field:word`, all of which must be there."""
    words = [w for w in how["query"].split() if w != "AND"]
    if any(w.endswith(":") for w in words):
        raise bad("query_shard_exception", f"Failed to parse query [{how['query']}]")
    everything = [t for values in flatten(doc.source).values() for v in values for t in tokens(v)]
    return all(
        _match(index, doc, {w.partition(":")[0]: w.partition(":")[2]}) if ":" in w else w.lower() in everything
        for w in words
    )


def _match_all(index: Index, doc: Doc, how: dict[str, Any]) -> bool:
    return True


_QUERIES = {
    "match_all": _match_all, "bool": _bool, "range": _range, "term": _term, "terms": _terms,
    "match": _match, "match_phrase": _match_phrase, "exists": _exists, "query_string": _query_string,
}  # fmt: skip


def _searchable(index: Index, name: str) -> str | None:
    mapping = index.mapping(name)
    if mapping is not None and mapping.get("index") is False:
        raise bad("query_shard_exception", f"failed to create query: [{name}] is not indexed")
    return None if mapping is None or mapping["type"] == "object" else family(mapping["type"])


def family(kind: str) -> str:
    return {"constant_keyword": "keyword", "wildcard": "keyword", "match_only_text": "text"}.get(kind, kind)


def _listed(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else [] if value is None else [value]


def _sort(one: Any) -> tuple[str, dict[str, Any]]:
    if isinstance(one, str):
        return one, {}
    ((name, how),) = one.items()
    how = {"order": how} if isinstance(how, str) else how
    if unknown := set(how) - _SORT_KEYS:
        raise bad("x_content_parse_exception", f"[field_sort] unknown field [{min(unknown)}]")
    return name, how


def _sortable(index: Index, name: str, how: dict[str, Any]) -> str:
    """The type that a field is sorted as."""
    mapping = {"type": "long"} if name in {"_shard_doc", "_doc"} else index.mapping(name)
    if mapping is None and "unmapped_type" not in how:
        raise bad("query_shard_exception", f"No mapping found for [{name}] in order to sort on")
    kind = (mapping or {"type": how.get("unmapped_type")})["type"]
    if kind == "text":
        raise bad("illegal_argument_exception", f"Text fields are not optimised for operations like sorting: [{name}]")
    if "numeric_type" in how and kind not in NUMERIC | {"date", "date_nanos"}:
        raise bad("illegal_argument_exception", f"[numeric_type] option cannot be set on a non-numeric field: {kind}")
    return kind


def _value(row: Row, name: str, how: dict[str, Any]) -> int | float | str:
    if name in {"_shard_doc", "_doc"}:
        return row.place
    kind = _sortable(row.index, name, how)
    found = row.index.values(row.doc, name)
    if not found:
        return _MISSING if how.get("order", "asc") == "asc" else -_MISSING - 1
    value = min(found) if how.get("order", "asc") == "asc" else max(found)
    in_nanos = how.get("numeric_type", "date_nanos" if kind == "date_nanos" else "date") == "date_nanos"
    return value if kind not in {"date", "date_nanos"} or in_nanos else value // 10**6


def _parsed(value: Any, name: str, how: dict[str, Any], rows: list[Row]) -> Any:
    if "format" not in how:
        return value
    in_nanos = how.get("numeric_type") == "date_nanos"
    at = nanos(value, how["format"])
    return at if in_nanos else at // 10**6


def _directed(key: tuple[Any, ...], order: list[tuple[str, dict[str, Any]]]) -> tuple[Any, ...]:
    return tuple(
        value if how.get("order", "asc") == "asc" else -value for value, (_, how) in zip(key, order, strict=True)
    )


def _hit(row: Row, key: tuple[Any, ...], order: list[tuple[str, dict[str, Any]]], source: Any) -> dict[str, Any]:
    shown = [
        written(value if how.get("numeric_type") == "date_nanos" else value * 10**6, how["format"])
        if "format" in how else value
        for value, (_, how) in zip(key, order, strict=True)
    ]  # fmt: skip
    hit: dict[str, Any] = {"_index": row.index.name, "_id": row.doc.id, "_score": None if order else 1.0}
    if source is not False:
        hit["_source"] = _filtered(row.doc.source, source)
    return {**hit, **({"sort": shown} if order else {})}


def _filtered(source: Any, how: Any, prefix: str = "") -> Any:
    if how is True or not isinstance(source, dict):
        return source
    patterns = [re.compile(p.replace(".", r"\.").replace("*", ".*") + r"(\..*)?") for p in how["includes"]]
    kept: dict[str, Any] = {}
    for key, value in cast("dict[str, Any]", source).items():
        name = f"{prefix}{key}"
        if any(p.fullmatch(name) for p in patterns):
            kept[key] = value
        elif isinstance(value, dict) and (inner := _filtered(value, how, f"{name}.")):
            kept[key] = inner
    return kept
