"""Which format a file speaks is found out from its head, and no format takes another's files."""

from pathlib import Path

import polars as pl
import pytest

from incident_pipeline.sources.logs.files import FORMATS, Config, read_log_file

AT = "[01/Mar/2026:13:00:00 +0100]"
SPOKEN = {
    "github_actions": "2026-03-01T12:00:00.1234567Z 12:00:00.123 [main] ERROR com.acme.Shop - x",
    "json": '{"time": "2026-03-01T12:00:00Z", "msg": "Mar  1 12:00:00 web1 app[1]: x"}',
    "logfmt": "time=2026-03-01T12:00:00Z level=info msg=x",
    "syslog": f'<190>Mar  1 12:00:00 web1 nginx: 10.0.0.1 - - {AT} "GET / HTTP/1.1" 200 5 "-" "-"',
    "python": "2026-03-01 12:00:00,123 - shop.cart - ERROR - x",
    "log4j": "2026-03-01 12:00:00,123 [main] ERROR com.acme.Shop - x",
    "access_log": f'10.0.0.1 - - {AT} "GET / HTTP/1.1" 200 5 "-" "ERROR [main] com.acme.Shop - x"',
    "nginx_error": "2026/03/01 12:00:00 [error] 1#1: *5 ERROR [main] com.acme.Shop: x",
    "apache_error": "[Sun Mar 01 12:00:00 2026] [error] [client 10.0.0.1] [main] ERROR com.acme.Shop - x",
    "plain": "2026-03-01 12:00:00 something happened",
}


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", sorted(SPOKEN))
def test_each_format_is_told_from_all_others(tmp_path: Path, name: str) -> None:
    line = SPOKEN[name]
    assert read_log_file(write(tmp_path / "a.log", f"{line}\n" * 3)).format == name
    banner = "Starting\n\n" + f"{line}\n\tat x\n" * 20
    assert read_log_file(write(tmp_path / "a.log", banner)).format == name


@pytest.mark.parametrize(
    "line",
    [
        "2026-03-01T12:00:00.123Z web1 shop: x",  # a tag alone is no daemon
        "2026-03-01T12:00:00Z ERROR shop: x",
        "2026-03-01T12:00:00.123456789Z stdout F x",
        "12:00:00 something happened",
        "12:00 [main] x",
        "[main] INFO com.acme.Shop - x",
        "[INFO] --- plugin:1.0 (default) @ shop ---",
        "INFO: x",
        "March 01, 2026 x",
        '10.0.0.1 - - [today] "GET /',
        "[Sunday] [error] x",
        "2026/03/01 12:00:00 [error] x",
        "1 2 3",
    ],
)
def test_what_only_looks_like_one_is_plain_text(tmp_path: Path, line: str) -> None:
    assert read_log_file(write(tmp_path / "a.log", f"{line}\n" * 5)).format in {"plain", "python"}


@pytest.mark.parametrize("name", ["log4j", "syslog", "nginx_error", "apache_error", "access_log"])
def test_a_build_log_that_prints_a_servers_lines_stays_plain(tmp_path: Path, name: str) -> None:
    text = "[INFO] Building\n" * 10 + f"{SPOKEN[name]}\n" * 30
    log = read_log_file(write(tmp_path / "a.log", text))
    assert (log.format, sum(frame.height for frame in log.frames)) == ("plain", 40)


@pytest.mark.parametrize("name", ["nginx_error", "plain"])
def test_plain_text_is_asked_for_and_has_times_where_its_lines_start_with_them(tmp_path: Path, name: str) -> None:
    log = read_log_file(write(tmp_path / "a.log", f"{SPOKEN[name]}\n\tmore\n" * 3), fmt="plain")
    frame = pl.concat(log.frames)
    assert (frame.height, frame["timestamp"].null_count()) == (3, 0)


@pytest.mark.parametrize("name", FORMATS)
def test_each_name_in_the_config_can_be_asked_for(tmp_path: Path, name: str) -> None:
    assert Config.model_validate({"path": "x", "format": name}).format == name
    text = "\n".join(SPOKEN.values()) + "\n\tat x\ncut"
    log = read_log_file(write(tmp_path / "a.log", text), fmt=name)
    rows = pl.concat(log.frames)
    assert sum(rows["message"].str.count_matches("\n")) + rows.height == len(SPOKEN) + 2
    assert rows["line"].is_sorted()


@pytest.mark.parametrize("name", sorted(SPOKEN))
def test_a_hostile_line_over_the_limit_is_cut_and_costs_little(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / "a.log", f"{SPOKEN[name]}\n{SPOKEN[name]}" + ' x="[\\' * 300_000 + f"\n{SPOKEN[name]}\n")
    log = read_log_file(path)
    assert (log.format, sum(frame.height for frame in log.frames)) == (name, 3)
    assert log.status().skipped == 1


@pytest.mark.shared
@pytest.mark.proves("formats", by="recording")
def test_no_recorded_build_log_is_taken_for_a_servers(shared: Path) -> None:
    found = {read_log_file(path).format for path in (shared / "benchmarks/lines").rglob("*.log.gz")}
    assert found == {"github_actions", "plain"}
