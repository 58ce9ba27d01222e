SELECT * FROM source_status WHERE incident = $incident ORDER BY position
