SELECT hash FROM incident_commits WHERE incident = $incident ORDER BY position
