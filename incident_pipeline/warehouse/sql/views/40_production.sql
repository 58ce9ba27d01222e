CREATE OR REPLACE VIEW incident_error_rate AS
SELECT l.incident, coalesce(s.service, l.name) AS service, time_bucket(INTERVAL 1 minute, e.timestamp) AS minute,
       count(*) AS entries, count(*) FILTER (e.level IN ('error', 'fatal')) AS errors
FROM log_entries e JOIN incident_logs l USING (log_id)
LEFT JOIN incident_services s ON s.incident = l.incident AND s.label = l.label
WHERE e.timestamp IS NOT NULL GROUP BY ALL;
COMMENT ON VIEW incident_error_rate IS 'How many errors did each service write in each minute? Filter by incident';

CREATE OR REPLACE VIEW incident_timeline AS
SELECT w.incident, c.committed_at AS happened_at, 'commit' AS event, NULL AS service, w.subject AS what, w.hash, NULL AS ref
FROM incident_window w JOIN commits c ON c.repo = w.repo AND c.hash = w.hash
UNION ALL
SELECT incident, deployed_at, 'deploy', service, what, hash, ref FROM deploys
UNION ALL
SELECT incident, started_at, 'burst', service, text, NULL, label || ':' || line FROM bursts
UNION ALL
SELECT incident, occurred_at, 'red', NULL, title, head, NULL FROM incidents WHERE occurred_at IS NOT NULL;
COMMENT ON VIEW incident_timeline IS 'What happened around an incident, one row an event: ORDER BY happened_at';
