"""Answers kept on disk: asked for again only where they may have changed."""

from pathlib import Path

import httpx
import pytest

from incident_pipeline.http.answer import Answer
from incident_pipeline.http.cache import AnswerCache
from incident_pipeline.http.client import Client
from incident_pipeline.http.errors import Call
from tests.http.clock import Clock
from tests.http.test_client import Handler, answers, ok

CALL = Call("vendor acme/web", "run 7")


def client(handler: Handler, folder: Path) -> Client:
    transport = httpx.MockTransport(handler)
    return Client(
        "https://api.example", cache=AnswerCache(folder), patience=Clock().patience(), transport=transport
    )  # fmt: skip


def ended(answer: Answer) -> bool:
    return b'"ended"' in answer.body


def test_an_answer_for_ever_is_asked_for_once_even_by_another_process(tmp_path: Path) -> None:
    handler, asked = answers(ok({"a": 1}), ok({"a": 2}))
    for _ in range(2):
        with client(handler, tmp_path) as http:
            assert http.get("x", CALL, keep="always").json_object(CALL) == {"a": 1}
            assert http.get("x", CALL, keep="always", params={"b": 1}).json_object(CALL) == {"a": 2}
    assert len(asked) == 2


def test_a_tagged_answer_is_asked_whether_it_changed(tmp_path: Path) -> None:
    handler, asked = answers(ok({"a": 1}, etag='"v1"'), httpx.Response(304), ok({"a": 2}, etag='"v2"'))
    with client(handler, tmp_path) as http:
        got = [http.get("x", CALL, keep="tagged").json_object(CALL)["a"] for _ in range(3)]
    assert got == [1, 1, 2]
    assert [r.headers.get("if-none-match") for r in asked] == [None, '"v1"', '"v1"']


@pytest.mark.parametrize("tag", [{}, {"etag": '"v"'}])
def test_a_tagged_answer_that_is_final_is_not_asked_for_again(tmp_path: Path, tag: dict[str, str]) -> None:
    handler, asked = answers(ok({"state": "running"}, **tag), ok({"state": "ended"}, **tag))
    with client(handler, tmp_path) as http:
        for state in ("running", "ended", "ended"):
            assert http.get("x", CALL, keep="tagged", final=ended).json_object(CALL) == {"state": state}
    assert len(asked) == 2


def test_a_search_is_kept_only_where_it_is_said_to_be_final(tmp_path: Path) -> None:
    handler, asked = answers(ok({"state": "ended"}), ok({"state": "ended"}), ok({"state": "other"}))
    with client(handler, tmp_path) as http:
        http.post("x", CALL, body={"q": 1})
        for _ in range(2):
            assert http.post("x", CALL, body={"q": 1}, final=ended).json_object(CALL) == {"state": "ended"}
        assert http.post("x", CALL, body={"q": 2}, final=ended).json_object(CALL) == {"state": "other"}
    assert len(asked) == 3
