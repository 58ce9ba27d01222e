"""Pages of decoded records become frames: in bulk, and the same as one entry at a time."""

import json
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

import polars as pl
import pytest

from incident_pipeline.model.frames import RAW_LOG
from incident_pipeline.model.logs import LogEntry
from incident_pipeline.sources.batching import as_json, entries_of, frame_of, frames_of, gathered

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def times_of(*times: str | int | None) -> list[datetime | None]:
    n = len(times)
    frame = frame_of(
        times=times,  # pyright: ignore[reportArgumentType] - a page has one kind of times
        levels=[None] * n, messages=[""] * n, metadata=[None] * n, first_line=1,
    )  # fmt: skip
    assert dict(frame.schema) == RAW_LOG
    return frame["timestamp"].to_list()


def test_a_page_becomes_one_frame() -> None:
    frame = frame_of(
        times=["2026-03-01T12:00:00.250Z", None],
        levels=["error", None],
        messages=["no\nstock", ""],
        metadata=[{"host": "é", "n": 1}, {}],
        first_line=2001,
    )
    assert dict(frame.schema) == RAW_LOG
    assert frame.rows() == [
        (2001, AT + timedelta(milliseconds=250), "error", "no\nstock", '{"host":"é","n":1}'),
        (2002, None, None, "", None),
    ]


def test_an_empty_page_is_an_empty_frame() -> None:
    frame = frame_of(times=[], levels=[], messages=[], metadata=[], first_line=1)
    assert (frame.height, dict(frame.schema)) == (0, RAW_LOG)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-03-01T12:00:00Z", AT),
        ("2026-03-01T12:00:00.123456789Z", AT + timedelta(microseconds=123456)),
        ("2026-03-01T14:00:00.5+02:00", AT + timedelta(milliseconds=500)),
        ("2026-03-01T14:00:00+0200", AT),
        ("2026-03-01T12:00:00", AT),
        ("2026-03-01 12:00:00Z", AT),
        ("2026-03-01T12:00:00,250Z", AT + timedelta(milliseconds=250)),
        ("2026-03-01", AT - timedelta(hours=12)),
        ("2026-13-01T12:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("99999-01-01T00:00:00Z", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_times_written_in_any_way_of_iso_8601_are_read_alone_and_among_others(text: str, at: datetime | None) -> None:
    assert times_of(text) == [at]
    assert times_of("2026-03-01T12:00:01.000Z", None, text) == [AT + timedelta(seconds=1), None, at]


def test_times_counted_in_milliseconds_are_read_and_absurd_ones_are_none() -> None:
    counted = int(AT.timestamp()) * 1000 + 7
    assert times_of(counted, None, 0, -1, 10**18, -(10**17)) == [
        AT + timedelta(milliseconds=7), None, datetime(1970, 1, 1, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999000, tzinfo=UTC), None, None,
    ]  # fmt: skip
    assert times_of(None, None) == [None, None]


ODD: list[dict[Any, Any]] = [
    {"half": "\ud800"},
    {"big": 2**70},
    {1: "number as key"},
    {"at": AT, "away": AT.astimezone(timezone(timedelta(hours=2)))},
    {"object": object},
    {"text": '"\\\u2028<script>\x00'},
    json.loads('{"a":' * 400 + "1" + "}" * 400),
]


@pytest.mark.parametrize("fields", ODD, ids=lambda fields: str(next(iter(fields))))
def test_metadata_that_is_odd_is_still_one_json_object(fields: dict[Any, Any]) -> None:
    written = as_json(fields)
    assert written
    written.encode("utf-8")
    assert json.loads(written).keys() == {str(key) for key in fields}


def test_metadata_without_end_is_said_not_to_be_kept() -> None:
    loop: dict[str, Any] = {}
    for _ in range(5_000):
        loop = {"in": loop}
    assert json.loads(as_json(loop) or "") == {"metadata": "nested too deeply to be kept"}


def test_half_a_surrogate_pair_is_kept_written_out() -> None:
    frame = frame_of(times=[None], levels=["\udfff"], messages=["a\ud800b\u00e9"], metadata=[None], first_line=1)
    assert (frame["level"][0], frame["message"][0]) == ("\\udfff", "a\\ud800b\u00e9")
    (other,) = frames_of([LogEntry(None, "\udfff", "a\ud800b\u00e9")], rows=5)
    assert other.equals(frame)


def test_a_page_in_bulk_is_the_same_as_its_entries_one_at_a_time() -> None:
    records = [
        (AT + timedelta(milliseconds=n), "info" if n % 2 else None, f"m {n}", {"n": n, "tags": ["a", "ü"]} if n else {})
        for n in range(7)
    ]
    bulk = frame_of(
        times=[at.isoformat() for at, *_ in records],
        levels=[level for _, level, *_ in records],
        messages=[message for _, _, message, _ in records],
        metadata=[fields for *_, fields in records],
        first_line=1,
    )
    entries = [LogEntry(at, level, text, MappingProxyType(fields)) for at, level, text, fields in records]
    assert pl.concat(frames_of(entries, rows=3)).equals(bulk)
    assert [(e.timestamp, e.level, e.message, dict(e.metadata)) for e in entries_of(bulk)] == records
    assert {e.line for e in entries_of(bulk)} == {None}


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 7, 100])
def test_small_frames_are_gathered_into_few_in_order(rows: int) -> None:
    pages = [page(first, count) for first, count in ((1, 2), (3, 0), (3, 5), (8, 1))]
    got = list(gathered(pages, rows=rows))
    assert [line for frame in got for line in frame["line"]] == list(range(1, 9))
    assert [frame.height for frame in got] == [rows] * (8 // rows) + ([8 % rows] if 8 % rows else [])


def test_nothing_gathered_is_no_frame() -> None:
    assert list(gathered([page(1, 0)], rows=3)) == []


def page(first: int, count: int) -> pl.DataFrame:
    return frame_of(
        times=[None] * count, levels=[None] * count, messages=["m"] * count, metadata=[None] * count, first_line=first
    )


def test_values_that_are_no_text_are_written_as_json_and_are_no_times() -> None:
    odd: list[Any] = [7, {"a": [1]}, True, None]
    times: Any = ["2026-03-01T12:00:00Z", *odd[:3]]
    frame = frame_of(times=times, levels=odd, messages=odd, metadata=[None] * 4, first_line=1)
    assert frame["level"].to_list() == frame["message"].to_list() == ["7", '{"a": [1]}', "true", None]
    assert frame["timestamp"].to_list() == [AT, None, None, None]


def test_integers_over_64_bits_are_no_times() -> None:
    assert times_of(2**70, int(AT.timestamp()) * 1000) == [None, AT]


def test_metadata_that_was_written_already_stays_as_it_is() -> None:
    frame = frame_of(
        times=[None] * 3, levels=[None] * 3, messages=[""] * 3, metadata=['{"a": 1}', {"a": 1}, None], first_line=1
    )
    assert frame["metadata"].to_list() == ['{"a": 1}', '{"a":1}', None]
