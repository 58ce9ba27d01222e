"""A stream of bytes in, what stands before a mark out; and a commit's patch, cut into its files.

Surprising: no line of a patch needs counting to find where a file or a commit ends. Patch lines start with a sign or
a known word, so a newline followed by `diff --git `, or by the \\x01 put before each commit, cannot be content.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

_CHUNK = 1 << 20
_LEAST = 32 << 10
_HELD = 2 << 20
_FILE = b"\ndiff --git "
_NEXT = re.compile(rb"\n(?:diff --git |\x01)")
_END = b"\n\x01"


class Cut(NamedTuple):
    """The start of a file's part of a patch that was too large to hold; the counts are of the lines dropped."""

    text: bytes
    added: int
    deleted: int
    cut: bool = True


class PatchStream:
    """Bytes up to a mark, reading on as needed. Holds one commit of at most `_HELD` bytes, or one file of a larger."""

    __slots__ = ("_buffer", "_position", "_read")

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read, self._buffer, self._position = read, b"", 0

    def _more(self) -> bool:
        """Read at least as much as is held, so that a large commit is not copied once for every small read."""
        parts = [self._buffer[self._position :]]
        missing = max(len(parts[0]), _LEAST)
        while missing > 0 and (chunk := self._read(_CHUNK)):
            parts.append(chunk)
            missing -= len(chunk)
        self._buffer, self._position = b"".join(parts), 0
        return len(parts) > 1

    def peek(self) -> bytes:
        """The next byte; b"" at the end."""
        if self._position == len(self._buffer) and not self._more():
            return b""
        return self._buffer[self._position : self._position + 1]

    def until(self, mark: bytes) -> bytes:
        """What stands before `mark`, which is passed over; at the end of the stream, the rest."""
        seen = 0
        while (at := self._buffer.find(mark, self._position + seen)) < 0:
            seen = max(len(self._buffer) - self._position - len(mark), 0)
            if not self._more():
                at = len(self._buffer)
                break
        found, self._position = self._buffer[self._position : at], min(at + len(mark), len(self._buffer))
        return found

    def sections(self) -> Iterable[bytes | Cut]:
        """Each file's part of one commit's patch, without its `diff --git `; to be read to its end."""
        self.until(_FILE[1:])
        while (end := self._buffer.find(_END, self._position)) < 0 and len(self._buffer) - self._position < _HELD:
            if not self._more():
                break
        if end < 0:
            return self._long_sections()
        start, self._position = self._position, end + 1
        return self._buffer[start:end].split(_FILE)

    def _long_sections(self) -> Iterator[bytes | Cut]:
        """The same where the end of the commit is not in sight: a large commit, or the last of the stream."""
        held, added, deleted = b"", 0, 0
        while True:
            mark = _NEXT.search(self._buffer, self._position)
            if not mark and len(self._buffer) - self._position >= _HELD:
                dropped = self._drop()
                held, added, deleted = held or dropped, added + dropped.count(b"\n+"), deleted + dropped.count(b"\n-")
                continue
            if not mark and self._more():
                continue
            end = mark.start() if mark else len(self._buffer) - self._buffer.endswith(b"\n")
            rest = self._buffer[self._position : end]
            yield _cut(held, rest, added, deleted) if held else rest
            held, added, deleted = b"", 0, 0
            last = not mark or mark.group() == _END
            self._position = len(self._buffer) if not mark else mark.end() - last
            if last:
                return

    def _drop(self) -> bytes:
        """Pass over what is held, but for its last line, which may be the start of a mark."""
        newline = self._buffer.rfind(b"\n", self._position + 1)
        end = newline if newline >= 0 else len(self._buffer)
        dropped, self._position = self._buffer[self._position : end], end
        return dropped


def _cut(held: bytes, rest: bytes, added: int, deleted: int) -> Cut:
    """The first stretch stands for the file; its own lines are counted with its hunks."""
    added += rest.count(b"\n+") - held.count(b"\n+")
    deleted += rest.count(b"\n-") - held.count(b"\n-")
    return Cut(held, added, deleted)
