CREATE OR REPLACE VIEW data_dictionary AS
WITH relations AS (
    SELECT table_name AS relation, 'table' AS kind, comment FROM duckdb_tables()
    WHERE database_name = current_database() AND schema_name = 'main'
    UNION ALL
    SELECT view_name, 'view', comment FROM duckdb_views()
    WHERE database_name = current_database() AND schema_name = 'main' AND NOT internal
)
SELECT r.relation, r.kind, r.comment AS relation_comment, c.column_index AS position, c.column_name AS "column",
       c.data_type AS type, c.comment
FROM relations r JOIN duckdb_columns() c
ON c.table_name = r.relation AND c.database_name = current_database() AND c.schema_name = 'main';
COMMENT ON VIEW data_dictionary IS 'Every table, view and column with its comment';
