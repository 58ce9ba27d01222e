"""A VCR cassette in, its exchanges out, and a loopback server that answers searches with them.

Both forms of Datadog's clients are read: `response.body.string` (Python) and `response.body` (Go). Beside each cassette
lies the frozen clock that its relative times (`now-15m`) are counted from.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import yaml

from tests.fakes.server import Asked, FakeVendor, Reply, json_reply


@dataclass(frozen=True)
class Exchange:
    """`sent` is the JSON that was posted; of a GET its parameters, unfolded: `page[cursor]` is `page.cursor` of it."""

    method: str
    path: str
    sent: dict[str, Any]
    status: int
    headers: dict[str, str]
    body: bytes


def cassette(path: Path) -> list[Exchange]:
    document: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return [_exchange(one["request"], one["response"]) for one in document["interactions"]]


def frozen_at(path: Path) -> datetime:
    """When the cassette was recorded."""
    beside = next(f for ending in (".frozen", ".freeze") if (f := path.with_suffix(ending)).is_file())
    return datetime.fromisoformat(beside.read_text("utf-8").strip())


class CassetteServer(FakeVendor):
    """Answers a request with the exchange of its path (or the path that `as_path` maps to it) that carried the same
    cursor; what was not recorded is a 501."""

    def __init__(self, exchanges: Iterable[Exchange], *, as_path: dict[str, str] | None = None) -> None:
        self._exchanges = list(exchanges)
        self._as_path = as_path or {}
        super().__init__()

    def answer(self, asked: Asked) -> Reply:
        cursor = _cursor(asked.json()) if asked.body else None
        for exchange in self._exchanges:
            path = self._as_path.get(exchange.path, exchange.path)
            if (path, _cursor(exchange.sent)) == (asked.path, cursor):
                return Reply(exchange.status, exchange.body, exchange.headers)
        return json_reply({"errors": ["no recording fits"]}, 501)


def _cursor(sent: dict[str, Any]) -> str | None:
    return sent.get("page", {}).get("cursor")


def _exchange(request: dict[str, Any], response: dict[str, Any]) -> Exchange:
    parts = urlsplit(str(request.get("uri") or request["url"]))
    body: Any = response["body"]
    status: Any = response.get("code") or response["status"]["code"]
    text: str = body if isinstance(body, str) else body["string"]
    headers = {"Content-Type": next(v[0] for k, v in response["headers"].items() if k.lower() == "content-type")}
    sent = json.loads(request["body"]) if request.get("body") else _unfolded(parts.query)
    return Exchange(request["method"], parts.path, sent, int(status), headers, text.encode())


def _unfolded(query: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in parse_qsl(query):
        outer, _, inner = name.rstrip("]").partition("[")
        found.setdefault(outer, {})[inner] = value
    return found
