"""One log file in, RAW_LOG frames out as it is read, and how far that went.

Surprising fact: the file is opened twice, first for its head only (is it text, which encoding, which format), so that
bad input is one error at the call and a log that nobody reads holds no file open.
"""

import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from incident_pipeline.errors import AccessDenied, BadInput, NotFound, UsageError
from incident_pipeline.model.logs import ReadStatus, SourceStatus
from incident_pipeline.sources.logs._bytes import ByteStream
from incident_pipeline.sources.logs._decode import HEAD, LineReader, find_encoding
from incident_pipeline.sources.logs._entries import join_entries
from incident_pipeline.sources.logs._formats import Format, Reading, find_format
from incident_pipeline.sources.logs._times import any_naive, find_days

ROWS = 50_000


class FileLog:
    """A log file that proved readable. `frames` yields RAW_LOG frames, once; `status()` is final after that."""

    def __init__(
        self, path: Path, *, how: Format, reading: Reading, codec: str, skip: int, rows: int = ROWS, naive: bool = False
    ) -> None:
        self.path, self.format = path, how.name
        self._notes = [f"times without a zone were read as {reading.zone}"] if naive else []
        self._notes += ["times without a date were dated back from the file's last change"] if how.dateless else []
        self._codec, self._seen = codec, _Seen()
        # The iterator does not know this object: a circle of the two would keep a dropped file open.
        self.frames: Iterator[pl.DataFrame] = _read(
            path, self._seen, how=how, reading=reading, codec=codec, skip=skip, rows=rows
        )

    def status(self, source: str = "files") -> SourceStatus:
        """How far the file was read: rows given, bytes of plain text, and lines cut (`skipped`)."""
        seen = self._seen
        status: ReadStatus = "truncated" if seen.problem else "read" if seen.rows else "empty"
        notes = ["the log has no line"] if status == "empty" else [seen.problem] if seen.problem else []
        if seen.cut:
            notes.append(f"{seen.cut:,} lines over 1 MiB cut")
        if seen.bad:
            notes.append(f"some bytes are no {self._codec.upper()} text and stand as \\xNN")
        notes += self._notes
        return SourceStatus(source, "logs", str(self.path), status, "; ".join(notes), seen.rows, seen.bytes, seen.cut)


@dataclass(slots=True)
class _Seen:
    """What of a file has been read so far."""

    rows: int = 0
    cut: int = 0
    bytes: int = 0
    bad: bool = False
    problem: str = ""


def _read(
    path: Path, seen: _Seen, *, how: Format, reading: Reading, codec: str, skip: int, rows: int
) -> Iterator[pl.DataFrame]:
    if how.dateless and reading.modified:
        clocks = _clocks(path, how.dateless, codec=codec, skip=skip)
        reading = replace(reading, days=find_days(clocks, modified=reading.modified, zone=reading.zone))
    with path.open("rb") as file:
        stream = ByteStream(file)
        reader = LineReader(stream.blocks(), codec=codec, skip=skip)
        for entries in join_entries(reader.lines(), how):
            for part in how.parse(entries, reading).iter_slices(rows):
                seen.rows += part.height
                yield part
            seen.cut, seen.bad, seen.bytes = reader.cut, reader.bad, stream.size
        seen.cut, seen.bad, seen.bytes, seen.problem = reader.cut, reader.bad, stream.size, stream.problem


def _clocks(path: Path, dateless: str, *, codec: str, skip: int) -> Iterator[tuple[int, pl.Series]]:
    """The hours in a file whose lines tell no date: it is read once more for them, since the days are counted back."""
    with path.open("rb") as file:
        for lines in LineReader(ByteStream(file).blocks(), codec=codec, skip=skip).lines():
            yield lines.first, lines.text.str.extract(dateless)


def open_log_file(
    path: Path, *, fmt: str | None = None, timezone: tzinfo | str = UTC, encoding: str | None = None,
    rows: int = ROWS, who: str = "",
) -> FileLog:  # fmt: skip
    """See `files.read_log_file`, which is this without the cost at import. `who`: what errors call the file."""
    who = who or f"log file {path}"
    zone = _zone_name(timezone)
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):
            what = "a folder" if stat.S_ISDIR(facts.st_mode) else "no regular file"
            raise BadInput(f"{who}: is {what}: give a log file")
        head = _head(path)
    except FileNotFoundError as error:
        raise NotFound(f"{who}: not found") from error
    except PermissionError as error:
        raise AccessDenied(f"{who}: may not be read: change its permissions or your user") from error
    except OSError as error:
        raise BadInput(f"{who}: {error.strerror or error}") from error
    found = find_encoding(head, encoding)
    if found is None:
        raise BadInput(f"{who}: is binary, not a text log (UTF-16 text needs a byte order mark)")
    codec, skip = found
    sample = head[skip:].decode(codec, errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    lines = sample.split("\n")[:1000]
    how = find_format(fmt, lines)
    if how.dateless and not any(re.match(how.dateless, line) for line in lines):
        how = replace(how, dateless=None)
    naive = how.start is not None and any_naive(lines)  # only formats with times say where an entry starts
    modified = datetime.fromtimestamp(facts.st_mtime, UTC)
    reading = Reading(zone, modified)
    return FileLog(path, how=how, reading=reading, codec=codec, skip=skip, rows=rows, naive=naive)


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
