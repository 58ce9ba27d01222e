SELECT i.incident, i.title, i.repo, i.run_id, i.occurred_at, r.verdict, r.category, r.status, r.confidence, r.summary
FROM incidents i LEFT JOIN reports r ON r.incident = i.incident AND r.current
WHERE $repo::VARCHAR IS NULL OR i.repo = $repo
ORDER BY coalesce(i.occurred_at, i.saved_at) DESC, i.incident LIMIT $limit
