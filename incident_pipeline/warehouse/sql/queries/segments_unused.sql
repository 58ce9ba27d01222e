SELECT file FROM segments WHERE table_name = 'commit_files' AND segment NOT IN (SELECT segment FROM commits WHERE segment IS NOT NULL)
