SELECT report_id, current, created_at, verdict, category, status, confidence, dagster_run_id FROM reports WHERE incident = $incident ORDER BY created_at DESC
