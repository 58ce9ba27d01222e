import bz2
import gzip
import json
import os
import weakref
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import polars as pl
import pytest
import zstandard
from pydantic import ValidationError

from incident_pipeline.errors import AccessDenied, BadInput, NotFound, UsageError
from incident_pipeline.model.frames import RAW_LOG
from incident_pipeline.sources.base import SourceContext
from incident_pipeline.sources.logs import _bytes
from incident_pipeline.sources.logs.files import Config, Files, open_source, read_log_file

SINCE, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
STAMP = "2026-01-02T03:04:05.1234567Z"


def write(path: Path, content: str | bytes, *, modified: datetime | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    if modified:
        os.utime(path, (modified.timestamp(), modified.timestamp()))
    return path


def read(path: Path, **options: str) -> pl.DataFrame:
    frames = list(read_log_file(path, fmt=options.get("fmt"), timezone=options.get("timezone", "UTC")).frames)
    return pl.concat(frames) if frames else pl.DataFrame(schema=RAW_LOG)


def source(folder: Path, *path: str, **keys: str) -> Files:
    return open_source(Config.model_validate({"path": path, **keys}), SourceContext("shop", folder / "cache", folder))


# One file


def test_a_github_job_log_keeps_each_line_untouched_with_time_and_level(tmp_path: Path) -> None:
    text = f"\ufeff{STAMP} start\n{STAMP} ##[error]boom\r\n{STAMP} \x1b[1m::warning file=a.py,line=1::hm\nno time\n"
    frame = read(write(tmp_path / "job.log", text))
    assert dict(frame.schema) == RAW_LOG
    assert frame["line"].to_list() == [1, 2, 3, 4]
    assert frame["message"][1] == f"{STAMP} ##[error]boom"
    assert frame["level"].to_list() == [None, "error", "warning", None]
    time = datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)
    assert frame["timestamp"].to_list() == [time, time, time, None]


def test_a_job_log_with_job_and_step_before_the_time_is_one_too(tmp_path: Path) -> None:
    frame = read(write(tmp_path / "run.log", f"build\tTest\t\ufeff{STAMP} ##[error]boom\nbuild\tTest\t{STAMP} x\n"))
    assert frame["timestamp"].null_count() == 0
    assert frame["level"].to_list() == ["error", None]


def test_plain_text_has_neither_times_nor_levels_and_one_entry_a_line(tmp_path: Path) -> None:
    frame = read(write(tmp_path / "a.log", "Started\n  at x\n\nERROR done\n"))
    assert frame["message"].to_list() == ["Started", "  at x", "", "ERROR done"]
    assert frame.select("timestamp", "level", "metadata").null_count().row(0) == (4, 4, 4)


@pytest.mark.parametrize(
    ("name", "pack"),
    [("a.gz", gzip.compress), ("a.bz2", bz2.compress), ("a.zst", zstandard.ZstdCompressor().compress),
     ("misnamed.log", gzip.compress), ("plain.gz", bytes)],
)  # fmt: skip
def test_packings_are_told_by_the_first_bytes(tmp_path: Path, name: str, pack: Callable[[bytes], bytes]) -> None:
    frame = read(write(tmp_path / name, pack(b"one\ntwo\n") + (pack(b"three\n") if name != "a.zst" else b"")))
    assert frame["message"].to_list() == ["one", "two", "three"][: 2 if name == "a.zst" else 3]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, zstandard.ZstdCompressor().compress])
def test_a_file_cut_short_gives_what_could_be_read_and_says_so(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    whole = pack(os.urandom(2_000_000).hex().encode().replace(b"0", b"\n"))
    log = read_log_file(write(tmp_path / "a.log.gz", whole[: len(whole) * 3 // 4]))
    rows = sum(frame.height for frame in log.frames)
    status = log.status()
    assert status.status == "truncated"
    assert "ends early" in status.detail
    assert rows == status.rows > 10_000


def test_a_file_that_swells_beyond_any_log_is_cut_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_bytes, "MAX_SWOLLEN", 1 << 20)
    path = tmp_path / "bomb.log.gz"
    path.write_bytes(gzip.compress(b"a line of a log that never ends\n" * (1 << 19)))
    log = read_log_file(path)
    rows = sum(frame.height for frame in log.frames)
    assert 0 < rows < 1 << 19
    assert (log.status().status, "swells" in log.status().detail) == ("truncated", True)


def test_a_damaged_gzip_keeps_what_came_before_the_damage(tmp_path: Path) -> None:
    whole = bytearray(gzip.compress(b"line one\nline two\n" * 2000))
    whole[-6] ^= 0xFF  # the checksum
    log = read_log_file(write(tmp_path / "a.gz", bytes(whole)))
    assert sum(frame.height for frame in log.frames) == 4000
    assert (log.status().status, "damaged" in log.status().detail) == ("truncated", True)


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", gzip.compress(b"")], ids=["nothing", "mark", "packed"])
def test_an_empty_log_is_empty_not_missing(tmp_path: Path, content: bytes) -> None:
    log = read_log_file(write(tmp_path / "a.log", content))
    assert list(log.frames) == []
    assert (log.status().status, log.status().rows, log.status().detail) == ("empty", 0, "the log has no line")


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
def test_wide_encodings_are_told_by_their_mark_or_their_nuls(tmp_path: Path, codec: str) -> None:
    frame = read(write(tmp_path / "a.log", "first line here\r\nsecond line, too\r\n".encode(codec)))
    assert frame["message"].to_list() == ["first line here", "second line, too"]


def test_an_encoding_can_be_given(tmp_path: Path) -> None:
    path = write(tmp_path / "a.log", "größer\n".encode("latin-1"))
    assert [f["message"].to_list() for f in read_log_file(path, encoding="latin-1").frames] == [["größer"]]


def test_bytes_that_are_no_text_stay_visible_and_are_reported(tmp_path: Path) -> None:
    log = read_log_file(write(tmp_path / "a.log", b"caf\xe9 and \xff\nfine\n" + b"x" * 100_000 + b"\0y\n"))
    assert [frame["message"].to_list()[:2] for frame in log.frames] == [["caf\\xe9 and \\xff", "fine"]]
    assert log.status().status == "read"
    assert "\\xNN" in log.status().detail


def test_a_stray_nul_near_the_start_makes_no_binary_of_a_long_text(tmp_path: Path) -> None:
    log = read_log_file(write(tmp_path / "a.log", b"a\0b\n" + b"more\n" * 400))
    assert next(log.frames)["message"].to_list()[:2] == ["a\\x00b", "more"]


@pytest.mark.parametrize("read", [0, 1])
def test_a_log_that_is_dropped_holds_no_file_open(tmp_path: Path, read: int) -> None:
    log = read_log_file(write(tmp_path / "a.log", "x\n" * 2500), rows=1000)
    assert len(list(islice(log.frames, read))) == read
    gone = weakref.ref(log.frames)
    del log
    assert gone() is None


@pytest.mark.parametrize("content", [b"\x7fELF\x02\x01\0\0\0" * 50, b"text\0with nul\n", bytes(range(128, 256)) * 20])
def test_binary_files_are_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(BadInput, match=r"^log file .*: is binary, not a text log[^\n]*$"):
        read_log_file(write(tmp_path / "a.log", content))


def test_what_cannot_be_opened_is_one_line_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotFound, match="not found"):
        read_log_file(tmp_path / "none.log")
    with pytest.raises(BadInput, match="is a folder"):
        read_log_file(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadInput, match="no regular file"):
        read_log_file(tmp_path / "pipe")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = write(tmp_path / "a.log", "x")
    monkeypatch.setattr(Path, "open", refuse)  # the tests may run as root, whom no mode stops
    with pytest.raises(AccessDenied, match="may not be read"):
        read_log_file(path)


def test_options_that_are_wrong_are_one_line_each(tmp_path: Path) -> None:
    path = write(tmp_path / "a.log", "x")
    with pytest.raises(UsageError, match="unknown log format 'xml'"):
        read_log_file(path, fmt="xml")
    with pytest.raises(UsageError, match="unknown time zone 'Mars/Base'"):
        read_log_file(path, timezone="Mars/Base")


def test_frames_are_no_larger_than_asked_and_numbered_through(tmp_path: Path) -> None:
    log = read_log_file(write(tmp_path / "a.log", "x\n" * 2500), rows=1000)
    frames = list(log.frames)
    assert [frame.height for frame in frames] == [1000, 1000, 500]
    assert pl.concat(frames)["line"].to_list() == list(range(1, 2501))


# A set of files


def test_a_rotated_set_is_read_oldest_first_and_rows_name_their_file(tmp_path: Path) -> None:
    write(tmp_path / "logs/app.log", "five\n")
    write(tmp_path / "logs/app.log.1", "four\n")
    write(tmp_path / "logs/app.log.2.gz", gzip.compress(b"three\n"))
    write(tmp_path / "logs/app.log.10.gz", gzip.compress(b"one\ntwo\n"))
    files = source(tmp_path, "logs/app.log*")
    entries = list(files.get_logs("shop", SINCE, UNTIL))
    assert [entry.message for entry in entries] == ["one", "two", "three", "four", "five"]
    assert [entry.line for entry in entries] == [1, 2, 1, 1, 1]
    assert entries[0].metadata == {"file": str(tmp_path / "logs/app.log.10.gz")}
    assert [status.status for status in files.statuses] == ["read"] * 4


def test_a_folder_stands_for_every_file_below_it_but_hidden_ones(tmp_path: Path) -> None:
    for name in ("logs/b/x.log", "logs/a.log", "logs/.hidden", "logs/.git/y.log"):
        write(tmp_path / name, "x\n")
    assert [path.name for path in source(tmp_path, "logs").find_files("")] == ["a.log", "x.log"]


def test_a_service_is_the_sets_name_or_a_glob_on_its_files(tmp_path: Path) -> None:
    write(tmp_path / "cart.log", "c\n")
    write(tmp_path / "cart.log.1", "c1\n")
    write(tmp_path / "order.log", "o\n")
    files = source(tmp_path, "*.log*", service="all")
    assert len(files.find_files("all")) == len(files.find_files("*")) == len(files.find_files("shop")) == 3
    assert [path.name for path in files.find_files("cart")] == ["cart.log.1", "cart.log"]
    assert [path.name for path in files.find_files("ord*")] == ["order.log"]
    with pytest.raises(NotFound, match="no log file named 'billing'"):
        files.find_files("billing")


def test_window_and_level_filter_both_ends_and_keep_what_has_no_time(tmp_path: Path) -> None:
    lines = [f"2026-01-02 03:04:{second:02},000 - app - {level} - m{second}"
             for second, level in enumerate(["INFO", "ERROR", "WARNING", "INFO"])]  # fmt: skip
    write(tmp_path / "a.log", "banner\n" + "\n".join(lines))
    files = source(tmp_path, "a.log", format="python")
    start = datetime(2026, 1, 2, 3, 4, 1, tzinfo=UTC)
    entries = list(files.get_logs("", start, start + timedelta(seconds=2)))
    assert [entry.message[-2:] for entry in entries] == ["er", "m1", "m2"]
    assert [entry.level for entry in files.get_logs("", start, UNTIL, "error")] == ["ERROR"]
    with pytest.raises(UsageError, match="unknown level 'loud'"):
        list(files.get_logs("", SINCE, UNTIL, "loud"))
    with pytest.raises(UsageError, match="zone"):
        list(files.get_logs("", datetime(2026, 1, 1), UNTIL))  # noqa: DTZ001 - the point


def test_paths_that_leave_the_root_are_refused(tmp_path: Path) -> None:
    root = tmp_path / "root"
    secret = write(tmp_path / "secret.log", "x\n")
    write(root / "a.log", "fine\n")
    (root / "link.log").symlink_to(secret)
    for pattern in ("../secret.log", "*/../../secret.log", "a/../../secret.log"):
        with pytest.raises(BadInput, match="leaves"):
            source(root, pattern).find_files("")
    files = source(root, "*.log")
    assert [path.name for path in files.find_files("")] == ["a.log"]
    assert [(status.status, status.what) for status in files.statuses] == [("skipped", str(root / "link.log"))]
    with pytest.raises(NotFound, match="1 lead outside"):
        source(root, "link.log").find_files("")


def test_a_given_root_widens_relative_paths_and_binds_absolute_ones(tmp_path: Path) -> None:
    write(tmp_path / "logs/a.log", "x\n")
    (tmp_path / "config").mkdir()
    assert len(source(tmp_path / "config", "logs/*.log", root="..").find_files("")) == 1
    assert len(source(tmp_path / "config", str(tmp_path / "logs/*.log")).find_files("")) == 1
    with pytest.raises(BadInput, match="leaves"):
        source(tmp_path / "config", str(tmp_path / "logs/*.log"), root=".").find_files("")


def test_no_match_is_not_found_and_says_where_it_looked(tmp_path: Path) -> None:
    files = source(tmp_path, "none/*.log")
    with pytest.raises(NotFound, match=r"no log file at none/\*\.log under "):
        list(files.get_logs("", SINCE, UNTIL))
    assert (files.check().works, "no log file" in files.check().advice) == (False, True)


def test_one_bad_file_of_a_set_is_a_status_and_the_rest_is_read(tmp_path: Path) -> None:
    write(tmp_path / "a.log", b"\0\0binary")
    write(tmp_path / "b.log", "fine\n")
    files = source(tmp_path, "*.log")
    assert [entry.message for entry in files.get_logs("", SINCE, UNTIL)] == ["fine"]
    assert [status.status for status in files.statuses] == ["failed", "read"]
    (tmp_path / "b.log").unlink()
    with pytest.raises(BadInput, match="is binary"):
        list(files.get_logs("", SINCE, UNTIL))


def test_check_looks_into_the_newest_file(tmp_path: Path) -> None:
    write(tmp_path / "a.log", "x\n")
    assert source(tmp_path, "*.log").check().works
    write(tmp_path / "b.log", b"\0\0binary")
    assert not source(tmp_path, "*.log").check().works


@pytest.mark.parametrize("key", ["format", "timezone", "encoding"])
def test_a_wrong_value_in_the_config_is_refused(key: str) -> None:
    with pytest.raises(ValidationError, match="unknown"):
        Config.model_validate({"path": "x", key: "no-such-thing"})
    assert Config.model_validate({"path": "x", "format": "github-actions"}).format == "github_actions"


def test_metadata_of_a_set_is_json(tmp_path: Path) -> None:
    write(tmp_path / "a.log", '{"msg":"m","n":1}\n')
    write(tmp_path / "b.log", '{"msg":"m"}\n')
    frames = list(source(tmp_path, "*.log").read_frames("", SINCE, UNTIL))
    assert [json.loads(value) for frame in frames for value in frame["metadata"]] == [
        {"file": str(tmp_path / "a.log"), "n": 1}, {"file": str(tmp_path / "b.log")},
    ]  # fmt: skip
