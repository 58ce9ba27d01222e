"""SQL from people: one read-only statement in, rows out, with limits on rows, text, time and memory.

Two walls that do not rely on each other. Before anything is opened the statement is parsed (not pattern-matched) and
its tree may name only relations of the warehouse and functions that compute. Then it runs in memory on an attached
read-only copy with external access off, this tenant's segments as the only readable folder, configuration locked.
Surprising fact: the second wall alone would let `COPY` write into the segments folder; the first alone trusts a list.
"""

import json
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from incident_pipeline.errors import Unavailable, UsageError

if TYPE_CHECKING:
    import duckdb

MEMORY = "512MB"
MAX_SQL = 100_000
_MAX_TEXT = 64 << 20
_BATCH = 500
_ALLOWED = (
    "one SELECT, WITH, FROM, VALUES, DESCRIBE, SUMMARIZE, SHOW TABLES or EXPLAIN over the warehouse's tables and views"
)
_FIRST = frozenset(
    {"select", "with", "from", "values", "describe", "desc", "summarize", "show", "table", "explain", "("}
)
_TABLE_FUNCTIONS = frozenset(
    {"unnest", "range", "generate_series", "json_each", "json_tree", "duckdb_tables", "duckdb_columns", "duckdb_views"}
)
_CATALOGUE = frozenset({"duckdb_tables", "duckdb_columns", "duckdb_views"})
_SHOWN = frozenset({"", '"tables"', "__show_tables_expanded"})
_SCHEMAS = frozenset({"", "main", "information_schema"})
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Scalar functions that look outside the query, change state, wait, or run text as SQL.
_REFUSED = re.compile(
    r"getenv|getvariable|current_setting|set_config|setseed|write_log|nextval|currval|sleep_ms|pg_sleep|glob|query|query_table"
    r"|which_secret|read_.*|parquet_.*|sniff_.*|scan_.*|.*_scan|json_execute.*|json_serialize_plan|json_deserialize.*"
    r"|current_query|arrow_.*|pandas_.*|python_.*|duckdb_.*|pragma_.*|pg_get_.*|st_.*"
)


@dataclass(frozen=True, slots=True)
class QueryResult:
    """Rows as Python values. `truncated` when a limit cut them; `seconds` it took."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    truncated: bool
    seconds: float


def refuse_unless_read_only(sql: str) -> None:
    """UsageError unless `sql` is one statement that can only read relations of the warehouse."""
    import duckdb  # noqa: PLC0415 - late, for start-up

    if len(sql) > MAX_SQL:
        raise UsageError(f"sql: the statement is longer than {MAX_SQL} characters: shorten it")
    with duckdb.connect(":memory:", config={"enable_external_access": "false", "threads": "1"}) as parser:
        _check(sql, parser)


def shut(connection: "duckdb.DuckDBPyConnection", *, segments: Path) -> None:
    """From here on the connection reads the attached copy and this tenant's segments, nothing else, for good."""
    connection.execute("SET allowed_directories = ?", [[f"{segments}/"]])
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def run(connection: "duckdb.DuckDBPyConnection", sql: str, *, max_rows: int, seconds: float) -> QueryResult:
    """Run a statement that passed. UsageError when DuckDB refuses it, Unavailable past the time or memory limit."""
    import duckdb  # noqa: PLC0415 - late, for start-up

    started = time.monotonic()
    timer = threading.Timer(seconds, connection.interrupt)
    timer.daemon = True
    timer.start()
    try:
        cursor = connection.execute(sql)
        columns = cursor.description or []
        rows, truncated = _fetch(cursor, max_rows=max_rows)
    except duckdb.InterruptException as error:
        raise Unavailable(f"sql: stopped after {seconds:g} s: narrow it (log_entries: filter by log_id)") from error
    except duckdb.OutOfMemoryException as error:
        raise Unavailable(f"sql: needs more than {MEMORY}: narrow it, or aggregate less at once") from error
    except duckdb.Error as error:
        raise UsageError(f"sql: {_one_line(error)}") from error
    finally:
        timer.cancel()
        timer.join()
    names, types = tuple(str(c[0]) for c in columns), tuple(str(c[1]) for c in columns)
    return QueryResult(names, types, tuple(rows), truncated, time.monotonic() - started)


def _fetch(cursor: "duckdb.DuckDBPyConnection", *, max_rows: int) -> tuple[list[tuple[Any, ...]], bool]:
    rows: list[tuple[Any, ...]] = []
    text = 0
    while batch := cursor.fetchmany(min(_BATCH, max_rows + 1 - len(rows))):
        for row in batch:
            text += sum(len(value) for value in row if isinstance(value, str | bytes))
            if len(rows) == max_rows or text > _MAX_TEXT:
                return rows, True
            rows.append(row)
    return rows, False


def _check(sql: str, parser: "duckdb.DuckDBPyConnection") -> None:
    import duckdb  # noqa: PLC0415 - late, for start-up

    try:
        statements = parser.extract_statements(sql)
    except duckdb.Error as error:
        raise UsageError(f"sql: {_one_line(error)}") from error
    if len(statements) != 1:
        raise UsageError(f"sql: {len(statements)} statements given: allowed is {_ALLOWED}")
    first = _first_word(sql)
    if first not in _FIRST:
        raise UsageError(f"sql: {first.upper() or 'this'} is not allowed: allowed is {_ALLOWED}")
    if statements[0].type == duckdb.StatementType.EXPLAIN:
        start = duckdb.tokenize(sql)
        _check_explained(sql[start[1][0] :] if len(start) > 1 else "", parser)
        return
    if statements[0].type != duckdb.StatementType.SELECT:
        raise UsageError(f"sql: {statements[0].type.name} is not allowed: allowed is {_ALLOWED}")
    row = parser.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchone()
    try:
        tree: Any = json.loads(row[0]) if row else {"error": True}
    except RecursionError as error:
        raise UsageError("sql: nested too deeply: split it into WITH parts") from error
    if tree.get("error"):
        raise UsageError(f"sql: this form cannot be checked: allowed is {_ALLOWED}")
    for node in _nodes(tree):
        if reason := _objection(node):
            raise UsageError(f"sql: {reason} is not allowed: allowed is {_ALLOWED}")


def _check_explained(inner: str, parser: "duckdb.DuckDBPyConnection") -> None:
    """EXPLAIN ANALYZE would run what it explains, so what follows EXPLAIN must itself be a SELECT (and no EXPLAIN)."""
    if _first_word(inner) in {"explain", "analyze", "("}:
        raise UsageError(f"sql: EXPLAIN with options is not allowed: allowed is {_ALLOWED}")
    _check(inner, parser)


def _objection(node: dict[str, Any]) -> str:
    kind = node.get("type")
    if kind == "TABLE_FUNCTION":
        name = str(node.get("function", {}).get("function_name", "")).lower()
        return "" if name in _TABLE_FUNCTIONS else f"the table function {name[:40]}"
    if kind == "BASE_TABLE":
        return _table_objection(node)
    if kind == "SHOW_REF":
        return "" if node.get("table_name", "") in _SHOWN else "showing that"
    if "function_name" in node:
        name = str(node["function_name"]).lower()
        # A catalogue function as a table function was let through above; its inner node comes by here as well.
        return f"the function {name[:40]}" if _REFUSED.fullmatch(name) and name not in _CATALOGUE else ""
    return ""


def _table_objection(node: dict[str, Any]) -> str:
    name, schema = str(node.get("table_name", "")), str(node.get("schema_name", "")).lower()
    if not _PLAIN.fullmatch(name) or str(node.get("catalog_name", "")).lower() not in {"", "warehouse"}:
        return f"reading {name[:40]!r}"
    lowered = name.lower()
    if schema not in _SCHEMAS or (
        lowered.startswith(("duckdb_", "pragma_", "sqlite_", "pg_")) and lowered not in _CATALOGUE
    ):
        return f"reading {name[:40]!r}"
    return ""


def _nodes(value: object) -> Iterator[dict[str, Any]]:
    """Every object of the tree, without recursion: a hostile query may nest deeply."""
    waiting: list[Any] = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            node = cast("dict[str, Any]", item)
            yield node
            waiting.extend(node.values())
        elif isinstance(item, list):
            waiting.extend(cast("list[Any]", item))


def _first_word(sql: str) -> str:
    import duckdb  # noqa: PLC0415 - late, for start-up

    tokens = duckdb.tokenize(sql)
    if not tokens:
        return ""
    rest = sql.encode()[tokens[0][0] :].decode("utf-8", "replace")
    match = re.match(r"[A-Za-z_]+|.", rest, flags=re.DOTALL)
    return match[0].lower() if match else ""


def _one_line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return (text[0] if text else type(error).__name__)[:300]
