SELECT table_name, window_key, segment, file, rows, bytes FROM segments ORDER BY table_name, window_key
