"""Datadog before answers that Datadog really sent, and its requests beside those that its own clients sent."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from incident_pipeline.errors import AccessDenied
from tests.contracts.openapi import Description
from tests.fakes.datadog import APP_KEY, FakeDatadog, entry
from tests.replay.vcr import CassetteServer, Exchange, cassette, frozen_at
from tests.sources.logs.datadog_case import AT, bodies, datadog, messages

pytestmark = pytest.mark.shared

RECORDED = "contracts/datadog/recorded"
SEARCH = "/api/v2/logs/events/search"
PAGED = (
    "v2/test_search_logs_returns_ok_response_with_pagination.yaml",
    "v2/test_get_a_list_of_logs_returns_ok_response_with_pagination.yaml",
    "go/Feature_Logs__Scenario_Search_logs_returns_OK_response_with_pagination.yaml",
    "go/Feature_Logs__Scenario_Get_a_list_of_logs_returns_OK_response_with_pagination.yaml",
)


def listed(exchanges: list[Exchange]) -> list[dict[str, Any]]:
    return [found for exchange in exchanges for found in json.loads(exchange.body).get("data", [])]


@pytest.mark.proves("paging", by="recording")
@pytest.mark.proves("entries in a window", by="recording")
@pytest.mark.parametrize("name", PAGED)
def test_recorded_pages_are_read_to_their_end(shared: Path, name: str) -> None:
    path = shared / RECORDED / name
    exchanges, until = cassette(path), frozen_at(path)
    wanted = listed(exchanges)
    with (
        CassetteServer(exchanges, as_path={"/api/v2/logs/events": SEARCH}) as server,
        datadog(server, page_size=2) as source,
    ):
        entries = list(source.get_logs("*", until - timedelta(minutes=15), until))
        (status,) = source.read_statuses()
    assert len(wanted) > 2
    assert [e.message for e in entries] == [found["attributes"]["message"] for found in wanted]
    assert [e.level for e in entries] == [found["attributes"]["status"] for found in wanted]
    assert all(e.timestamp and until - timedelta(minutes=15) <= e.timestamp < until for e in entries)
    assert [e.metadata["tags"] for e in entries] == [found["attributes"]["tags"] for found in wanted]
    assert (status.status, status.skipped, status.detail) == ("read", 0, "")
    assert len(server.requests) == len(exchanges)


@pytest.mark.proves("paging", by="recording")
@pytest.mark.parametrize("name", PAGED[::2])
def test_what_is_asked_is_what_the_vendors_own_clients_ask(shared: Path, name: str) -> None:
    path = shared / RECORDED / name
    exchanges = cassette(path)
    with CassetteServer(exchanges) as server, datadog(server, page_size=2, indexes=["main"]) as source:
        messages(source, "*")
    for asked, recorded in zip(bodies(server), exchanges, strict=True):
        assert asked["page"] == recorded.sent["page"]
        assert asked["sort"] == recorded.sent["sort"]
        assert asked["filter"]["indexes"] == recorded.sent["filter"]["indexes"]


@pytest.mark.proves("entries in a window", by="recording")
def test_a_recorded_answer_without_entries_is_empty(shared: Path) -> None:
    exchanges = cassette(shared / RECORDED / "v2/test_search_logs_returns_ok_response.yaml")
    with CassetteServer(exchanges) as server, datadog(server) as source:
        assert messages(source, "*") == []
        assert [s.status for s in source.read_statuses()] == ["empty"]


@pytest.mark.proves("check", by="recording")
def test_recorded_validations_of_keys(shared: Path) -> None:
    searched = cassette(shared / RECORDED / "v2/test_search_logs_returns_ok_response.yaml")
    for name, works in (("ok", True), ("forbidden", False)):
        validated = cassette(shared / RECORDED / f"v1/test_validate_api_key_returns_{name}_response.yaml")
        with CassetteServer([*validated, *searched]) as server, datadog(server) as source:
            checked = source.check()
            assert checked.works is works
            assert works or "not valid there" in checked.advice


@pytest.mark.proves("errors", by="recording")
def test_a_recorded_refusal_is_told(shared: Path) -> None:
    (forbidden,) = cassette(shared / RECORDED / "v1/test_validate_api_key_returns_forbidden_response.yaml")
    with (
        CassetteServer([forbidden], as_path={forbidden.path: SEARCH}) as server,
        datadog(server) as source,
        pytest.raises(AccessDenied, match=r"lacks logs_read_data .*\(403\): API key required"),
    ):
        messages(source)


@pytest.mark.proves("entries in a window", by="description")
@pytest.mark.proves("level filter", by="description")
@pytest.mark.proves("paging", by="description")
@pytest.mark.proves("check", by="description")
def test_no_request_has_a_problem_in_the_vendors_description(shared: Path) -> None:
    described = {v: Description.load(shared / f"contracts/datadog/openapi.{v}.json") for v in ("v1", "v2")}
    entries = [entry(n, AT + timedelta(seconds=n), "m", status="error") for n in range(5)]
    keys: dict[str, Any] = {"query": "env:prod", "indexes": ["main"], "storage_tier": "flex"}
    with FakeDatadog(entries) as fake, datadog(fake, page_size=2, **keys) as source:
        assert len(messages(source, "shop", "warn")) == 5
        assert len(messages(source, "*")) == 5
        assert source.check().works
        with datadog(fake, app_key=f"ddpat_{APP_KEY}") as other:
            other.check()
    problems = [p for asked in fake.requests for p in described[asked.path.split("/")[2]].problems(asked)]
    assert problems == []
    assert len(fake.requests) == 3 + 3 + 2 + 1
