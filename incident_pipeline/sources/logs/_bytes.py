"""A file in, its plain bytes out in blocks: gzip, zstd, bzip2 and xz are told by their first bytes, not by the name.

Surprising fact: a compressed log that was cut short still holds most of its text. What could be read is given; then the
stream ends and `problem` says where. Several members one after another (rotated logs joined by `cat`) are one stream.
"""

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import BinaryIO, Protocol

PLAIN_BLOCK = 1 << 20
# One piece of compressed input at most swells to some 100 MiB (bzip2's best case), so memory stays flat.
PACKED_BLOCK = 4 << 10
# No log packs better than this for long: what swells further is a bomb, and is cut.
MAX_SWELLING, MAX_SWOLLEN = 200, 256 << 20


class _Unpacker(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


class _Gzip:
    """zlib's decompressor, which can give what a damaged piece still holds: zlib itself drops it all with the error."""

    def __init__(self) -> None:
        self._inner = self._before = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, /) -> bytes:
        self._before = self._inner.copy()
        return self._inner.decompress(data)

    def salvage(self, data: bytes) -> bytes:
        """What can be had of the piece that failed, byte by byte up to the fault."""
        plain: list[bytes] = []
        with suppress(zlib.error):
            plain.extend(self._before.decompress(data[at : at + 1]) for at in range(len(data)))
        return b"".join(plain)


class _Zstd:
    """zstandard's decompressor with the errors of the standard library's; imported when a zstd file turns up."""

    def __init__(self) -> None:
        import zstandard  # noqa: PLC0415 - only a zstd file needs it

        self._error: type[Exception] = zstandard.ZstdError
        self._inner: _Unpacker = zstandard.ZstdDecompressor().decompressobj()

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, /) -> bytes:
        try:
            return self._inner.decompress(data)
        except self._error as error:
            raise ValueError(str(error)) from error


_PACKED: tuple[tuple[str, bytes, Callable[[], _Unpacker]], ...] = (
    ("gzip", b"\x1f\x8b", _Gzip),
    ("zstd", b"\x28\xb5\x2f\xfd", _Zstd),
    ("bzip2", b"BZh", bz2.BZ2Decompressor),
    ("xz", b"\xfd7zXZ\x00", lzma.LZMADecompressor),
)


class ByteStream:
    """The plain bytes of an open file. `problem` is final when `blocks` has ended: "" or what was wrong, in words."""

    def __init__(self, file: BinaryIO) -> None:
        self.problem = ""
        self.packing = ""
        self.size = 0
        self._file, self._packed = file, 0

    def blocks(self) -> Iterator[bytes]:
        """Blocks of plain bytes, none empty."""
        start = self._file.read(PACKED_BLOCK)
        for name, magic, unpacker in _PACKED:
            if start.startswith(magic):
                self.packing = name
                source = self._unpacked(start, unpacker)
                break
        else:
            source = self._plain(start)
        for block in source:
            self.size += len(block)
            yield block

    def _plain(self, start: bytes) -> Iterator[bytes]:
        block = start
        while block:
            yield block
            block = self._file.read(PLAIN_BLOCK)

    def _unpacked(self, block: bytes, new: Callable[[], _Unpacker]) -> Iterator[bytes]:
        unpacker = new()
        self._packed += len(block)
        while block:
            if self.size > max(MAX_SWOLLEN, self._packed * MAX_SWELLING):
                self.problem = f"{self.packing} data swells over {MAX_SWELLING}-fold: cut after {self.size:,} bytes"
                return
            try:
                if plain := unpacker.decompress(block):
                    yield plain
            except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
                if isinstance(unpacker, _Gzip) and (plain := unpacker.salvage(block)):
                    yield plain
                self.problem = f"{self.packing} data damaged after {self.size:,} bytes of text ({error})"
                return
            block = b""
            if unpacker.eof:
                block = unpacker.unused_data.lstrip(b"\0") or self._more().lstrip(b"\0")
                if not block:
                    return
                unpacker = new()
            block = block or self._more()
        self.problem = f"{self.packing} data ends early, after {self.size:,} bytes of text"

    def _more(self) -> bytes:
        block = self._file.read(PACKED_BLOCK)
        self._packed += len(block)
        return block
