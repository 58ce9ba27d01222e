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
    ('repeated_entities', 'incidents', 'How many incidents name it'),
    ('repeated_entities', 'first_at', 'When the earliest of them failed, UTC'),
    ('repeated_entities', 'last_at', 'When the latest of them failed, UTC'),
    ('repeated_entities', 'which', 'The incidents'),
    ('errors_by_template', 'entries', 'How many log entries have this shape'),
    ('errors_by_template', 'logs', 'In how many logs'),
    ('errors_by_template', 'runs', 'In how many CI runs'),
    ('errors_by_template', 'first_at', 'Earliest of them, UTC'),
    ('errors_by_template', 'last_at', 'Latest of them, UTC'),
    ('errors_by_template', 'example', 'One of them, cleaned'),
    ('people_say', 'verdict', 'commit, infrastructure or flaky'),
    ('people_say', 'hash', 'The commit that did it, null when none did'),
    ('known_causes', 'verdict', 'commit, infrastructure or flaky'),
    ('known_causes', 'hash', 'The commit that did it, null when none did'),
    ('known_causes', 'told_by', 'person or proof'),
    ('known_causes', 'told_at', 'When that was told, UTC'),
    ('judged_reports', 'month', 'Month the report was made in, as 2026-03'),
    ('judged_reports', 'accused', 'First suspect of the report, null when it blames no commit'),
    ('judged_reports', 'told_by', 'person or proof'),
    ('judged_reports', 'cause', 'What it was: commit, infrastructure or flaky; null when only an innocent was named'),
    ('judged_reports', 'culprit', 'The commit that did it, null when none did'),
    ('judged_reports', 'culprit_rank', 'Place of that commit among the suspects, from 1'),
    ('judged_reports', 'verdict_right', 'The kind of cause was right (drift counts as infrastructure)'),
    ('judged_reports', 'all_right', 'The kind of cause and, of a commit, the first suspect were right'),
    ('accuracy', 'month', 'Month the reports were made in, as 2026-03'),
    ('accuracy', 'told_by', 'person or proof'),
    ('accuracy', 'incidents', 'How many incidents whose cause was told'),
    ('accuracy', 'verdicts_right', 'Of how many the kind of cause was right'),
    ('accuracy', 'verdict_accuracy', 'Their share'),
    ('accuracy', 'culprits', 'In how many a commit did it'),
    ('accuracy', 'top_1_right', 'In how many of these it was the first suspect'),
    ('accuracy', 'top_3_right', 'In how many of these it was among the first three'),
    ('accuracy', 'all_right', 'How many reports were right in all'),
    ('calibration', 'confidences', 'Range of confidence, or all'),
    ('calibration', 'reports', 'How many reports'),
    ('calibration', 'mean_confidence', 'Mean of what they said'),
    ('calibration', 'right_rate', 'Share of them that was right in all'),
    ('calibration', 'brier', 'Mean squared distance of confidence and outcome'),
    ('occurrences', 'first_incident', 'Earliest incident of the same failure with no green run since; itself when it is the first'),
    ('failure_groups', 'incidents', 'How many times it came anew, after a green run or over other commits'),
    ('failure_groups', 'runs', 'How many red runs'),
    ('failure_groups', 'heads', 'On how many commits'),
    ('failure_groups', 'first_at', 'First of these runs, UTC'),
    ('failure_groups', 'last_at', 'Last of these runs, UTC'),
    ('failure_groups', 'last_incident', 'Incident of the last run'),
    ('known_flakes', 'incidents', 'In how many incidents the test failed'),
    ('known_flakes', 'told_chance', 'Of how many people said that it was chance or the machine'),
    ('known_flakes', 'passed_again', 'In how many the same workflow passed on the same commit'),
    ('known_flakes', 'told_commit', 'Of how many people or a replay said that a commit did it'),
    ('known_flakes', 'last_at', 'When it last failed, UTC'),
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
