CREATE TABLE ingest_cursors (
    source VARCHAR NOT NULL, kind VARCHAR NOT NULL, what VARCHAR NOT NULL, since TIMESTAMPTZ, until TIMESTAMPTZ,
    resume_at TIMESTAMPTZ, saved_at TIMESTAMPTZ
);
COMMENT ON TABLE ingest_cursors IS 'How far each source was ingested; the next ingest goes on from there';
COMMENT ON COLUMN ingest_cursors.source IS 'Name of the configured source';
COMMENT ON COLUMN ingest_cursors.kind IS 'git or logs';
COMMENT ON COLUMN ingest_cursors.what IS 'Repository or service';
COMMENT ON COLUMN ingest_cursors.since IS 'Everything from here on was read, UTC';
COMMENT ON COLUMN ingest_cursors.until IS 'Up to here, UTC, exclusive';
COMMENT ON COLUMN ingest_cursors.resume_at IS 'Where the next ingest starts: before until, as records come late and runs end late, UTC';
COMMENT ON COLUMN ingest_cursors.saved_at IS 'When it was written, UTC';
