"""Stored reports in, text on stdout or one file out.

Surprising fact: what JSON holds depends on the request, never on how much was found: one failure is an object, a time
range is an array, be it of one.
"""

# ruff: noqa: PLC0415 - imported when a command runs: `--help` does not pay for it

import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from incident_pipeline.errors import BadInput, UsageError
from incident_pipeline.flow.files import write_file
from incident_pipeline.surfaces.cli.options import ReportFormat

if TYPE_CHECKING:
    from incident_pipeline.flow.report import StoredReport

_ENDINGS: dict[str, ReportFormat] = {
    ".json": "json", ".md": "md", ".markdown": "md", ".html": "html", ".htm": "html",
}  # fmt: skip
_BETWEEN: dict[ReportFormat, str] = {"text": "\n\n", "json": "", "md": "\n---\n\n", "html": ""}


@dataclass(frozen=True, slots=True)
class Target:
    """Where a report goes and as what; `many` when the request may find several."""

    format: ReportFormat
    path: Path | None = None
    many: bool = False


def format_of(path: Path | None) -> ReportFormat:
    """The format a file's ending names, else text."""
    return _ENDINGS.get(path.suffix.lower(), "text") if path else "text"


def check_target(target: Target) -> None:
    """Refuse what can be seen to fail before any work is done."""
    if target.many and target.format == "html":
        raise UsageError("--format html holds one incident, a time range may find several: give text, md or json")
    if target.path is None:
        return
    if target.path.is_dir():
        raise UsageError(f"--output {target.path}: is a folder; name a file")
    if not target.path.parent.is_dir():
        raise UsageError(f"--output {target.path}: folder {target.path.parent} does not exist")


def emit(reports: "Iterable[StoredReport]", target: Target, *, before: Callable[[], None] = lambda: None) -> None:
    """Print each report as it comes (`before` clears the progress bar); a file or a JSON array is written at the end.

    So an error on the way leaves neither half a file nor half an array.
    """
    from incident_pipeline.surfaces.cli.errors import say

    at_once = target.path is not None or (target.many and target.format == "json")
    pieces: list[str] = []
    for stored in reports:
        before()
        text = _render(stored, target)
        if at_once:
            pieces.append(text)
        else:
            typer.echo(_BETWEEN[target.format] * bool(pieces) + text, nl=False)
            pieces = [""]
        if target.format != "html":
            say(f"page of {stored.report.incident}: {stored.html_path}")
    if at_once:
        text = _joined(pieces, target)
        if target.path is None:
            typer.echo(text, nl=False)
        else:
            write_output(target.path, text)
            say(f"report: {target.path}")


def _joined(pieces: list[str], target: Target) -> str:
    if target.many and target.format == "json":
        return "[\n" + ",\n".join(p.rstrip("\n") for p in pieces) + "\n]\n" if pieces else "[]\n"
    return _BETWEEN[target.format].join(pieces)


def write_output(path: Path, text: str, *, option: str = "--output") -> None:
    """The whole file or none: written beside its place, then moved there. BadInput when that cannot be done."""
    try:
        if path.exists() and not path.is_file():
            path.write_text(text, encoding="utf-8", errors="replace")  # a pipe or device keeps its place
            return
        place = path.resolve()
        mode = place.stat().st_mode & 0o777 if place.exists() else 0o666 & ~_umask()
        write_file(place, text, mode=mode)
    except OSError as error:
        raise BadInput(f"{option} {path}: cannot be written: {error.strerror}") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _render(stored: "StoredReport", target: Target) -> str:
    if target.format == "json":
        return stored.json.rstrip("\n") + "\n"
    if target.format == "html":
        from incident_pipeline.reports.html import render_html

        return render_html(stored.report)
    if target.format == "md":
        from incident_pipeline.reports.markdown import render_markdown

        return render_markdown(stored.report)
    from incident_pipeline.reports.terminal import render_terminal

    screen = target.path is None and sys.stdout.isatty()
    width = min(os.get_terminal_size(sys.stdout.fileno()).columns, 140) if screen else 100
    return render_terminal(stored.report, width=width or 100, color=screen and not os.environ.get("NO_COLOR"))
