"""One log file in, RAW_LOG frames out as it is read, and how far that went.

Surprising fact: the file is opened twice, first for its head only (is it text, which encoding, which format), so that
bad input is one error at the call and a log that nobody reads holds no file open.
"""

import stat
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from incident_pipeline.errors import AccessDenied, BadInput, NotFound, UsageError
from incident_pipeline.model.logs import ReadStatus, SourceStatus
from incident_pipeline.sources.logs._bytes import ByteStream
from incident_pipeline.sources.logs._decode import HEAD, LineReader, find_encoding
from incident_pipeline.sources.logs._entries import join_entries
from incident_pipeline.sources.logs._formats import Format, Reading, find_format

ROWS = 50_000


class FileLog:
    """A log file that proved readable. `frames` yields RAW_LOG frames, once; `status()` is final after that."""

    def __init__(self, path: Path, *, how: Format, reading: Reading, codec: str, skip: int, rows: int = ROWS) -> None:
        self.path, self.format = path, how.name
        self._how, self._reading, self._codec, self._skip, self._at_most = how, reading, codec, skip, rows
        self._rows = self._cut = self._bytes = 0
        self._bad, self._problem = False, ""
        self.frames: Iterator[pl.DataFrame] = self._read()

    def status(self, source: str = "files") -> SourceStatus:
        """How far the file was read: rows given, bytes of plain text, and lines cut (`skipped`)."""
        notes = [self._problem] if self._problem else []
        if self._cut:
            notes.append(f"{self._cut} lines over 1 MiB cut")
        if self._bad:
            notes.append(f"some bytes are no {self._codec.upper()} text and stand as \\xNN")
        status: ReadStatus = "truncated" if self._problem else "read" if self._rows else "empty"
        return SourceStatus(
            source, "logs", str(self.path), status, "; ".join(notes), self._rows, self._bytes, self._cut
        )

    def _read(self) -> Iterator[pl.DataFrame]:
        with self.path.open("rb") as file:
            stream = ByteStream(file)
            reader = LineReader(stream.blocks(), codec=self._codec, skip=self._skip)
            for entries in join_entries(reader.lines(), self._how):
                for part in self._how.parse(entries, self._reading).iter_slices(self._at_most):
                    self._rows += part.height
                    yield part
                self._cut, self._bad, self._bytes = reader.cut, reader.bad, stream.size
            self._cut, self._bad, self._bytes, self._problem = reader.cut, reader.bad, stream.size, stream.problem


def open_log_file(
    path: Path, *, fmt: str | None = None, timezone: tzinfo | str = UTC, encoding: str | None = None, rows: int = ROWS
) -> FileLog:
    """See `files.read_log_file`, which is this without the cost at import."""
    zone = _zone_name(timezone)
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):
            what = "a folder" if stat.S_ISDIR(facts.st_mode) else "no regular file"
            raise BadInput(f"log file {path}: is {what}: give a log file")
        head = _head(path)
    except FileNotFoundError as error:
        raise NotFound(f"log file {path}: not found") from error
    except PermissionError as error:
        raise AccessDenied(f"log file {path}: may not be read: change its permissions or your user") from error
    except OSError as error:
        raise BadInput(f"log file {path}: {error.strerror or error}") from error
    found = find_encoding(head, encoding)
    if found is None:
        raise BadInput(f"log file {path}: is binary, not a text log (UTF-16 text needs a byte order mark)")
    codec, skip = found
    sample = head[skip:].decode(codec, errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    how = find_format(fmt, list(islice(iter(sample.split("\n")), 1000)))
    modified = datetime.fromtimestamp(facts.st_mtime, UTC)
    return FileLog(path, how=how, reading=Reading(zone, modified), codec=codec, skip=skip, rows=rows)


def _head(path: Path) -> bytes:
    head = b""
    with path.open("rb") as file:
        for block in ByteStream(file).blocks():
            head += block
            if len(head) >= HEAD:
                break
    return head[:HEAD]


def _zone_name(timezone: tzinfo | str) -> str:
    name = timezone if isinstance(timezone, str) else getattr(timezone, "key", None) or str(timezone)
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(f"unknown time zone {name!r}: use an IANA name such as Europe/Berlin") from error
