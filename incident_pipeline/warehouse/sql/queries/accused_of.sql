SELECT r.report_id, r.verdict, r.status, r.summary, s.position, s.hash, s.probability
FROM reports r LEFT JOIN suspects s ON s.incident = r.incident AND s.report_id = r.report_id
WHERE r.incident = $incident AND r.current ORDER BY s.position
