SELECT file FROM segments WHERE table_name = $table_name AND window_key = $window_key
