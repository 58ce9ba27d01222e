"""Stored reports in, text on stdout or one file out.

Surprising fact: what JSON holds depends on the request, never on how much was found: one failure is an object, a time
range is an array, be it of one.
"""

# ruff: noqa: PLC0415 - imported when a command runs: `--help` does not pay for it

import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from incident_pipeline.errors import BadInput, UsageError
from incident_pipeline.surfaces.cli.options import ReportFormat

if TYPE_CHECKING:
    from incident_pipeline.flow.report import StoredReport

_ENDINGS: dict[str, ReportFormat] = {
    ".json": "json", ".md": "md", ".markdown": "md", ".html": "html", ".htm": "html",
}  # fmt: skip


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
    """Print each report as it comes (`before` clears the progress bar), or write all of them to the file at the end."""
    from incident_pipeline.surfaces.cli.errors import say

    pieces: list[str] = []
    for piece, stored in _pieces(reports, target):
        before()
        if target.path is None:
            sys.stdout.write(piece)
            sys.stdout.flush()
        else:
            pieces.append(piece)
        if stored is not None and target.format != "html":
            say(f"page of {stored.report.incident}: {stored.html_path}")
    if target.path is not None:
        write_output(target.path, "".join(pieces))
        say(f"report: {target.path}")


def write_output(path: Path, text: str, *, option: str = "--output") -> None:
    """The whole file or none: written beside its place, then moved there. BadInput when that cannot be done."""
    try:
        if path.exists() and not path.is_file():
            path.write_text(text, encoding="utf-8", errors="replace")  # a pipe or device keeps its place
            return
        place = path.resolve()
        mode = place.stat().st_mode & 0o777 if place.exists() else 0o666 & ~_umask()
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
                file.write(text)
            Path(name).chmod(mode)
            Path(name).replace(place)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise BadInput(f"{option} {path}: cannot be written: {error.strerror}") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _pieces(reports: "Iterable[StoredReport]", target: Target) -> "Iterator[tuple[str, StoredReport | None]]":
    count = 0
    for stored in reports:
        text = _render(stored, target)
        if target.format == "json":
            text = ("[\n" if count == 0 else ",\n") + text.rstrip("\n") if target.many else text
        elif count:
            text = ("\n---\n\n" if target.format == "md" else "\n\n") + text
        count += 1
        yield text, stored
    if target.format == "json" and target.many:
        yield ("\n]\n" if count else "[]\n"), None


def _render(stored: "StoredReport", target: Target) -> str:
    if target.format == "json":
        return stored.json if stored.json.endswith("\n") else stored.json + "\n"
    if target.format == "html":
        return stored.html_path.read_text(encoding="utf-8")
    if target.format == "md":
        from incident_pipeline.reports.markdown import render_markdown

        return render_markdown(stored.report)
    from incident_pipeline.reports.terminal import render_terminal

    screen = target.path is None and sys.stdout.isatty()
    width = min(os.get_terminal_size(sys.stdout.fileno()).columns, 140) if screen else 100
    return render_terminal(stored.report, width=width or 100, color=screen and not os.environ.get("NO_COLOR"))
