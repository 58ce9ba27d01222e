"""Java's loggers: log4j, logback, Spring Boot, java.util.logging, Tomcat and the servers built on them."""

from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from incident_pipeline.model.levels import canonical
from incident_pipeline.sources.logs.files import read_log_file
from tests.sources.logs.files_case import facts, read, utc

NOON = utc(2026, 3, 1, 12, 0, 0, 123000)
TRACE = "java.lang.IllegalStateException: x\n\tat a.B.c(B.java:1)\nCaused by: java.io.IOException: y\n\t... 3 more"


@pytest.mark.parametrize(
    ("line", "level", "known"),
    [
        ("2026-03-01 12:00:00,123 [main] ERROR com.acme.Shop - a - b", "ERROR", ("com.acme.Shop", "main")),
        ("2026-03-01 12:00:00.123 [http-1] INFO  com.acme.Shop -- msg", "INFO", ("com.acme.Shop", "http-1")),
        ("2026-03-01 12:00:00,123 ERROR [main] com.acme.Shop: msg", "ERROR", ("com.acme.Shop", "main")),
        ("2026-03-01 12:00:00,123 WARN com.acme.Shop:42 - msg", "WARN", ("com.acme.Shop", None)),
        ("2026-03-01 12:00:00,123 ERROR [com.acme.Shop] (default task-1) msg", "ERROR",
         ("com.acme.Shop", "default task-1")),
        ("2026-03-01 12:00:00,123 - INFO  [QuorumPeer[myid=1]/0:0:2181:Vote@774] - msg", "INFO",
         (None, "QuorumPeer[myid=1]/0:0:2181:Vote@774")),
        ("[2026-03-01T12:00:00,123][WARN ][o.e.x.Node      ] [node-1] msg", "WARN", ("o.e.x.Node", None)),
        ("[2026-03-01 12:00:00,123] INFO [Broker id=1] msg (kafka.server.KafkaServer)", "INFO",
         ("kafka.server.KafkaServer", None)),
        ("ERROR [2026-03-01 12:00:00,123] com.acme.Shop: msg", "ERROR", ("com.acme.Shop", None)),
        ("01-Mar-2026 12:00:00.123 SEVERE [main] org.acme.Service.startInternal Failed to start", "SEVERE",
         ("org.acme.Service", "main")),
    ],
)  # fmt: skip
def test_the_usual_patterns_tell_time_level_logger_and_thread(
    tmp_path: Path, line: str, level: str, known: tuple[str | None, str | None]
) -> None:
    rows = read(tmp_path, f"{line}\n{TRACE}\n{line}\n")
    assert [(row["line"], row["timestamp"], row["level"]) for row in rows] == [(1, NOON, level), (6, NOON, level)]
    assert rows[0]["message"] == f"{line}\n{TRACE}"
    assert (facts(rows[1]).get("logger"), facts(rows[1]).get("thread")) == known
    assert read_log_file(tmp_path / "a.log").format == "log4j"


@pytest.mark.parametrize(
    ("brackets", "wanted"),
    [
        ("[           main]", {"thread": "main"}),
        ("[shop] [           main]", {"thread": "main", "app": "shop"}),
        ("[shop] [main] [5f9c-ab12] ", {"thread": "main", "app": "shop", "trace": "5f9c-ab12"}),
    ],
)
def test_spring_boot_tells_its_process_and_program_too(tmp_path: Path, brackets: str, wanted: dict[str, str]) -> None:
    (row,) = read(tmp_path, f"2026-03-01T13:00:00.123+01:00  INFO 77 --- {brackets} o.a.c.C.[Tomcat].[/]  : a : b\n")
    assert (row["timestamp"], row["level"]) == (NOON, "INFO")
    assert facts(row) == {"logger": "o.a.c.C.[Tomcat].[/]", "pid": "77", **wanted}


def test_two_lines_of_java_util_logging_are_one_entry(tmp_path: Path) -> None:
    rows = read(tmp_path, f"Mar 01, 2026 12:00:00 AM com.acme.Shop pay\nSEVERE: boom\n{TRACE}\n"
                          "Mar 1, 2026 1:02:03 PM com.acme.Shop$1 run\nFINEST: x\n")  # fmt: skip
    assert [(row["line"], row["timestamp"], canonical(row["level"]), facts(row)) for row in rows] == [
        (1, utc(2026, 3, 1), "error", {"logger": "com.acme.Shop"}),
        (7, utc(2026, 3, 1, 13, 2, 3), "trace", {"logger": "com.acme.Shop$1"}),
    ]


def test_lines_without_any_time_keep_their_level_and_get_none(tmp_path: Path) -> None:
    rows = read(tmp_path, "0    [main] INFO  com.acme.Shop  - a\n12 [main] ERROR com.acme.Shop Ctx - b\n")
    assert [(row["timestamp"], row["level"], facts(row)["thread"]) for row in rows] == [
        (None, "INFO", "main"), (None, "ERROR", "main"),
    ]  # fmt: skip


def test_a_word_before_a_colon_is_no_logger(tmp_path: Path) -> None:
    rows = read(tmp_path, "26/03/01 12:00:00 INFO SparkContext: a\n26/03/01 12:00:00 ERROR Failed: b\n")
    assert [facts(row) for row in rows] == [{"logger": "SparkContext"}, {}]
    assert rows[1]["timestamp"] == utc(2026, 3, 1, 12)


# Hours without a date


def hours(tmp_path: Path, *clocks: str, modified: datetime, timezone: str = "UTC") -> list[datetime]:
    text = "".join(f"{clock} [main] INFO  com.acme.Shop - x\n\tmore\n" for clock in clocks)
    return [row["timestamp"] for row in read(tmp_path, text, modified=modified, timezone=timezone)]


def test_hours_alone_are_of_the_day_on_which_the_file_was_last_written(tmp_path: Path) -> None:
    assert hours(tmp_path, "11:59:59.999", "12:00:00,123", modified=utc(2026, 3, 1, 12, 1)) == [
        utc(2026, 3, 1, 11, 59, 59, 999000), NOON,
    ]  # fmt: skip
    log = read_log_file(tmp_path / "a.log")
    list(log.frames)
    assert "dated back from the file's last change" in log.status().detail


def test_each_midnight_is_counted_back_from_the_end(tmp_path: Path) -> None:
    clocks = ("22:00:00", "23:59:59", "00:00:01", "23:00:00", "09:00:00")
    assert [at.day for at in hours(tmp_path, *clocks, modified=utc(2026, 3, 3, 9, 1))] == [1, 1, 2, 2, 3]


def test_a_file_closed_after_midnight_ends_the_day_before(tmp_path: Path) -> None:
    assert hours(tmp_path, "23:59:59", modified=utc(2026, 3, 1, 0, 10)) == [utc(2026, 2, 28, 23, 59, 59)]


def test_a_line_a_little_ahead_of_the_files_clock_is_of_today(tmp_path: Path) -> None:
    assert hours(tmp_path, "12:00:00,123", modified=utc(2026, 3, 1, 11, 57)) == [NOON]


def test_threads_that_overtake_each_other_make_no_midnight(tmp_path: Path) -> None:
    found = hours(tmp_path, "12:00:00.900", "12:00:00.100", modified=utc(2026, 3, 1, 12, 1))
    assert {at.date() for at in found} == {NOON.date()}


def test_the_end_of_summer_time_is_no_midnight_and_days_are_those_of_the_zone(tmp_path: Path) -> None:
    found = hours(
        tmp_path, "02:59:00", "02:01:00", "23:30:00", timezone="Europe/Berlin", modified=utc(2026, 10, 25, 23, 30)
    )
    assert [at.astimezone().day for at in found] == [25, 25, 25]
    assert found[2] == utc(2026, 10, 25, 22, 30)


@pytest.mark.parametrize("chunk", [1, 40, 100])
def test_midnights_are_found_wherever_chunks_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr("incident_pipeline.sources.logs._decode.CHUNK", chunk)
    monkeypatch.setattr("incident_pipeline.sources.logs._bytes.PACKED_BLOCK", 7)
    monkeypatch.setattr("incident_pipeline.sources.logs._bytes.PLAIN_BLOCK", 11)
    found = hours(tmp_path, "23:00:00", "01:00:00", "00:59:00", "23:00:00", "01:00:00", modified=utc(2026, 3, 3, 2))
    assert [at.day for at in found] == [1, 2, 2, 2, 3]


# What others recorded


@pytest.mark.shared
@pytest.mark.proves("formats", by="recording")
@pytest.mark.parametrize(
    ("case", "pattern", "fmt"),
    [
        ("nopol-1347/green", r"^\d\d:\d\d:\d\d\.\d{3} \[[^\]]+\] +[A-Z]+ ", "logback"),
        ("assertj-1944/failed", r"^[A-Z][a-z]{2} \d\d, \d{4} \d+:\d\d:\d\d [AP]M ", "java_util_logging"),
    ],
)
def test_every_record_that_java_programs_really_wrote_is_read(shared: Path, case: str, pattern: str, fmt: str) -> None:
    path = shared / f"benchmarks/lines/cidiff/{case}.log.gz"
    plain, found = (pl.concat(read_log_file(path, fmt=name).frames) for name in ("plain", fmt))
    records = plain.filter(pl.col("message").str.contains(pattern))
    timed = found.filter(pl.col("timestamp").is_not_null())
    assert timed["line"].to_list() == records["line"].to_list() != []
    assert timed.select("level", pl.col("metadata").str.json_path_match("$.logger")).null_count().row(0) == (0, 0)
    assert sum(found["message"].str.count_matches("\n")) + found.height == plain.height
