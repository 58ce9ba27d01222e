"""Documents in any layout become entries; reading them is pure."""

import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from incident_pipeline.sources.logs._elastic_documents import Fields, find, read_document, take

FIELDS = Fields(level=("log.level", "severity"), message=("message", "event.original"))
STAMP = "2026-03-01T12:00:00.123456789Z"


def hit(source: Any, **more: Any) -> dict[str, Any]:
    return {"_index": "i", "_id": "1", "_source": source, "sort": [STAMP, 7], **more}


@pytest.mark.proves("field mapping", by="fake")
@pytest.mark.parametrize(
    ("source", "level", "message"),
    [
        ({"message": "m", "log": {"level": "error"}}, "error", "m"),
        ({"message": "m", "log.level": "error"}, "error", "m"),
        ({"message": "m", "log": [{"file": "f"}, {"level": "error"}]}, "error", "m"),
        ({"message": "m", "severity": 3}, "3", "m"),
        ({"message": "m", "severity": 30.0}, "30", "m"),
        ({"message": "m", "severity": 2.5}, "2.5", "m"),
        ({"message": "m", "log": {"level": ["info", "odd", "ERROR", None]}}, "ERROR", "m"),
        ({"message": "m", "log": {"level": []}, "severity": "warn"}, "warn", "m"),
        ({"message": "m", "log": {"level": ""}, "severity": True}, None, "m"),
        ({"message": "m", "log": {"level": {"name": "error"}}}, None, "m"),
        ({"message": None, "event": {"original": "raw"}}, None, "raw"),
        ({"message": "", "event": {"original": "raw"}}, None, "raw"),
        ({"message": ""}, None, ""),
        ({"message": ["one", "two"]}, None, "one\ntwo"),
        ({"message": {"text": "ü", "code": 7}}, None, '{"text":"ü","code":7}'),
        ({"message": 7}, None, "7"),
        ({"message": [1, None]}, None, "[1,null]"),
        ({"other": "x", "log": {"level": "info"}}, "info", '{"other":"x","log":{"level":"info"}}'),
        ({}, None, "{}"),
        ({"message": "half \ud800"}, None, "half \\ud800"),
    ],
)
def test_levels_and_texts_are_found_in_any_layout(source: Any, level: str | None, message: str) -> None:
    read = read_document(hit(source), FIELDS)
    assert read
    assert (read.level, read.message) == (level, message)
    assert (read.time, read.stamp) == (datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC), STAMP)


def test_what_is_no_entry_is_none() -> None:
    for odd in ("x", None, [1], 7):
        assert read_document(hit(odd), FIELDS) is None
    odd_sorts: list[Any] = [None, [], "x", [7], [None], ["yesterday"], ["+12026-03-01T12:00:00Z"], {}]
    for sort in odd_sorts:
        assert read_document(hit({"message": "m"}, sort=sort), FIELDS) is None
    assert read_document({}, FIELDS) is None


def test_the_rest_is_metadata_without_what_was_taken() -> None:
    source = {
        "@timestamp": "2026-03-01T12:00:00Z", "message": "m", "log": {"level": "info"}, "service": {"name": "shop"},
        "error": {"stack_trace": "Traceback\n  File x"},
    }  # fmt: skip
    read = read_document(hit(copy.deepcopy(source), _index=7), FIELDS)
    assert read
    assert read.metadata == {"_id": "1", "service": source["service"], "error": source["error"]}
    assert read.services == ("shop",)
    kept = read_document(hit({"message": "m", "log": {"level": "info", "file": "f"}}), FIELDS)
    assert kept
    assert kept.metadata["log"] == {"file": "f"}


def test_hostile_documents_stay_data() -> None:
    deep: Any = "end"
    for _ in range(200):
        deep = {"a": deep}
    long_name = ".".join(["a"] * 40)
    for source in ({"message": "m", "x": deep}, {"message": "m", "": 1, ".": 2, "a..b": 3}, {"message": "${x} %s\x00"}):
        read = read_document(hit(copy.deepcopy(source)), FIELDS)
        assert read
        assert read.message == source["message"]
        json.dumps(read.metadata)
    assert find(deep, long_name) is not None
    assert find({"a": 1}, "a.b") is None
    assert find([], "a") is None
    untouched = {"a": {"b": 1}}
    take(untouched, "a.c")
    assert untouched == {"a": {"b": 1}}
    take(untouched, "a.b")
    assert untouched == {}


@pytest.mark.parametrize(
    "source",
    [{"a.b.c": 1}, {"a": {"b.c": 1}}, {"a.b": {"c": 1}}, {"a": {"b": {"c": 1}}}, {"a": {"x": 1}, "a.b": [{"c": 1}]}],
)
def test_a_dotted_name_is_found_however_it_is_nested(source: dict[str, Any]) -> None:
    assert find(source, "a.b.c") == 1
    take(source, "a.b.c")
    assert find(source, "a.b.c") is None
