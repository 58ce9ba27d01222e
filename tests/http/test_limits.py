"""The vendors' limits are kept whatever the threads and the wall clock do."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from incident_pipeline.errors import RateLimited, Unavailable
from incident_pipeline.http.client import Client
from incident_pipeline.http.errors import Call
from incident_pipeline.http.limits import Limits, Pace, remaining, reset_at
from incident_pipeline.http.retry import Patience
from tests.http.clock import START, Clock

CALL = Call("vendor acme/web", "run 7")


def test_no_more_requests_are_in_flight_than_the_vendor_allows() -> None:
    now, most, lock = 0, 0, threading.Lock()

    def handler(_: httpx.Request) -> httpx.Response:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.01)
        with lock:
            now -= 1
        return httpx.Response(200, json={"id": 7})

    with (
        Client("https://api.example", limits=Limits(at_once=3), transport=httpx.MockTransport(handler)) as client,
        ThreadPoolExecutor(12) as threads,
    ):
        for done in [threads.submit(client.get, f"runs/{number}", CALL) for number in range(24)]:
            done.result()
    assert most == 3


def test_a_request_that_fails_gives_its_place_back() -> None:
    clock = Clock()
    transport = httpx.MockTransport(lambda _: httpx.Response(500))
    with Client(
        "https://api.example", limits=Limits(at_once=1), patience=clock.patience(), transport=transport
    ) as client:
        for _ in range(3):
            with pytest.raises(Unavailable):
                client.get("x", CALL)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 5), st.integers(1, 10), st.lists(st.floats(0, 4), max_size=30))
@example(1, 5, [3.0390625, 0, 0])  # one more slipped through where the window's edge was rounded twice
def test_no_window_holds_more_than_the_limit(requests: int, seconds: int, idle: list[float]) -> None:
    clock = Clock()
    pace = Pace(Limits(requests=requests, seconds=seconds), monotonic=clock.monotonic, sleep=clock.sleep)
    sent: list[float] = []
    for pause in idle:
        clock.now += timedelta(seconds=pause)
        pace.wait()
        sent.append(clock.monotonic())
    assert all(later - first >= seconds - 1e-6 for first, later in zip(sent, sent[requests:], strict=False))


def test_the_pace_is_kept_among_threads() -> None:
    pace = Pace(Limits(requests=5, seconds=0.1), monotonic=time.monotonic, sleep=time.sleep)
    sent: list[float] = []

    def send(_: int) -> None:
        pace.wait()
        sent.append(time.monotonic())

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(send, range(20)))
    sent.sort()
    assert len(sent) == 20
    assert sent[-1] - sent[0] >= 0.29  # the first five at once, then five each tenth of a second


def test_a_retry_counts_as_a_request_too() -> None:
    clock = Clock()
    replies = iter([httpx.Response(502), httpx.Response(200, json={"id": 7})])
    with Client(
        "https://api.example", limits=Limits(requests=1, seconds=10), patience=clock.patience(),
        transport=httpx.MockTransport(lambda _: next(replies)),
    ) as client:  # fmt: skip
        client.get("x", CALL)
    assert sum(clock.slept) == 10


class Walls(Clock):
    """A wall clock that someone sets while the monotonic one goes on."""

    ahead = timedelta(0)

    def __call__(self) -> datetime:
        return self.now + self.ahead


def spent(walls: Walls, after: Callable[[], object]) -> RateLimited | None:
    """The error of the second request, when the first answer said that none is left for 100 s."""
    reset = str(int((START + timedelta(seconds=100)).timestamp()))
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
    replies = iter([httpx.Response(200, json={"id": 1}, headers=headers), httpx.Response(200, json={"id": 2})])
    patience = Patience(clock=walls, sleep=walls.sleep, monotonic=walls.monotonic)
    with Client(
        "https://api.example", patience=patience, transport=httpx.MockTransport(lambda _: next(replies))
    ) as client:
        client.get("x", CALL)
        after()
        try:
            client.get("x", CALL)
        except RateLimited as error:
            return error
    return None


@pytest.mark.parametrize("hours", [-48, 48])
def test_a_wall_clock_that_jumps_neither_stretches_nor_shortens_a_wait(hours: int) -> None:
    walls = Walls()

    def jump() -> None:
        walls.ahead = timedelta(hours=hours)

    error = spent(walls, jump)
    assert error
    assert error.retry_at == walls() + timedelta(seconds=100)

    walls = Walls()

    def jump_and_wait() -> None:
        jump()
        walls.ahead = timedelta(hours=hours)
        walls.now += timedelta(seconds=101)

    assert spent(walls, jump_and_wait) is None


def test_a_used_up_budget_is_not_asked_again_before_its_time() -> None:
    error = spent(Walls(), lambda: None)
    assert error
    assert "rate limit used up; try again after 2026-03-01 12:01:40 UTC" in str(error)


@pytest.mark.parametrize("value", ["-1", "soon", "", "1e3", "٣", "0x10", "9" * 400])
def test_a_count_that_is_none_is_not_believed(value: str) -> None:
    left = remaining({"x-ratelimit-remaining": value})
    assert left is None or left > 10**9
    at = reset_at({"x-ratelimit-reset": value}, START)
    assert at is None or at.tzinfo is UTC


@given(st.text(max_size=30))
def test_any_reset_is_none_or_an_aware_time(value: str) -> None:
    at = reset_at({"x-ratelimit-reset": value}, START)
    assert at is None or at.tzinfo is UTC


@pytest.mark.parametrize("status", [200, 404])
def test_an_answer_that_trickles_in_is_given_up_by_the_clock_that_never_jumps(status: int) -> None:
    walls = Walls()
    read: list[int] = []

    def trickle() -> Iterator[bytes]:
        for number in range(1_000):
            read.append(number)
            walls.now += timedelta(seconds=20)  # less than any read's own time-out
            walls.ahead -= timedelta(hours=1)  # and the wall clock runs backwards meanwhile
            yield b"x"

    patience = Patience(clock=walls, sleep=walls.sleep, monotonic=walls.monotonic)
    transport = httpx.MockTransport(lambda _: httpx.Response(status, content=trickle()))
    with (
        Client("https://api.example", patience=patience, transport=transport) as client,
        pytest.raises(Unavailable, match="too slowly: given up after 120 s"),
    ):
        client.get("x", CALL)
    assert len(read) < 10
