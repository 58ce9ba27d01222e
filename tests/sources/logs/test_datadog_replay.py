"""Pages of logs that Datadog really sent, read again: every entry once, with its time, and the cursor sent on."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.server import Asked, FakeVendor, Reply
from tests.replay.vcr import Posted, posted
from tests.sources.logs.datadog_case import bodies, datadog

pytestmark = pytest.mark.shared

EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
CASSETTES = {"test_search_logs_returns_ok_response": 0, "test_search_logs_returns_ok_response_with_pagination": 1}
"""Recorded searches and how many entries they hold at least: one found nothing."""


class Replay(FakeVendor):
    """The recorded pages in their order, whatever the query; the last one for ever."""

    def __init__(self, recorded: list[Posted]) -> None:
        self._left = list(recorded)
        super().__init__()

    def answer(self, asked: Asked) -> Reply:
        one = self._left.pop(0) if len(self._left) > 1 else self._left[0]
        return Reply(one.recording.status, one.recording.body, {"Content-Type": "application/json"})


@pytest.mark.proves("entries in a window", by="recording")
@pytest.mark.proves("paging", by="recording")
@pytest.mark.parametrize(("name", "least"), CASSETTES.items())
def test_recorded_pages_are_read_to_their_end(shared: Path, name: str, least: int) -> None:
    recorded = posted(shared / "contracts/datadog/recorded/v2" / f"{name}.yaml")
    pages: list[dict[str, Any]] = [json.loads(one.recording.body) for one in recorded]
    wanted = {item["id"]: item["attributes"] for page in pages for item in page.get("data") or ()}
    with Replay(recorded) as fake, datadog(fake) as source:
        got = list(source.get_logs("*", *EVER))
        asked = bodies(fake)
    assert len(got) == len(wanted) >= least
    assert sorted(e.message for e in got) == sorted(str(a.get("message", "")) for a in wanted.values())
    assert all(e.timestamp is not None for e in got)
    cursors = [page["meta"]["page"]["after"] for page in pages if page.get("meta", {}).get("page", {}).get("after")]
    assert [body["page"].get("cursor") for body in asked][1:] == cursors[: len(asked) - 1]
