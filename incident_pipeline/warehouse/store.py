"""One tenant's warehouse: small tables in `warehouse.duckdb`, bulk rows in `segments/`, readers' copy in `published/`.

    with Warehouse(folder).writing() as connection: ...      one short transaction, then published
    Warehouse(folder).read("segment_list")                      the newest published state, never waits for a writer

A process killed at any moment leaves the old or the new state. Surprising fact: a reader may be the one who publishes,
when it finds that a writer died between its commit and its copy.
"""

import contextlib
import threading
import time
from collections.abc import Generator, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from incident_pipeline.errors import Busy, IncidentError, Unavailable, WarehouseError
from incident_pipeline.warehouse import gate, lock, publish, segments, session, statements
from incident_pipeline.warehouse.migrate import newest_version
from incident_pipeline.warehouse.segments import Staged
from incident_pipeline.warehouse.writes import Write, put, put_segment

if TYPE_CHECKING:
    import duckdb

_ATTEMPTS = 5
_SWEEP_SECONDS = 86_400.0


class Warehouse:
    """Reads and writes of one tenant's folder. Holds nothing open between calls, so it can be kept and shared.

    Opening a snapshot is most of a small read: whoever asks several things asks them inside `reading()`.
    """

    def __init__(self, folder: Path, *, wait_seconds: float = 30.0) -> None:
        self.folder = folder.absolute()
        self.wait_seconds = wait_seconds
        self.path = self.folder / "warehouse.duckdb"
        self.segments = self.folder / "segments"
        self.published = self.folder / "published"
        self._lock = self.folder / ".warehouse.lock"
        self._held = threading.local()

    @contextlib.contextmanager
    def writing(self, *, wait_seconds: float | None = None) -> "Generator[duckdb.DuckDBPyConnection]":
        """A transaction under the write lock: committed and published at the end, rolled back on any exception.

        Busy when the lock does not come free; WarehouseError when the file is corrupt or newer; Unavailable when the
        disk is full. Keep it short: fetch, parse and `stage` before.
        """
        wait = self.wait_seconds if wait_seconds is None else wait_seconds
        self._make_folder()
        with lock.exclusive(self._lock, wait_seconds=wait):
            segments.ensure_empty(self.segments)
            connection = session.open_live(self.path, segments=self.segments)
            try:
                with self._explained():
                    connection.execute("BEGIN")
                    try:
                        yield connection
                    except BaseException:
                        with contextlib.suppress(Exception):  # the transaction may be gone already
                            connection.execute("ROLLBACK")
                        raise
                    connection.execute("COMMIT")
                    connection.execute("CHECKPOINT")
            finally:
                connection.close()
            self._publish()
        self._sweep_now_and_then()

    def replace(self, writes: Sequence[Write], *, staged: Sequence[Staged] = ()) -> int:
        """All writes and staged segments in one transaction; the number of small rows inserted."""
        with self.writing() as connection:
            for segment in staged:
                put_segment(connection, segment, root=self.segments)
            return sum(put(connection, write) for write in writes)

    def stage(self, table: str, window: str, frames: Iterable[pl.DataFrame], *, segment: int | None = None) -> Staged:
        """Write frames as a segment, without any lock; nobody sees it before `replace(..., staged=...)`."""
        self._make_folder()
        return segments.stage(self.segments, table, window=window, frames=frames, segment=segment)

    def read(self, query_name: str, **params: object) -> pl.DataFrame:
        """A named query (sql/queries) on the newest published state, values bound.

        A query over log_entries, commit_files, documents or a view of theirs says so: `-- reads segments`.
        """
        text = statements.query(query_name)
        bulk = "-- reads segments" in text
        held: duckdb.DuckDBPyConnection | None = getattr(self._held, "connection", None)
        if held is not None and not bulk:
            return held.execute(text, params or None).pl()
        with self.snapshot(bulk=bulk) as connection:
            return connection.execute(text, params or None).pl()

    @contextlib.contextmanager
    def reading(self) -> "Generator[None]":
        """The reads of this thread inside share one connection and see one published state, whatever is written."""
        if getattr(self._held, "connection", None) is not None:
            yield
            return
        with self.snapshot(bulk=False) as connection:
            self._held.connection = connection
            try:
                yield
            finally:
                self._held.connection = None

    def query(self, sql: str, *, max_rows: int = 10_000, seconds: float = 30.0) -> gate.QueryResult:
        """Public SQL, read only: one SELECT on the published state. UsageError says what is allowed."""
        gate.refuse_unless_read_only(sql)
        with self.snapshot(memory=gate.MEMORY) as connection:
            gate.shut(connection, segments=self.segments)
            return gate.run(connection, sql, max_rows=max_rows, seconds=seconds)

    def read_segment(self, table: str, window: str, *, columns: Sequence[str] | None = None) -> pl.DataFrame | None:
        """All stored rows of one window, None when there is none. A file superseded meanwhile is still there."""
        found = self.read("segment_file", table_name=table, window_key=window)
        path = self.segments / table / found.item() if len(found) else None
        return pl.read_parquet(path, columns=list(columns) if columns else None) if path else None

    @contextlib.contextmanager
    def snapshot(self, *, bulk: bool = True, memory: str = "512MB") -> "Generator[duckdb.DuckDBPyConnection]":
        """A connection to the newest published state. The first reader of all makes an empty warehouse."""
        connection = self._open_snapshot(memory, segments=self.segments if bulk else None)
        try:
            yield connection
        finally:
            connection.close()

    def check(self) -> str:
        """One line of counts, when the file opens and every segment is there and whole. WarehouseError otherwise."""
        catalogue = self.read("segment_list")
        for row in catalogue.iter_rows(named=True):
            file = self.segments / row["table_name"] / row["file"]
            if not file.exists() or file.stat().st_size != row["bytes"]:
                raise WarehouseError(
                    f"warehouse {file}: the segment is missing or cut: investigate that incident again"
                )
        counts = self.read("counts").row(0, named=True)
        size = int(catalogue["bytes"].sum())
        facts = ", ".join(f"{value} {name}" for name, value in counts.items())
        return f"warehouse {self.folder}: ok, {facts}, {len(catalogue)} segments ({size / 1e6:.1f} MB)"

    def sweep(self) -> int:
        """Remove files no row names and nobody touched for an hour; how many."""
        with lock.exclusive(self._lock, wait_seconds=self.wait_seconds):
            connection = session.open_live(self.path, segments=self.segments)
            try:
                named = connection.execute("SELECT table_name, file FROM segments").fetchall()
            finally:
                connection.close()
            self._publish()
        gone = list(segments.orphans(self.segments, frozenset(named)))
        for path in gone:
            path.unlink(missing_ok=True)
        return len(gone)

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # logs are not for everybody on the machine
        except OSError as error:
            raise Unavailable(f"warehouse {self.folder}: {error.strerror}: choose another home folder") from error

    def _publish(self) -> None:
        leftover = self.path.with_name(self.path.name + ".wal")
        if leftover.exists() and leftover.stat().st_size:
            raise Unavailable(f"warehouse {self.path}: could not be written back: free some room and run again")
        try:
            publish.publish(self.path, self.published)
        except OSError as error:
            raise session.explain(error, self.published) from error

    def _refresh(self, *, wait_seconds: float, only_if_marked: bool) -> None:
        """Open and close the live file (replays what a dead writer committed, migrates) and publish it."""
        self._make_folder()
        with lock.exclusive(self._lock, wait_seconds=wait_seconds) as marked:
            if marked or not only_if_marked:
                segments.ensure_empty(self.segments)
                connection = session.open_live(self.path, segments=self.segments)
                try:
                    connection.execute("CHECKPOINT")
                finally:
                    connection.close()
                self._publish()

    def _open_snapshot(self, memory: str, *, segments: Path | None) -> "duckdb.DuckDBPyConnection":
        if lock.is_marked(self._lock):
            with contextlib.suppress(IncidentError):  # a writer is at work, or the live file is broken: read the copy
                self._refresh(wait_seconds=0, only_if_marked=True)
        if publish.current(self.published) is None:
            self._refresh(wait_seconds=self.wait_seconds, only_if_marked=False)
        refreshed = False
        for attempt in range(_ATTEMPTS):
            path = publish.current(self.published)
            if path is None:
                break
            try:
                connection, version = session.open_copy(path, segments=segments, memory=memory)
            except IncidentError:
                if publish.current(self.published) == path and path.exists():
                    if refreshed or attempt == _ATTEMPTS - 1:
                        raise
                    self._refresh(wait_seconds=self.wait_seconds, only_if_marked=False)
                    refreshed = True
                continue
            if version >= newest_version() or refreshed:
                return connection
            connection.close()
            refreshed = True
            with contextlib.suppress(Busy):  # an older state still answers older questions
                self._refresh(wait_seconds=0, only_if_marked=False)
        raise Busy(f"warehouse {self.published}: it changes faster than it can be opened: try again")

    @contextlib.contextmanager
    def _explained(self) -> Generator[None]:
        import duckdb  # noqa: PLC0415

        try:
            yield
        except (duckdb.IOException, duckdb.FatalException, duckdb.InternalException) as error:
            raise session.explain(error, self.path) from error

    def _sweep_now_and_then(self) -> None:
        stamp = self.folder / ".swept"
        with contextlib.suppress(OSError, IncidentError):
            if not stamp.exists():
                stamp.touch()
            elif time.time() - stamp.stat().st_mtime > _SWEEP_SECONDS:
                stamp.touch()
                self.sweep()
