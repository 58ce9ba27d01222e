CREATE TABLE entities (
    incident VARCHAR NOT NULL, position INTEGER NOT NULL, kind VARCHAR, value VARCHAR, note VARCHAR, label VARCHAR, line BIGINT
);
COMMENT ON TABLE entities IS 'What the lines of a failure name: codes, packages, symbols, hosts, images, files, tests; one row each';
COMMENT ON COLUMN entities.incident IS 'Incident';
COMMENT ON COLUMN entities.position IS '0 is the most telling one';
COMMENT ON COLUMN entities.kind IS 'url, host, error_code, exit_code, package, symbol, test, file, image or signal';
COMMENT ON COLUMN entities.value IS 'As it stands in the log; a package with its version where that is said; a URL without user, query and fragment';
COMMENT ON COLUMN entities.note IS 'What the text says of it: asked, found, not found, the tool or protocol of a code';
COMMENT ON COLUMN entities.label IS 'Label of the log that names it';
COMMENT ON COLUMN entities.line IS 'Line of that log, 1-based';
