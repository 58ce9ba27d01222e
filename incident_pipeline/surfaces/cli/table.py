"""Column names and rows in, a plain table, CSV or JSON out. Cells are text of strangers: shown, never interpreted."""

# ruff: noqa: PLC0415 - imported when a command runs: `--help` does not pay for it

import csv
import io
import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal, cast

_WIDEST = 60


def render_rows(columns: Sequence[str], rows: Iterable[Sequence[Any]], form: Literal["table", "csv", "json"]) -> str:
    """Text that ends in a newline. A table cuts cells at 60 characters; csv and json are whole."""
    if form == "csv":
        return _csv(columns, rows)
    if form == "json":
        from incident_pipeline.reports.text import escape_unseen

        names = _unique(columns)
        objects = [dict(zip(names, map(_plain, r), strict=True)) for r in rows]
        return escape_unseen(json.dumps(objects, indent=2, ensure_ascii=False)) + "\n"
    return _table(columns, [[_cell(v) for v in row] for row in rows])


def print_rows(columns: Sequence[str], rows: Iterable[Sequence[Any]], form: Literal["table", "csv", "json"]) -> None:
    """The same on stdout: whole in a pipe or file, and on a terminal without anything that it would obey."""
    import typer

    from incident_pipeline.reports.text import visible_lines

    text = render_rows(columns, rows, form)
    typer.echo(visible_lines(text) if sys.stdout.isatty() else text, nl=False, color=True)  # echo would cut codes out


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    from rich.cells import cell_len

    if not columns:
        return ""
    head = [_cell(c) for c in columns]
    widths = [max(cell_len(r[i]) for r in (head, *rows)) for i in range(len(head))]
    lines = [head, ["-" * w for w in widths], *rows]
    padded = (
        "  ".join(c + " " * (w - cell_len(c)) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines
    )
    return "\n".join(padded) + "\n"


def _csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_word(v) for v in row] for row in rows)
    return out.getvalue()


def _cell(value: object) -> str:
    from incident_pipeline.reports.text import cut, visible

    return cut(visible(_word(value)), _WIDEST)


def _word(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    plain = _plain(value)
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


def _plain(value: object) -> object:
    """What JSON can carry: times as ISO 8601, bytes as hexadecimal, not-a-number as null, the rest by its own words."""
    if value is None or isinstance(value, bool | int | float | str):
        return None if isinstance(value, float) and not math.isfinite(value) else value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in cast("Mapping[object, object]", value).items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in cast("Sequence[object]", value)]
    return str(value)


def _unique(columns: Sequence[str]) -> list[str]:
    """SQL may name two columns alike, JSON may not: the second `n` is `n_2`."""
    names: list[str] = []
    for column in columns:
        name, count = column, 1
        while name in names:
            count += 1
            name = f"{column}_{count}"
        names.append(name)
    return names
