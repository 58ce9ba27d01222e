"""Elastic's own client tests hold the fake to account, and the examples of its specification go through the reader."""

import json
import re
from collections.abc import Generator
from pathlib import Path
from typing import Any, cast

import elasticsearch
import pytest
import yaml

from incident_pipeline.http.errors import Call
from incident_pipeline.sources.logs._elastic_cluster import Cluster
from incident_pipeline.sources.logs._elastic_documents import Fields, read_document
from incident_pipeline.sources.logs._elastic_query import Mapped
from tests.contracts.openapi import Description
from tests.fakes.elastic import FakeElastic, ecs
from tests.fakes.server import Reply
from tests.http.clock import Clock
from tests.sources.logs.elastic_case import AT, messages, source

pytestmark = pytest.mark.shared

SUITES = (
    "point_in_time/10_basic", "search/10_basic", "field_caps/10_basic", "count/10_basic", "bulk/10_basic",
    "index/10_with_id", "index/20_without_id", "ping/ping",
)  # fmt: skip
CALL = Call("elasticsearch x", "searching")


@pytest.fixture
def fake() -> Generator[FakeElastic]:
    with FakeElastic() as fake:
        yield fake


@pytest.mark.proves("paging", by="description")
@pytest.mark.parametrize("suite", SUITES)
def test_the_fake_passes_the_vendors_own_client_tests(shared: Path, fake: FakeElastic, suite: str) -> None:
    documents = list(
        yaml.safe_load_all((shared / f"contracts/elasticsearch/yaml-tests/{suite}.yml").read_text("utf-8"))
    )
    parts: dict[str, list[Any]] = {name: steps for part in documents if part for name, steps in part.items()}
    steps = [step for name, found in parts.items() if name not in {"requires", "teardown"} for step in found]
    with elasticsearch.Elasticsearch(fake.url, max_retries=0) as client:
        done = _run(client, [*steps, *parts.get("teardown", [])])
    assert done["do"] >= 1
    assert done["match"] + done["is_true"] >= 1


def _run(client: elasticsearch.Elasticsearch, steps: list[dict[str, Any]]) -> dict[str, int]:
    """The steps of a test of elasticsearch-clients-tests; how many of each kind were done."""
    done, kept = {"do": 0, "match": 0, "set": 0, "is_true": 0}, dict[str, Any]()
    answer: Any = None
    for step in steps:
        ((kind, what),) = step.items()
        done[kind] += 1  # a kind that is not known here is a KeyError, not a pass
        if kind == "do":
            ((name, given),) = what.items()
            api: Any = client
            for part in name.split("."):
                api = getattr(api, part)
            answer = api(**{key: _filled(value, kept) for key, value in given.items()})
        elif kind == "set":
            ((path, name),) = what.items()
            kept[name] = _at(answer, path)
        elif kind == "is_true":
            assert bool(_at(answer, what)) if what else bool(answer)
        else:
            ((path, wanted),) = what.items()
            assert _at(answer, path) == _filled(wanted, kept), path
    return done


def _filled(value: Any, kept: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {k: _filled(v, kept) for k, v in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_filled(v, kept) for v in cast("list[Any]", value)]
    match = re.fullmatch(r"\$\{?(\w+)\}?", value) if isinstance(value, str) else None
    return kept[match[1]] if match else value


def _at(answer: Any, path: str) -> Any:
    for part in path.split("."):
        answer = cast("list[Any]", answer)[int(part)] if isinstance(answer, list) else answer[part]
    return answer


def _example(shared: Path, path: str) -> bytes:
    """An example's answer: JSON, but for blanks at the ends of lines."""
    file = shared / f"contracts/elasticsearch/specification/{path}.yaml"
    return str(yaml.safe_load(file.read_text("utf-8"))["value"]).encode()


@pytest.fixture
def cluster(fake: FakeElastic) -> Generator[Cluster]:
    cluster = Cluster([fake.url], patience=Clock().patience())
    yield cluster
    cluster.close()


def _replay(fake: FakeElastic, body: bytes) -> None:
    fake.next_replies = [Reply(200, body, {"Content-Type": "application/json", "X-Elastic-Product": "Elasticsearch"})]


@pytest.mark.proves("paging", by="description")
def test_the_specifications_answers_about_points_in_time_are_read(
    shared: Path, fake: FakeElastic, cluster: Cluster
) -> None:
    opened = _example(shared, "open_point_in_time/examples/response/OpenPointInTimeResponseExample1")
    _replay(fake, opened)
    pit = cluster.open_pit("my-index-000001", CALL, keep_alive="1m")
    assert pit == json.loads(opened)["id"]
    _replay(fake, _example(shared, "close_point_in_time/examples/200_response/ClosePointInTimeResponseExample1"))
    cluster.close_pit(pit)
    assert (fake.requests[-1].method, fake.requests[-1].path, fake.requests[-1].json()) == (
        "DELETE",
        "/_pit",
        {"id": pit},
    )
    asked = len(fake.requests)
    cluster.close_pit(pit)
    assert len(fake.requests) == asked


@pytest.mark.proves("field mapping", by="description")
def test_the_specifications_answers_about_fields_are_read(shared: Path, fake: FakeElastic, cluster: Cluster) -> None:
    for number in (1, 2):
        _replay(fake, _example(shared, f"field_caps/examples/response/FieldCapabilitiesResponseExample{number}"))
        mapped = Mapped(cluster.field_caps("index*", CALL, fields=["rating", "title"]))
        assert mapped.indices == 5
        assert (mapped.types("rating"), mapped.types("title")) == ({"long", "keyword"}, {"text"})
        assert (mapped.searchable("rating"), mapped.searchable("title")) == (False, True)
        assert (mapped.exact("rating"), mapped.exact("title"), mapped.types("nothing")) == (None, None, frozenset())


@pytest.mark.proves("field mapping", by="description")
def test_the_specifications_hits_become_entries(shared: Path, fake: FakeElastic, cluster: Cluster) -> None:
    _replay(fake, _example(shared, "search/examples/200_response/SearchResponseExample1"))
    answer = cluster.ask(CALL, lambda es: es.search(index="my-index-000001"))
    (hit,) = answer["hits"]["hits"]
    assert read_document(hit, Fields()) is None  # it was not sorted by time
    wanted = dict(hit["_source"])
    read = read_document({**hit, "sort": [f"{wanted['@timestamp']}.000Z"]}, Fields())
    assert read
    assert (read.message, read.level, f"{read.time:%Y-%m-%dT%H:%M:%S}") == (
        wanted["message"], None, wanted["@timestamp"],
    )  # fmt: skip
    assert read.metadata["http"] == wanted["http"]


@pytest.mark.proves("paging", by="description")
def test_the_specifications_search_over_a_point_in_time_is_one_that_the_fake_takes(
    shared: Path, fake: FakeElastic
) -> None:
    body = json.loads(_example(shared, "search/examples/request/SearchRequestExample2"))
    fake.index("books").put({"title": "elasticsearch in a nutshell"})
    with elasticsearch.Elasticsearch(fake.url, max_retries=0) as client:
        with pytest.raises(elasticsearch.NotFoundError, match="No search context found"):
            client.search(**body)
        body["pit"]["id"] = client.open_point_in_time(index="books", keep_alive="1m")["id"]
        assert len(client.search(**body)["hits"]["hits"]) == 1
        with pytest.raises(elasticsearch.BadRequestError, match="cannot be used with point in time"):
            client.search(index="books", **body)
        with pytest.raises(elasticsearch.BadRequestError, match="cannot be used without"):
            client.search(index="books", sort=["_shard_doc"])


@pytest.mark.proves("paging", by="description")
def test_requests_are_those_of_the_description(shared: Path, fake: FakeElastic) -> None:
    """But for what the description itself has wrong: two number types of which a number may be one only, arrays that
    are both of two things, and bodies that may be left out."""
    description = Description.load(shared / "contracts/elasticsearch/openapi.serverless.json")
    index = fake.stream("logs-shop-default")
    index.properties["labels.app"] = {"type": "text"}
    for n in range(5):
        index.put({**ecs(AT, "error", f"entry {n}"), "labels": {"app": "shop"}})
    fields = {"service": ["service.name", "labels.app"], "keep": ["host.*"]}
    with source(fake, page_size=2, query="entry", fields=fields) as opened:
        assert len(messages(opened, level="warn")) == 5
        assert opened.check().works
    problems = [p for asked in fake.requests for p in description.problems(asked)]
    known = ("is valid under each of", "body: None is not of type", "body.query.bool.filter: [", "bool.must_not: [")
    assert [p for p in problems if not any(words in p for words in known)] == []
    fake.requests[0].query["feilds"] = "x"
    assert any("feilds" in p for p in description.problems(fake.requests[0]))
