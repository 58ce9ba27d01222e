SELECT i.incident, i.title, i.repo, i.run_id, i.occurred_at, o.runs, r.verdict, r.category, r.status, r.confidence, r.summary
FROM incidents i
LEFT JOIN (
    SELECT arg_max(incident, occurred_at) AS incident, count(*) AS runs FROM occurrences GROUP BY first_incident
) o USING (incident)
LEFT JOIN reports r ON r.incident = i.incident AND r.current
WHERE (o.incident IS NOT NULL OR i.incident NOT IN (SELECT incident FROM occurrences))
AND ($repo::VARCHAR IS NULL OR i.repo = $repo)
ORDER BY coalesce(i.occurred_at, i.saved_at) DESC, i.incident LIMIT $limit
