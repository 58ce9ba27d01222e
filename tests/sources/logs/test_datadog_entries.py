"""Datadog's entries: exact ends of the window, what lacks a message, a time or an id, and what is said of gaps."""

import json
from collections.abc import Iterator
from datetime import timedelta, timezone

import pytest

from incident_pipeline.errors import BadPayload
from incident_pipeline.model.frames import RAW_LOG
from tests.fakes.datadog import FakeDatadog, entry
from tests.fakes.server import Reply, json_reply
from tests.sources.logs.datadog_case import AT, WINDOW, bodies, datadog, messages, texts

# The window


@pytest.mark.proves("entries in a window", by="fake")
@pytest.mark.parametrize("closed", [True, False])
def test_both_ends_are_exact_wherever_the_vendor_draws_them(closed: bool) -> None:
    with texts(*"abcdef", apart=timedelta(milliseconds=1)) as fake, datadog(fake, page_size=2) as source:
        fake.closed = closed
        for first in range(5):
            since, until = (AT + timedelta(milliseconds=n) for n in (first, first + 2))
            assert "".join(e.message for e in source.get_logs("shop", since, until)) == "abcdef"[first : first + 2]
        micro = timedelta(microseconds=1)
        got = source.get_logs("shop", AT + micro, AT + timedelta(milliseconds=3) + micro)
        assert "".join(e.message for e in got) == "bcd"


def test_a_window_in_another_zone_is_the_same_window() -> None:
    with texts("a", "b") as fake, datadog(fake) as source:
        since, until = (at.astimezone(timezone(timedelta(hours=5, minutes=30))) for at in WINDOW)
        assert [e.message for e in source.get_logs("shop", since, until)] == ["a", "b"]


def test_rows_are_numbered_on_across_pages_of_which_some_lies_outside() -> None:
    with texts(*"abcdefgh") as fake, datadog(fake, page_size=3) as source:
        frames = list(source.read_frames("shop", AT + timedelta(seconds=1), AT + timedelta(seconds=7), rows=2))
    assert all(dict(frame.schema) == RAW_LOG and frame.height <= 2 for frame in frames)
    rows = [row for frame in frames for row in frame.select("line", "message").rows()]
    assert rows == [(n, text) for n, text in enumerate("bcdefg", start=1)]


# The entries


@pytest.mark.proves("entries in a window", by="fake")
def test_what_comes_with_an_entry_is_kept_as_datadog_names_it() -> None:
    error = {"error": {"kind": "KeyError", "stack": "a\nb"}, "n": 2**70}
    made = entry(1, AT, "no", host="i-7", tags=["env:prod", "version:1.8.0"], attributes=error, status="error")
    with FakeDatadog([made]) as fake, datadog(fake) as source:
        (found,) = source.get_logs("shop", *WINDOW)
        (frame,) = source.read_frames("shop", *WINDOW)
    tags = ["env:prod", "version:1.8.0"]
    assert found.metadata == {"service": "shop", "host": "i-7", "tags": tags, "attributes": error}
    assert (found.level, found.timestamp) == ("error", AT)
    assert json.loads(frame["metadata"][0]) == found.metadata


def test_an_entry_without_a_message_says_its_attributes() -> None:
    entries = [
        entry(0, AT, None, attributes={"event": "paid", "n": 1}),
        entry(1, AT, None, attributes=None),
        entry(2, AT, ""),
        entry(3, AT, {"a": 1}),  # pyright: ignore[reportArgumentType] - no text, against the description
    ]
    with FakeDatadog(entries) as fake, datadog(fake) as source:
        assert messages(source) == ['{"event":"paid","n":1}', "", "", '{"a": 1}']


def page(*data: object, after: object = None, **meta: object) -> Reply:
    return json_reply({"data": list(data), "meta": {"page": {"after": after}, **meta}})


def test_what_is_no_entry_is_counted_and_what_has_no_time_is_kept() -> None:
    odd: list[object] = [None, 7, "x", [], {}, {"id": "1"}, {"attributes": None}, {"attributes": ["a"]}]
    timeless = [{"attributes": {"message": f"m{n}", "timestamp": time}} for n, time in enumerate((None, 5, "soon"))]
    with FakeDatadog() as fake, datadog(fake) as source:
        early = entry(9, AT - timedelta(seconds=1), "too early")
        fake.always = page(*odd, early, *timeless, {"id": ["no text"], "attributes": {"message": "bare", "tags": 3}})
        assert [(e.message, e.timestamp) for e in source.get_logs("shop", *WINDOW)] == [
            ("m0", None), ("m1", None), ("m2", None), ("bare", None),
        ]  # fmt: skip
        (status,) = source.read_statuses()
    assert (status.status, status.rows, status.skipped) == ("read", 4, len(odd))
    assert status.detail == "4 entries without a readable time"


@pytest.mark.proves("paging", by="fake")
def test_an_entry_that_comes_again_is_taken_once_and_those_without_an_id_all() -> None:
    a, b, c = (entry(n, AT, text) for n, text in enumerate("abc"))
    bare = {"attributes": {"message": "bare", "timestamp": "2026-03-01T12:00:00.000Z"}}
    with FakeDatadog() as fake, datadog(fake) as source:
        fake.next_replies = [
            page(a, b, b, bare, after="1"),
            page(after="2"),
            page(b, c, bare, bare, after="3"),
            page(c),
        ]
        assert messages(source) == ["a", "b", "bare", "c", "bare", "bare"]
        assert [body["page"].get("cursor") for body in bodies(fake)] == [None, "1", "2", "3"]


@pytest.mark.proves("paging", by="fake")
def test_a_cursor_that_leads_back_ends_the_read() -> None:
    with FakeDatadog() as fake, datadog(fake) as source:
        fake.always = page(after="same")
        with pytest.raises(BadPayload, match="leads back"):
            messages(source)


@pytest.mark.parametrize("meta", [None, [], "x", {"page": None}, {"page": {"after": 7}}, {"warnings": "x"}])
def test_an_odd_meta_is_the_last_page(meta: object) -> None:
    with FakeDatadog() as fake, datadog(fake) as source:
        fake.always = json_reply({"data": [entry(0, AT, "a")], "meta": meta})
        assert messages(source) == ["a"]
        assert [s.status for s in source.read_statuses()] == ["read"]


@pytest.mark.parametrize("body", [{"errors": ["Broken\nhere"]}, {"data": None}, {"data": {}}, {}])
def test_an_answer_without_its_list_is_no_empty_log(body: dict[str, object]) -> None:
    with FakeDatadog() as fake, datadog(fake) as source:
        fake.always = json_reply(body)
        with pytest.raises(BadPayload, match="without its list") as caught:
            messages(source)
    assert "\n" not in str(caught.value)


def test_half_a_surrogate_pair_and_deep_nesting_stop_no_read() -> None:
    deep = '{"a":' * 300 + "1" + "}" * 300
    body = b'{"data": [{"attributes": {"message": "a\\ud800", "attributes": {"half": "\\udfff"}}},'
    body += b'{"attributes": {"message": "b", "attributes": ' + deep.encode() + b"}}]}"
    with FakeDatadog() as fake, datadog(fake) as source:
        fake.always = Reply(200, body, {"Content-Type": "application/json"})
        first, second = source.get_logs("shop", *WINDOW)
    assert (first.message, first.metadata["attributes"]) == ("a\\ud800", {"half": "\udfff"})
    assert (second.message, "a" in second.metadata["attributes"]) == ("b", True)


# What Datadog says of a read


def test_a_search_that_ran_out_of_time_is_said_to_be_partial() -> None:
    with texts(*"abcd") as fake, datadog(fake) as source:
        fake.times_out = True
        assert messages(source) == list("abcd")
        (status,) = source.read_statuses()
    assert (status.status, status.what, status.rows) == ("truncated", "shop 2026-03-01 12:00", 4)
    assert "ran out of time" in status.detail
    assert status.bytes > 0


def test_a_warning_is_said_once_as_one_line() -> None:
    with texts(*"abc") as fake, datadog(fake, indexes=["main", "no\nsuch"], page_size=1) as source:
        assert messages(source) == list("abc")
        (status,) = source.read_statuses()
    assert status.status == "truncated"
    assert status.detail == "One or several indexes are missing or invalid: indexes: no such"


def test_a_thousand_warnings_are_a_few() -> None:
    with FakeDatadog() as fake, datadog(fake) as source:
        fake.always = page(warnings=[{"code": f"c{n}"} for n in range(1000)])
        assert messages(source) == []
        (status,) = source.read_statuses()
    assert status.detail == "c0; c1; c2; c3; c4"


def test_a_read_that_is_too_long_stops_and_says_so() -> None:
    with texts(*"abcdef") as fake, datadog(fake, page_size=2, max_pages=2) as source:
        assert messages(source) == list("abcd")
        (status,) = source.read_statuses()
        assert (status.status, status.detail) == ("truncated", "stopped after 2 pages of 2: ask for a shorter window")
        fake.entries = fake.entries[:3]
        assert messages(source) == list("abc")
        assert [s.status for s in source.read_statuses()] == ["read"]


def test_an_empty_window_is_empty_and_before_a_read_there_is_no_status() -> None:
    with FakeDatadog() as fake, datadog(fake) as source:
        assert source.read_statuses() == ()
        assert messages(source) == []
        assert [s.status for s in source.read_statuses()] == ["empty"]


def test_a_read_that_is_dropped_asks_for_no_more() -> None:
    with texts(*"abcdef") as fake, datadog(fake, page_size=2) as source:
        entries: Iterator[object] = source.get_logs("shop", *WINDOW)
        next(entries)
        del entries
        assert len(fake.requests) == 1
