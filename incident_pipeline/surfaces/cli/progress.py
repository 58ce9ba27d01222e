"""Progress of a verb in, one bar on stderr out. Nothing is written, nor rich imported, where stderr is no terminal."""

# ruff: noqa: PLC0415 - imported when a command runs: `--help` does not pay for it

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID


class Stoppable(Protocol):
    """flow.progress.Progress that can be cleared from the screen before something is printed."""

    def step(self, text: str, *, total: int | None = None) -> None: ...

    def advance(self, n: int = 1) -> None: ...

    def stop(self) -> None: ...


class Silent:
    """Says nothing: a pipe, a file, a CI log."""

    def step(self, text: str, *, total: int | None = None) -> None:
        """Nothing."""

    def advance(self, n: int = 1) -> None:
        """Nothing."""

    def stop(self) -> None:
        """Nothing."""


class Bars:
    """One line that is replaced by the next step and vanishes at the end."""

    def __init__(self) -> None:
        self._live: tuple[RichProgress, TaskID] | None = None

    def step(self, text: str, *, total: int | None = None) -> None:
        """Open a stretch of work of `total` units (None: unknown)."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        from incident_pipeline.reports.text import visible

        self.stop()
        live = Progress(
            TextColumn("{task.description}", markup=False),
            *([BarColumn()] if total else []),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        live.start()
        self._live = live, live.add_task(visible(text), total=total)

    def advance(self, n: int = 1) -> None:
        """Count `n` units done."""
        if self._live:
            live, task = self._live
            live.advance(task, n)

    def stop(self) -> None:
        """Clear the line."""
        if self._live:
            self._live[0].stop()
            self._live = None


@contextmanager
def bars() -> Generator[Stoppable]:
    """A bar on a terminal, silence elsewhere; cleared on leaving, also by an error."""
    progress: Stoppable = Bars() if sys.stderr.isatty() and os.environ.get("TERM") != "dumb" else Silent()
    try:
        yield progress
    finally:
        progress.stop()
