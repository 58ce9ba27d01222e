SELECT * FROM ci_runs WHERE source = $source AND repo = $repo AND run_id = $run_id AND attempt = $attempt
