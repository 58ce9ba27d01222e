SELECT * FROM ci_jobs WHERE source = $source AND repo = $repo AND run_id = $run_id AND attempt = $attempt ORDER BY position
