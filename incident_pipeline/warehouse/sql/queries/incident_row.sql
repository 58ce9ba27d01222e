SELECT * FROM incidents WHERE incident = $incident
