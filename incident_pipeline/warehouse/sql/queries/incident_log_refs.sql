SELECT * FROM incident_logs WHERE incident = $incident ORDER BY position
