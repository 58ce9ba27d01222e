r"""Blocks of bytes in, numbered lines out as Polars strings. The one place that decides how lines break and count.

A line ends at `\n`, `\r\n` or a lone `\r`, and nowhere else (not at form feeds or Unicode separators), as Python's
universal newlines do. Bytes that are no text stay visible as `\xNN`. Surprising fact: a line over MAX_LINE is cut, so
a file without any break does not fill the memory; the mark says how much was left out.
"""

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import polars as pl

MAX_LINE = 1 << 20
CHUNK = 4 << 20
HEAD = 64 << 10

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MAX_BAD = 0.3
_BYTES_A_NUL = 1_000


@dataclass(frozen=True, slots=True)
class Lines:
    """Consecutive lines of a file: `text` (String, no breaks), the first of them numbered `first` (from 1)."""

    first: int
    text: pl.Series


def find_encoding(head: bytes, given: str | None = None) -> tuple[str, int] | None:
    """(codec, length of the byte order mark) of a file that starts with `head`; None when it holds no text.

    A mark wins over `given`. Without both it is UTF-8, or UTF-16 when every other byte is NUL. A stray NUL (a program
    printed one) makes no binary of a long text.
    """
    for mark, codec in _BOMS:
        if head.startswith(mark):
            return codec, len(mark)
    if given:
        return codecs.lookup(given).name, 0
    if b"\0" in head:
        even, odd = head[::2].count(0), head[1::2].count(0)
        if max(even, odd) * 2 > len(head) * 0.6 and min(even, odd) * 20 <= max(even, odd):
            return ("utf-16-le" if odd > even else "utf-16-be"), 0
        if (even + odd) * _BYTES_A_NUL > len(head):
            return None
    # A character cut by the end of the head is no fault; one byte in three that is no UTF-8 is no text.
    bad = len(codecs.getincrementaldecoder("utf-8")("backslashreplace").decode(head)) - len(
        head.decode(errors="ignore")
    )
    return None if bad > len(head) * 4 * _MAX_BAD else ("utf-8", 0)


class LineReader:
    """Splits one file. `rows`, `cut` (lines over MAX_LINE) and `bad` (not all was text) are final after `lines`."""

    def __init__(self, blocks: Iterable[bytes], *, codec: str = "utf-8", skip: int = 0) -> None:
        self.rows = self.cut = 0
        self.bad = False
        self._blocks, self._codec, self._skip = blocks, codec, skip

    def lines(self) -> Iterator[Lines]:
        """The lines in order, about CHUNK bytes at a time."""
        rest, lost = b"", 0  # the line that has begun: what is kept of it, and how many bytes are not
        for chunk in _whole_breaks(_chunks(self._utf8())):
            body, found, tail = (rest + chunk).rpartition(b"\n")
            if found:
                yield self._split(body, lost)
                lost = 0
            if len(tail) > MAX_LINE:
                lost, tail = lost + len(tail) - MAX_LINE - 1, tail[: MAX_LINE + 1]
            rest = tail
        if rest:
            yield self._split(rest, lost)

    def _utf8(self) -> Iterator[bytes]:
        """The file as UTF-8, without its byte order mark; other encodings are decoded on the way."""
        skip, decoder = self._skip, None
        if self._codec != "utf-8":
            decoder = codecs.getincrementaldecoder(self._codec)("backslashreplace")
        for block in self._blocks:
            text, skip = block[skip:], max(0, skip - len(block))
            yield decoder.decode(text).encode(errors="backslashreplace") if decoder else text
        if decoder:
            yield decoder.decode(b"", final=True).encode(errors="backslashreplace")

    def _split(self, body: bytes, lost: int) -> Lines:
        if b"\0" in body:
            body, self.bad = body.replace(b"\0", b"\\x00"), True
        one = pl.Series([body], dtype=pl.Binary)
        try:
            one = one.cast(pl.String)
        except pl.exceptions.PolarsError:  # not UTF-8
            one, self.bad = pl.Series([body.decode(errors="backslashreplace")], dtype=pl.String), True
        text = one.str.split("\n").explode()
        if len(body) > MAX_LINE or lost:
            text = self._shorten(text, lost)
        first, self.rows = self.rows + 1, self.rows + len(text)
        return Lines(first, text)

    def _shorten(self, text: pl.Series, lost: int) -> pl.Series:
        """Cut the lines over MAX_LINE; `lost` bytes of the first one are gone already."""
        rows = (text.str.len_bytes() > MAX_LINE).arg_true().to_list()
        short: list[str] = []
        for row in rows:
            whole = text[row].encode()
            kept = whole[:MAX_LINE].decode(errors="ignore")
            left_out = len(whole) - len(kept.encode()) + (lost if row == 0 else 0)
            short.append(f"{kept} [line cut: {left_out} more bytes left out]")
        self.cut += len(rows)
        return text.clone().scatter(rows, pl.Series(short, dtype=pl.String)) if rows else text


def _chunks(blocks: Iterable[bytes]) -> Iterator[bytes]:
    waiting: list[bytes] = []
    size = 0
    for block in blocks:
        waiting.append(block)
        size += len(block)
        if size >= CHUNK:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join(waiting)


def _whole_breaks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    r"""Chunks with all breaks as `\n`. A `\r` that ends a chunk waits: it may be half of a `\r\n`."""
    waiting = b""
    for chunk in chunks:
        text = waiting + chunk
        waiting = b"\r" if text.endswith(b"\r") else b""
        text = text[:-1] if waiting else text
        yield text.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in text else text
    if waiting:
        yield b"\n"
