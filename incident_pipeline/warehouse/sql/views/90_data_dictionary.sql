-- A view's column means what the table's column of that name means; only those a view makes itself are told here (a view's
-- columns cannot carry comments on DuckLake).
CREATE OR REPLACE VIEW data_dictionary AS
WITH relations AS (
    SELECT table_name AS relation, 'table' AS kind, comment FROM duckdb_tables()
    WHERE database_name = current_database() AND schema_name = 'main'
    UNION ALL
    SELECT view_name, 'view', comment FROM duckdb_views()
    WHERE database_name = current_database() AND schema_name = 'main' AND NOT internal
),
made(relation, "column", comment) AS (VALUES
    ('latest_reports', 'run_url', 'Page of the failed run'),
    ('failures_by_category', 'incidents', 'How many incidents'),
    ('failures_by_category', 'mean_confidence', 'Mean confidence of their current reports'),
    ('failures_by_category', 'last_seen', 'When the newest of these reports was made, UTC'),
    ('top_suspects', 'incidents', 'In how many incidents the commit is suspected'),
    ('top_suspects', 'best_probability', 'Its highest probability in any of them'),
    ('suspects_by_author', 'commits', 'How many suspected commits'),
    ('suspects_by_author', 'incidents', 'Sum of the incidents of these commits'),
    ('suspects_by_author', 'last_date', 'Date of the newest of these commits'),
    ('repeated_findings', 'what', 'The test, or the text of the line where no test is named'),
    ('repeated_findings', 'is_test', 'Whether it is a test'),
    ('repeated_findings', 'incidents', 'In how many incidents it was found'),
    ('repeated_findings', 'flaky_incidents', 'In how many of them the verdict was flaky'),
    ('repeated_findings', 'heads', 'On how many different commits'),
    ('repeated_findings', 'last_seen', 'When it was last reported, UTC'),
    ('errors_by_template', 'entries', 'How many log entries have this shape'),
    ('errors_by_template', 'logs', 'In how many logs'),
    ('errors_by_template', 'runs', 'In how many CI runs'),
    ('errors_by_template', 'first_at', 'Earliest of them, UTC'),
    ('errors_by_template', 'last_at', 'Latest of them, UTC'),
    ('errors_by_template', 'example', 'One of them, cleaned'),
    ('source_health', 'reads', 'How many reads are on record'),
    ('source_health', 'good', 'How many of them were whole'),
    ('source_health', 'last_read_at', 'When it was last read, UTC'),
    ('source_health', 'last_status', 'How that went'),
    ('source_health', 'last_detail', 'What went wrong then, in one line'),
    ('ci_steps', 'job', 'Name of the job'),
    ('ci_steps', 'number', 'Position of the step in its job, from 1'),
    ('ci_steps', 'name', 'Name of the step'),
    ('incident_error_rate', 'minute', 'Start of the minute, UTC'),
    ('incident_error_rate', 'entries', 'Log entries of the service in that minute'),
    ('incident_error_rate', 'errors', 'How many of them are errors or worse'),
    ('incident_timeline', 'happened_at', 'When, UTC'),
    ('incident_timeline', 'event', 'commit, deploy, burst (errors began) or red (when it failed)'),
    ('incident_timeline', 'what', 'Subject of the commit, what went live, first line of the burst, title of the incident'),
    ('incident_timeline', 'ref', 'Log line that says so, as label:line; null for a commit'),
    ('storage', 'segments', 'How many files'),
    ('data_dictionary', 'relation', 'Name of the table or view'),
    ('data_dictionary', 'kind', 'table or view'),
    ('data_dictionary', 'relation_comment', 'What a row of it is'),
    ('data_dictionary', 'position', 'Position of the column, from 1'),
    ('data_dictionary', 'column', 'Name of the column'),
    ('data_dictionary', 'type', 'Type of the column'),
    ('data_dictionary', 'comment', 'What the column holds')
),
columns AS (
    SELECT table_name AS relation, column_index AS position, column_name AS "column", data_type AS type, comment
    FROM duckdb_columns() WHERE database_name = current_database() AND schema_name = 'main'
),
inherited AS (
    SELECT "column", min(comment) AS comment FROM columns WHERE comment IS NOT NULL GROUP BY "column"
)
SELECT r.relation, r.kind, r.comment AS relation_comment, c.position, c."column", c.type,
       coalesce(c.comment, m.comment, i.comment) AS comment
FROM relations r JOIN columns c USING (relation)
LEFT JOIN made m ON m.relation = c.relation AND m."column" = c."column"
LEFT JOIN inherited i ON i."column" = c."column";
COMMENT ON VIEW data_dictionary IS 'Every table, view and column with its comment';
