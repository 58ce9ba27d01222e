"""A vendor's description (OpenAPI 3 or Swagger 2) and a request in, what the vendor would refuse about it out.

Checked: the path and method exist, each parameter is described and of its type (enum, pattern, format, range), required
ones are there, a JSON body fits its schema. Not checked: answers (recordings are older than the descriptions).
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from jsonschema import Draft4Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from tests.fakes.server import Asked

_MANY_SEGMENTS = frozenset({"path", "ref", "file_path", "basehead", "spec", "revspec", "name", "revision"})
_ROOT = "urn:description"
_METHODS = frozenset({"get", "put", "post", "delete", "head", "patch"})
_SCHEMA_OF_SWAGGER2 = ("type", "enum", "items", "format", "pattern", "minimum", "maximum", "minLength", "maxLength")

_FORMATS = FormatChecker()


@_FORMATS.checks("date-time", raises=ValueError)
def _is_time(value: object) -> bool:
    return not isinstance(value, str) or bool(datetime.fromisoformat(value))


@dataclass(frozen=True)
class _Operation:
    method: str
    template: str
    pattern: re.Pattern[str]
    literal: int
    parameters: tuple[Mapping[str, Any], ...]
    body: Mapping[str, Any] | None


class Description:
    """One description. `load` is cached: the files are large."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document: dict[str, Any] = _rooted(document)
        whole: Any = Resource(contents=self._document, specification=DRAFT4)
        empty: Any = Registry()  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        self._registry: Any = empty.with_resource(_ROOT, whole)
        self._operations = sorted(self._read(), key=lambda o: -o.literal)

    @classmethod
    @cache
    def load(cls, path: Path) -> "Description":
        return cls(json.loads(path.read_text("utf-8")))

    def problems(self, asked: Asked, *, base: str = "", allow: Collection[str] = ()) -> list[str]:
        """What is wrong with a request. `base`: the path of the server's URL. `allow`: parameters that the vendor's
        prose documents and the description lacks."""
        path = urlsplit(asked.url).path.removeprefix(base)
        name = f"{asked.method} {path}"
        fitting = [
            (o, m) for o in self._operations if o.method == asked.method.lower() and (m := o.pattern.fullmatch(path))
        ]
        if not fitting:
            return [f"{name}: not described"]
        operation, match = fitting[0]
        found = [*self._parameters(operation, asked, allow), *self._path_values(operation, match)]
        if operation.body is not None:
            found += self._invalid("body", json.loads(asked.body or b"null"), operation.body)
        return [f"{name}: {problem}" for problem in found]

    def _read(self) -> Iterator[_Operation]:
        for template, item in self._document["paths"].items():
            for method, operation in item.items():
                if method not in _METHODS:
                    continue
                listed = [self._resolved(p) for p in (*item.get("parameters", ()), *operation.get("parameters", ()))]
                plain = re.sub(r"\{[^}]+\}", "", template)
                body = self._body(operation, listed)
                yield _Operation(method, template, _pattern(template), len(plain), tuple(listed), body)

    def _body(self, operation: Mapping[str, Any], listed: list[dict[str, Any]]) -> Mapping[str, Any] | None:
        if "requestBody" in operation:
            content = self._resolved(operation["requestBody"])["content"]
            return content["application/json"]["schema"] if "application/json" in content else None
        return next((p["schema"] for p in listed if p["in"] == "body"), None)

    def _resolved(self, value: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in value:
            found: Any = self._document
            for part in value["$ref"].removeprefix(f"{_ROOT}#/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            value = found
        return value

    def _parameters(self, operation: _Operation, asked: Asked, allow: Collection[str]) -> Iterator[str]:
        known = {p["name"].removesuffix("[]"): p for p in operation.parameters if p["in"] == "query"}
        for name, text in asked.query.items():
            parameter = known.get(name.removesuffix("[]"))
            if parameter is None:
                if name not in allow:
                    yield f"parameter {name} is not described"
                continue
            yield from self._invalid(name, self._typed(text, _schema(parameter)), _schema(parameter))
        for name, parameter in known.items():
            if parameter.get("required") and name not in asked.query:
                yield f"parameter {name} is missing"

    def _path_values(self, operation: _Operation, match: re.Match[str]) -> Iterator[str]:
        names = re.findall(r"\{([^}]+)\}", operation.template)
        known = {p["name"]: p for p in operation.parameters if p["in"] == "path"}
        for name, text in zip(names, match.groups(), strict=True):
            if name in known:
                schema = _schema(known[name])
                yield from self._invalid(name, self._typed(unquote(text), schema), schema)

    def _typed(self, text: str, schema: Mapping[str, Any]) -> Any:
        kind = self._resolved(dict(schema)).get("type")
        if kind == "integer" and re.fullmatch(r"-?\d+", text):
            return int(text)
        if kind == "number":
            return float(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else text
        if kind == "boolean":
            return {"true": True, "false": False}.get(text, text)
        return text.split(",") if kind == "array" else text

    def _invalid(self, name: str, value: Any, schema: Mapping[str, Any]) -> Iterator[str]:
        validator: Any = Draft4Validator(dict(schema), registry=self._registry, format_checker=_FORMATS)
        for error in validator.iter_errors(value):
            where = ".".join(map(str, (name, *error.absolute_path)))
            yield f"{where}: {error.message[:200]}"


def _rooted(value: Any) -> Any:
    """`value` with its references made absolute, so that they hold wherever a part of it is used as a schema."""
    if isinstance(value, list):
        return [_rooted(item) for item in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    fields = cast("dict[str, Any]", value)
    return {
        key: f"{_ROOT}{item}" if key == "$ref" and isinstance(item, str) else _rooted(item)
        for key, item in fields.items()
    }


def _pattern(template: str) -> re.Pattern[str]:
    def group(match: re.Match[str]) -> str:
        return "(.+)" if match[1] in _MANY_SEGMENTS else "([^/]+)"

    parts = re.split(r"(\{[^}]+\})", template)
    return re.compile("".join(re.sub(r"\{([^}]+)\}", group, p) if p.startswith("{") else re.escape(p) for p in parts))


def _schema(parameter: Mapping[str, Any]) -> Mapping[str, Any]:
    return (
        parameter["schema"]
        if "schema" in parameter
        else {key: parameter[key] for key in _SCHEMA_OF_SWAGGER2 if key in parameter}
    )
