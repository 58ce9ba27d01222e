"""What a verb tells about its progress. The terminal draws bars from it, Dagster logs it, tests ignore it."""

from typing import Protocol


class Progress(Protocol):
    """`step` opens a new stretch of work (`total` units, None when unknown), `advance` counts units of it."""

    def step(self, text: str, *, total: int | None = None) -> None: ...

    def advance(self, n: int = 1) -> None: ...


class _Quiet:
    def step(self, text: str, *, total: int | None = None) -> None:
        """Says nothing."""

    def advance(self, n: int = 1) -> None:
        """Says nothing."""


quiet: Progress = _Quiet()
