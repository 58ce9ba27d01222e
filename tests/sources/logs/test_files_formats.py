import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from incident_pipeline.sources.logs import _entries
from incident_pipeline.sources.logs.files import read_log_file
from tests.sources.logs.files_case import read, utc

TRACE = 'Traceback (most recent call last):\n  File "a.py", line 1, in f\nValueError: x'


@pytest.mark.parametrize(
    ("record", "level", "message", "rest"),
    [
        ({"time": "2026-01-02T03:04:05Z", "level": "info", "msg": "hi", "n": 1}, "info", "hi", {"n": 1}),
        ({"@timestamp": "2026-01-02T04:04:05+01:00", "log.level": "WARN", "message": "hi"}, "WARN", "hi", None),
        ({"time": 1767323045000, "level": 30, "msg": "hi", "pid": 7}, "30", "hi", {"pid": 7}),
        ({"ts": 1767323045.0, "level": "error", "msg": "hi"}, "error", "hi", None),
        ({"timestamp": "2026-01-02 03:04:05", "severity": "ERROR", "event": "hi", "a": [1]}, "ERROR", "hi", {"a": [1]}),
        (
            {"log": "hi\n", "stream": "stderr", "time": "2026-01-02T03:04:05.000000000Z"},
            None,
            "hi",
            {"stream": "stderr"},
        ),
        ({"MESSAGE": "hi", "PRIORITY": "3", "__REALTIME_TIMESTAMP": "1767323045000000"}, "3", "hi", None),
        ({"@t": "2026-01-02T03:04:05.0000000Z", "@mt": "hi", "@l": "Error"}, "Error", "hi", None),
    ],
)
def test_json_lines_of_the_common_loggers(
    tmp_path: Path, record: dict[str, Any], level: str | None, message: str, rest: dict[str, Any] | None
) -> None:
    (row,) = read(tmp_path, json.dumps(record) + "\n")
    assert row["timestamp"] == utc(2026, 1, 2, 3, 4, 5)
    assert (row["level"], row["message"]) == (level, message)
    assert (json.loads(row["metadata"]) if row["metadata"] else None) == rest


def test_a_json_message_stays_on_its_line_and_a_bare_trace_joins_the_record_above(tmp_path: Path) -> None:
    first, second = json.dumps({"msg": "a\nb"}), json.dumps({"msg": "c"})
    rows = read(tmp_path, f"{first}\n{TRACE}\n{second}\nlistening on 80\n{{broken\n{first}\n{first}\n", fmt="json")
    assert [(row["line"], row["message"]) for row in rows] == [
        (1, f"a\\nb\n{TRACE}"), (5, "c"), (6, "listening on 80"), (7, "{broken"), (8, "a\\nb"), (9, "a\\nb"),
    ]  # fmt: skip


def test_logfmt(tmp_path: Path) -> None:
    line = 'time=2026-01-02T03:04:05Z level=warn msg="two \\"quoted\\" words" user=ann empty= id=7'
    (row, bare) = read(tmp_path, f"{line}\nts=1 level=info a=b\n")
    assert (row["timestamp"], row["level"], row["message"]) == (utc(2026, 1, 2, 3, 4, 5), "warn", 'two "quoted" words')
    assert json.loads(row["metadata"]) == {"user": "ann", "empty": "", "id": "7"}
    assert bare["message"] == "ts=1 level=info a=b"


def test_syslog_with_a_year_and_without(tmp_path: Path) -> None:
    text = (
        "<34>1 2026-01-02T03:04:05.003Z web1 su 123 ID47 - failed\n"
        "<11>Jan  2 03:04:05 web1 app[42]: boom\n  more of it\n"
        "Dec 31 23:59:59 web1 cron: last year\n"
    )
    rows = read(tmp_path, text, modified=utc(2026, 1, 3))
    assert [row["line"] for row in rows] == [1, 2, 4]
    assert [row["timestamp"] for row in rows] == [
        utc(2026, 1, 2, 3, 4, 5, 3000), utc(2026, 1, 2, 3, 4, 5), utc(2025, 12, 31, 23, 59, 59),
    ]  # fmt: skip
    assert [row["level"] for row in rows] == ["crit", "err", None]
    assert json.loads(rows[1]["metadata"]) == {"facility": "user", "host": "web1", "app": "app", "pid": "42"}
    assert rows[1]["message"] == "<11>Jan  2 03:04:05 web1 app[42]: boom\n  more of it"


def test_leap_day_without_a_year_falls_back_to_the_year_that_had_one(tmp_path: Path) -> None:
    (row,) = read(tmp_path, "Feb 29 01:02:03 web1 app: x\n", modified=utc(2025, 1, 5))
    assert row["timestamp"] == utc(2024, 2, 29, 1, 2, 3)


def test_python_logging_keeps_a_stack_trace_in_its_entry(tmp_path: Path) -> None:
    text = f"2026-01-02 03:04:05,678 - shop.cart - ERROR - boom\n{TRACE}\n2026-01-02 03:04:06,000 - shop - INFO - ok\n"
    rows = read(tmp_path, text)
    assert [(row["line"], row["level"]) for row in rows] == [(1, "ERROR"), (5, "INFO")]
    assert rows[0]["message"] == f"2026-01-02 03:04:05,678 - shop.cart - ERROR - boom\n{TRACE}"
    assert rows[0]["timestamp"] == utc(2026, 1, 2, 3, 4, 5, 678000)
    assert json.loads(rows[0]["metadata"]) == {"logger": "shop.cart"}


def test_pythons_default_format_has_a_level_and_a_name_but_no_time(tmp_path: Path) -> None:
    rows = read(tmp_path, f"WARNING:root:hm\nERROR:shop.cart:boom\n{TRACE}\n")
    assert [(row["line"], row["level"], row["timestamp"]) for row in rows] == [(1, "WARNING", None), (2, "ERROR", None)]
    assert json.loads(rows[1]["metadata"]) == {"logger": "shop.cart"}


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("2026-01-02 03:04:05 ERROR c.a.Main - boom", "ERROR"),
        ("2026-01-02 03:04:05.000 [main] WARN  c.a.Main - hm", "WARN"),
        ("[2026-01-02 03:04:05] app.ERROR: boom", "ERROR"),
        ("2026/01/02 03:04:05 [error] 7#7: *1 open() failed", "error"),
        ("2026-01-02T03:04:05+00:00 started", None),
    ],
)
def test_plain_text_with_times_is_read_with_times(tmp_path: Path, line: str, level: str | None) -> None:
    rows = read(tmp_path, f"{line}\n  at more\n{line}\n")
    assert [(row["line"], row["timestamp"], row["level"]) for row in rows] == [
        (1, utc(2026, 1, 2, 3, 4, 5), level), (3, utc(2026, 1, 2, 3, 4, 5), level),
    ]  # fmt: skip


def test_lines_before_the_first_entry_stay_their_own(tmp_path: Path) -> None:
    rows = read(tmp_path, "banner\nversion 1\n" + "2026-01-02 03:04:05 x\n" * 4)
    assert [row["message"] for row in rows[:3]] == ["banner", "version 1", "2026-01-02 03:04:05 x"]


def test_naive_times_are_in_the_given_zone_and_written_offsets_win(tmp_path: Path) -> None:
    text = "2026-07-01 12:00:00 x\n2026-07-01 12:00:00Z x\n2026-03-29 02:30:00 skipped\n2026-10-25 02:30:00 twice\n"
    rows = read(tmp_path, text, timezone="Europe/Berlin")
    assert [row["timestamp"] for row in rows] == [
        utc(2026, 7, 1, 10), utc(2026, 7, 1, 12), utc(2026, 3, 29, 1, 30), utc(2026, 10, 25, 0, 30),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("2026-07-01 12:00:00,123 ERROR x", True),
        ("2026-07-01 12:00:00Z x", False),
        ("2026-07-01T12:00:00.5+02:00 x", False),
        ('{"time": "2026-07-01T12:00:00", "msg": "x"}', True),
        ('{"time": "2026-07-01T12:00:00Z", "msg": "back to 2026-01-01 00:00:00"}', False),
        ('{"ts": 1767225600, "msg": "x"}', False),
        ("time=2026-07-01T12:00:00 level=info msg=x", True),
        ("Jan  2 03:04:05 web app[1]: x", True),
        ("2026-07-01T12:00:00.1234567Z ##[error]built on 2026-01-01 00:00:00", False),
        ("no time here", False),
    ],
)
def test_that_naive_times_were_given_a_zone_is_said(tmp_path: Path, line: str, said: bool) -> None:
    (tmp_path / "a.log").write_text(f"{line}\n{line}\n")
    log = read_log_file(tmp_path / "a.log", timezone="Europe/Berlin")
    list(log.frames)
    assert ("times without a zone were read as Europe/Berlin" in log.status().detail) is said


def test_times_that_do_not_exist_are_none_and_the_line_is_kept(tmp_path: Path) -> None:
    rows = read(tmp_path, "2026-01-02 03:04:05 a\n2026-13-45 99:99:99 b\n")
    assert [(row["timestamp"] is None, row["message"][-1]) for row in rows] == [(False, "a"), (True, "b")]


def test_a_ci_log_that_prints_dated_lines_is_still_plain_text(tmp_path: Path) -> None:
    text = "Started by timer\n" + "[INFO] building\n" * 20 + "2026-01-02 03:04:05 ERROR x\n  at y\n"
    assert len(read(tmp_path, text)) == 23


def test_an_entry_without_end_is_given_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_entries, "MAX_LINES", 5)
    rows = read(tmp_path, "2026-01-02 03:04:05 x\n" + "more\n" * 20, fmt="plain")
    assert "\n".join(row["message"] for row in rows) == "2026-01-02 03:04:05 x\n" + "\n".join(["more"] * 20)


@pytest.mark.parametrize("chunk", [1, 30, 64, 1000])
def test_entries_are_the_same_wherever_chunks_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    text = "".join(f"2026-01-02 03:04:{n:02} ERROR m{n}\n{TRACE}\n" for n in range(20))
    whole = read(tmp_path, text)
    monkeypatch.setattr("incident_pipeline.sources.logs._decode.CHUNK", chunk)
    monkeypatch.setattr("incident_pipeline.sources.logs._bytes.PACKED_BLOCK", 7)
    monkeypatch.setattr("incident_pipeline.sources.logs._bytes.PLAIN_BLOCK", 11)
    assert read(tmp_path, text) == whole
    assert [row["line"] for row in whole] == list(range(1, 81, 4))


@pytest.mark.shared
@pytest.mark.proves("formats", by="recording")
def test_recorded_job_logs_are_read_line_for_line(shared: Path) -> None:
    for path in sorted((shared / "contracts/github/joblogs").glob("*.log.gz")):
        log = read_log_file(path)
        frame = pl.concat(log.frames)
        assert log.format == "github_actions"
        assert frame["line"].to_list() == list(range(1, frame.height + 1))
        assert frame["timestamp"].null_count() < frame.height / 2
        assert "error" in frame["level"].to_list()
