SELECT * FROM ingest_cursors WHERE source = $source AND kind = $kind AND what = $what
