SELECT * FROM bursts WHERE incident = $incident ORDER BY position
