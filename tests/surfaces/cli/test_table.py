import csv
import io
import json
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_pipeline.surfaces.cli.table import print_rows, render_rows

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_a_table_is_aligned_by_what_a_terminal_shows() -> None:
    text = render_rows(("name", "n"), [("a", 1), ("漢字x", None)], "table")
    assert text == "name   n\n-----  -\na      1\n漢字x\n"


def test_a_table_shows_hostile_cells_by_name_and_cuts_long_ones() -> None:
    lines = render_rows(("x",), [("\x1b[2J\n\u202e",), ("y" * 100,)], "table").splitlines()
    assert lines[2] == "␛[2J␊[U+202E]"
    assert lines[3] == "y" * 59 + "…"


def test_no_columns_and_no_rows() -> None:
    assert render_rows((), [], "table") == ""
    assert render_rows(("a",), [], "table") == "a\n-\n"
    assert render_rows(("a",), [], "csv") == "a\n"
    assert json.loads(render_rows(("a",), [], "json")) == []


def test_json_carries_every_kind_of_value() -> None:
    row = (
        1,
        2.5,
        float("nan"),
        True,
        None,
        NOON,
        date(2026, 1, 2),
        Decimal("1.10"),
        b"\x01",
        {"k": [NOON]},
        UUID(int=1),
    )
    (found,) = json.loads(render_rows([str(i) for i in range(len(row))], [row], "json"))
    assert list(found.values()) == [
        1, 2.5, None, True, None, "2026-11-24T12:00:00+00:00", "2026-01-02", "1.10", "01",
        {"k": ["2026-11-24T12:00:00+00:00"]}, "00000000-0000-0000-0000-000000000001",
    ]  # fmt: skip


def test_columns_of_the_same_name_are_kept_apart_in_json() -> None:
    assert json.loads(render_rows(("n", "n", "n_2"), [(1, 2, 3)], "json")) == [{"n": 1, "n_2": 2, "n_2_2": 3}]


@given(
    st.lists(st.tuples(st.text(st.characters(exclude_characters="\r\x00", exclude_categories=("Cs",))), st.integers()))
)
def test_csv_comes_back_as_it_was(rows: list[tuple[str, int]]) -> None:
    text = render_rows(("a", "b"), rows, "csv")
    assert list(csv.reader(io.StringIO(text, newline=""))) == [["a", "b"], *[[a, str(b)] for a, b in rows]]


@given(st.lists(st.tuples(st.text())))
def test_a_table_row_is_always_one_line(rows: list[tuple[str]]) -> None:
    assert len(render_rows(("a",), rows, "table").splitlines()) == len(rows) + 2


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_no_cell_steers_a_terminal_and_a_pipe_gets_csv_whole(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, form: Literal["table", "csv", "json"]
) -> None:
    cell = "\x1b[31m\x9b2J\u202e\x7f"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    print_rows(("x",), [(cell,)], form)
    assert not set(cell) & set("\x1b\x9b\u202e\x7f") & set(capsys.readouterr().out)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False)
    print_rows(("x",), [(cell,)], form)
    out = capsys.readouterr().out
    if form == "csv":
        assert list(csv.reader(io.StringIO(out)))[1] == [cell]
    if form == "json":
        assert json.loads(out) == [{"x": cell}]
        assert out.isascii()
