"""What is Datadog's own: sites, queries, what a search says of itself, and requests as the vendor describes them."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from incident_pipeline.errors import ConfigError, UsageError
from incident_pipeline.sources.logs.datadog import Config, api_address
from tests.contracts.openapi import Description
from tests.fakes.datadog import API_KEY, APP_KEY, entry
from tests.sources.logs.datadog_case import AT, WINDOW, bodies, datadog, messages, texts


@pytest.mark.parametrize("site", ["datadoghq.eu", "us3.datadoghq.com", "ddog-gov.com"])
def test_a_site_has_its_own_api(site: str) -> None:
    assert api_address(_config(site=site)) == f"https://api.{site}"


@pytest.mark.parametrize("site", ["https://datadoghq.eu", "evil.example/x", "", "datadoghq.eu@evil.example"])
def test_what_is_no_site_gets_no_key(site: str) -> None:
    with pytest.raises(ConfigError, match="site"):
        api_address(_config(site=site))


@pytest.mark.proves("entries in a window", by="fake")
def test_service_level_and_own_query_are_one_search_and_a_name_cannot_leave_its_quotes() -> None:
    with texts("a") as fake, datadog(fake, query="env:prod OR env:test", indexes=["main"]) as source:
        list(source.get_logs('shop" OR *', *WINDOW, "error"))
        asked = bodies(fake)[-1]
    query = str(asked["filter"]["query"])
    assert "(env:prod OR env:test)" in query
    assert '"shop\\" OR *"' in query
    assert asked["filter"]["indexes"] == ["main"]
    assert asked["sort"] == "timestamp"


@pytest.mark.proves("errors", by="fake")
def test_a_search_that_ended_before_its_time_is_truncated() -> None:
    with texts("a", "b", "c") as fake, datadog(fake) as source:
        fake.times_out = True
        messages(source)
        (status,) = source.read_statuses()
    assert status.status == "truncated"
    assert status.detail


@pytest.mark.proves("paging", by="fake")
def test_a_window_of_too_many_pages_is_said_to_be_cut() -> None:
    with texts(*map(str, range(9))) as fake, datadog(fake, page_size=2, max_pages=3) as source:
        assert messages(source) == ["0", "1", "2", "3", "4", "5"]
        (status,) = source.read_statuses()
    assert (status.status, "shorter window" in status.detail) == ("truncated", True)


@pytest.mark.proves("paging", by="fake")
def test_an_entry_that_comes_on_two_pages_is_taken_once() -> None:
    with texts("a", "b", "c", "d") as fake, datadog(fake, page_size=2) as source:
        fake.entries.insert(2, fake.entries[1])
        assert messages(source) == ["a", "b", "c", "d"]


def test_without_service_or_query_all_logs_are_only_read_when_asked_for() -> None:
    with texts("a") as fake, datadog(fake) as source:
        with pytest.raises(UsageError, match="which service"):
            messages(source, "")
        assert messages(source, "*") == ["a"]


@pytest.mark.proves("rate limits", by="fake")
def test_an_hours_searches_are_not_overdrawn() -> None:
    with texts("a") as fake, datadog(fake) as source:
        fake.allowed = 50
        for _ in range(3):
            messages(source)
        assert all(asked.path.endswith("search") for asked in fake.requests)


@pytest.mark.shared
@pytest.mark.proves("entries in a window", by="description")
@pytest.mark.proves("paging", by="description")
@pytest.mark.proves("check", by="description")
def test_every_request_is_one_that_datadog_describes(shared: Path) -> None:
    v1, v2 = (Description.load(shared / "contracts/datadog" / f"openapi.v{n}.json") for n in (1, 2))
    with texts(*map(str, range(5))) as fake, datadog(fake, page_size=2, service="shop", indexes=["main"]) as source:
        messages(source, level="warn")
        messages(source, "*")
        assert source.check().works
        asked = list(fake.requests)
    assert len({request.path for request in asked}) == 2
    found = [p for request in asked for p in (v1 if "/v1/" in request.path else v2).problems(request)]
    assert found == []


@pytest.mark.proves("entries in a window", by="fake")
def test_what_came_with_an_entry_is_kept_beside_it() -> None:
    with texts() as fake, datadog(fake) as source:
        at = AT + timedelta(seconds=1)
        fake.entries = [entry(1, at, "boom", tags=["env:prod"], status="error", attributes={"order": {"id": 7}})]
        (got,) = source.get_logs("shop", *WINDOW)
    assert (got.timestamp, got.level, got.message) == (at, "error", "boom")
    assert '"id": 7' in str(got.metadata).replace("'", '"')
    assert "env:prod" in str(got.metadata)


def _config(**keys: Any) -> Config:
    return Config.model_validate({"api_key": API_KEY, "app_key": APP_KEY, **keys})
