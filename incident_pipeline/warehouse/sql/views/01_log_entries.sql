-- text is what `normalize.clean` makes of raw, in its order and with its patterns; a test of `flow` holds the two equal.
-- The last two look at raw first, as few lines hold a carriage return and hardly any a backspace; a look at what the step
-- before made would make it twice.
CREATE OR REPLACE VIEW log_entries AS
SELECT log_id, line, timestamp, level, template,
       -- Each pass rubs out one character of every run of backspaces.
       CASE WHEN contains(raw, chr(8)) THEN replace(list_reduce(
           range(64)::VARCHAR[], lambda done, pass: regexp_replace(done, '(?m)[^\x08\n]\x08|^\x08+', '', 'g'), shown),
           chr(8), '')
       ELSE shown END AS text,
       raw, metadata, log_id || ':' || line AS entry_id
FROM (
    SELECT *, CASE WHEN contains(raw, chr(13))
        THEN replace(regexp_replace(uncoded, '(?m)^[^\n]*\r([^\r\n]+)\r*$', '\1', 'g'), chr(13), '')
        ELSE uncoded END AS shown
    FROM (
        SELECT *, regexp_replace(untimed,
            '\x1b\[8mha:[^\x1b\n]*\x1b\[0m|'
            || '\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[ -/]+[0-~]|[0-Z\\^-~])'
            || '|\x{9b}[0-?]*[ -/]*[@-~]|\^\[\[[0-?]*[ -/]*[@-~]|[\x00-\x07\x0b\x0c\x0e-\x1f\x7f]', '', 'g') AS uncoded
        FROM (
            SELECT *, regexp_replace(raw,
                '^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{7}Z '
                || '|(?:[^\t\n]*\t[^\t\n]*\t)?\x{feff}?'
                || '(?:\[[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?Z\] ?'
                || '|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6,9}Z(?: [0-9]{2}[OE][ +]?)? ?))',
                '') AS untimed
            FROM read_parquet(getvariable('log_entries_files'))
        )
    )
);
COMMENT ON VIEW log_entries IS 'One row a log entry; text is raw without ANSI codes and the vendor''s timestamp. Filter by log_id';
COMMENT ON COLUMN log_entries.log_id IS 'Log it belongs to';
COMMENT ON COLUMN log_entries.line IS 'Line of the log it starts at, 1-based, as downloaded';
COMMENT ON COLUMN log_entries.timestamp IS 'UTC; null when the source gave none';
COMMENT ON COLUMN log_entries.level IS 'trace, debug, info, notice, warn, error, fatal, or null';
COMMENT ON COLUMN log_entries.template IS 'Hash of the masked first line: equal shapes share it across runs';
COMMENT ON COLUMN log_entries.text IS 'Cleaned text, derived from raw, equal to the text that evidence reads';
COMMENT ON COLUMN log_entries.raw IS 'Untouched text, secrets redacted';
COMMENT ON COLUMN log_entries.metadata IS 'JSON object of whatever else came with it, or null';
COMMENT ON COLUMN log_entries.entry_id IS 'Readable id: log_id:line';
