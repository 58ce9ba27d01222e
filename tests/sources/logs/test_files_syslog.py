"""Syslog as daemons write it into files: RFC 5424, RFC 3164, and rsyslog's own mixture."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_pipeline.model.levels import canonical
from incident_pipeline.sources.logs._syslog import _object  # pyright: ignore[reportPrivateUsage] - a parser of its own
from tests.sources.logs.files_case import facts, read, utc

HEAD = "<165>1 2026-03-01T12:00:00.003Z web1 shop 42 ID47 "


def test_structured_data_comes_with_its_escapes_undone(tmp_path: Path) -> None:
    data = r'[ex@32473 iut="3" source="App\"lic\]ation\\ \n"][other@1]'
    (row,) = read(tmp_path, f"{HEAD}{data} \ufeffcafé\n")
    assert row["message"] == f"{HEAD}{data} \ufeffcafé"
    assert (row["timestamp"], row["level"]) == (utc(2026, 3, 1, 12, 0, 0, 3000), "notice")
    assert facts(row) == {
        "facility": "local4", "host": "web1", "app": "shop", "pid": "42", "msgid": "ID47",
        "data": {"ex@32473": {"iut": "3", "source": r'App"lic]ation\ \n'}, "other@1": {}},
    }  # fmt: skip


def test_a_parameter_that_comes_again_is_a_list(tmp_path: Path) -> None:
    (row,) = read(tmp_path, f'{HEAD}[origin ip="1" software="x" ip="2" ip="3"] m\n')
    assert facts(row)["data"] == {"origin": {"ip": ["1", "2", "3"], "software": "x"}}


def test_nil_values_are_left_out_and_no_time_is_invented(tmp_path: Path) -> None:
    (row,) = read(tmp_path, "<34>1 - - - - - - x\n")
    assert (row["timestamp"], row["level"], facts(row)) == (None, "crit", {"facility": "auth"})


@pytest.mark.parametrize("severity", range(8))
def test_every_severity_is_a_level_that_the_rest_knows(tmp_path: Path, severity: int) -> None:
    (row,) = read(tmp_path, f"<{severity}>1 2026-03-01T12:00:00Z h a - - - m\n")
    wanted = ("fatal", "fatal", "fatal", "error", "warn", "notice", "info", "debug")
    assert canonical(row["level"]) == wanted[severity]


@pytest.mark.parametrize("priority", [192, 999])
def test_a_priority_beyond_the_last_tells_nothing(tmp_path: Path, priority: int) -> None:
    (row,) = read(tmp_path, f"<{priority}>1 2026-03-01T12:00:00Z h a - - - m\n")
    assert (row["level"], facts(row)) == (None, {"host": "h", "app": "a"})


def test_a_version_without_priority_is_read_too(tmp_path: Path) -> None:
    (row,) = read(tmp_path, "1 2026-03-01T12:00:00+01:00 h a 7 - - m\n")
    assert (row["timestamp"], row["level"]) == (utc(2026, 3, 1, 11), None)
    assert facts(row) == {"host": "h", "app": "a", "pid": "7"}


def test_lengths_before_the_messages_are_framing_and_a_break_inside_one_ends_nothing(tmp_path: Path) -> None:
    rows = read(tmp_path, f"60 {HEAD}- one\ntwo\n40 <13>Mar  1 12:00:00 web1 cron[3]: hey\n", modified=utc(2026, 3, 2))
    assert [(row["line"], row["message"].count("\n"), facts(row)["app"]) for row in rows] == [
        (1, 1, "shop"), (3, 0, "cron"),
    ]  # fmt: skip
    assert [row["timestamp"] for row in rows] == [utc(2026, 3, 1, 12, 0, 0, 3000), utc(2026, 3, 1, 12)]


def test_rsyslogs_own_files_have_a_full_time_before_host_and_tag(tmp_path: Path) -> None:
    stamp = "2026-03-01T12:00:00.123456+01:00"
    rows = read(tmp_path, f"{stamp} web1 sshd(pam_unix)[12]: no\n{stamp} web1 kernel: [1.2] oops\n")
    assert {row["timestamp"] for row in rows} == {utc(2026, 3, 1, 11, 0, 0, 123456)}
    assert [facts(row) for row in rows] == [
        {"host": "web1", "app": "sshd(pam_unix)", "pid": "12"}, {"host": "web1", "app": "kernel"},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("Mar  1 12:00:00", utc(2026, 3, 1, 12)),
        ("Mar 01 12:00:00.250", utc(2026, 3, 1, 12, 0, 0, 250000)),
        ("Mar  1 2024 12:00:00", utc(2024, 3, 1, 12)),
        ("Dec 31 23:59:59", utc(2025, 12, 31, 23, 59, 59)),
        ("Feb 29 01:02:03", utc(2024, 2, 29, 1, 2, 3)),
        ("Mar  3 00:00:00", utc(2026, 3, 3)),  # a day ahead: the other clock may be off
        ("Mar  4 00:00:01", utc(2025, 3, 4, 0, 0, 1)),
        ("Feb 30 01:02:03", None),
    ],
)
def test_a_time_without_a_year_is_the_last_such_one_before_the_file_was_written(
    tmp_path: Path, written: str, at: object
) -> None:
    (row,) = read(tmp_path, f"{written} web1 app[1]: x\n", modified=utc(2026, 3, 3))
    assert row["timestamp"] == at


def test_times_without_a_zone_are_local_and_the_hour_that_comes_twice_is_the_first(tmp_path: Path) -> None:
    text = (
        "Oct 25 02:30:00 web1 app[1]: twice\nMar 29 02:30:00 web1 app[1]: never\nJul  1 12:00:00 web1 app[1]: summer\n"
    )
    rows = read(tmp_path, text, timezone="Europe/Berlin", modified=utc(2026, 12, 1))
    assert [row["timestamp"] for row in rows] == [
        utc(2026, 10, 25, 0, 30), utc(2026, 3, 29, 1, 30), utc(2026, 7, 1, 10),
    ]  # fmt: skip


def test_what_is_no_syslog_belongs_to_the_entry_above_and_no_text_is_lost(tmp_path: Path) -> None:
    text = 'Mar  1 12:00:00 web1 app[1]: a\n10.0.0.1 - - [x] "GET /\n\tat b\n-- repeated --\nMar  1 12:00:01 cut'
    rows = read(tmp_path, text)
    assert "\n".join(row["message"] for row in rows) == text
    assert (rows[1]["timestamp"] is not None, rows[1]["metadata"]) == (False, None)


def test_bytes_that_are_no_text_and_quotes_in_names_leave_metadata_json(tmp_path: Path) -> None:
    rows = read(tmp_path, b'<13>Mar  1 12:00:00 w"eb\\1 a\xff"p[1]: x\n<13>1 2026-03-01T12:00:00Z h" a\xe9 - - - m\n')
    assert [facts(row)["host"] for row in rows] == ['w"eb\\1', 'h"']
    assert [facts(row)["app"] for row in rows] == ['a\\xff"p', "a\\xe9"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.text(alphabet='ab"\\]=[ é\t', max_size=8)), max_size=5))
def test_any_value_written_with_escapes_is_read_back(pairs: list[tuple[str, str]]) -> None:
    def escaped(value: str) -> str:
        return value.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")

    text = "[x " + " ".join(f'{key}="{escaped(value)}"' for key, value in pairs) + "]" if pairs else "[x]"
    found = json.loads(_object(text))["x"]
    for key in {key for key, _ in pairs}:
        values = [value for name, value in pairs if name == key]
        assert found[key] == (values[0] if len(values) == 1 else values)
