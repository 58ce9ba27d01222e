"""Logs: entries keyed by (log_id, line), text derived, nothing doubled."""

import polars as pl
import pytest

from incident_pipeline.warehouse.logs import LogFacts, load_log, save_log, stage_log
from incident_pipeline.warehouse.rows import log_id_of
from incident_pipeline.warehouse.store import Warehouse
from tests.warehouse.samples import T0, log_frame

FACTS = LogFacts(2**63 - 1, "github", "acme/shop", "tests", "read", "1", 1, "2", lines=20, read_at=T0)


def test_entries_and_facts_come_back(warehouse: Warehouse) -> None:
    staged = stage_log(warehouse, FACTS.log_id, [log_frame(10), log_frame(10, start=11)])
    assert save_log(warehouse, FACTS, staged).rows == 20
    stored = load_log(warehouse, FACTS.log_id)
    assert stored.drop("log_id").equals(log_frame(20).drop("text"))
    (row,) = (found := warehouse.query("SELECT * FROM logs")).rows
    assert LogFacts(**dict(zip(found.columns, row, strict=True))) == FACTS


def test_a_log_read_again_shorter_is_shorter(warehouse: Warehouse) -> None:
    for lines in (30, 20):
        save_log(warehouse, FACTS, stage_log(warehouse, FACTS.log_id, [log_frame(lines)]))
    assert len(load_log(warehouse, FACTS.log_id)) == 20
    assert warehouse.query("SELECT count(*) FROM log_entries").rows == ((20,),)


def test_lines_that_come_twice_are_dropped_and_counted(warehouse: Warehouse) -> None:
    frames = [log_frame(5), pl.concat([log_frame(2, start=4), log_frame(3, start=6), log_frame(1, start=7)])]
    staged = stage_log(warehouse, 1, frames)
    assert (staged.rows, staged.duplicates) == (8, 3)
    save_log(warehouse, LogFacts(1, "s", "x", "n", "read"), staged)
    assert load_log(warehouse, 1)["line"].to_list() == list(range(1, 9))


def test_lines_that_come_twice_in_far_apart_row_groups_are_dropped_too(warehouse: Warehouse) -> None:
    staged = stage_log(warehouse, 1, [log_frame(130_000), log_frame(130_000, start=120_001)])
    assert (staged.rows, staged.duplicates) == (250_000, 10_000)


def test_a_missing_log_has_facts_and_no_entries(warehouse: Warehouse) -> None:
    save_log(warehouse, LogFacts(3, "s", "x", "n", "expired", detail="gone since May"))
    assert warehouse.query("SELECT log_id, status FROM logs").rows == ((3, "expired"),)
    assert load_log(warehouse, 3).is_empty()
    assert load_log(warehouse, 4).columns == load_log(warehouse, 3).columns


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("2026-03-01T12:00:00.1234567Z \x1b[36;1mhi\x1b[0m", "hi"),
        ("\ufeff2026-03-01T12:00:00.1234567Z first", "first"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b[31m2026-03-01T12:00:00Z x", "2026-03-01T12:00:00Z x"),
        ("10%\r20%\x08\x08 done", "2 done"),
        ("2026-03-01 no prefix", "2026-03-01 no prefix"),
        ("two\nlines", "two\nlines"),
    ],
)
def test_text_is_raw_without_ansi_and_vendor_time(warehouse: Warehouse, raw: str, text: str) -> None:
    frame = log_frame(1).with_columns(pl.lit(raw).alias("raw"))
    save_log(warehouse, LogFacts(1, "s", "x", "n", "read"), stage_log(warehouse, 1, [frame]))
    assert warehouse.query("SELECT text, raw, entry_id FROM log_entries").rows == ((text, raw, "1:1"),)


def test_error_templates_are_counted_across_logs(warehouse: Warehouse) -> None:
    for log_id in (1, 2):
        facts = LogFacts(log_id, "s", "x", "n", "read", run_id=str(log_id))
        save_log(warehouse, facts, stage_log(warehouse, log_id, [log_frame(60)]))
    rows = warehouse.query("SELECT entries, logs, runs FROM errors_by_template ORDER BY template").rows
    assert rows == ((4, 2, 2), (4, 2, 2), (4, 2, 2))


def test_log_ids_are_stable_and_tell_parts_apart() -> None:
    assert log_id_of("a", "bc") != log_id_of("ab", "c")
    assert log_id_of("github", "acme/shop", "1", 1, "2") == log_id_of("github", "acme/shop", "1", 1, "2")
    assert 0 <= log_id_of("x") < 2**63
