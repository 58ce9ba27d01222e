"""Log files on this machine: globs, folders and rotated sets in, entries out, oldest file first.

    - type: files
      config:
        path: [/var/log/shop/*.log*, archive]   # globs and folders; relative ones start at `root`
        root: ..                                # optional: a folder no path may leave (default: the config's folder)
        service: shop                           # optional: the set's name (default: the entry's name)
        format: auto                            # or one of FORMATS
        timezone: Europe/Berlin                 # of times that name none (default UTC)
        encoding: latin-1                       # default: UTF-8, or what the byte order mark says

Formats: `github_actions` (job logs), `json` and `logfmt` (records), `syslog` (RFC 3164 and 5424, rsyslog's files),
`python` (logging), `log4j` (log4j, logback, Spring Boot, java.util.logging, Tomcat; `logback`, `spring_boot`,
`java_util_logging` and `tomcat` are other names of it), `access_log` (nginx, Apache), `nginx_error`, `apache_error`,
`plain`. Surprising fact: line numbers are each file's own, so rows name their file in `metadata`.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from pydantic import field_validator

from incident_pipeline.errors import AccessDenied, BadInput, IncidentError, NotFound, UsageError
from incident_pipeline.model.levels import SPELLINGS, at_least
from incident_pipeline.model.logs import LogEntry, ReadStatus, SourceCheck, SourceStatus
from incident_pipeline.sources.base import LogSource, SourceConfig, SourceContext

if TYPE_CHECKING:
    import polars as pl

    from incident_pipeline.sources.logs._log_file import FileLog

FORMATS = (
    "auto", "github_actions", "json", "logfmt", "syslog", "python", "log4j", "access_log", "nginx_error",
    "apache_error", "plain", "logback", "spring_boot", "java_util_logging", "tomcat",
)  # fmt: skip
ROWS = 50_000


class Config(SourceConfig):
    """Keys of a `files` entry; the module's docstring shows them."""

    path: str | tuple[str, ...]
    root: Path | None = None
    service: str = ""
    format: str = "auto"
    timezone: str = "UTC"
    encoding: str | None = None

    @field_validator("format")
    @classmethod
    def _known_format(cls, name: str) -> str:
        name = name.replace("-", "_")
        if name not in FORMATS:
            raise ValueError(f"unknown format {name!r}: use one of {', '.join(FORMATS)}")
        return name

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            return ZoneInfo(name).key
        except (LookupError, ValueError, OSError) as error:
            raise ValueError(f"unknown time zone {name!r}: use an IANA name such as Europe/Berlin") from error

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, name: str | None) -> str | None:
        try:
            return None if name is None else "".encode(name).decode(name) or name
        except LookupError as error:
            raise ValueError(f"unknown encoding {name!r}") from error


def read_log_file(
    path: Path, *, fmt: str | None = None, timezone: tzinfo | str = UTC, encoding: str | None = None, rows: int = ROWS
) -> "FileLog":
    """Open one log file of any format (`fmt`, or found out), packing (gzip, zstd, bzip2, xz) and encoding.

    `.frames` yields RAW_LOG frames of at most `rows` rows, once; `.status()` is final after that. Naive times are in
    `timezone` (a tzinfo with an IANA name, or the name). NotFound, AccessDenied, or BadInput when it is no file or no
    text; a file cut short is no error but a status.
    """
    from incident_pipeline.sources.logs._log_file import open_log_file  # noqa: PLC0415 - polars is slow to load

    return open_log_file(path, fmt=fmt, timezone=timezone, encoding=encoding, rows=rows)


def open_source(config: Config, context: SourceContext) -> "Files":
    """The files of one entry; nothing is opened yet."""
    return Files(config, context)


class Files(LogSource):
    """One set of log files. `statuses` says how each file of the last `get_logs` or `read_frames` was read."""

    reads_files = True

    def __init__(self, config: Config, context: SourceContext) -> None:
        self.name = context.name
        self.statuses: list[SourceStatus] = []
        self._config = config
        self._root = context.root if config.root is None else context.root / config.root.expanduser()

    def check(self) -> SourceCheck:
        """Find the files and look into the newest."""
        try:
            files = self.find_files("")
            self._open(files[-1])
        except IncidentError as error:
            return SourceCheck(self.name, "logs", ", ".join(self._patterns()), works=False, advice=str(error))
        return SourceCheck(self.name, "logs", f"{len(files)} files", works=True, found=f"newest {files[-1]}")

    def find_files(self, service: str) -> tuple[Path, ...]:
        """Files of a service in reading order. `service` is the set's name, "" or `*` for all, or a glob on file names.

        NotFound when none matches, BadInput when a path leaves the root. Files outside it are put into `statuses`.
        """
        from incident_pipeline.sources.logs._paths import find_files  # noqa: PLC0415 - beside the reader

        patterns = self._patterns()
        files, outside = find_files(patterns, self._root, anchored=self._config.root is not None)
        for path in outside:
            self.statuses.append(self._status(str(path), "skipped", "leads outside the root of its set"))
        if service not in {"", "*", self.name, self._config.service}:
            files = [path for path in files if _is_named(path, service)]
        if not files:
            refused = f" ({len(outside)} lead outside it)" if outside else ""
            wanted = f" named {service!r}" if service else ""
            raise NotFound(f"{self.name}: no log file{wanted} at {', '.join(patterns)} under {self._root}{refused}")
        return tuple(files)

    def _patterns(self) -> tuple[str, ...]:
        return (self._config.path,) if isinstance(self._config.path, str) else self._config.path

    def get_logs(self, service: str, since: datetime, until: datetime, level: str | None = None) -> Iterator[LogEntry]:
        """Entries in file order with `since <= timestamp < until`, or without a time. `level`: that level and above."""
        for frame in self.read_frames(service, since, until, level):
            for row in frame.iter_rows(named=True):
                metadata: dict[str, Any] = json.loads(row["metadata"]) if row["metadata"] else {}
                yield LogEntry(row["timestamp"], row["level"], row["message"], metadata, row["line"])

    def read_frames(
        self, service: str, since: datetime, until: datetime, level: str | None = None, *, rows: int = ROWS
    ) -> "Iterator[pl.DataFrame]":
        """The same as RAW_LOG frames. A file that cannot be read is a status; when none can, its error is raised."""
        self.statuses = []
        files = self.find_files(service)
        keep = _filters(since, until, level)
        failures: list[IncidentError] = []
        for path in files:
            try:
                log = self._open(path, rows=rows)
            except (AccessDenied, BadInput, NotFound) as error:
                failures.append(error)
                self.statuses.append(self._status(str(path), _failure(error), str(error)))
                continue
            for frame in log.frames:
                kept = frame.filter(keep)
                if kept.height:
                    yield _with_file(kept, path)
            self.statuses.append(log.status(self.name))
        if len(failures) == len(files):
            raise failures[0]

    def read_statuses(self) -> tuple[SourceStatus, ...]:
        """One for each file."""
        return tuple(self.statuses)

    def _open(self, path: Path, *, rows: int = ROWS) -> "FileLog":
        config = self._config
        return read_log_file(path, fmt=config.format, timezone=config.timezone, encoding=config.encoding, rows=rows)

    def _status(self, what: str, status: ReadStatus, detail: str) -> SourceStatus:
        return SourceStatus(self.name, "logs", what, status, detail)


def _failure(error: IncidentError) -> ReadStatus:
    return "missing" if isinstance(error, NotFound) else "failed"


def _is_named(path: Path, service: str) -> bool:
    stem = path.name.partition(".")[0]
    return any(fnmatchcase(name, service) for name in (path.name, stem))


def _filters(since: datetime, until: datetime, level: str | None) -> "pl.Expr":
    import polars as pl  # noqa: PLC0415 - start-up

    if since.tzinfo is None or until.tzinfo is None:
        raise UsageError("log files: the window needs times with a zone")
    time = pl.col("timestamp")
    conditions = [time.is_null() | ((time >= since) & (time < until))]
    if level is not None:
        wanted = at_least(level)
        if wanted is None:
            raise UsageError(f"log files: unknown level {level!r}: use error, warn, info, debug ...")
        spellings = [word for word, meaning in SPELLINGS.items() if meaning in wanted]
        conditions.append(pl.col("level").str.strip_chars(" []<>():\t").str.to_lowercase().is_in(spellings))
    return pl.all_horizontal(conditions)


def _with_file(frame: "pl.DataFrame", path: Path) -> "pl.DataFrame":
    import polars as pl  # noqa: PLC0415 - start-up

    named = json.dumps({"file": str(path)}, ensure_ascii=False)
    joined = pl.lit(named[:-1] + ", ") + pl.col("metadata").str.slice(1)
    return frame.with_columns(metadata=joined.fill_null(named))
