"""A Datadog that never was: invented log entries behind the search of logs, served over loopback, with state.

    python -m tests.fakes.datadog --port N

serves an hour of two invented services with a burst of errors, until it is interrupted. Written from the vendor's
description (API v1 validate, API v2 search) and what was recorded of it: the cursor after a full page is given even if
nothing follows, the page after it is empty and has no `meta`.
"""

import argparse
import base64
import json
import re
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from tests.fakes.datadog_query import Entry, parse
from tests.fakes.server import Asked, FakeVendor, Reply, json_reply

API_KEY, APP_KEY = "obviously-fake-api-key", "obviously-fake-app-key"
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_SORTS = {"timestamp", "-timestamp"}
_TIERS = {"indexes", "online-archives", "flex"}


class Refused(Exception):
    def __init__(self, status: int, *errors: str) -> None:
        self.status, self.errors = status, list(errors)
        super().__init__(str(errors))


class FakeDatadog(FakeVendor):
    """`closed`: whether entries at exactly `filter.from` and `filter.to` are found (the documentation does not say).
    `allowed`: searches in each period of `period` seconds by `clock` (None: no limit). `times_out`: searches end before
    their time, with a part of the page."""

    def __init__(
        self, entries: Iterable[Entry] = (), *, api_key: str = API_KEY, app_key: str = APP_KEY, port: int = 0
    ) -> None:
        self.entries = list(entries)
        self.api_key, self.app_key = api_key, app_key
        self.indexes = {"main"}
        self.closed = True
        self.times_out = False
        self.may_read = True
        self.allowed: int | None = None
        self.period = 3600
        self.clock: Callable[[], float] = time.time
        self.spent: dict[int, int] = {}
        self._cursors: dict[str, tuple[str, int]] = {}
        super().__init__(port)

    def answer(self, asked: Asked) -> Reply:
        routes = {("GET", "/api/v1/validate"): self._validate, ("POST", "/api/v2/logs/events/search"): self._searched}
        handler = routes.get((asked.method, asked.path))
        if handler is None:
            return json_reply({"errors": ["Not found"]}, 404)
        try:
            return handler(asked)
        except Refused as refused:
            return json_reply({"errors": refused.errors}, refused.status)

    def _validate(self, asked: Asked) -> Reply:
        key = asked.headers.get("dd-api-key")
        if key is None:
            raise Refused(403, "API key required")
        if key != self.api_key:
            raise Refused(403, "Forbidden")
        return json_reply({"valid": True})

    def _searched(self, asked: Asked) -> Reply:
        self._admit(asked)
        headers = self._spend()
        if headers and int(headers["X-RateLimit-Remaining"]) < 0:
            return _with(json_reply({"errors": ["Too many requests"]}, 429), {**headers, "X-RateLimit-Remaining": "0"})
        if asked.headers.get("content-type") != "application/json":
            raise Refused(415, "Unsupported media type")
        return _with(json_reply(self._search(cast("dict[str, Any]", asked.json()))), headers)

    def _admit(self, asked: Asked) -> None:
        bearer = asked.headers.get("authorization")
        app_key = asked.headers.get("dd-application-key")
        if bearer is None and (asked.headers.get("dd-api-key") != self.api_key or app_key is None):
            raise Refused(401, "Unauthorized")
        if bearer is not None and bearer != f"Bearer {self.app_key}":
            raise Refused(401, "Unauthorized")
        if not self.may_read or (bearer is None and app_key != self.app_key):
            raise Refused(403, "Forbidden")

    def _spend(self) -> dict[str, str]:
        if self.allowed is None:
            return {}
        now = self.clock()
        window = int(now // self.period)
        self.spent[window] = self.spent.get(window, 0) + 1
        left = self.allowed - self.spent[window]
        facts = {
            "Limit": self.allowed, "Period": self.period, "Remaining": left,
            "Reset": int((window + 1) * self.period - now), "Name": "logs_search_of_nobody",
        }  # fmt: skip
        return {f"X-RateLimit-{name}": str(value) for name, value in facts.items()}

    def _search(self, body: dict[str, Any]) -> dict[str, Any]:
        filters, page = body.get("filter", {}), body.get("page", {})
        limit, sort = page.get("limit", 10), body.get("sort", "timestamp")
        if not isinstance(limit, int) or not 1 <= limit <= 1000:
            raise Refused(400, "page.limit must be between 1 and 1000")
        if sort not in _SORTS or filters.get("storage_tier", "indexes") not in _TIERS:
            raise Refused(400, "Invalid sort or storage_tier")
        found = self._matching(filters, newest_first=sort == "-timestamp")
        same = json.dumps({**body, "page": {"limit": limit}}, sort_keys=True)
        start = self._start(page.get("cursor"), same)
        entries = found[start : start + limit]
        if self.times_out:
            entries = entries[: max(1, limit // 2)]
        if "cursor" in page and not entries:
            return {"data": []}
        meta: dict[str, Any] = {
            "elapsed": 5,
            "request_id": "invented",
            "status": "timeout" if self.times_out else "done",
        }
        if len(entries) == limit and not self.times_out:
            meta["page"] = {"after": self._cursor(same, start + limit)}
        if unknown := [name for name in filters.get("indexes", ["*"]) if name not in {"*", *self.indexes}]:
            title = "One or several indexes are missing or invalid"
            meta["warnings"] = [{"code": "unknown_index", "title": title, "detail": f"indexes: {', '.join(unknown)}"}]
        return {"data": entries, "meta": meta}

    def _matching(self, filters: dict[str, Any], *, newest_first: bool) -> list[Entry]:
        since, until = (_time(filters.get(key, default)) for key, default in (("from", "now-15m"), ("to", "now")))
        if since >= until:
            raise Refused(400, "Field 'filter.from,to' is invalid: 'from' should be anterior to 'to'")
        try:
            fits = parse(filters.get("query", "*"))
        except ValueError as error:
            raise Refused(400, f"invalid query: {error}") from None
        edge = timedelta(0) if self.closed else timedelta(microseconds=1)
        found = [e for e in self.entries if since + edge <= _at(e) <= until - edge and fits(e)]
        return sorted(found, key=lambda e: (_at(e), e["id"]), reverse=newest_first)

    def _start(self, cursor: str | None, same: str) -> int:
        if cursor is None:
            return 0
        known = self._cursors.get(cursor)
        if known is None or known[0] != same:
            raise Refused(400, "Invalid page.cursor: it belongs to another search")
        return known[1]

    def _cursor(self, same: str, start: int) -> str:
        cursor = base64.b64encode(json.dumps({"after": start, "of": hash(same)}).encode()).decode()
        self._cursors[cursor] = (same, start)
        return cursor


def entry(number: int, at: datetime, message: str | None, **fields: Any) -> Entry:
    """An entry as Datadog gives it; fields of None are absent."""
    attributes: dict[str, Any] = {
        "timestamp": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z", "message": message,
        "service": "shop", "status": "info", "host": "i-0123", "tags": ["env:prod"], "attributes": {}, **fields,
    }  # fmt: skip
    present = {key: value for key, value in attributes.items() if value is not None}
    return {"id": f"AwAAAZ{number:032}", "type": "log", "attributes": present}


def _with(reply: Reply, headers: dict[str, str]) -> Reply:
    return Reply(reply.status, reply.body, {"Content-Type": "application/json", **headers})


def _at(found: Entry) -> datetime:
    return datetime.fromisoformat(found["attributes"]["timestamp"])


def _time(text: str) -> datetime:
    if match := re.fullmatch(r"now(?:-(\d+)([smhd]))?", text):
        return datetime.now(UTC) - timedelta(**{_UNITS[match[2] or "s"]: int(match[1] or 0)})
    try:
        return datetime.fromtimestamp(int(text) / 1000, UTC) if text.isdigit() else datetime.fromisoformat(text)
    except ValueError:
        raise Refused(400, f"Invalid time {text}") from None


def sample(port: int = 0) -> FakeDatadog:
    """An hour of `shop` and `payments` up to now; payments fails after its deployment of version 1.8.0."""
    start = datetime.now(UTC) - timedelta(hours=1)
    entries: list[Entry] = []
    for n in range(1200):
        at = start + timedelta(seconds=3 * n)
        broken = n > 900
        version = "version:1.8.0" if n > 880 else "version:1.7.9"
        entries.append(entry(2 * n, at, f"GET /basket/{n} 200 in {n % 90} ms", tags=["env:prod", "version:4.2.0"]))
        text = f"charge {n} failed: ValueError: no rate for EUR" if broken else f"charged order {n}"
        error = {"error": {"kind": "ValueError", "stack": 'File "pay/rates.py", line 41, in rate\nValueError'}}
        fields = {"status": "error", "attributes": error} if broken else {}
        tags = ["env:prod", version]
        entries.append(entry(2 * n + 1, at + timedelta(milliseconds=40), text, service="payments", tags=tags, **fields))
    return FakeDatadog(entries, port=port)


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.fakes.datadog")
    parser.add_argument("--port", type=int, default=0)
    with sample(parser.parse_args().port) as fake:
        print(f"base_url: {fake.url}\napi_key: {fake.api_key}\napp_key: {fake.app_key}", flush=True)  # noqa: T201
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print(f"{len(fake.requests)} requests")  # noqa: T201


if __name__ == "__main__":
    main()
