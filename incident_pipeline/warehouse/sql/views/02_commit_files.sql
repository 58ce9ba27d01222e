CREATE OR REPLACE VIEW commit_files AS
SELECT f.repo, f.hash, f.position, f.path, f.status, f.old_path, f.additions, f.deletions, f.binary, f.submodule,
       f.patch, f.truncated
FROM read_parquet(getvariable('commit_files_files')) AS f
SEMI JOIN commits AS c ON c.repo = f.repo AND c.hash = f.hash AND c.segment = f.segment;
COMMENT ON VIEW commit_files IS 'One row a file changed by a commit, with its patch where it was read';
COMMENT ON COLUMN commit_files.repo IS 'Repository of the commit';
COMMENT ON COLUMN commit_files.hash IS 'Commit';
COMMENT ON COLUMN commit_files.position IS 'Order of the files in the commit, from 0';
COMMENT ON COLUMN commit_files.path IS 'Path after the commit';
COMMENT ON COLUMN commit_files.status IS 'added, modified, deleted, renamed, copied or type-changed';
COMMENT ON COLUMN commit_files.old_path IS 'Path before, when renamed or copied';
COMMENT ON COLUMN commit_files.additions IS 'Lines added; null when binary';
COMMENT ON COLUMN commit_files.deletions IS 'Lines removed; null when binary';
COMMENT ON COLUMN commit_files.binary IS 'Has no text patch';
COMMENT ON COLUMN commit_files.submodule IS 'Is a submodule pointer';
COMMENT ON COLUMN commit_files.patch IS 'Hunks of the unified diff; null when not read or binary';
COMMENT ON COLUMN commit_files.truncated IS 'The patch was cut';
