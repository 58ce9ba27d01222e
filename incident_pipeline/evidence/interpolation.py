"""Tokens in, tokens out with texts that are put together from values written one way, however they were written.

`"%s: %r" % (a, b)`, `"{}: {!r}".format(a, b)` and `f"{a}: {b!r}"` are the same text; so are adjacent strings and their
joined one. Surprising fact: such rewrites are a good part of all changed lines of old code.
"""

import re
from collections.abc import Sequence

from incident_pipeline.evidence.tokens import tokens

_STRING = re.compile(r'^([rbf]*)"(.*)"$', re.DOTALL)
_PERCENT = re.compile(r"%(?:\((\w+)\))?([-#0 +]*\d*(?:\.\d+)?)([a-zA-Z%])")
_FIELD = re.compile(r"\{\{|\}\}|\{([^{}!:]*)(![rsa])?(:[^{}]*)?\}")
_OPEN, _CLOSE = frozenset("([{"), frozenset(")]}")
HOLE = "\0"


def plain(found: Sequence[str]) -> list[str]:
    """The same tokens with every interpolation as one text of `HOLE`s and the tokens of its values after it."""
    out: list[str] = []
    at = 0
    while at < len(found):
        text = _STRING.match(found[at])
        if not text:
            out.append(found[at])
            at += 1
            continue
        prefix, body, end = _joined(found, at)
        made, after = _made(found, prefix, body, end)
        out += made
        at = after
    return out


def _joined(found: Sequence[str], at: int) -> tuple[str, str, int]:
    """Adjacent strings as one: (prefix, text, index after it)."""
    parts: list[tuple[str, str]] = []
    while at < len(found) and (match := _STRING.match(found[at])):
        parts.append((match[1], match[2]))
        at += 1
    if not any("f" in p for p, _ in parts):
        return parts[0][0], "".join(text for _, text in parts), at
    return "f", "".join(t if "f" in p else t.replace("{", "{{").replace("}", "}}") for p, t in parts), at


def _made(found: Sequence[str], prefix: str, body: str, end: int) -> tuple[list[str], int]:
    """(tokens, index after them) of one text and the values that it takes."""
    if "f" in prefix:
        return _fields(body, None), end
    if end + 1 < len(found) and found[end] == "%":
        values, after = _values(found, end + 1)
        return _percent(body, values), after
    if list(found[end : end + 3]) == [".", "format", "("]:
        values, after = _values(found, end + 2)
        return _fields(body, values), after
    return [f'{prefix}"{body}"'], end


def _values(found: Sequence[str], at: int) -> tuple[list[list[str]], int]:
    """Values in brackets from `at`, or the one name (with its calls and attributes) that stands there."""
    if found[at] == "(":
        values: list[list[str]] = [[]]
        depth = 0
        for index in range(at, len(found)):
            word = found[index]
            depth += (word in _OPEN) - (word in _CLOSE)
            if depth == 0:
                return [v for v in values if v], index + 1
            if depth == 1 and word == ",":
                values.append([])
            elif index > at:
                values[-1].append(word)
        return [v for v in values if v], len(found)
    index, depth = at, 0
    while index < len(found):
        word = found[index]
        if depth == 0 and (word in _CLOSE or (index > at and word not in "([." and found[index - 1] != ".")):
            break
        depth += (word in _OPEN) - (word in _CLOSE)
        index += 1
    return [list(found[at:index])], index


def _percent(body: str, values: list[list[str]]) -> list[str]:
    taken: list[list[str]] = []

    def hole(match: re.Match[str]) -> str:
        if match[3] == "%":
            return "%"
        if match[1]:
            taken.append([match[1]])
        elif len(taken) < len(values):
            taken.append(values[len(taken)])
        return HOLE + ("" if match[3] == "s" else match[3]) + match[2]

    text = _PERCENT.sub(hole, body)
    return _told(text, taken or values)


def _fields(body: str, values: list[list[str]] | None) -> list[str]:
    taken: list[list[str]] = []
    named = {v[0]: v[2:] for v in values or () if len(v) > 2 and v[1] == "="}

    def hole(match: re.Match[str]) -> str:
        if match[0] in {"{{", "}}"}:
            return match[0][0]
        inner = match[1].strip()
        if values is None:
            taken.append(list(tokens(inner, "#")))
        elif inner in named:
            taken.append(named[inner])
        elif inner.isdigit() and int(inner[:6]) < len(values):
            taken.append(values[int(inner)])
        elif not inner and len(taken) < len(values):
            taken.append(values[len(taken)])
        else:
            taken.append(list(tokens(inner, "#")))
        return HOLE + (match[2] or "")[1:].replace("s", "") + (match[3] or "")[1:]

    return _told(_FIELD.sub(hole, body), taken)


def _told(text: str, values: list[list[str]]) -> list[str]:
    return [f'"{text}"', *(word for value in values for word in (HOLE, *value))]
