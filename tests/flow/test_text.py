"""The text that people query is the text that evidence reads: the view's SQL against `clean_expr`."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incident_pipeline.model.frames import RAW_LOG
from incident_pipeline.normalize.clean import clean_expr
from incident_pipeline.normalize.frames import normalize
from incident_pipeline.warehouse.logs import LogFacts, load_log, save_log, stage_log
from incident_pipeline.warehouse.store import Warehouse

GITHUB = "2026-01-02T03:04:05.1234567Z"
PREFIXES = (
    "", f"{GITHUB} ", GITHUB, f"\ufeff{GITHUB} ", f"build\tRun tests\t\ufeff{GITHUB} ", f"a\tb\tc\t{GITHUB} ",
    f"{GITHUB} a\tb\t{GITHUB} ", "2026-01-02T03:04:05.123456789Z ", "2026-01-02T03:04:05.123456Z 00O+",
    "2026-01-02T03:04:05.123456Z 01E ", f"{GITHUB} 00O ", "[2026-01-02T03:04:05.123Z] ", "[2026-01-02T03:04:05Z]",
    "2026-01-02T03:04:05Z ", "2026-01-02 03:04:05,678 - app - ", "2026-01-02T03:04:05.1234567+01:00 ",
    "\x1b[31m" + GITHUB + " ", f"\n{GITHUB} ", f" {GITHUB} ", "٢٠٢٦-٠١-٠٢T٠٣:٠٤:٠٥.١٢٣٤٥٦٧Z ", "\ufeff",
)  # fmt: skip
PIECES = (
    "x", "é\u2028", " ", "\n", "\r", "\r\n", "\x08", "\x08\x08", "\t", "\0", "\x07", "\x0c", "\x7f", "\x85",
    "\x1b", "\x1b[31;1m", "\x1b[38;2;1;2;3m", "\x1b[2K", "\x1b[1A", "\x1b[?25l", "\x1b[", "\x1b]0;title\x07",
    "\x1b]8;;http://x\x1b\\", "\x1b]open", "\x1b_bk;t=1\x07", "\x1bP1$r\x1b\\", "\x1b(B", "\x1b7", "\x1bc", "\x1b\\",
    "\x9b31m", "^[[36m", "^[[", "^[", "[0m", "\\", "$1", "\\1", GITHUB,
)  # fmt: skip


def assert_same_text(folder: Path, raws: Sequence[str | None]) -> None:
    """Store the messages as ingest does and compare what the view makes of each with what evidence gets."""
    warehouse = Warehouse(folder, wait_seconds=5)
    rows = {"line": range(1, len(raws) + 1), "timestamp": None, "level": None, "message": raws, "metadata": None}
    frame, _ = normalize(pl.DataFrame(rows, schema=RAW_LOG))
    save_log(warehouse, LogFacts(1, "s", "x", "n", "read"), stage_log(warehouse, 1, [frame]))
    stored = load_log(warehouse, 1)
    found = warehouse.query("SELECT line, raw, text FROM log_entries ORDER BY line", max_rows=len(raws)).rows
    expected = stored.select("line", "raw", text=clean_expr(pl.col("raw"))).rows()
    assert len(found) == len(raws)
    assert [pair for pair in zip(found, expected, strict=True) if pair[0] != pair[1]] == []


def test_prefixes_before_every_pair_of_pieces(tmp_path: Path) -> None:
    bodies = [f"{first}a{second}b" for first, second in product(PIECES, repeat=2)]
    assert_same_text(tmp_path, [prefix + body for prefix, body in product(PREFIXES, bodies)])


def test_three_pieces_in_any_order(tmp_path: Path) -> None:
    assert_same_text(tmp_path, ["ab" + "".join(pieces) + "c" for pieces in product(PIECES, repeat=3)])


@pytest.mark.parametrize(
    "raw",
    [
        "10%\r50%\r100%", "10%\r50%\r100%\r", "first\r\n10%\r20%\nlast\r", "\r", "\r\r", "a\r\x1b[K",
        "12%\x08\x08\x0813%\x08\x08\x0814%", "abc\x08\x08\nd\x08\x08e", "x" * 500 + "\x08" * 500 + "end",
        "é" * 70 + "\x08" * 64, "y" * 70 + "\x08" * 65 + "z", "x" * 100_000 + "\x1b[0m",
    ],
)  # fmt: skip
def test_progress_and_rubbed_out_text(tmp_path: Path, raw: str) -> None:
    assert_same_text(tmp_path, [raw, f"{GITHUB} {raw}", None])


@settings(deadline=None, max_examples=15)
@given(st.lists(st.lists(st.one_of(st.sampled_from(PREFIXES + PIECES), st.text(max_size=3))), max_size=30))
def test_any_mixture(tmp_path_factory: pytest.TempPathFactory, lines: list[list[str]]) -> None:
    assert_same_text(tmp_path_factory.mktemp("any"), ["".join(pieces) for pieces in lines])
