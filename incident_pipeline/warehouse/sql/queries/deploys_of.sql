SELECT * FROM deploys WHERE incident = $incident ORDER BY position
