SELECT * FROM reports WHERE incident = $incident AND (CASE WHEN $report_id::VARCHAR IS NULL THEN current ELSE report_id = $report_id END)
