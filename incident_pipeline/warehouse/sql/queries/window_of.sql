SELECT w.hash, split_part(c.message, chr(10), 1) AS subject FROM incident_commits w
LEFT JOIN commits c ON c.repo = w.repo AND c.hash = w.hash WHERE w.incident = $incident ORDER BY w.position
