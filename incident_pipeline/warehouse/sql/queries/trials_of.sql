SELECT * FROM trials WHERE incident = $incident AND proof_id = $proof_id ORDER BY position
