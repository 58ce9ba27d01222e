"""Public SQL: what people need works; whatever touches files, settings, extensions or other tenants is refused."""

from pathlib import Path

import duckdb
import pytest

from incident_pipeline.errors import Unavailable, UsageError
from incident_pipeline.warehouse import gate
from incident_pipeline.warehouse.incidents import save_incident
from incident_pipeline.warehouse.logs import LogFacts, save_log, stage_log
from incident_pipeline.warehouse.store import Warehouse
from tests.warehouse.samples import INCIDENT, log_frame

ALLOWED = [
    "SELECT * FROM incidents",
    "select 1;",
    "-- a comment\nSELECT 1",
    "/* \u00e9 */ WITH a AS (SELECT 1 AS x) SELECT * FROM a",
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 3) SELECT * FROM t",
    "FROM log_entries LIMIT 1",
    "(SELECT 1) UNION (SELECT 2)",
    "VALUES (1), (2)",
    "TABLE incidents",
    "DESCRIBE incidents",
    "DESC SELECT 1",
    "SUMMARIZE incidents",
    "SHOW TABLES",
    "SHOW ALL TABLES",
    "EXPLAIN SELECT * FROM log_entries",
    "SELECT * FROM warehouse.main.incidents",
    "SELECT * FROM information_schema.columns",
    "SELECT * FROM data_dictionary",
    "SELECT table_name FROM duckdb_tables()",
    "SELECT * FROM range(3), unnest([1, 2])",
    "SELECT list_transform([1], lambda x: x + 1), '{\"a\": 1}'::JSON ->> 'a', now(), count(*) OVER () FROM incidents",
    "SELECT raw FROM log_entries WHERE raw ILIKE '%COPY%' AND regexp_matches(raw, 'read_text\\(')",
    "SELECT 'a; DROP TABLE incidents' AS text",
]

REFUSED = [
    "",
    ";",
    "-- nothing",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP TABLE incidents",
    "SELECT * FROM read_text('/etc/hostname')",
    "SELECT * FROM READ_TEXT('/etc/hostname')",
    "SELECT * FROM \"read_text\"('/etc/hostname')",
    "SELECT * FROM main.read_blob('/etc/hostname')",
    "SELECT * FROM system.main.read_csv('/etc/passwd')",
    "SELECT * FROM read_csv_auto('/etc/passwd')",
    "SELECT * FROM read_json('/etc/passwd')",
    "SELECT * FROM read_duckdb('other.duckdb')",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM 'x.parquet'",
    'SELECT * FROM "x.csv"',
    "SELECT (SELECT content FROM read_text('/etc/hostname'))",
    "WITH a AS (SELECT * FROM read_text('/etc/hostname')) SELECT * FROM a",
    "SELECT 1 UNION ALL SELECT content FROM read_text('/etc/hostname')",
    "SELECT * FROM incidents WHERE EXISTS (FROM glob('*'))",
    "SELECT * FROM incidents ORDER BY (SELECT count(*) FROM glob('*'))",
    "DESCRIBE SELECT * FROM read_csv('/etc/passwd')",
    "SUMMARIZE SELECT * FROM read_csv('/etc/passwd')",
    "EXPLAIN SELECT * FROM read_csv('/etc/passwd')",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO 'x.csv'",
    "EXPLAIN /* */ ANALYZE SELECT 1",
    "EXPLAIN (ANALYZE) SELECT 1",
    "EXPLAIN COPY (SELECT 1) TO 'x.csv'",
    "EXPLAIN EXPLAIN SELECT 1",
    "COPY incidents TO 'x.csv'",
    "COPY (SELECT 1) TO '/tmp/x.csv'",
    "COPY incidents FROM '/etc/passwd'",
    "EXPORT DATABASE 'x'",
    "IMPORT DATABASE 'x'",
    "ATTACH '/tmp/other.duckdb' AS other",
    "ATTACH ':memory:' AS other",
    "DETACH warehouse",
    "USE memory",
    "INSTALL httpfs",
    "LOAD httpfs",
    "FORCE INSTALL 'https://example.org/x.duckdb_extension'",
    "UPDATE EXTENSIONS",
    "SET enable_external_access = true",
    "SET VARIABLE log_entries_files = ['/etc/passwd']",
    "RESET lock_configuration",
    "PRAGMA database_list",
    "PRAGMA version",
    "pragma enable_profiling",
    "CALL pragma_version()",
    "CHECKPOINT",
    "VACUUM",
    "BEGIN",
    "CREATE TABLE x AS SELECT 1",
    "CREATE TEMP TABLE x AS SELECT 1",
    "CREATE MACRO f() AS TABLE SELECT * FROM read_text('/etc/hostname')",
    "CREATE SECRET s (TYPE s3)",
    "DROP TABLE incidents",
    "DELETE FROM incidents",
    "INSERT INTO incidents (incident) VALUES ('x')",
    "WITH a AS (SELECT 1) INSERT INTO incidents (incident) SELECT 'x'",
    "UPDATE incidents SET title = ''",
    "MERGE INTO incidents USING incidents AS b ON true WHEN MATCHED THEN DELETE",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "COMMENT ON TABLE incidents IS 'x'",
    "SELECT getenv('HOME')",
    "SELECT list_transform(['HOME'], lambda x: getenv(x))",
    "SELECT current_setting('temp_directory')",
    "SELECT getvariable('log_entries_files')",
    "SELECT * FROM query('SELECT content FROM read_text(''/etc/hostname'')')",
    "SELECT * FROM query_table('incidents')",
    "SELECT * FROM json_execute_serialized_sql('{}')",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM duckdb_variables()",
    "SELECT * FROM duckdb_databases",
    "SELECT * FROM pragma_database_list",
    "SELECT * FROM pragma_storage_info('incidents')",
    "SELECT * FROM parquet_metadata('x.parquet')",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    "SELECT * FROM arrow_scan(1::POINTER, 1::POINTER, 1::POINTER)",
    "SELECT * FROM enable_logging()",
    "SELECT * FROM checkpoint()",
    "SELECT write_log('x')",
    "SELECT sleep_ms(100000)",
    "SHOW DATABASES",
    "SELECT * FROM memory.main.incidents",
    "SELECT * FROM system.information_schema.tables",
    "PIVOT incidents ON repo USING count(*)",
    "SELECT ?",
    "SELECT $x",
    "SELECT * FROM no_such_table",
    "SELEC 1",
    "SELECT " + "abs(" * 990 + "1" + ")" * 990,
    "SELECT " + "(" * 20_000 + "1" + ")" * 20_000,
    "SELECT '" + "x" * gate.MAX_SQL + "'",
]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    warehouse = Warehouse(tmp_path_factory.mktemp("gate") / "a'b")
    save_incident(warehouse, INCIDENT)
    save_log(warehouse, LogFacts(1, "s", "x", "n", "read"), stage_log(warehouse, 1, [log_frame(20)]))
    return warehouse


@pytest.mark.parametrize("sql", ALLOWED)
def test_reading_is_allowed(filled: Warehouse, sql: str) -> None:
    filled.query(sql)


@pytest.mark.parametrize("sql", REFUSED, ids=[sql[:60] for sql in REFUSED])
def test_everything_else_is_one_line(filled: Warehouse, sql: str) -> None:
    with pytest.raises(UsageError) as caught:
        filled.query(sql)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("function", ["read_parquet", "parquet_scan", "read_text", "read_blob"])
def test_the_second_wall_holds_when_the_first_is_gone(filled: Warehouse, tmp_path: Path, function: str) -> None:
    other = Warehouse(tmp_path / "other")
    save_log(other, LogFacts(1, "s", "x", "n", "read"), stage_log(other, 1, [log_frame(20)]))
    theirs = next(path for path in (other.segments / "log_entries").iterdir() if path.name != "empty.parquet")
    with filled.snapshot() as connection:
        gate.shut(connection, segments=filled.segments)
        sideways = f"{filled.segments}/../../../{theirs.relative_to(theirs.anchor)}"
        for path in (str(theirs), sideways, str(filled.path), str(filled.segments) + "/../warehouse.duckdb"):
            with pytest.raises(duckdb.PermissionException):
                connection.execute(f"SELECT * FROM {function}(?)", [path])


@pytest.mark.parametrize(
    "sql",
    [
        "COPY (SELECT 1) TO '{0}/x.csv'",
        "ATTACH '{0}/x.duckdb'",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "SET allowed_directories = ['/']",
        "INSTALL httpfs",
        "LOAD httpfs",
        "EXPORT DATABASE '{0}'",
        "DELETE FROM incidents",
        "SELECT * FROM 'https://example.org/x.parquet'",
    ],
)
def test_the_second_wall_refuses_writing_and_settings(filled: Warehouse, tmp_path: Path, sql: str) -> None:
    with filled.snapshot() as connection:
        gate.shut(connection, segments=filled.segments)
        with pytest.raises(duckdb.Error):
            connection.execute(sql.format(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_python_variable_is_not_a_table(filled: Warehouse) -> None:
    leaked = log_frame(1)
    assert len(leaked) == 1
    with pytest.raises(UsageError, match="leaked"):
        filled.query("SELECT * FROM leaked")


def test_rows_past_the_limit_are_cut_and_said(filled: Warehouse) -> None:
    result = filled.query("SELECT * FROM range(100000000000)", max_rows=700)
    assert (len(result.rows), result.truncated) == (700, True)
    assert filled.query("SELECT * FROM range(3)", max_rows=3).truncated is False
    assert filled.query("SELECT * FROM range(3)", max_rows=0).rows == ()


def test_text_past_the_limit_is_cut_and_said(filled: Warehouse) -> None:
    result = filled.query("SELECT repeat('x', 10000000) FROM range(20)")
    assert result.truncated
    assert len(result.rows) < 10


def test_a_query_that_takes_too_long_is_stopped(filled: Warehouse) -> None:
    with pytest.raises(Unavailable, match="stopped after"):
        filled.query(
            "SELECT count(*) FROM range(10000000000) a, range(1000) b WHERE a.range % 7 = b.range", seconds=0.2
        )


def test_a_query_that_needs_too_much_memory_is_stopped(filled: Warehouse) -> None:
    with pytest.raises(Unavailable, match="needs more than"):
        filled.query("SELECT list(range) FROM range(500000000)", seconds=60)


def test_columns_and_types_are_named(filled: Warehouse) -> None:
    result = filled.query("SELECT 1 AS one, 'x' AS two, NULL AS one")
    assert result.columns == ("one", "two", "one")
    assert result.types[:2] == ("INTEGER", "VARCHAR")


def test_every_table_view_and_column_has_its_comment(filled: Warehouse) -> None:
    nameless = filled.query("SELECT DISTINCT relation FROM data_dictionary WHERE relation_comment IS NULL").rows
    assert nameless == ()
    bulk = "('log_entries', 'commit_files', 'documents')"
    bare = f"FROM data_dictionary WHERE comment IS NULL AND (kind = 'table' OR relation IN {bulk})"
    assert filled.query(bare).rows == ()
    assert filled.query("SELECT count(DISTINCT relation) >= 30 FROM data_dictionary").rows == ((True,),)


def test_every_view_answers(filled: Warehouse) -> None:
    for (name,) in filled.query("SELECT DISTINCT relation FROM data_dictionary WHERE kind = 'view'").rows:
        filled.query(f"SELECT * FROM {name}")
