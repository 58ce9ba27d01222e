"""Documents of a fake Elasticsearch: names and patterns in, indices with mappings and field values out."""

import fnmatch
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

ISO = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})(?:T(?P<clock>\d{2}:\d{2}(?::\d{2})?)(?:[.,](?P<fraction>\d{1,9}))?"
    r"(?P<zone>Z|[+-]\d{2}:?\d{2})?)?"
)
NUMERIC = {"long", "integer", "short", "byte", "double", "float", "unsigned_long"}
_DATES = {"date", "date_nanos"}


class ElasticError(Exception):
    def __init__(self, status: int, kind: str, reason: str, **extra: Any) -> None:
        self.status, self.kind, self.reason, self.extra = status, kind, reason, extra
        super().__init__(reason)

    def body(self) -> dict[str, Any]:
        cause = {"type": self.kind, "reason": self.reason, **self.extra}
        return {"error": {"root_cause": [cause], **cause}, "status": self.status}


@dataclass
class Doc:
    id: str
    source: dict[str, Any]
    version: int = 1


@dataclass
class Index:
    """`properties`: dotted field -> its mapping. `stream`: the data stream it stands behind. `shards` get documents in
    turn."""

    name: str
    properties: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    docs: list[Doc] = field(default_factory=list[Doc])
    stream: str = ""
    shards: int = 1

    def put(self, source: dict[str, Any], doc_id: str | None = None) -> Doc:
        """Add or replace a document; fields that no mapping names get one as Elasticsearch makes it."""
        doc = Doc(doc_id or f"{self.name}-{len(self.docs):06}", source)
        doc.version += sum(d.version for d in self.docs if d.id == doc.id)
        for name, values in flatten(source).items():
            if name not in self.properties and values:
                self._map(name, values[0])
        kept = [d for d in self.docs if d.id != doc.id]
        self.docs = [*kept, doc]
        return doc

    def _map(self, name: str, value: Any) -> None:
        if isinstance(value, str) and not ISO.fullmatch(value):
            self.properties[name] = {"type": "text"}
            self.properties[f"{name}.keyword"] = {"type": "keyword", "ignore_above": 256}
        else:
            kinds = {bool: "boolean", int: "long", float: "float", str: "date"}
            self.properties[name] = {"type": kinds[type(value)]}

    def mapping(self, name: str) -> dict[str, Any] | None:
        if name in self.properties:
            return self.properties[name]
        inside = any(known.startswith(f"{name}.") for known in self.properties)
        return {"type": "object"} if inside else None

    def values(self, doc: Doc, name: str) -> list[Any]:
        """What was indexed under a field: times as nanoseconds, numbers as numbers, all else as it came."""
        mapping = self.mapping(name)
        if mapping is None or mapping["type"] == "object":
            return []
        base = name.removesuffix(".keyword") if name not in flatten(doc.source) else name
        found = [v for v in flatten(doc.source).get(base, []) if v is not None]
        if mapping["type"] in _DATES:
            return [at - at % 10**6 if mapping["type"] == "date" else at for at in map(nanos, found)]
        if mapping["type"] in NUMERIC:
            return [float(v) if "." in str(v) else int(v) for v in found]
        return [_word(v) for v in found if len(str(v)) <= mapping.get("ignore_above", 10**9)]


def flatten(source: Any, prefix: str = "") -> dict[str, list[Any]]:
    """Dotted names of a document's leaves; arrays are several values, objects in arrays too."""
    if isinstance(source, list):
        merged: dict[str, list[Any]] = {}
        for item in cast("list[Any]", source):
            for name, values in flatten(item, prefix).items():
                merged.setdefault(name, []).extend(values)
        return merged
    if not isinstance(source, dict):
        return {prefix: [source]}
    found: dict[str, list[Any]] = {}
    for key, value in cast("dict[str, Any]", source).items():
        for name, values in flatten(value, f"{prefix}.{key}" if prefix else key).items():
            found.setdefault(name, []).extend(values)
    return found


def _word(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def nanos(text: Any, fmt: str = "strict_date_optional_time||epoch_millis") -> int:
    """A time in one of the formats as nanoseconds since 1970."""
    for one in fmt.split("||"):
        if one == "epoch_millis" and re.fullmatch(r"-?\d+", str(text)):
            return int(text) * 10**6
        match = ISO.fullmatch(str(text)) if one.startswith("strict_date_optional_time") else None
        if match:
            clock = match["clock"] or "00:00"
            zone = (match["zone"] or "Z").replace("Z", "+00:00")
            at = datetime.fromisoformat(f"{match['day']}T{clock}{zone}").astimezone(UTC)
            whole = (at - datetime(1970, 1, 1, tzinfo=UTC)) // (datetime.resolution * 10**6)
            return whole * 10**9 + int((match["fraction"] or "0").ljust(9, "0"))
    raise ElasticError(400, "parse_exception", f"failed to parse date field [{text}] with format [{fmt}]")


def written(at: int, fmt: str) -> Any:
    """Nanoseconds as a sort value shows them in `fmt`."""
    if fmt == "epoch_millis":
        return str(at // 10**6)
    seconds, rest = divmod(at, 10**9)
    digits = f"{rest:09}"
    shortest = next(digits[:n] for n in (3, 6, 9) if not digits[n:].strip("0"))
    fraction = shortest if fmt.endswith("_nanos") else digits[:3]
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{fraction}Z"


def resolve(indices: dict[str, Index], expression: str, *, may_read: tuple[str, ...] | None) -> list[Index]:
    """Indices of a comma list of names, data streams and patterns. What may not be read is absent from a pattern and an
    error by its name."""
    found: dict[str, Index] = {}
    for part in filter(None, expression.split(",")):
        wild = "*" in part or part == "_all"
        pattern = "*" if part == "_all" else part
        named = [i for i in indices.values() if _named(i, pattern, wild=wild)]
        if not named and not wild:
            extra = {"resource.id": part, "index": part}
            raise ElasticError(404, "index_not_found_exception", f"no such index [{part}]", **extra)
        for index in named:
            if may_read is None or any(fnmatch.fnmatchcase(index.stream or index.name, p) for p in may_read):
                found[index.name] = index
            elif not wild:
                raise ElasticError(
                    403, "security_exception",
                    f"action [indices:data/read/open_point_in_time] is unauthorized for API key id [k1] of user [shop] "
                    f"on indices [{part}], this action is granted by the index privileges [read,all]",
                )  # fmt: skip
    return list(found.values())


def _named(index: Index, pattern: str, *, wild: bool) -> bool:
    name = index.stream or index.name
    hidden = wild and name.startswith(".") and not pattern.startswith(".")
    return not hidden and (fnmatch.fnmatchcase(name, pattern) or (not wild and index.name == pattern))
