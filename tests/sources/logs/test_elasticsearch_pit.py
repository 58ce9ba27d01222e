"""A point in time that lapses costs neither loss nor double, and none is left open."""

from collections.abc import Generator
from itertools import islice
from typing import cast

import pytest

from incident_pipeline.errors import AccessDenied, BadPayload, Unavailable
from incident_pipeline.model.logs import LogEntry
from tests.fakes.elastic import FakeElastic, ecs
from tests.fakes.server import Reply, json_reply
from tests.http.clock import Clock
from tests.sources.logs.elastic_case import AT, UNTIL, filled, messages, source

BACKING = ".ds-logs-shop-default-2026.03.01-000001"


@pytest.fixture
def fake() -> Generator[FakeElastic]:
    with FakeElastic() as fake:
        yield fake


@pytest.mark.proves("paging", by="fake")
@pytest.mark.parametrize("lapses", [[0], [1], [2], [3, 1], [1, 1, 1, 1, 1]])
@pytest.mark.parametrize("same", [False, True])
def test_a_lapsed_point_in_time_loses_and_doubles_nothing(fake: FakeElastic, lapses: list[int], *, same: bool) -> None:
    wanted = filled(fake, 9, same=same)
    fake.lapse_after = lapses
    with source(fake, page_size=2 if not same else 5) as opened:
        got = messages(opened)
    assert sorted(got) == sorted(wanted)
    assert fake.lapse_after == []
    assert got == wanted or same
    assert fake.pits == {}


@pytest.mark.proves("paging", by="fake")
def test_one_instant_over_many_pages_survives_a_lapse_in_its_middle(fake: FakeElastic) -> None:
    filled(fake, 3)
    index = fake.indices[BACKING]
    for n in range(12):
        index.put(ecs(AT.replace(minute=5), "info", f"at once {n}"))
    fake.lapse_after = [2]
    with source(fake, page_size=4) as opened:
        assert sorted(messages(opened)) == sorted(doc.source["message"] for doc in index.docs)


@pytest.mark.proves("paging", by="fake")
def test_a_part_that_lapsed_under_status_200_is_read_anew_too(fake: FakeElastic) -> None:
    wanted = filled(fake, 4) + filled(fake, 4, name="logs-shop-other")
    with source(fake, page_size=3) as opened:
        entries = opened.get_logs("shop", AT, UNTIL)
        got = [e.message for e in islice(entries, 3)]
        fake.lapse(".ds-logs-shop-other-2026.03.01-000001")
        got += [e.message for e in entries]
    assert sorted(got) == sorted(wanted)
    assert opened.read_statuses()[0].status == "read"
    assert fake.opened == 2


def test_entries_that_arrive_between_two_points_in_time_do_not_displace_others(fake: FakeElastic) -> None:
    wanted = filled(fake, 6)
    with source(fake, page_size=2) as opened:
        entries = opened.get_logs("shop", AT, UNTIL)
        got = [e.message for e in islice(entries, 2)]
        fake.lapse()
        fake.indices[BACKING].put(ecs(AT.replace(second=1), "info", "late"))
        got += [e.message for e in entries]
    assert [m for m in got if m != "late"] == wanted
    assert got.count("late") <= 1


def test_points_in_time_that_lapse_at_once_are_given_up(fake: FakeElastic) -> None:
    filled(fake, 6)
    fake.lapse_after = [0] * 20
    with source(fake, page_size=2) as opened, pytest.raises(Unavailable, match="set a longer keep_alive"):
        messages(opened)
    assert fake.opened == 4


def test_the_time_to_live_is_the_clusters(fake: FakeElastic) -> None:
    wanted = filled(fake, 6)
    now = [0.0]
    fake.clock = lambda: now[0]
    with source(fake, page_size=2, keep_alive="30s") as opened:
        got: list[str] = []
        for entry in opened.get_logs("shop", AT, UNTIL):
            got.append(entry.message)
            now[0] += 40  # a slow reader
    assert got == wanted
    assert fake.opened > 1
    assert all(a.query["keep_alive"] == "30s" for a in fake.requests if a.path.endswith("_pit") and a.method == "POST")


def test_it_is_closed_at_the_end_at_an_error_and_when_the_reader_stops(fake: FakeElastic) -> None:
    filled(fake, 6)
    with source(fake, page_size=2) as opened:
        messages(opened)
        assert fake.pits == {}
        entries = cast("Generator[LogEntry]", opened.get_logs("shop", AT, UNTIL))
        next(entries)
        assert len(fake.pits) == 1
        entries.close()
        assert fake.pits == {}
        entries = cast("Generator[LogEntry]", opened.get_logs("shop", AT, UNTIL))
        next(entries)
        next(entries)
        fake.next_replies = [json_reply({"error": {"type": "x", "reason": "no"}}, 403)]
        with pytest.raises(AccessDenied):
            list(entries)
        assert fake.pits == {}
    left = source(fake, page_size=2)
    entries = left.get_logs("shop", AT, UNTIL)
    next(entries)
    left.close()
    assert fake.pits == {}


def test_a_close_that_fails_changes_nothing(fake: FakeElastic) -> None:
    wanted = filled(fake, 2)
    with source(fake) as opened:
        needed = len(fake.requests) + 3
        fake.after = (needed, Reply(500, b"<html>", {"Content-Type": "text/html"}))
        assert messages(opened) == wanted
        assert [a.method for a in fake.requests[needed:]] == ["DELETE"]


@pytest.mark.proves("errors", by="fake")
def test_failed_shards_are_tried_again_and_then_told(fake: FakeElastic) -> None:
    wanted = filled(fake, 3)
    filled(fake, 3, name="logs-shop-lost")
    fake.failing = {".ds-logs-shop-lost-2026.03.01-000001": "node_not_connected_exception"}
    clock = Clock()
    with source(fake, patience=clock.patience(), page_size=2) as opened:
        assert messages(opened) == wanted
        (status,) = opened.read_statuses()
    assert (status.what, status.status, status.rows) == ("shop 2026-03-01 12:00", "truncated", 3)
    assert status.detail == (
        "entries may be missing: 1 of 2 shards failed in .ds-logs-shop-lost-2026.03.01-000001 "
        "(node_not_connected_exception in .ds-logs-shop-lost-2026.03.01-000001)"
    )
    assert len(clock.slept) == 3  # once a read, not once a page


@pytest.mark.proves("errors", by="fake")
def test_shards_that_come_back_are_no_loss(fake: FakeElastic) -> None:
    wanted = filled(fake, 3, same=True)
    fake.failing = {BACKING: "circuit_breaking_exception"}
    clock = Clock()
    patience = clock.patience()
    healed = type(patience)(
        clock=clock, sleep=lambda s: fake.failing.clear(), jitter=lambda _, high: high, monotonic=clock.monotonic
    )
    with source(fake, patience=healed) as opened:
        assert sorted(messages(opened)) == wanted
        assert opened.read_statuses()[0].status == "read"


@pytest.mark.proves("errors", by="fake")
def test_time_that_ran_out_and_clusters_that_did_not_answer_are_told(fake: FakeElastic) -> None:
    filled(fake, 3)
    fake.timed_out = True
    with source(fake) as opened:
        assert len(messages(opened)) == 3
        (status,) = opened.read_statuses()
    assert (status.status, "ran out of the time" in status.detail) == ("truncated", True)
    fake.timed_out = False
    answer = fake.answer

    def remote(asked: object) -> Reply:
        reply = answer(asked)  # pyright: ignore[reportArgumentType]
        clusters = b'"_clusters": {"total": 2, "successful": 1, "skipped": 1}, "timed_out"'
        body = reply.body.replace(b'"timed_out"', clusters)
        return Reply(reply.status, body, reply.headers)

    fake.answer = remote
    with source(fake) as opened:
        messages(opened)
        assert "1 of 2 clusters did not answer whole" in opened.read_statuses()[0].detail


def test_pages_that_run_in_a_circle_end(fake: FakeElastic) -> None:
    filled(fake, 4)
    with source(fake, page_size=2) as opened:
        entries = opened.get_logs("shop", AT, UNTIL)
        next(entries)
        first = [a for a in fake.requests if a.path == "/_search"][-1]
        repeated = fake.answer(first)
        fake.next_replies = [repeated, repeated]
        with pytest.raises(BadPayload, match="run in a circle"):
            list(entries)
