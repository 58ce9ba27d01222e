import gzip
import io
import json
import ssl
from collections.abc import Callable, Iterator

import httpx
import pytest
from pydantic import SecretStr

from incident_pipeline.errors import (
    AccessDenied,
    BadPayload,
    IncidentError,
    NotFound,
    RateLimited,
    Unavailable,
    UsageError,
)
from incident_pipeline.http.auth import bearer
from incident_pipeline.http.client import Client
from incident_pipeline.http.errors import Call
from incident_pipeline.http.paging import pages
from tests.http.clock import Clock

TOKEN = "ghp_" + "x" * 36
CALL = Call("vendor acme/web", "run 7", "runs:read")
Handler = Callable[[httpx.Request], httpx.Response]


def client(handler: Handler, clock: Clock | None = None, **changes: float) -> Client:
    return Client(
        "https://api.example/v3",
        credentials=bearer(SecretStr(TOKEN)),
        headers={"Accept": "application/json"},
        patience=(clock or Clock()).patience(**changes),
        transport=httpx.MockTransport(handler),
    )


def answers(*responses: httpx.Response | Exception) -> tuple[Handler, list[httpx.Request]]:
    left, asked = list(responses), list[httpx.Request]()

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return handler, asked


def ok(body: object = None, **headers: str) -> httpx.Response:
    return httpx.Response(200, json={"id": 7} if body is None else body, headers=headers)


def test_a_get_sends_the_token_and_the_headers_to_the_api() -> None:
    handler, asked = answers(ok())
    with client(handler) as http:
        assert http.get("runs/7", CALL, params={"a": 1}).json_object(CALL) == {"id": 7}
    assert str(asked[0].url) == "https://api.example/v3/runs/7?a=1"
    assert asked[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert asked[0].headers["accept"] == "application/json"
    assert asked[0].headers["user-agent"].startswith("incident-responder/")


@pytest.mark.parametrize("elsewhere", ["https://storage.example/x", "https://api.example:8443/x"])
def test_a_redirect_to_another_origin_gets_no_token(elsewhere: str) -> None:
    handler, asked = answers(httpx.Response(302, headers={"location": elsewhere}), httpx.Response(200, content=b"log"))
    with client(handler) as http:
        assert http.get("log", CALL).body == b"log"
    assert "authorization" not in asked[1].headers
    assert TOKEN not in repr(asked[1].headers)


def test_a_redirect_within_the_api_keeps_the_token() -> None:
    handler, asked = answers(httpx.Response(301, headers={"location": "/v3/repositories/1"}), ok())
    with client(handler) as http:
        http.get("repos/old", CALL)
    assert asked[1].headers["authorization"] == f"Bearer {TOKEN}"
    assert asked[1].url.path == "/v3/repositories/1"


@pytest.mark.parametrize("location", ["http://api.example/x", "file:///etc/passwd", "ftp://x/y", "https://x:99999999/"])
def test_a_redirect_away_from_https_is_refused(location: str) -> None:
    handler, _ = answers(httpx.Response(302, headers={"location": location}))
    with client(handler) as http, pytest.raises(BadPayload, match="not https"):
        http.get("log", CALL)


def test_redirects_that_never_end_are_given_up() -> None:
    with client(lambda _: httpx.Response(302, headers={"location": "/v3/a"})) as http:
        with pytest.raises(BadPayload, match="redirects"):
            http.get("a", CALL)
        assert http.tries == 6


def test_a_passing_fault_is_tried_again_and_a_lasting_one_gives_up_after_four_tries() -> None:
    clock = Clock()
    handler, _ = answers(httpx.Response(502), httpx.ConnectError("boom"), ok())
    with client(handler, clock) as http:
        assert http.get("a", CALL).status == 200
    assert clock.slept == [0.5, 1]
    clock = Clock()
    with client(lambda _: httpx.Response(500), clock) as http:
        with pytest.raises(Unavailable, match=r"vendor acme/web: run 7 the server failed \(500\)"):
            http.get("a", CALL)
        assert http.tries == 4
    assert clock.slept == [0.5, 1, 2]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422, 501])
def test_what_no_retry_can_help_is_asked_once(status: int) -> None:
    with client(lambda _: httpx.Response(status)) as http:
        with pytest.raises(IncidentError):
            http.get("a", CALL)
        assert http.tries == 1


def test_a_short_rate_limit_is_waited_for() -> None:
    clock = Clock()
    handler, _ = answers(httpx.Response(429, headers={"retry-after": "20"}), ok())
    with client(handler, clock) as http:
        http.get("a", CALL)
    assert clock.slept == [20.5]


def test_a_long_rate_limit_is_raised_with_its_time() -> None:
    clock = Clock()
    with client(lambda _: httpx.Response(429, headers={"retry-after": "3600"}), clock) as http:
        with pytest.raises(RateLimited) as caught:
            http.get("a", CALL)
        assert http.tries == 1
    assert caught.value.retry_at is not None
    assert (caught.value.retry_at - clock.now).total_seconds() == 3600
    assert clock.slept == []


def test_a_limit_that_does_not_end_is_not_waited_for_again_and_again() -> None:
    clock = Clock()
    with client(lambda _: httpx.Response(429), clock) as http, pytest.raises(RateLimited):
        http.get("a", CALL)
    assert clock.slept == [60.5]


def test_an_untrusted_certificate_is_not_tried_again_and_says_what_to_set() -> None:
    error = httpx.ConnectError("failed")
    error.__cause__ = ssl.SSLCertVerificationError("self-signed")
    handler, asked = answers(error)
    with client(handler) as http, pytest.raises(Unavailable, match="SSL_CERT_FILE"):
        http.get("a", CALL)
    assert len(asked) == 1


def test_a_signed_link_that_ran_out_is_asked_for_again_at_the_api() -> None:
    away = httpx.Response(302, headers={"location": "https://storage.example/x?sig=old"})
    again = httpx.Response(302, headers={"location": "https://storage.example/x?sig=new"})
    handler, asked = answers(away, httpx.Response(403), again, httpx.Response(200, content=b"log"))
    with client(handler) as http:
        assert http.get("log", CALL).body == b"log"
    assert [r.url.host for r in asked] == ["api.example", "storage.example"] * 2


@pytest.mark.parametrize(
    ("response", "what"),
    [
        (httpx.Response(200, html="<html>sign in</html>"), "got 20 bytes of text/html"),
        (httpx.Response(200, content=b""), "an empty body"),
        (httpx.Response(200, content=b"[" * 100_000), "expected JSON"),
        (httpx.Response(200, json=[1]), "expected a JSON object, got list"),
        (
            httpx.Response(200, json={"message": "Bad\ncredentials", "documentation_url": "x"}),
            "success: Bad credentials",
        ),
        (httpx.Response(200, json={"message": "Server Error"}), "success: Server Error"),
    ],
)
def test_what_is_no_answer_is_a_bad_payload(response: httpx.Response, what: str) -> None:
    with client(lambda _: response) as http, pytest.raises(BadPayload, match=what):
        http.get("a", CALL).json_object(CALL)


def test_an_object_where_a_list_should_be_is_a_bad_payload() -> None:
    with client(lambda _: ok()) as http, pytest.raises(BadPayload, match="expected a JSON list"):
        http.get("a", CALL).json_list(CALL)


def test_an_answer_packed_twice_is_refused_before_it_swells() -> None:
    packed = gzip.compress(gzip.compress(b"{}"))
    handler, _ = answers(
        httpx.Response(200, stream=httpx.ByteStream(packed), headers={"content-encoding": "gzip, gzip"})
    )
    with client(handler) as api, pytest.raises(BadPayload, match="packed more than once"):
        api.get("x", CALL)


def test_an_answer_over_the_limit_is_refused_before_it_is_read_whole() -> None:
    read: list[int] = []

    def endless() -> Iterator[bytes]:
        for number in range(1_000):
            read.append(number)
            yield b"x" * 1_000

    with (
        client(lambda _: httpx.Response(200, content=endless())) as http,
        pytest.raises(BadPayload, match="over 5,000 bytes"),
    ):
        http.get("a", CALL, max_bytes=5_000)
    assert len(read) < 10


def test_a_download_is_cut_at_its_limit_and_says_so() -> None:
    with client(lambda _: httpx.Response(200, content=b"x" * 100)) as http:
        file = io.BytesIO()
        assert http.download("log", CALL, file, max_bytes=100)
        assert not http.download("log", CALL, file, max_bytes=99)
        assert len(file.getvalue()) == 99


def test_a_download_that_breaks_off_starts_over() -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise httpx.ReadError("gone")

    handler, _ = answers(httpx.Response(200, content=broken()), httpx.Response(200, content=b"whole"))
    with client(handler) as http:
        file = io.BytesIO()
        assert http.download("log", CALL, file, max_bytes=100)
    assert file.getvalue() == b"whole"


def test_pages_follow_the_links_one_at_a_time() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params.get("page", 1))
        link = {"Link": f'<https://api.example/v3/r/1?page={page + 1}>; rel="next"'} if page < 3 else {}
        return httpx.Response(200, json=[page], headers=link)

    with client(handler) as http:
        found = pages(http, "r", CALL)
        assert next(found).json_list(CALL) == [1]
        assert http.tries == 1
        assert [page.json_list(CALL) for page in found] == [[2], [3]]


def test_pages_end_at_their_limit_and_refuse_circles_and_other_hosts() -> None:
    def linked(target: str) -> Handler:
        count = iter(range(10**6))
        return lambda _: httpx.Response(200, json=[], headers={"Link": f'<{target.format(next(count))}>; rel="next"'})

    with (
        client(linked("https://api.example/v3/r?page={}")) as http,
        pytest.raises(UsageError, match="more than 5 pages"),
    ):
        list(pages(http, "r", CALL, max_pages=5))
    for target in ("https://api.example/v3/r", "https://evil.example/v3/r?page={}", "https://api.example:x/{}"):
        with client(linked(target)) as http, pytest.raises(BadPayload, match="leads back or to another host"):
            list(pages(http, "r", CALL))


@pytest.mark.parametrize(
    "response",
    [httpx.Response(s, json={"message": "no"}) for s in (401, 403, 404, 429, 500)]
    + [httpx.ConnectError(f"Bearer {TOKEN}")],
)
def test_no_error_or_repr_shows_the_token(response: httpx.Response | Exception) -> None:
    handler, _ = answers(*[response] * 4)
    with client(handler) as http:
        assert TOKEN not in repr(http) + repr(vars(http))
        with pytest.raises((AccessDenied, NotFound, RateLimited, Unavailable)) as caught:
            http.get("a", CALL)
    assert TOKEN not in str(caught.value) + repr(caught.value)
    assert caught.value.__suppress_context__


def test_a_client_can_be_closed_twice_and_before_its_first_request() -> None:
    http = client(lambda _: ok())
    http.close()
    http.get("a", CALL)
    http.close()
    http.close()


def test_words_that_are_no_utf8_in_an_error_are_survived() -> None:
    body = json.dumps({"message": "x"}).encode() + b"\xff"
    with client(lambda _: httpx.Response(404, content=body)) as http, pytest.raises(NotFound):
        http.get("a", CALL)
