"""Each paginator against servers that page well, and against those that lose, repeat or bend their pages."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest

from incident_pipeline.errors import BadPayload, UsageError
from incident_pipeline.http.answer import Answer
from incident_pipeline.http.auth import bearer
from incident_pipeline.http.client import Client
from incident_pipeline.http.errors import Call
from incident_pipeline.http.paging import (
    BodyCursor,
    HeaderToken,
    Keyset,
    LinkHeader,
    NextUrl,
    PageNumber,
    Paginator,
    pages,
)
from tests.http.clock import Clock
from tests.http.test_client import TOKEN, SecretStr

CALL = Call("vendor acme/web", "the list", "read")
BASE = "https://api.example/v3"
Handler = Callable[[httpx.Request], httpx.Response]


def walk(handler: Handler, paginator: Paginator, *, params: Mapping[str, str | int] | None = None,
         body: Mapping[str, Any] | None = None, max_pages: int = 50) -> list[Answer]:  # fmt: skip
    transport = httpx.MockTransport(handler)
    with Client(BASE, credentials=bearer(SecretStr(TOKEN)), patience=Clock().patience(), transport=transport) as client:
        found = pages(client, "list", CALL, params=params, body=body, paginator=paginator, max_pages=max_pages)
        return list(found)


def items(answers: list[Answer]) -> list[Any]:
    return [item for answer in answers for item in json.loads(answer.body)]


def numbered(request: httpx.Request, param: str = "page") -> int:
    return int(request.url.params.get(param, "1"))


def linked(page: object, link: str) -> httpx.Response:
    return httpx.Response(200, json=page, headers={"Link": f'<{link}>; rel="next"'})


# Links


@pytest.mark.parametrize("link", ["/v3/list?page=2", "list?page=2", "https://api.example/v3/list?page=2", "?page=2"])
def test_a_link_may_be_relative_to_its_page(link: str) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/v3/list"
        return linked([1], link) if numbered(request) == 1 else httpx.Response(200, json=[2])

    assert items(walk(handler, LinkHeader(), params={"page": 1})) == [1, 2]


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v3/list?page=2", "//evil.example/v3/list", "http://api.example/v3/list?page=2",
        "https://api.example:8443/v3/list", "https://api.example@evil.example/", "https://evil.example\\@api.example/",
        "https://api.example.evil.example/",
    ],
)  # fmt: skip
@pytest.mark.parametrize("paginator", [LinkHeader(), NextUrl("next")])
def test_a_next_page_elsewhere_is_not_asked_for(link: str, paginator: Paginator) -> None:
    asked: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"values": [], "next": link}, headers={"Link": f'<{link}>; rel="next"'})

    with pytest.raises(BadPayload):
        walk(handler, paginator)
    assert all(request.url.host == "api.example" or "authorization" not in request.headers for request in asked)
    assert len(asked) <= 2


@pytest.mark.parametrize("chain", [["list"], ["list?page=2", "list"], ["list?page=2", "list?page=3", "list?page=2"]])
def test_links_in_a_circle_end_in_an_error_after_each_page_once(chain: list[str]) -> None:
    left = iter(chain)
    got: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        got.append(str(request.url))
        return linked([], f"{BASE}/{next(left)}")

    with pytest.raises(BadPayload, match="leads back"):
        walk(handler, LinkHeader())
    assert len(got) == len(set(got)) == len(chain)


def test_a_page_that_is_empty_but_has_a_next_one_is_not_the_last() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        page = numbered(request)
        return linked([], f"{BASE}/list?page={page + 1}") if page < 3 else httpx.Response(200, json=["found"])

    assert items(walk(handler, LinkHeader())) == ["found"]


# Tokens, numbers, keys and cursors


def test_a_token_in_a_header_is_followed_and_one_that_comes_again_is_refused() -> None:
    def handler(request: httpx.Request, tokens: Mapping[int, str]) -> httpx.Response:
        page = numbered(request)
        return httpx.Response(200, json=[page], headers={"X-Next-Page": tokens[page]})

    fine = {1: "2", 2: " 3 ", 3: ""}
    assert items(walk(lambda r: handler(r, fine), HeaderToken("x-next-page", "page"))) == [1, 2, 3]
    with pytest.raises(BadPayload, match="leads back"):
        walk(lambda r: handler(r, {1: "2", 2: "2"}), HeaderToken("x-next-page", "page"))


@pytest.mark.parametrize(("count", "asked"), [(0, 1), (1, 1), (2, 2), (3, 2), (4, 3)])
def test_numbers_are_counted_until_a_page_is_short(count: int, asked: int) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        first = 2 * (numbered(request) - 1)
        return httpx.Response(200, json={"values": list(range(count))[first : first + 2]})

    found = walk(handler, PageNumber("page", 2, "values"))
    assert len(found) == asked
    assert [n for answer in found for n in json.loads(answer.body)["values"]] == list(range(count))


def test_a_server_that_does_not_know_the_number_is_not_asked_for_ever() -> None:
    asked: list[int] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(numbered(request))
        return httpx.Response(200, json=[{"id": 1}, {"id": 2}])

    with pytest.raises(BadPayload, match="the same page came twice"):
        walk(handler, PageNumber("page", 2))
    assert asked == [1, 2]


def test_a_list_that_never_ends_is_given_up_at_the_limit_of_pages() -> None:
    with pytest.raises(UsageError, match="more than 5 pages"):
        walk(lambda r: httpx.Response(200, json=[numbered(r)]), PageNumber("page", 1), max_pages=5)


def test_a_key_is_followed_to_the_empty_page() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        after = numbered(request, "after") if "after" in request.url.params else 0
        return httpx.Response(200, json=[{"id": n} for n in range(after + 1, 6)][:2])

    assert [item["id"] for item in items(walk(handler, Keyset("after", "id")))] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("item", [{}, {"id": None}, {"id": {}}, {"id": True}, "text", 7, None])
def test_an_item_without_its_key_is_a_bad_payload(item: object) -> None:
    with pytest.raises(BadPayload):
        walk(lambda _: httpx.Response(200, json=[item]), Keyset("after", "id"))


def test_a_key_that_stays_the_same_is_refused() -> None:
    asked: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json=[{"id": 7}])

    with pytest.raises(BadPayload, match="leads back"):
        walk(handler, Keyset("after", "id"))
    assert len(asked) == 2


def test_a_cursor_goes_from_body_to_body_and_keeps_what_was_asked() -> None:
    sent: list[Any] = []

    def handler(request: httpx.Request) -> httpx.Response:
        sent.append(json.loads(request.content))
        after = {"after": f"c{len(sent)}"} if len(sent) < 3 else {}
        return httpx.Response(200, json={"data": [len(sent)], "meta": {"page": after}})

    found = walk(
        handler, BodyCursor(("meta", "page", "after"), ("page", "cursor")), body={"q": 1, "page": {"limit": 9}}
    )
    assert len(found) == 3
    assert sent == [
        {"q": 1, "page": {"limit": 9}},
        {"q": 1, "page": {"limit": 9, "cursor": "c1"}},
        {"q": 1, "page": {"limit": 9, "cursor": "c2"}},
    ]


@pytest.mark.parametrize("meta", [None, {}, {"page": None}, {"page": []}, {"page": {"after": ""}}, "text"])
def test_no_cursor_wherever_it_is_missing_is_the_end(meta: object) -> None:
    found = walk(
        lambda _: httpx.Response(200, json={"data": [], "meta": meta}), BodyCursor(("meta", "page", "after"), ("c",))
    )
    assert len(found) == 1


@pytest.mark.parametrize("cursor", [{"a": 1}, ["x"], True, 1.5])
def test_a_cursor_of_another_kind_is_a_bad_payload(cursor: object) -> None:
    with pytest.raises(BadPayload, match="the next page is told by no text"):
        walk(lambda _: httpx.Response(200, json={"next": cursor}), BodyCursor(("next",), ("c",)))


@pytest.mark.parametrize("body", [None, {"q": 1}])
def test_a_cursor_that_comes_again_is_refused(body: Mapping[str, Any] | None) -> None:
    asked: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"next": "same"})

    with pytest.raises(BadPayload, match="leads back"):
        walk(handler, BodyCursor(("next",), ("c",)), body=body)
    assert len(asked) == 2


@pytest.mark.parametrize("next_url", [{"href": "x"}, ["x"], True])
def test_a_next_url_of_another_kind_is_a_bad_payload(next_url: object) -> None:
    with pytest.raises(BadPayload, match="the next page is told by no text"):
        walk(lambda _: httpx.Response(200, json={"values": [], "next": next_url}), NextUrl("next"))


def test_a_page_that_is_missing_in_the_middle_is_an_error_and_no_end() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        page = numbered(request)
        return linked([page], f"{BASE}/list?page={page + 1}") if page < 2 else httpx.Response(200, text="")

    with pytest.raises(BadPayload, match="an empty body"):
        [answer.json_list(CALL) for answer in walk(handler, LinkHeader())]
