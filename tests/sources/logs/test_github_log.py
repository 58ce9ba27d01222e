import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_pipeline.model.frames import RAW_LOG
from incident_pipeline.sources.logs import _github_log
from incident_pipeline.sources.logs._github_log import CUT_MARK, LogReader


def messages(data: bytes, *, rows: int = 50_000) -> list[str]:
    return [m for frame in LogReader(io.BytesIO(data), rows=rows).frames() for m in frame["message"]]


def test_mark_times_levels_and_all_three_line_ends() -> None:
    data = (
        b"\xef\xbb\xbf2026-03-01T12:00:00.1234567Z ##[group]Run pytest\r\n"
        b"2026-03-01T12:00:01.0000000Z 10%\r20%\r\n"
        b"2026-03-01T12:00:02.9999999Z ##[error]\x1b[31mboom\x1b[0m \xff\n"
        b"no time here\n"
    )
    reader = LogReader(io.BytesIO(data))
    (frame,) = reader.frames()
    assert dict(frame.schema) == RAW_LOG
    assert frame["line"].to_list() == [1, 2, 3, 4, 5]
    assert frame["timestamp"][0] == datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
    assert frame["timestamp"].to_list()[2:] == [None, datetime(2026, 3, 1, 12, 0, 2, 999999, tzinfo=UTC), None]
    assert frame["level"].to_list() == [None, None, None, "error", None]
    assert frame["message"].to_list() == [
        "2026-03-01T12:00:00.1234567Z ##[group]Run pytest",
        "2026-03-01T12:00:01.0000000Z 10%",
        "20%",
        "2026-03-01T12:00:02.9999999Z ##[error]\x1b[31mboom\x1b[0m \\xff",
        "no time here",
    ]
    assert reader.rows == 5


@given(st.text(alphabet="ab\r\n\xe9"), st.integers(1, 9), st.integers(1, 3))
def test_lines_do_not_depend_on_how_the_bytes_arrive(text: str, chunk: int, rows: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_github_log, "CHUNK", chunk)
        found = messages(text.encode(), rows=rows)
    expected = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert found == (expected if expected[-1] else expected[:-1])


@given(st.lists(st.integers(0, 30), max_size=6), st.integers(1, 50), st.booleans())
def test_an_overlong_line_is_cut_marked_and_counted_and_moves_no_line_number(
    lengths: list[int], chunk: int, ended: bool
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_github_log, "CHUNK", chunk)
        patch.setattr(_github_log, "MAX_LINE", 10)
        data = b"\n".join(b"x" * n for n in lengths) + (b"\n" if ended else b"y")
        reader = LogReader(io.BytesIO(data))
        measured = reader.measure()
        found = [m for frame in reader.frames() for m in frame["message"]]
    lines = data.decode().split("\n")
    lines = lines if lines[-1] else lines[:-1]
    assert found == [line if len(line) <= 10 else line[:10] + CUT_MARK.decode() for line in lines]
    assert measured == (reader.rows, reader.cut) == (len(lines), sum(len(line) > 10 for line in lines))


def test_frames_hold_at_most_the_asked_rows_and_number_on() -> None:
    frames = list(LogReader(io.BytesIO(b"x\n" * 25), rows=10).frames())
    assert [len(f) for f in frames] == [10, 10, 5]
    assert frames[2]["line"].to_list() == [21, 22, 23, 24, 25]


def test_an_impossible_time_is_none() -> None:
    (frame,) = LogReader(io.BytesIO(b"2026-13-41T12:00:00.1234567Z x\n")).frames()
    assert frame["timestamp"].to_list() == [None]


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf"])
def test_a_log_of_nothing_has_no_frame(data: bytes) -> None:
    assert list(LogReader(io.BytesIO(data)).frames()) == []


def test_the_file_is_closed_when_the_frames_are_dropped() -> None:
    file = io.BytesIO(b"x\n" * 30)
    frames = LogReader(file, rows=10).frames()
    next(frames)
    del frames
    assert file.closed
