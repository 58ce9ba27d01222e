CREATE OR REPLACE VIEW latest_reports AS
SELECT r.incident, r.created_at, r.verdict, r.category, r.status, r.confidence, r.summary, r.title, r.repo, r.head,
       i.occurred_at, c.url AS run_url, r.report_id, r.html_path
FROM reports r LEFT JOIN incidents i USING (incident)
LEFT JOIN ci_runs c ON c.source = i.source AND c.repo = i.repo AND c.run_id = i.run_id AND c.attempt = i.attempt
WHERE r.current;
COMMENT ON VIEW latest_reports IS 'What is the current answer to each incident?';

CREATE OR REPLACE VIEW open_incidents AS
SELECT i.incident, i.title, i.repo, i.occurred_at, r.verdict, r.category, r.status, r.confidence, r.summary
FROM incidents i LEFT JOIN reports r ON r.incident = i.incident AND r.current
WHERE NOT EXISTS (SELECT 1 FROM feedback f WHERE f.incident = i.incident AND f.answer = 'resolved');
COMMENT ON VIEW open_incidents IS 'Which incidents has nobody marked as resolved?';

CREATE OR REPLACE VIEW failures_by_category AS
SELECT verdict, category, status, count(*) AS incidents, avg(confidence) AS mean_confidence, max(created_at) AS last_seen
FROM reports WHERE current GROUP BY ALL;
COMMENT ON VIEW failures_by_category IS 'What kinds of failure are there, and how many of each?';

CREATE OR REPLACE VIEW top_suspects AS
SELECT s.hash, any_value(s.subject) AS subject, any_value(s.author) AS author, any_value(s.date) AS date,
       count(*) AS incidents, max(s.probability) AS best_probability
FROM suspects s JOIN reports r ON r.incident = s.incident AND r.report_id = s.report_id AND r.current
WHERE s.probability >= 0.1 GROUP BY s.hash;
COMMENT ON VIEW top_suspects IS 'Which commits are suspected, and by how many incidents? (probability of at least 0.1)';

CREATE OR REPLACE VIEW suspects_by_author AS
SELECT author, count(DISTINCT hash) AS commits, sum(incidents) AS incidents, max(date) AS last_date
FROM top_suspects GROUP BY author;
COMMENT ON VIEW suspects_by_author IS 'Whom to ask: whose commits are suspected most?';

CREATE OR REPLACE VIEW repeated_findings AS
SELECT coalesce(f.test, f.text) AS what, f.kind, f.test IS NOT NULL AS is_test, count(DISTINCT f.incident) AS incidents,
       count(DISTINCT f.incident) FILTER (r.verdict = 'flaky') AS flaky_incidents, count(DISTINCT r.head) AS heads,
       max(r.created_at) AS last_seen
FROM findings f JOIN reports r ON r.incident = f.incident AND r.report_id = f.report_id AND r.current
GROUP BY ALL;
COMMENT ON VIEW repeated_findings IS 'Which tests or messages come back in several incidents? (flaky candidates first: ORDER BY incidents DESC)';

CREATE OR REPLACE VIEW errors_by_template AS
SELECT e.template, count(*) AS entries, count(DISTINCT e.log_id) AS logs, count(DISTINCT l.run_id) AS runs,
       min(e.timestamp) AS first_at, max(e.timestamp) AS last_at, arg_min(e.text, e.log_id) AS example
FROM log_entries e JOIN logs l USING (log_id) WHERE e.level IN ('error', 'fatal') GROUP BY e.template;
COMMENT ON VIEW errors_by_template IS 'Which shapes of error line occur, in how many logs and runs? Reads every log';

CREATE OR REPLACE VIEW source_health AS
SELECT source, kind, count(*) AS reads, count(*) FILTER (status IN ('read', 'empty')) AS good,
       sum(rows) AS rows, sum(bytes) AS bytes, sum(skipped) AS skipped, max(read_at) AS last_read_at,
       arg_max(status, read_at) AS last_status, arg_max(detail, read_at) AS last_detail
FROM source_status GROUP BY source, kind;
COMMENT ON VIEW source_health IS 'How well does each source answer?';

CREATE OR REPLACE VIEW ci_steps AS
SELECT source, repo, run_id, attempt, job_id, name AS job, step.number, step.name, step.conclusion, step.started_at,
       step.completed_at
FROM (SELECT *, unnest(steps) AS step FROM ci_jobs);
COMMENT ON VIEW ci_steps IS 'One row a step of a job';

CREATE OR REPLACE VIEW incident_window AS
SELECT w.incident, w.position, w.repo, w.hash, c.author, c.date, split_part(c.message, chr(10), 1) AS subject
FROM incident_commits w LEFT JOIN commits c ON c.repo = w.repo AND c.hash = w.hash;
COMMENT ON VIEW incident_window IS 'Which commits may explain an incident, newest first by position?';

CREATE OR REPLACE VIEW commits_with_files AS
SELECT c.repo, c.hash, c.date, c.author, split_part(c.message, chr(10), 1) AS subject, f.path, f.status, f.additions,
       f.deletions
FROM commits c JOIN commit_files f ON f.repo = c.repo AND f.hash = c.hash;
COMMENT ON VIEW commits_with_files IS 'Which commit touched which file?';

CREATE OR REPLACE VIEW storage AS
SELECT table_name, count(*) AS segments, sum(rows) AS rows, sum(bytes) AS bytes FROM segments GROUP BY table_name;
COMMENT ON VIEW storage IS 'How much room do log lines, changed files and documents take?';
