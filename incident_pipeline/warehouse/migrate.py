"""An open warehouse in, the same one at this program's schema out, in one transaction.

Surprising fact: views are not migrated but made anew whenever their text differs from the one that was stored, so a
view can be mended without a migration.
"""

import contextlib
import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from incident_pipeline.errors import WarehouseError
from incident_pipeline.warehouse import statements

if TYPE_CHECKING:
    import duckdb

_BOOKS = """
CREATE TABLE schema_version (version INTEGER NOT NULL, name VARCHAR, applied_at TIMESTAMPTZ);
COMMENT ON TABLE schema_version IS 'Migrations that were run';
COMMENT ON COLUMN schema_version.version IS 'Number of the migration';
COMMENT ON COLUMN schema_version.name IS 'Its file name';
COMMENT ON COLUMN schema_version.applied_at IS 'When it was run, UTC';
CREATE TABLE view_definitions (digest VARCHAR NOT NULL);
COMMENT ON TABLE view_definitions IS 'Which text the views were made from';
COMMENT ON COLUMN view_definitions.digest IS 'Hash of that text';
"""


def migrate(connection: "duckdb.DuckDBPyConnection", path: Path) -> bool:
    """Run what is missing; True when anything was. WarehouseError when the file is newer than this program."""
    version, digest = _state(connection)
    refuse_newer(version, path)
    wanted = hashlib.blake2b(statements.views().encode(), digest_size=16).hexdigest()
    pending = [step for step in statements.migrations() if step[0] > version]
    if not pending and digest == wanted:
        return False
    connection.execute("BEGIN")
    try:
        if version == 0 and not digest:
            connection.execute(_BOOKS)
        for number, name, text in pending:
            connection.execute(text)
            connection.execute("INSERT INTO schema_version VALUES (?, ?, ?)", [number, name, datetime.now(UTC)])
        connection.execute(statements.views())
        connection.execute("DELETE FROM view_definitions")
        connection.execute("INSERT INTO view_definitions VALUES (?)", [wanted])
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(Exception):  # a full disk has ended the transaction already
            connection.execute("ROLLBACK")
        raise
    return True


def version_of(connection: "duckdb.DuckDBPyConnection") -> int:
    """Schema version of the database in use, 0 for an empty one."""
    return _state(connection)[0]


def newest_version() -> int:
    """Version this program writes."""
    return max(number for number, _, _ in statements.migrations())


def refuse_newer(version: int, path: Path) -> None:
    """WarehouseError when `version` is beyond what this program knows."""
    if version > newest_version():
        raise WarehouseError(
            f"warehouse {path}: its schema {version} is newer than this program's {newest_version()}: "
            "upgrade incident-responder"
        )


def _state(connection: "duckdb.DuckDBPyConnection") -> tuple[int, str]:
    known = connection.execute(
        "SELECT count(*) FROM duckdb_tables() "
        "WHERE table_name = 'schema_version' AND database_name = current_database()"
    ).fetchone()
    if not known or not known[0]:
        return 0, ""
    row = connection.execute(
        "SELECT coalesce(max(version), 0), (SELECT any_value(digest) FROM view_definitions) FROM schema_version"
    ).fetchone()
    return (int(row[0]), str(row[1])) if row else (0, "")
