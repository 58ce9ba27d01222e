-- RE2: \x1b[...m and friends, OSC titles; then the vendor's timestamp in front of the line.
CREATE OR REPLACE VIEW log_entries AS
SELECT log_id, line, timestamp, level, template,
       regexp_replace(
           regexp_replace(raw, '\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])', '', 'g'),
           '^\x{FEFF}?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d) ', '') AS text,
       raw, metadata, log_id || ':' || line AS entry_id
FROM read_parquet(getvariable('log_entries_files'));
COMMENT ON VIEW log_entries IS 'One row a log entry; text is raw without ANSI codes and the vendor''s timestamp. Filter by log_id';
COMMENT ON COLUMN log_entries.log_id IS 'Log it belongs to';
COMMENT ON COLUMN log_entries.line IS 'Line of the log it starts at, 1-based, as downloaded';
COMMENT ON COLUMN log_entries.timestamp IS 'UTC; null when the source gave none';
COMMENT ON COLUMN log_entries.level IS 'trace, debug, info, notice, warn, error, fatal, or null';
COMMENT ON COLUMN log_entries.template IS 'Hash of the masked first line: equal shapes share it across runs';
COMMENT ON COLUMN log_entries.text IS 'Cleaned text, derived from raw';
COMMENT ON COLUMN log_entries.raw IS 'Untouched text, secrets redacted';
COMMENT ON COLUMN log_entries.metadata IS 'JSON object of whatever else came with it, or null';
COMMENT ON COLUMN log_entries.entry_id IS 'Readable id: log_id:line';
