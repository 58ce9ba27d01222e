"""A folder of WireMock mappings or a file of raw exchanges in, recordings out."""

import ast
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

_DROPPED = {"transfer-encoding", "content-length", "content-encoding", "connection"}
_TEMPLATE = re.compile(r"\{\{(?:now|testStartDate)(?: offset='(-?\d+) seconds')?[^}]*?format='([^']*)'\}\}")


@dataclass(frozen=True)
class Recording:
    """One exchange. `query` maps each parameter to its value."""

    method: str
    path: str
    status: int
    query: dict[str, str] = field(default_factory=dict[str, str])
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


def wiremock(folder: Path, *, now: datetime | None = None) -> list[Recording]:
    """The mappings of one scenario in the order they were recorded. Times in templates are counted from `now`."""
    found: list[tuple[int, Recording]] = []
    for file in sorted((folder / "mappings").glob("*.json")):
        mapping: dict[str, Any] = json.loads(file.read_text("utf-8"))
        request, response = mapping["request"], mapping["response"]
        body_file = folder / "__files" / response["bodyFileName"] if "bodyFileName" in response else None
        if body_file is not None and not body_file.is_file():
            continue
        body = body_file.read_bytes() if body_file else str(response.get("body", "")).encode()
        values = [(k, v) for k, many in response.get("headers", {}).items() for v in _each(many)]
        headers = [(k, _rendered(v, now or datetime.now(UTC))) for k, v in values if k.lower() not in _DROPPED]
        parts = urlsplit(str(request["url"]))
        recording = Recording(
            method=request.get("method", "GET"), path=parts.path, status=response["status"],
            query=dict(parse_qsl(parts.query)), headers=tuple(headers), body=body,
        )  # fmt: skip
        found.append((mapping.get("insertionIndex", len(found)), recording))
    return [recording for _, recording in sorted(found, key=lambda pair: pair[0])]


def exchanges(file: Path) -> list[Recording]:
    """The exchanges of one raw file: eleven lines each, the last one empty."""
    lines = file.read_text("utf-8").split("\n")
    found: list[Recording] = []
    for start in range(0, len(lines) - 9, 11):
        _, verb, _, _, url, _, _, status, headers, body = lines[start : start + 10]
        parts = urlsplit(url)
        pairs: list[tuple[str, str]] = ast.literal_eval(headers)
        kept = tuple((k, v) for k, v in pairs if k.lower() not in _DROPPED)
        found.append(Recording(verb, parts.path, int(status), dict(parse_qsl(parts.query)), kept, body.encode()))
    return found


def _each(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _rendered(value: str, now: datetime) -> str:
    def fill(match: re.Match[str]) -> str:
        at = now + timedelta(seconds=int(match[1] or 0))
        return str(int(at.timestamp())) if match[2] == "unix" else format_datetime(at, usegmt=True)

    return _TEMPLATE.sub(fill, value)
