"""What is Elasticsearch's own: windows to the nanosecond, filters after the mapping, credentials, hosts, refusals."""

import base64
import sys
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from incident_pipeline.errors import (
    AccessDenied,
    BadPayload,
    ConfigError,
    IncidentError,
    NotFound,
    RateLimited,
    Unavailable,
    Unsupported,
    UsageError,
)
from incident_pipeline.sources.base import SourceContext
from incident_pipeline.sources.logs import _elastic_node, _elastic_walk
from incident_pipeline.sources.logs._elastic_cluster import Cluster, Login
from incident_pipeline.sources.logs.elasticsearch import Config, Elasticsearch, open_source
from tests.fakes.elastic import FakeElastic, ecs
from tests.fakes.server import Asked, Reply, json_reply
from tests.http.clock import Clock
from tests.sources.logs.elastic_case import AT, UNTIL, filled, key_login, messages, source

KEY = "VnVhQ2ZHY0JDZGJrU"
ENCODED = base64.b64encode(f"k1:{KEY}".encode()).decode()


@pytest.fixture
def fake() -> Generator[FakeElastic]:
    with FakeElastic() as fake:
        yield fake


def context(tmp_path: Path) -> SourceContext:
    return SourceContext("elasticsearch", tmp_path / "cache", tmp_path)


def searches(fake: FakeElastic) -> list[dict[str, Any]]:
    return [a.json() for a in fake.requests if a.path == "/_search"]


@pytest.mark.proves("entries in a window", by="fake")
@pytest.mark.parametrize("kind", ["date", "date_nanos"])
def test_windows_that_meet_within_a_millisecond_share_and_lose_nothing(fake: FakeElastic, kind: str) -> None:
    index = fake.index("logs-1", {"@timestamp": {"type": kind}, "service.name": {"type": "keyword"}})
    for n in range(40):
        stamp = f"2026-03-01T12:00:00.{n // 10:03}{n % 10}00999Z"
        index.put({**ecs(AT, "info", stamp), "@timestamp": stamp})
    cuts = [AT + timedelta(microseconds=n) for n in (0, 100, 999, 1_000, 1_001, 2_500, 10_000)]
    with source(fake) as opened:
        parts = [list(opened.get_logs("shop", a, b)) for a, b in pairwise(cuts)]
    assert sorted(e.message for part in parts for e in part) == sorted(d.source["@timestamp"] for d in index.docs)
    for (since, until), part in zip(pairwise(cuts), parts, strict=True):
        assert all(e.timestamp and since <= e.timestamp < until for e in part)


@pytest.mark.proves("entries in a window", by="fake")
@pytest.mark.parametrize("kind", ["date", "date_nanos"])
def test_a_window_without_an_end_is_asked_for_as_the_field_can_hold_it(fake: FakeElastic, kind: str) -> None:
    fake.index("logs-1", {"@timestamp": {"type": kind}, "service.name": {"type": "keyword"}}).put(ecs(AT, "info", "m"))
    with source(fake) as opened:
        ever = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
        assert [e.message for e in opened.get_logs("shop", *ever)] == ["m"]


@pytest.mark.proves("entries in a window", by="fake")
def test_nanoseconds_order_entries_of_one_microsecond(fake: FakeElastic) -> None:
    index = fake.index("logs-1", {"@timestamp": {"type": "date_nanos"}})
    for nano in (3, 1, 2):
        index.put({"@timestamp": f"2026-03-01T12:00:00.00000100{nano}Z", "message": str(nano), "service.name": "shop"})
    with source(fake, page_size=1) as opened:
        assert messages(opened) == ["1", "2", "3"]
        (frame,) = opened.read_frames("shop", AT, UNTIL)
    assert frame["timestamp"].to_list() == [AT + timedelta(microseconds=1)] * 3


@pytest.mark.proves("entries in a window", by="fake")
def test_entries_of_one_instant_are_in_the_order_that_they_number_themselves(fake: FakeElastic) -> None:
    index = fake.stream("logs-shop-default")
    for offset in (30, 10, 20, 5):
        doc = ecs(AT, "info", f"at {offset}")
        index.put({**doc, "log": {"level": "info", "offset": offset}})
    index.put(ecs(AT, "info", "unnumbered"))
    with source(fake, page_size=2) as opened:
        assert messages(opened) == ["at 5", "at 10", "at 20", "at 30", "unnumbered"]


@pytest.mark.proves("entries in a window", by="fake")
def test_a_time_of_several_values_has_one_window(fake: FakeElastic) -> None:
    index = fake.stream("logs-shop-default")
    index.put({**ecs(AT, "info", "twice"), "@timestamp": ["2026-03-01T12:30:00Z", "2026-03-01T12:00:30Z"]})
    with source(fake) as opened:
        half = AT + timedelta(minutes=15)
        assert [e.message for e in opened.get_logs("shop", AT, half)] == ["twice"]
        assert list(opened.get_logs("shop", half, UNTIL)) == []
        with pytest.raises(UsageError, match="times with a zone"):
            list(opened.get_logs("shop", AT.replace(tzinfo=None), UNTIL))


@pytest.mark.parametrize(
    ("index", "found"),
    [
        ("logs-shop-default", ["entry 0", "other 0"]),
        ("logs-shop-*", ["entry 0", "other 0"]),
        (["logs-shop-default", "plain"], ["entry 0", "other 0", "plain"]),
        ("plain,logs-nowhere-*", ["plain"]),
        ("plain", ["plain"]),
    ],
)
def test_data_streams_indices_and_patterns(fake: FakeElastic, index: Any, found: list[str]) -> None:
    filled(fake, 1)
    fake.stream("logs-shop-default", generation=2).put(ecs(AT, "info", "other 0"))
    fake.index("plain").put(ecs(AT, "info", "plain"))
    with source(fake, index=index) as opened:
        entries = list(opened.get_logs("shop", AT, UNTIL))
    assert sorted(e.message for e in entries) == found
    assert {"_index", "_id", "service"} == set(entries[0].metadata)


@pytest.mark.proves("errors", by="fake")
def test_an_index_that_is_missing_and_one_that_is_empty_are_two_things(fake: FakeElastic) -> None:
    filled(fake, 0)
    with source(fake) as opened:
        assert messages(opened) == []
        assert opened.read_statuses()[0].status == "empty"
    with source(fake, index="nowhere-*") as opened, pytest.raises(NotFound, match="no index of that name"):
        messages(opened)
    with source(fake, index="nowhere") as opened, pytest.raises(NotFound, match=r"no such index \[nowhere\]"):
        messages(opened)


@pytest.mark.proves("field mapping", by="fake")
@pytest.mark.parametrize(
    ("mapping", "sent"),
    [
        ({"app": {"type": "keyword"}}, "term"),
        ({"app": {"type": "constant_keyword"}}, "term"),
        ({"app": {"type": "text"}, "app.keyword": {"type": "keyword"}}, "term"),
        ({"app": {"type": "text"}}, "match_phrase"),
        ({"app": {"type": "keyword", "index": False}}, None),
        ({"app": {"type": "version"}}, None),
    ],
)
def test_a_service_is_found_however_its_field_is_mapped(
    fake: FakeElastic, mapping: dict[str, Any], sent: str | None
) -> None:
    index = fake.index("logs-1", {"@timestamp": {"type": "date"}, **mapping})
    for name in ("shop", "shop-admin", "other"):
        index.put({"@timestamp": AT.isoformat(), "message": name, "app": name})
    with source(fake, fields={"service": ["app", "not.mapped"]}) as opened:
        assert messages(opened) == ["shop"]
    filters = searches(fake)[0]["query"]["bool"]["filter"]
    assert [next(iter(c)) for f in filters[1:] for c in f["bool"]["should"]] == ([sent] if sent else [])


@pytest.mark.proves("field mapping", by="fake")
def test_indices_that_map_a_field_differently_are_all_read(fake: FakeElastic) -> None:
    time = {"@timestamp": {"type": "date"}}
    for name, mapping in {
        "logs-1": {**time, "app": {"type": "text"}, "app.keyword": {"type": "keyword"}},
        "logs-2": {**time, "app": {"type": "text"}},
        "logs-3": {**time, "app": {"type": "keyword"}},
        "logs-4": time,
        "logs-5": {"when": {"type": "date"}},
    }.items():
        index = fake.index(name, mapping)
        fixed = dict(index.properties)
        for app in ("shop", "shop-admin"):
            stamp = {"@timestamp": AT.isoformat()} if "@timestamp" in mapping else {}
            index.put({**stamp, "message": f"{name} {app}", "app": app})
        index.properties = fixed
    with source(fake, fields={"service": ["app"], "level": ["app"]}) as opened:
        assert sorted(messages(opened)) == ["logs-1 shop", "logs-2 shop", "logs-3 shop"]
        assert messages(opened, level="error") == []
    with source(fake, fields={"service": ["app"]}, index=["logs-1", "logs-2"]) as opened:
        assert sorted(messages(opened)) == ["logs-1 shop", "logs-2 shop"]
    with source(fake, fields={"service": ["app"]}, index=["logs-1", "logs-4", "logs-5"]) as opened:
        assert messages(opened) == ["logs-1 shop"]
        assert "term" in str(searches(fake)[-1]["query"])


@pytest.mark.proves("field mapping", by="fake")
def test_fields_that_no_index_has_are_told(fake: FakeElastic) -> None:
    index = fake.index("logs-1", {"when": {"type": "date"}, "note": {"type": "keyword"}})
    index.put({"when": AT.isoformat(), "message": "m", "note": "n"})
    with source(fake) as opened, pytest.raises(ConfigError, match=r"'@timestamp' is not there: set fields.time"):
        messages(opened)
    with source(fake, fields={"time": "note"}) as opened, pytest.raises(ConfigError, match="'note' is of type keyword"):
        messages(opened)
    with source(fake, fields={"time": "when"}) as opened:
        with pytest.raises(ConfigError, match=r"no index has a field 'service.name': set fields.service"):
            messages(opened)
        assert messages(opened, service="") == ["m"]
    with source(fake, fields={"time": "when", "service": []}) as opened:
        assert messages(opened) == ["m"]


@pytest.mark.proves("level filter", by="fake")
@pytest.mark.parametrize("kind", ["keyword", "text", "both", "unmapped"])
def test_no_level_is_lost_and_what_lies_below_stays_on_the_server(fake: FakeElastic, kind: str) -> None:
    mapping: dict[str, Any] = {"@timestamp": {"type": "date"}, "service.name": {"type": "keyword"}}
    if kind in {"keyword", "text"}:
        mapping["log.level"] = {"type": kind}
    if kind == "both":
        mapping |= {"log.level": {"type": "text"}, "log.level.keyword": {"type": "keyword"}}
    index = fake.index("logs-1", mapping)
    wanted = ["ERROR", "error", "Err", "[Error]", "CRITICAL", "eRRoR", "FATAL:", "50"]
    for level in wanted:
        index.put(ecs(AT, level, level))
    index.put({**ecs(AT, "", "several"), "log.level": ["info", "error"]})
    for n in range(60):
        index.put(ecs(AT, ("info", "DEBUG", "Warning", "30", "", "odd")[n % 6], "below"))
    if kind == "unmapped":
        index.properties = {k: v for k, v in index.properties.items() if not k.startswith("log")}
    with source(fake, page_size=20) as opened:
        assert sorted(messages(opened, level="error")) == sorted([*wanted, "several"])
    assert len(searches(fake)) == {"keyword": 2, "text": 1, "both": 2, "unmapped": 4}[kind]


@pytest.mark.proves("level filter", by="fake")
def test_levels_may_be_numbers_and_stand_in_one_of_several_fields(fake: FakeElastic) -> None:
    index = fake.index("logs-1", {"@timestamp": {"type": "date"}, "sev": {"type": "long"}, "lvl": {"type": "keyword"}})
    base = {"@timestamp": AT.isoformat(), "service": {"name": "shop"}}
    for message, doc in {
        "number": {"sev": 50}, "word": {"lvl": "error"}, "number first": {"sev": 60, "lvl": "info"},
        "below": {"sev": 30, "lvl": "error"}, "none": {},
    }.items():  # fmt: skip
        index.put({**base, **doc, "message": message})
    with source(fake, fields={"level": ["sev", "lvl"]}) as opened:
        assert sorted(messages(opened, level="error")) == ["number", "number first", "word"]
        assert {e.message: e.level for e in opened.get_logs("shop", AT, UNTIL)} == {
            "number": "50", "word": "error", "number first": "60", "below": "30", "none": None,
        }  # fmt: skip


def test_a_query_of_the_config_is_added_to_every_search(fake: FakeElastic) -> None:
    index = fake.stream("logs-shop-default")
    for zone in ("prod", "test"):
        index.put({**ecs(AT, "info", zone), "labels": {"zone": zone}})
    with source(fake, query="labels.zone:prod") as opened:
        assert messages(opened) == ["prod"]
    with source(fake, query="labels.zone:") as opened, pytest.raises(UsageError, match="Failed to parse query"):
        messages(opened)


def test_only_what_is_to_be_kept_is_sent(fake: FakeElastic) -> None:
    doc = {**ecs(AT, "info", "m"), "host": {"name": "h", "ip": "i"}, "agent": {"id": "x"}}
    fake.stream("logs-shop-default").put(doc)
    with source(fake, fields={"keep": ["host.name"]}) as opened:
        (entry,) = opened.get_logs("shop", AT, UNTIL)
    rest = {k: v for k, v in entry.metadata.items() if not k.startswith("_")}
    assert (entry.message, entry.level, rest) == ("m", "info", {"service": {"name": "shop"}, "host": {"name": "h"}})


def test_hits_without_a_document_are_counted(fake: FakeElastic) -> None:
    filled(fake, 3)
    answer = fake.answer

    def without(asked: Asked) -> Reply:
        reply = answer(asked)
        return Reply(reply.status, reply.body.replace(b'"_source": {"@time', b'"_gone": {"@time', 1), reply.headers)

    fake.answer = without
    with source(fake) as opened:
        assert len(messages(opened)) == 2
        (status,) = opened.read_statuses()
    assert (status.skipped, status.rows, status.detail) == (1, 2, "1 hits without _source or time")


@pytest.mark.proves("paging", by="fake")
def test_pages_are_as_large_as_their_bytes_allow(fake: FakeElastic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_elastic_walk, "FIRST_PAGE", 8)
    monkeypatch.setattr(_elastic_walk, "TARGET_BYTES", 4_000)
    monkeypatch.setattr(_elastic_node, "MAX_JSON_BYTES", 30_000)
    index = fake.stream("logs-shop-default")
    for n in range(40):
        index.put(ecs(AT + timedelta(seconds=n), "info", f"{n:02} " + "x" * (20 if n < 20 else 5_000)))
    with source(fake, page_size=16) as opened:
        assert [m[:2] for m in messages(opened)] == [f"{n:02}" for n in range(40)]
        sizes = [s["size"] for s in searches(fake)]
        assert sizes[0] == 8 < max(sizes) <= 16
        assert sizes[-1] == 1
        index.put(ecs(AT, "info", "x" * 40_000))
        with pytest.raises(BadPayload, match="too large to read"):
            messages(opened)
    assert fake.pits == {}


@pytest.mark.proves("credentials", by="fake")
@pytest.mark.parametrize(
    ("login", "sent"),
    [
        ({"api_key": f"k1:{KEY}"}, f"ApiKey {ENCODED}"),
        ({"api_key": ENCODED}, f"ApiKey {ENCODED}"),
        ({"username": "ä", "password": KEY}, "Basic " + base64.b64encode(f"ä:{KEY}".encode()).decode()),
        ({"token": KEY}, f"Bearer {KEY}"),
        ({}, None),
    ],
)
def test_every_kind_of_credentials(
    fake: FakeElastic, tmp_path: Path, login: dict[str, Any], sent: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    fake.authorizations = {sent} if sent else None
    wanted = filled(fake, 1)
    config = Config(hosts=(fake.url,), **login)
    with open_source(config, context(tmp_path)) as opened:
        assert messages(opened) == wanted
        said = [repr(config), repr(opened), repr(opened.check())]
        echo = f"{KEY} and {sent} and k1:{KEY} and ä:{KEY}"
        for status in (400, 401, 403, 404, 500):
            body = {"error": {"root_cause": [{"type": "t", "reason": echo}], "type": "t", "reason": echo}}
            fake.always = json_reply(body, status)
            if status == 500:
                fake.after, fake.always = (len(fake.requests), json_reply(body, 501)), None
            with pytest.raises(IncidentError) as caught:
                messages(opened)
            said.append(str(caught.value))
    assert {a.headers.get("authorization") for a in fake.requests} == {sent}
    if sent:
        text = "".join(said) + caplog.text
        assert KEY not in text
        assert (sent.partition(" ")[2] or sent) not in text


@pytest.mark.proves("credentials", by="fake")
def test_a_refusal_names_the_privilege(fake: FakeElastic) -> None:
    filled(fake, 1)
    fake.authorizations, fake.may_read = {f"ApiKey {ENCODED}"}, ("logs-other-*",)
    denied = pytest.raises(AccessDenied, match=r"token lacks the index privilege read \(403\): action")
    with source(fake, login=key_login(KEY), index="logs-shop-default") as opened, denied:
        messages(opened)
    unnamed = pytest.raises(AccessDenied, match="no token was given and one is needed")
    with source(fake, index="logs-shop-default") as opened, unnamed:
        messages(opened)


@pytest.mark.proves("check", by="fake")
def test_check_tells_whose_the_key_is_what_it_may_and_the_newest_entry(fake: FakeElastic) -> None:
    filled(fake, 3)
    fake.authorizations = {f"ApiKey {ENCODED}"}
    with source(fake, login=key_login(KEY), index=["logs-*", "logs-shop-default"]) as opened:
        told = opened.check()
        assert (told.works, told.what, told.credentials) == (True, "logs-*,logs-shop-default", "API key reader of shop")
        assert (told.scopes, told.found) == (
            "read on logs-*,logs-shop-default", "1 indices, newest entry 2026-03-01T12:00:02.000Z",
        )  # fmt: skip
        fake.may_read = ("logs-shop-default",)
        assert opened.check().scopes == "read on a part of logs-*,logs-shop-default at most"
        fake.indices.clear()
        fake.may_read = None
        assert "no such index" in opened.check().advice
        fake.stream("logs-shop-default")
        assert opened.check().found == "1 indices, no entry with a time"
    with FakeElastic() as bare, source(bare, index="x") as opened:
        bare.index("x", {"@timestamp": {"type": "date"}})
        assert (opened.check().works, opened.check().credentials) == (True, "")


@pytest.mark.proves("errors", by="fake")
def test_what_is_no_elasticsearch_is_told(fake: FakeElastic) -> None:
    filled(fake, 1)
    fake.product = False
    with source(fake) as opened:
        with pytest.raises(Unsupported, match="OpenSearch"):
            messages(opened)
        assert "X-Elastic-Product" in opened.check().advice


@pytest.mark.parametrize("version", [7, 8, 9, 10])
def test_servers_of_other_versions_are_read(fake: FakeElastic, version: int) -> None:
    wanted = filled(fake, 1)
    fake.version = version
    with source(fake) as opened:
        assert messages(opened) == wanted


def test_a_clusters_deprecations_are_no_warnings_of_ours(fake: FakeElastic) -> None:
    wanted = filled(fake, 1)
    answer = fake.answer

    def deprecated(asked: Asked) -> Reply:
        reply = answer(asked)
        return Reply(reply.status, reply.body, {**reply.headers, "Warning": '299 Elasticsearch-9.1.0 "old setting"'})

    fake.answer = deprecated
    with source(fake) as opened:
        assert messages(opened) == wanted  # warnings are errors in this suite


@pytest.mark.proves("rate limits", by="fake")
def test_a_full_queue_is_tried_again_soon(fake: FakeElastic) -> None:
    wanted = filled(fake, 1)
    full = json_reply({"error": {"type": "es_rejected_execution_exception", "reason": "queue is full"}}, 429)
    clock = Clock()
    with source(fake, patience=clock.patience()) as opened:
        fake.next_replies = [full]
        assert messages(opened) == wanted
        assert clock.slept == [0.5]
        fake.always = full
        with pytest.raises(RateLimited, match=r"too much to do \(429\): queue is full"):
            messages(opened)


@pytest.mark.proves("errors", by="fake")
def test_a_proxys_page_does_not_hide_its_status(fake: FakeElastic) -> None:
    filled(fake, 1)
    for headers in ({}, {"Content-Type": "application/json"}, {"Content-Type": "text/html"}, {"Content-Type": "a/b"}):
        fake.always = Reply(502, b"<html>\xff Bad gateway", dict[str, str](headers))
        with source(fake) as opened, pytest.raises(Unavailable, match=r"the server failed \(502\)"):
            messages(opened)
    for body in (b"[]", b'"x"', b"{", b'{"hits": 1, "indices": [], "fields": 7}'):
        fake.always = Reply(200, body, {"Content-Type": "application/json", "X-Elastic-Product": "Elasticsearch"})
        with source(fake) as opened, pytest.raises((BadPayload, NotFound)):
            messages(opened)


def test_a_redirect_is_not_followed_with_the_credentials(fake: FakeElastic) -> None:
    filled(fake, 1)
    with FakeElastic() as other:
        fake.always = Reply(302, b"", {"Location": other.url})
        with (
            source(fake, login=key_login(KEY)) as opened,
            pytest.raises(BadPayload, match=r"unexpected answer \(302\)"),
        ):
            messages(opened)
        assert other.requests == []


@pytest.mark.proves("errors", by="fake")
def test_an_error_under_a_success_is_told(fake: FakeElastic) -> None:
    body = b'{"error": {"type": "x", "reason": "not really"}, "status": 500}'
    fake.always = Reply(200, body, {"Content-Type": "application/json", "X-Elastic-Product": "Elasticsearch"})
    with source(fake) as opened, pytest.raises(BadPayload, match="an error came as success: not really"):
        messages(opened)


def test_answers_of_the_wrong_shape_are_bad_payloads(fake: FakeElastic) -> None:
    filled(fake, 1)
    with source(fake) as opened:
        caps = fake.answer(_asked("GET", "/logs-*/_field_caps", {"fields": "@timestamp,service.name"}))
        good = {"Content-Type": "application/json", "X-Elastic-Product": "Elasticsearch"}
        for hits in (
            b'{"hits": [1]}',
            b'{"hits": [{"sort": []}]}',
            b"null",
            b'{"hits": {}}',
            b'{"hits": [{"sort": [1]}]}',
        ):
            fake.next_replies = [caps, Reply(200, b'{"id": "x"}', good), Reply(200, b'{"hits": %b}' % hits, good)]
            with pytest.raises(BadPayload, match="without its list of sorted hits"):
                messages(opened)
        fake.next_replies = [caps, Reply(200, b'{"id": 7}', good)]
        with pytest.raises(BadPayload, match="a point in time without an id"):
            messages(opened)


@pytest.mark.proves("errors", by="fake")
def test_another_host_answers_when_one_does_not(fake: FakeElastic) -> None:
    wanted = filled(fake, 5)
    clock = Clock()
    with FakeElastic() as dead:
        url = dead.url
    with source(fake, hosts=[url, fake.url], patience=clock.patience(), page_size=2) as opened:
        assert messages(opened) == wanted
    assert clock.slept == []
    with source(url) as opened, pytest.raises(Unavailable, match=r"no answer from 127\.0\.0\.1:\d+ \(ConnectError\)"):
        messages(opened)


@pytest.mark.proves("errors", by="fake")
def test_another_host_answers_when_one_hangs(fake: FakeElastic, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = filled(fake, 1)
    monkeypatch.setattr(_elastic_node, "ANSWER_SECONDS", 0.2)
    clock = Clock()
    with FakeElastic() as slow:
        slow.always = Reply(200, b"{}", delay=0.6)
        with source(fake, hosts=[slow.url, fake.url], patience=clock.patience()) as opened:
            assert messages(opened) == wanted
        with source(slow) as opened, pytest.raises(Unavailable, match=r"no answer from .* \(ReadTimeout\)"):
            messages(opened)
    assert clock.slept == []


def test_a_cluster_under_a_path_and_behind_a_proxy(fake: FakeElastic, tmp_path: Path) -> None:
    wanted = filled(fake, 1)
    answer = fake.answer
    fake.answer = lambda asked: answer(_asked(asked.method, asked.path.removeprefix("/es"), asked.query, asked.body))
    config = Config(hosts=("http://es.invalid:9200/es/",), proxy=SecretStr(fake.url))
    with open_source(config, context(tmp_path)) as opened:
        assert messages(opened) == wanted
    assert {a.url.partition("/es/")[0] for a in fake.requests} == {"http://es.invalid:9200"}


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({}, "give either hosts or cloud_id"),
        ({"hosts": "https://a", "cloud_id": "x"}, "give either hosts or cloud_id"),
        ({"hosts": "https://a", "username": "u"}, "username and password go together"),
        ({"hosts": "https://a", "api_key": "k", "token": "t"}, "give one of api_key"),
        ({"hosts": "https://a", "keep_alive": "1 minute"}, "keep_alive"),
        ({"hosts": "https://a", "page_size": 10_001}, "page_size"),
        ({"hosts": "https://a", "index": []}, "index"),
        ({"hosts": "https://a", "fields": {"tme": "x"}}, "tme"),
    ],
)
def test_a_config_that_cannot_be_meant(config: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Config(**config)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"hosts": "es.example.com:9200"}, "hosts must be an https address"),
        ({"hosts": "https://u:p@es.example.com"}, "credentials have keys of their own"),
        ({"hosts": "http://es.example.com:9200", "api_key": "a:b"}, "http needs plain_http: true"),
        ({"hosts": "https://es.example.com", "ca_file": "none.pem"}, "none.pem is not there"),
        ({"cloud_id": "nonsense"}, "Cloud ID is not properly formatted"),
        ({"hosts": "https://a.example", "proxy": "what?"}, "proxy is no URL"),
        ({"hosts": "https://a.example", "token": "t\n"}, "characters that no header can"),
        ({"hosts": ["https://a.example", "https://a.example/"]}, "duplicate"),
    ],
)
def test_a_config_that_cannot_be_used(tmp_path: Path, config: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said), open_source(Config(**config), context(tmp_path)) as opened:
        messages(opened)


def test_plain_http_needs_a_word_only_where_credentials_travel(tmp_path: Path) -> None:
    for config in ({}, {"api_key": "a:b", "plain_http": True}, {"api_key": ""}):
        open_source(Config(hosts="http://es.example.com:9200", **config), context(tmp_path)).close()  # pyright: ignore[reportArgumentType] - read as by YAML
    assert Config(hosts="https://a, https://b").hosts == ("https://a", "https://b")  # pyright: ignore[reportArgumentType]


def test_a_cloud_id_leads_to_its_host() -> None:
    cloud_id = "shop:" + base64.b64encode(b"localhost:1$0123abcd$").decode()
    cluster = Cluster(cloud_id=cloud_id, patience=Clock().patience())
    assert repr(cluster) == f"Cluster({cloud_id})"
    unanswered = pytest.raises(Unavailable, match=r"no answer from 0123abcd\.localhost:1 ")
    with Elasticsearch(Config(cloud_id=cloud_id), cluster=cluster) as opened, unanswered:
        messages(opened)


def test_a_missing_extra_is_found_out_when_a_source_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "elasticsearch", None)
    with pytest.raises(ModuleNotFoundError) as caught:
        open_source(Config(hosts=("https://a.example",)), context(tmp_path))
    assert caught.value.name == "elasticsearch"


def test_an_empty_login_is_none() -> None:
    config = Config(hosts=("https://a.example",), api_key=SecretStr(""), token=SecretStr(""))
    assert (config.login(), config.login().header()) == (Login(), "")


def _asked(method: str, path: str, query: dict[str, str], body: bytes = b"") -> Asked:
    return Asked(path, query, {"content-type": "application/json"}, method, body)
