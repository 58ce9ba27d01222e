"""A limit by the hour: a wait longer than anyone sits through is an error with its time, never a silent one."""

from datetime import timedelta

import httpx
import pytest

from incident_pipeline.errors import RateLimited
from incident_pipeline.http.client import Client
from incident_pipeline.http.errors import Call
from incident_pipeline.http.limits import Limits, Pace
from tests.http.clock import START, Clock


def test_the_request_that_would_be_too_many_waits_until_the_oldest_leaves_the_window() -> None:
    clock = Clock()
    pace = Pace(Limits(requests=2, seconds=60), monotonic=clock.monotonic, sleep=clock.sleep)
    assert [pace.wait(), pace.wait(), pace.wait(), pace.wait()] == [0, 0, 0, 0]
    assert clock.slept == [60]


def test_a_wait_longer_than_the_longest_is_given_back_and_does_not_count() -> None:
    clock = Clock()
    pace = Pace(Limits(requests=1, seconds=3_600), monotonic=clock.monotonic, sleep=clock.sleep)
    assert [pace.wait(60), pace.wait(60), pace.wait(60)] == [0, 3_600, 3_600]
    clock.sleep(3_600)
    assert pace.wait(60) == 0


def test_an_hours_requests_spent_are_told_with_the_time_and_nothing_is_sent() -> None:
    clock = Clock()
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={}))
    limits = Limits(requests=1, seconds=3_600)
    with Client("https://api.example", limits=limits, patience=clock.patience(), transport=transport) as client:
        client.get("x", Call("vendor", "x"))
        with pytest.raises(RateLimited, match="vendor: rate limit used up; try again after") as caught:
            client.get("x", Call("vendor", "x"))
        assert caught.value.retry_at == START + timedelta(hours=1)
        assert (client.tries, clock.slept) == (1, [])
