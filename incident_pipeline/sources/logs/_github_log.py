"""A job log's bytes in, RAW_LOG frames out, one row for each line.

Surprising facts: the log starts with a byte order mark, its times have seven digits, and a progress bar's lone `\\r`
ends a line too. The mark is dropped; the rest of a line stays as it is, its timestamp included.
"""

from collections.abc import Iterator
from typing import IO

import polars as pl

from incident_pipeline.model.frames import RAW_LOG, UTC_TIME

ROWS = 50_000
MAX_LINE = 2**20
CHUNK = 2**20
CUT_MARK = b" [cut: this line is over 1 MiB]"
_BOM = b"\xef\xbb\xbf"
_TIME = r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9})Z(?: |$)"
_COMMAND = r"^(?:\S+Z )?##\[(error|warning|notice|debug)\]"


class LogReader:
    """Reads `file` twice: `measure` tells what is in it, `frames` gives it. `cut` counts lines over MAX_LINE."""

    def __init__(self, file: IO[bytes], *, rows: int = ROWS) -> None:
        self.rows = self.cut = 0
        self._file, self._at_most = file, rows

    def measure(self) -> tuple[int, int]:
        """How many lines there are, and how many of them are cut; the file stands at its start again."""
        self._file.seek(0)
        self.cut = 0
        counts = sum(len(lines) for lines in self._lines()), self.cut
        self._file.seek(0)
        self.cut = 0
        return counts

    def frames(self) -> Iterator[pl.DataFrame]:
        """RAW_LOG frames; the file is closed after the last one, or when the iterator is dropped."""
        with self._file:
            waiting: list[bytes] = []
            for lines in self._lines():
                waiting += lines
                while len(waiting) >= self._at_most:
                    yield self._frame(waiting[: self._at_most])
                    del waiting[: self._at_most]
            if waiting:
                yield self._frame(waiting)

    def _lines(self) -> Iterator[list[bytes]]:
        rest, overlong = self._file.read(len(_BOM)).removeprefix(_BOM), False
        while chunk := self._file.read(CHUNK):
            data = rest + chunk
            # A `\r` at the end may be half of a `\r\n`: it waits for the next chunk.
            tail = b"\r" if data.endswith(b"\r") else b""
            *lines, rest = _split(data.removesuffix(tail))
            if overlong and lines:
                lines, overlong = lines[1:], False
            if overlong:
                rest = b""
            elif len(rest) > MAX_LINE:
                lines, rest, overlong = [*lines, rest], b"", True
            rest += tail
            yield [self._cut(line) for line in lines]
        *lines, rest = _split(rest)
        lines = lines[1:] if overlong else lines
        yield [self._cut(line) for line in (lines if overlong or not rest else [*lines, rest])]

    def _cut(self, line: bytes) -> bytes:
        if len(line) <= MAX_LINE:
            return line
        self.cut += 1
        return line[:MAX_LINE] + CUT_MARK

    def _frame(self, lines: list[bytes]) -> pl.DataFrame:
        first, self.rows = self.rows + 1, self.rows + len(lines)
        text = pl.Series("message", [line.decode("utf-8", "backslashreplace") for line in lines], pl.String())
        return (
            text.to_frame()
            .with_row_index("line", offset=first)
            .select(
                pl.col("line").cast(pl.Int64),
                timestamp=pl.col("message").str.extract(_TIME).str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", strict=False)
                .dt.replace_time_zone("UTC").cast(UTC_TIME),
                level=pl.col("message").str.extract(_COMMAND),
                message=pl.col("message"),
                metadata=pl.lit(None, pl.String()),
            )
            .cast(RAW_LOG)  # pyright: ignore[reportArgumentType] - the stubs want DataType classes too
        )  # fmt: skip


def _split(data: bytes) -> list[bytes]:
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
