from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_pipeline.errors import NotFound, RateLimited, Unavailable
from incident_pipeline.http.errors import Call, Refusal
from incident_pipeline.http.retry import FailedTry, Patience, rate_limit, retry_after, server_fault
from tests.http.clock import START, Clock

CALL = Call("github acme/web", "run 7")


def limited(status: int, headers: dict[str, str], body: bytes = b"") -> RateLimited | None:
    failed = rate_limit(Refusal(status, headers, body), CALL, START)
    if failed is None:
        return None
    assert failed.again
    assert isinstance(failed.error, RateLimited)
    return failed.error


@given(st.integers(0, 10**6))
def test_both_forms_of_retry_after_mean_the_same_instant(seconds: int) -> None:
    at = START + timedelta(seconds=seconds)
    assert retry_after(str(seconds), START) == at
    assert retry_after(format_datetime(at, usegmt=True), START) == at


@given(st.text())
def test_an_unreadable_retry_after_is_none_or_an_aware_time(value: str) -> None:
    at = retry_after(value, START)
    assert at is None or at.tzinfo is UTC


def test_a_used_up_primary_limit_waits_for_its_reset() -> None:
    reset = int(START.timestamp()) + 600
    error = limited(403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(reset)})
    assert error is not None
    assert error.retry_at == START + timedelta(seconds=600)
    assert "2026-03-01 12:10:00 UTC" in str(error)


@pytest.mark.parametrize("reset", ["", "soon", "-1e9", "9" * 30])
def test_a_nonsense_reset_falls_back_to_a_minute(reset: str) -> None:
    error = limited(429, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset})
    assert error is not None
    assert error.retry_at == START + timedelta(seconds=60)


def test_a_secondary_limit_is_known_by_its_sentence_alone() -> None:
    headers = {"x-ratelimit-remaining": "21", "x-ratelimit-reset": "1"}
    error = limited(403, headers, b'{"message": "You have exceeded a secondary rate limit."}')
    assert error is not None
    assert error.retry_at == START + timedelta(seconds=60)


def test_retry_after_wins_over_the_reset() -> None:
    error = limited(429, {"retry-after": "8", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "9999999999"})
    assert error is not None
    assert error.retry_at == START + timedelta(seconds=8)


def test_a_limit_that_has_a_name_is_told_by_it() -> None:
    named = {"x-ratelimit-name": "searches\n", "x-ratelimit-limit": "300", "x-ratelimit-period": "3600"}
    error = limited(429, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "40", **named})
    assert error
    assert "used up (429) (searches: 300 in 3600 s); try again after" in str(error)


def test_a_plain_403_and_a_500_are_no_rate_limits() -> None:
    assert limited(403, {"x-ratelimit-remaining": "12"}, b'{"message": "Resource not accessible"}') is None
    assert limited(500, {"retry-after": "3"}) is None


def test_backoff_is_full_jitter_under_a_growing_bound() -> None:
    bounds: list[tuple[float, float]] = []

    def jitter(low: float, high: float) -> float:
        bounds.append((low, high))
        return low

    clock = Clock()
    patience = Patience(clock=clock, sleep=clock.sleep, jitter=jitter)
    for made in range(1, 7):
        assert patience.pause(FailedTry(Unavailable("x"), again=True), made) == 0
    assert bounds == [(0, 0.5), (0, 1), (0, 2), (0, 4), (0, 8), (0, 8)]


def test_a_short_wait_that_the_vendor_asks_for_is_kept_and_a_long_one_is_not() -> None:
    clock = Clock()
    assert clock.patience().pause(FailedTry(RateLimited("x"), again=True, wait=60), 1) == 60.5
    assert clock.slept == [60.5]
    assert clock.patience().pause(FailedTry(RateLimited("x"), again=True, wait=61), 1) is None
    assert clock.patience().pause(FailedTry(RateLimited("x"), again=True, wait=30), 1, waited=40) is None
    assert clock.patience().pause(FailedTry(NotFound("x")), 1) is None
    assert clock.slept == [60.5]


def test_a_server_fault_keeps_its_retry_after() -> None:
    failed = server_fault(Unavailable("x"), Refusal(503, {"retry-after": "4"}), START)
    assert (failed.again, failed.wait) == (True, 4)
    assert not server_fault(Unavailable("x"), Refusal(501, {}), START).again
    assert not server_fault(Unavailable("x"), Refusal(555, {}), START).again


def test_a_past_date_means_no_wait() -> None:
    past = format_datetime(datetime(2020, 1, 1, tzinfo=UTC), usegmt=True)
    assert server_fault(Unavailable("x"), Refusal(503, {"retry-after": past}), START).wait == 0
