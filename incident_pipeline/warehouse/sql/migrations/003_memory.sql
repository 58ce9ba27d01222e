CREATE TABLE fingerprints (
    incident VARCHAR NOT NULL, key VARCHAR, tokens VARCHAR[], tests VARCHAR[], saved_at TIMESTAMPTZ
);
COMMENT ON TABLE fingerprints IS 'What failed in an incident, whatever the run; the view occurrences says which runs are one failure';
COMMENT ON COLUMN fingerprints.incident IS 'Incident';
COMMENT ON COLUMN fingerprints.key IS 'Equal for the same failure on other commits and runs; empty when nothing says what failed';
COMMENT ON COLUMN fingerprints.tokens IS 'What it is made of: test:, raised:, says:, line:, at:, entity:';
COMMENT ON COLUMN fingerprints.tests IS 'Failing tests, at most 40';
COMMENT ON COLUMN fingerprints.saved_at IS 'When it was written, UTC';
COMMENT ON TABLE feedback IS 'What people said about an incident; nothing is deleted, each person''s newest word counts (view people_say)';
COMMENT ON COLUMN feedback.report_id IS 'Report that was current then';
COMMENT ON COLUMN feedback.answer IS 'culprit, not, infrastructure, flaky or resolved';
COMMENT ON COLUMN feedback.hash IS 'The commit that did it (culprit) or did not (not)';
