"""The part of Datadog's log search syntax that tests use: a query in, a function that tells whether an entry fits out.

Written from https://docs.datadoghq.com/logs/explorer/search_syntax/. What it cannot read is a ValueError.
"""

import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any, cast

Entry = dict[str, Any]
Fits = Callable[[Entry], bool]

_TOKEN = re.compile(r'\s*(?:(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<mark>[():])|(?P<word>(?:\\.|[^\s():"\\])+))')


def parse(query: str) -> Fits:
    """AND binds closer than OR; terms beside each other are ANDed; a leading `-` excludes."""
    tokens = _tokens(query)
    fits, end = _either(tokens, 0)
    if end != len(tokens):
        raise ValueError(f"unexpected {tokens[end]!r}")
    return fits


def _tokens(query: str) -> list[str]:
    tokens: list[str] = []
    at = 0
    while query[at:].strip():
        match = _TOKEN.match(query, at)
        if match is None:
            raise ValueError(f"cannot read {query[at:]!r}")
        tokens.append(match[0].strip())
        at = match.end()
    return tokens


def _either(tokens: list[str], at: int) -> tuple[Fits, int]:
    first, at = _all(tokens, at)
    choices = [first]
    while at < len(tokens) and tokens[at] == "OR":
        another, at = _all(tokens, at + 1)
        choices.append(another)
    return (lambda entry: any(fits(entry) for fits in choices)), at


def _all(tokens: list[str], at: int) -> tuple[Fits, int]:
    parts: list[Fits] = []
    while at < len(tokens) and tokens[at] not in {"OR", ")"}:
        if tokens[at] == "AND":
            at += 1
            continue
        part, at = _term(tokens, at)
        parts.append(part)
    if not parts:
        raise ValueError("an empty group")
    return (lambda entry: all(fits(entry) for fits in parts)), at


def _term(tokens: list[str], at: int) -> tuple[Fits, int]:
    token = tokens[at]
    if token == "(":
        fits, at = _either(tokens, at + 1)
        if at >= len(tokens):
            raise ValueError("a parenthesis is not closed")
        return fits, at + 1
    if at + 1 < len(tokens) and tokens[at + 1] == ":":
        key = token.removeprefix("-")
        values, at = _values(tokens, at + 2)
        inside = token.startswith("-")
        return (lambda entry: inside != any(_same(value, found) for value in values for found in _of(entry, key))), at
    if token in {":", ")"}:
        raise ValueError(f"unexpected {token!r}")
    if token == "*":
        return (lambda entry: True), at + 1
    word = _plain(token).lower()
    return (lambda entry: word in str(entry["attributes"].get("message", "")).lower()), at + 1


def _values(tokens: list[str], at: int) -> tuple[list[str], int]:
    if at >= len(tokens):
        raise ValueError("nothing after the colon")
    if tokens[at] != "(":
        return [tokens[at]], at + 1
    end = tokens.index(")", at)
    return [token for token in tokens[at + 1 : end] if token != "OR"], end + 1


def _of(entry: Entry, key: str) -> list[str]:
    fields = entry["attributes"]
    if key.startswith("@"):
        found: Any = fields.get("attributes", {})
        for part in key[1:].split("."):
            found = cast("dict[str, Any]", found).get(part) if isinstance(found, dict) else None
        return [] if found is None else [str(found)]
    if key in {"service", "status", "host"}:
        return [str(fields[key])] if key in fields else []
    return [tag.partition(":")[2] for tag in fields.get("tags", ()) if tag.partition(":")[0] == key]


def _same(value: str, found: str) -> bool:
    return value[1:-1] != "" and _plain(value) == found if value.startswith('"') else fnmatchcase(found, value)


def _plain(token: str) -> str:
    return re.sub(r"\\(.)", r"\1", token[1:-1] if token.startswith('"') else token)
