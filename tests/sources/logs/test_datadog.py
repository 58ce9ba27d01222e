"""What is special about Datadog: its query, its limits, its keys and its sites."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from incident_pipeline.errors import AccessDenied, BadPayload, ConfigError, RateLimited, UsageError
from incident_pipeline.sources.base import SourceContext
from incident_pipeline.sources.logs._datadog_query import query_of
from incident_pipeline.sources.logs.datadog import Config, api_address, credentials, open_source
from tests.fakes.datadog import API_KEY, APP_KEY, FakeDatadog, entry, sample
from tests.fakes.server import json_reply
from tests.http.clock import START, Clock
from tests.sources.logs.datadog_case import AT, WINDOW, bodies, datadog, messages, texts

KEYS = {"api_key": "a", "app_key": "b"}


def config(**keys: Any) -> Config:
    return Config.model_validate({**KEYS, **keys})


# The query


@pytest.mark.parametrize(
    ("asked", "query"),
    [
        ({}, "*"),
        ({"service": "shop"}, 'service:"shop"'),
        ({"own": " * "}, "*"),
        ({"own": "env:prod OR env:stage", "service": "shop"}, 'service:"shop" (env:prod OR env:stage)'),
        ({"level": "trace"}, "*"),
        ({"level": "DEBUG"}, "*"),
        ({"level": "error"}, "status:(error OR critical OR alert OR emergency OR emerg)"),
        ({"level": "CRITICAL"}, "status:(critical OR alert OR emergency OR emerg)"),
        ({"service": 'a" OR service:"b\\'}, 'service:"a\\" OR service:\\"b\\\\"'),
    ],
)
def test_the_query_is_built_of_service_level_and_the_configs_own(asked: dict[str, str], query: str) -> None:
    assert query_of(**asked) == query


@pytest.mark.proves("level filter", by="fake")
def test_a_success_is_no_error_and_an_emergency_is_one() -> None:
    statuses = ("ok", "info", "notice", "warn", "error", "critical", "alert", "emergency", "debug")
    entries = [entry(n, AT, status, status=status) for n, status in enumerate(statuses)]
    with FakeDatadog(entries) as fake, datadog(fake) as source:
        assert messages(source, level="fatal") == ["critical", "alert", "emergency"]
        assert set(messages(source, level="info")) == {*statuses} - {"debug"}


HOSTILE = ('a" OR "b', "a/b#c?d%41", "..", "-x", "(", "a:b", "\\", "*", "ü \u202e", "x" * 300, "a\nb", "{0}${x}")


@pytest.mark.proves("errors", by="fake")
@pytest.mark.parametrize("name", [name for name in HOSTILE if name != "*"])
def test_a_service_is_found_by_exactly_its_name(name: str) -> None:
    entries = [entry(0, AT, "mine", service=name), entry(1, AT, "other", service="other")]
    with FakeDatadog(entries) as fake, datadog(fake) as source:
        assert messages(source, name) == ["mine"]


def test_the_entrys_own_name_stands_for_its_service_or_its_query() -> None:
    entries = [entry(n, AT, s, service=s, tags=[f"team:{s}"]) for n, s in enumerate(("shop", "pay"))]
    with FakeDatadog(entries) as fake:
        stands_for: list[tuple[dict[str, Any], list[str]]] = [
            ({"service": "pay"}, ["pay"]),
            ({"query": "team:shop"}, ["shop"]),
        ]
        for keys, found in stands_for:
            with datadog(fake, **keys) as source:
                assert messages(source, "datadog") == messages(source, "") == found
        with datadog(fake, query="-team:pay") as source:
            assert messages(source, "*") == ["shop"]
            assert messages(source, "pay") == []
        with datadog(fake) as source:
            assert messages(source, "*") == ["shop", "pay"]
            with pytest.raises(UsageError, match="which service"):
                messages(source, "datadog")


def test_indexes_and_storage_tier_are_asked_for_as_configured() -> None:
    with texts("a") as fake:
        configs: list[dict[str, Any]] = [{}, {"indexes": ["main"], "storage_tier": "flex"}]
        for keys in configs:
            with datadog(fake, **keys) as source:
                assert messages(source) == ["a"]
    asked = [(body["filter"]["indexes"], body["filter"]["storage_tier"]) for body in bodies(fake)]
    assert asked == [(["*"], "indexes"), (["main"], "flex")]


def test_a_query_of_the_config_that_datadog_cannot_read_is_told_in_its_words() -> None:
    with texts("a") as fake, datadog(fake, query="(env:prod") as source, pytest.raises(BadPayload, match="not closed"):
        messages(source)


# Limits, keys and sites


@pytest.mark.proves("rate limits", by="fake")
def test_a_published_limit_is_waited_for_or_told_and_never_broken() -> None:
    clock = Clock()
    with texts(*"abcdefgh") as fake, datadog(fake, page_size=2, patience=clock.patience()) as source:
        fake.allowed, fake.period, fake.clock = 2, 40, lambda: clock().timestamp()
        assert messages(source) == list("abcdefgh")
        assert sum(clock.slept) >= 80
        assert max(fake.spent.values()) == 2
        fake.period = 3600
        with pytest.raises(RateLimited, match=r"logs_search_of_nobody: 2 in 3600 s") as caught:
            messages(source)
        assert caught.value.retry_at == START + timedelta(hours=1)
        assert max(fake.spent.values()) == 2


@pytest.mark.proves("credentials", by="fake")
def test_keys_go_in_their_headers_and_a_token_as_a_bearer() -> None:
    with texts("a") as fake:
        with datadog(fake) as source:
            assert messages(source) == ["a"]
        fake.app_key = f"ddpat_{APP_KEY}"
        with datadog(fake, app_key=fake.app_key) as source:
            assert messages(source) == ["a"]
            assert source.check().credentials == "access token"
    keys, token, _ = (asked.headers for asked in fake.requests)
    assert (keys["dd-api-key"], keys["dd-application-key"]) == (API_KEY, APP_KEY)
    assert token["authorization"] == f"Bearer ddpat_{APP_KEY}"
    assert {"dd-api-key", "dd-application-key"} & token.keys() == set()


def test_an_application_key_needs_an_api_key() -> None:
    with pytest.raises(ConfigError, match="api_key is missing"):
        credentials(Config.model_validate({"app_key": "b"}))


@pytest.mark.proves("errors", by="fake")
def test_a_user_who_may_not_read_logs_is_told_the_permission() -> None:
    with texts("a") as fake, datadog(fake) as source:
        fake.may_read = False
        said = r"^datadog 127.0.0.1: token lacks logs_read_data \(or the keys .* another site\) \(403\): Forbidden$"
        with pytest.raises(AccessDenied, match=said):
            messages(source)
        assert "logs_read_data" in source.check().advice


@pytest.mark.parametrize(
    ("site", "api"),
    [(s, f"https://api.{s}") for s in ("datadoghq.com", "datadoghq.eu", "us3.datadoghq.com", "us2.ddog-gov.com")],
)
def test_each_site_has_its_api(site: str, api: str) -> None:
    assert api_address(config(site=site)) == api


@pytest.mark.parametrize("site", ["https://datadoghq.eu", "app.datadoghq.eu", "api.datadoghq.com", "EU", "a.b/c", ""])
def test_a_site_that_is_no_site_is_refused(site: str) -> None:
    with pytest.raises(ConfigError, match="site must be like"):
        api_address(config(site=site))


def test_a_base_url_replaces_the_sites_api(tmp_path: Path) -> None:
    assert api_address(config(base_url="https://proxy.example/dd/", site="EU")) == "https://proxy.example/dd"
    with pytest.raises(ConfigError, match="base_url"):
        api_address(config(base_url="http://proxy.example"))
    with texts("a") as fake:
        keys = {"api_key": API_KEY, "app_key": APP_KEY, "base_url": fake.url}
        with open_source(config(**keys), SourceContext("logs", tmp_path, tmp_path)) as source:
            assert [e.message for e in source.get_logs("shop", *WINDOW)] == ["a"]
            assert source.name == "logs"


# Check and sample


@pytest.mark.proves("check", by="fake")
def test_check_tells_the_newest_entry_and_what_is_wrong_with_the_keys() -> None:
    with sample() as fake, datadog(fake, service="payments") as source:
        good = source.check()
        newest = max(e["attributes"]["timestamp"] for e in fake.entries if e["attributes"]["service"] == "payments")
        assert (good.what, good.found, good.scopes) == ("payments", f"newest entry {newest}", "logs_read_data")
        fake.entries = []
        assert source.check().found == 'no entry of service:"payments" in a day'
        fake.next_replies = [json_reply({"valid": False})]
        assert "not valid there" in source.check().advice
        fake.api_key = "another"
        assert "not valid there" in source.check().advice
