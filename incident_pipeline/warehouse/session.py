"""Opening DuckDB, for writing (the live file, under the lock) or reading (a published copy, attached read-only).

Readers attach the copy to a database in memory. Surprising fact: views over segments find their files in a variable
(`getvariable('log_entries_files')`) that is set here, so a folder can be moved and a view never goes stale.
No connection installs or loads an extension, and every session's time zone is UTC.
"""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from incident_pipeline.errors import Busy, IncidentError, Unavailable, WarehouseError
from incident_pipeline.warehouse.migrate import migrate, refuse_newer, version_of
from incident_pipeline.warehouse.segments import EMPTY
from incident_pipeline.warehouse.tables import BULK

if TYPE_CHECKING:
    import duckdb

_MEMORY, _THREADS = "512MB", 2
_FULL = ("no space left", "file too large", "could not write", "disk quota", "failed to write")


def open_live(path: Path, *, segments: Path) -> "duckdb.DuckDBPyConnection":
    """The live file, made or migrated if need be. Only under the write lock. WarehouseError, Unavailable, Busy."""
    with _kept(path, str(path), temporary=path.parent / "tmp") as connection:
        set_files(connection, segments, none=True)
        migrate(connection, path)
        return connection


def open_copy(path: Path, *, segments: Path | None, memory: str = _MEMORY) -> "tuple[duckdb.DuckDBPyConnection, int]":
    """(connection with the published copy in use, its schema version). WarehouseError also when it just vanished.

    Without `segments` the views over bulk rows cannot be used: naming 50,000 files takes longer than a small query.
    """
    with _kept(path, ":memory:", temporary=None, memory=memory) as connection:
        quoted = str(path).replace("'", "''")  # ATTACH takes no bound values
        connection.execute(f"ATTACH '{quoted}' AS warehouse (READ_ONLY)")
        connection.execute("USE warehouse")
        version = version_of(connection)
        refuse_newer(version, path)
        if version and segments:
            set_files(connection, segments)
        return connection, version


def explain(error: Exception, path: Path) -> IncidentError:
    """What the caller can do about an error of DuckDB or the disk, in one line."""
    first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    lowered = str(error).lower()
    if any(word in lowered for word in _FULL) or (isinstance(error, OSError) and error.errno):
        return Unavailable(f"warehouse {path}: {first}: free some room and run again; nothing was half written")
    if "could not set lock" in lowered:
        return Busy(f"warehouse {path}: another program has the file open: close it and try again")
    return WarehouseError(
        f"warehouse {path}: cannot be used ({first}): move it aside (mv {path} {path}.broken) and run again; "
        "logs and commits are read anew from their sources"
    )


@contextmanager
def _kept(
    path: Path, database: str, *, temporary: Path | None, memory: str = _MEMORY
) -> "Generator[duckdb.DuckDBPyConnection]":
    """A connection that outlives the block, unless the block fails: then it is closed, the error said about `path`."""
    with ExitStack() as stack:
        try:
            connection = _connect(database, temporary=temporary, memory=memory)
            stack.callback(connection.close)
            yield connection
        except IncidentError:
            raise
        except Exception as error:
            raise explain(error, path) from error
        stack.pop_all()


def _connect(database: str, *, temporary: Path | None, memory: str = _MEMORY) -> "duckdb.DuckDBPyConnection":
    import duckdb  # noqa: PLC0415 - 20 ms and 40 MB that --help must not pay

    config: dict[str, Any] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
        "memory_limit": memory,
        "threads": str(_THREADS),
        "temp_directory": "" if temporary is None else str(temporary),
    }
    connection = duckdb.connect(database, config=config)
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET python_enable_replacements = false")
    return connection


def set_files(connection: "duckdb.DuckDBPyConnection", root: Path, *, none: bool = False) -> None:
    """Name the files behind each bulk view: the empty segment, then (unless `none`) those of the catalogue.

    The list is built by DuckDB: bound from Python, 50,000 names take half a minute.
    """
    for table in BULK:
        condition = "false" if none else f"table_name = '{table}'"
        source = "(SELECT NULL AS file, NULL AS table_name)" if none else "segments"
        connection.execute(
            f"SET VARIABLE {table}_files = (SELECT list_prepend(?::VARCHAR, "  # noqa: S608 - names of BULK
            f"coalesce(list(?::VARCHAR || file), [])) FROM {source} WHERE {condition})",
            [str(root / table / EMPTY), f"{root / table}/"],
        )
