SELECT c.*, s.file FROM commits c
LEFT JOIN segments s ON s.table_name = 'commit_files' AND s.segment = c.segment
WHERE c.repo = $repo AND c.hash IN (SELECT unnest(string_split($hashes, ' ')))
