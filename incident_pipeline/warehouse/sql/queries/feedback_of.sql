SELECT answer, hash, author, note, created_at FROM feedback WHERE incident = $incident ORDER BY created_at, feedback_id
