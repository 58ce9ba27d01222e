"""A report in, text for a terminal of `width` columns out. Rich is imported when called.

Surprising fact: rich reads `[bold]` in a plain string as markup. Everything here goes in as Text, which it does not
read. Colour only repeats what the words say: blue and yellow, which the colour-blind tell apart, never red and green.
"""

import re
from collections.abc import Sequence
from io import StringIO
from typing import TYPE_CHECKING

from incident_pipeline.model.report import Report
from incident_pipeline.reports import beyond, view
from incident_pipeline.reports.text import collapse, count, cut, cut_path, is_hash, short, visible

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

NARROWEST = 40
_NARROW = 80
_LABEL_WIDTH = 11
_INDENT = 2
_CITATIONS = 5
_REASON_WIDTH = 240
_STATUS_STYLE = {"CONFIRMED": "bold blue", "LIKELY": "bold blue", "INCONCLUSIVE": "bold yellow"}


def render_terminal(report: Report, *, width: int = 100, color: bool = False) -> str:
    """Text that ends in a newline, no line wider than `width` (at least 40) cells but a command, which must stay whole
    to be copied.

    Without `color`, or with `NO_COLOR` in the environment, the text holds no colour.
    """
    from rich.console import Console  # noqa: PLC0415 - 50 ms that no other view should pay

    width = max(width, NARROWEST)
    out = StringIO()
    system = "standard" if color else None
    console = Console(
        file=out, width=width, force_terminal=color, color_system=system, no_color=None if color else True,
        highlight=False, markup=False, emoji=False, legacy_windows=False,
    )  # fmt: skip
    _head(console, report, width)
    _sections(console, report, width)
    console.print(_text(f"{view.foot(report)} · {report.incident}", "dim"))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def _text(text: str, style: str = "", *, fold: bool = True) -> "Text":
    from rich.text import Text  # noqa: PLC0415 - as above

    return Text(visible(text), style=style, overflow="fold" if fold else "ellipsis", no_wrap=not fold)


def _grid(*widths: int | None) -> "Table":
    """Columns two apart; None takes what is left and wraps."""
    from rich.table import Table  # noqa: PLC0415 - as above

    table = Table.grid(padding=(0, 2, 0, 0), pad_edge=False, expand=True)
    for width in widths:
        table.add_column(width=width, ratio=None if width else 1, overflow="fold")
    return table


def _indented(table: "Table") -> "Padding":
    from rich.padding import Padding  # noqa: PLC0415 - as above

    return Padding(table, (0, 0, 0, _INDENT))


def _head(console: "Console", report: Report, width: int) -> None:
    title, when = view.title_line(report), view.when(report)
    wide = len(title) + len(when) + 12 <= width
    first = _grid(_LABEL_WIDTH - 2, None, len(when)) if wide else _grid(_LABEL_WIDTH - 2, None)
    failed = _text("FAILED", "bold")
    if wide:
        first.add_row(failed, _text(title), _text(when, "dim"))
    else:
        first.add_row(failed, _text(title))
        first.add_row("", _text(when, "dim"))
    console.print(first)
    console.print()
    verdict = _grid(_label(report), None, 4)
    verdict.add_row(
        _text(report.status, _STATUS_STYLE[report.status]), _text(view.lead(report), "bold"),
        _text(view.confidence(report), "bold"),
    )  # fmt: skip
    kind = "" if report.verdict == "unknown" else f"; {report.verdict}, {report.category}"
    verdict.add_row("", _text(view.range_line(report) + kind, "dim"), "")
    console.print(verdict)
    console.print()


def _label(report: Report) -> int:
    return max(len(report.status), _LABEL_WIDTH - 2)


def _sections(console: "Console", report: Report, width: int) -> None:
    if report.citations:
        console.print(_text("Because", "bold"))
        _because(console, report, width)
    stories = view.stories(report)
    if stories:
        console.print(_text("Two stories", "bold"))
        rows = _grid(4, None)
        for story in stories:
            rows.add_row(view.chance(story.probability), _text(f"{story.title}: {_joined(story.why)}"))
        console.print(_indented(rows))
    elif suspects := view.suspect_rows(report):
        console.print(_text("Suspects", "bold"))
        rows = _grid(4, 7, None)
        for each in suspects:
            why = _joined(each.why) or each.subject
            rows.add_row(view.chance(each.probability), _text(short(each.hash), "blue"), _text(why))
        console.print(_indented(rows))
    _lists(console, report)
    _next(console, report)


def _joined(why: Sequence[str]) -> str:
    return cut("; ".join(why), _REASON_WIDTH)


def _because(console: "Console", report: Report, width: int) -> None:
    shown = view.because(report, _CITATIONS)
    wide = width >= _NARROW
    refs = [_place(view.shorten(each.citation.ref), width // 3 if wide else width - 10) for each in shown]
    space = max(map(len, refs))
    left = width - _INDENT - 5 - space - 2 if wide else width - _INDENT - 5
    quotes = [cut(collapse(each.citation.quote), 2 * left - 8) for each in shown]
    table = _grid(3, space, None) if wide else _grid(3, None)
    for each, ref, quote in zip(shown, refs, quotes, strict=True):
        # The quote proves, the note only explains: it is told where it fits on the line.
        place, said = _text(ref, "blue"), _text(quote)
        note = collapse(each.citation.note)
        note = note if len(quote) + 2 + len(note) <= left else re.split("[,;]", note)[0]
        if note and len(quote) + 2 + len(note) <= left:
            said.append_text(_text(f"  {note}", "dim"))
        if wide:
            table.add_row(each.id, place, said)
        else:
            table.add_row(each.id, place)
            table.add_row("", said)
    console.print(_indented(table))
    more = len(report.citations) - len(shown)
    if more:
        console.print(_text(f"       {count(more, 'more citation')}: --format md or html", "dim"))


def _place(ref: str, width: int) -> str:
    """A citation in at most `width` characters: hash and end of the path stay."""
    sha, colon, path = ref.partition(":")
    return f"{sha}:{cut_path(path, width - len(sha) - 1)}" if colon and is_hash(sha) else cut_path(ref, width)


def _lists(console: "Console", report: Report) -> None:
    rows = _grid(_LABEL_WIDTH, None)
    ruled = list(view.ruled_out(report))
    ask = [f"{each.name}, {each.why}" for each in report.owners]
    unread = [
        f"{each.what} ({each.source}): {each.status}" + (f", {each.detail}" if each.detail else "")
        for each in report.sources
        if each.status != "read" and each.detail not in report.not_known
    ]
    parts = (
        ("Replayed", list(beyond.replayed(report))), ("Errors", list(beyond.bursts(report))), ("Ruled out", ruled),
        ("Not known", list(report.not_known)), ("Not read", unread), ("Seen before", list(beyond.seen_before(report))),
        ("Ask", ask), ("Notes", list(report.notes)),
    )  # fmt: skip
    for label, texts in parts:
        for place, text in enumerate(texts):
            name: RenderableType = _text("" if place else label, "bold")
            rows.add_row(name, _text(cut(text, 2 * _REASON_WIDTH)))
    console.print(rows)


def _next(console: "Console", report: Report) -> None:
    for place, step in enumerate(report.next_steps):
        row = _grid(_LABEL_WIDTH, None)
        row.add_row(_text("" if place else "Next", "bold"), _text(f"{step.text}:" if step.command else step.text))
        console.print(row)
        if step.command:
            console.print(_text(" " * (_LABEL_WIDTH + 4) + step.command, "blue", fold=False), soft_wrap=True)
    console.print()
