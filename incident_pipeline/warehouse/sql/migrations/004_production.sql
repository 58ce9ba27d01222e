-- Incidents of production logs: which service a log is of, what began or grew, what went live. Replaced by incident.
CREATE TABLE incident_services (incident VARCHAR NOT NULL, label VARCHAR NOT NULL, service VARCHAR);
COMMENT ON TABLE incident_services IS 'Which service a log of a production incident is of';
COMMENT ON COLUMN incident_services.incident IS 'Incident';
COMMENT ON COLUMN incident_services.label IS 'Label of the log';
COMMENT ON COLUMN incident_services.service IS 'Service, as asked for or as its file is named';

CREATE TABLE bursts (
    incident VARCHAR NOT NULL, position INTEGER NOT NULL, service VARCHAR, label VARCHAR, line BIGINT, text VARCHAR,
    template UBIGINT, started_at TIMESTAMPTZ, ended_at TIMESTAMPTZ, count BIGINT, before DOUBLE, during DOUBLE,
    first_seen BOOLEAN
);
COMMENT ON TABLE bursts IS 'Shapes of log line that began or grew in a production incident';
COMMENT ON COLUMN bursts.incident IS 'Incident';
COMMENT ON COLUMN bursts.position IS '0 explains most';
COMMENT ON COLUMN bursts.service IS 'Service that wrote it';
COMMENT ON COLUMN bursts.label IS 'Label of the log';
COMMENT ON COLUMN bursts.line IS 'Line of its first entry, 1-based';
COMMENT ON COLUMN bursts.text IS 'First line of that entry, redacted';
COMMENT ON COLUMN bursts.template IS 'Hash of the event in its own log: lines that differ in a word that varies are one event';
COMMENT ON COLUMN bursts.started_at IS 'Time of its first entry, UTC';
COMMENT ON COLUMN bursts.ended_at IS 'Time of its last entry, UTC';
COMMENT ON COLUMN bursts.count IS 'Entries between the two';
COMMENT ON COLUMN bursts.before IS 'Entries a minute before it';
COMMENT ON COLUMN bursts.during IS 'Entries a minute while it lasted';
COMMENT ON COLUMN bursts.first_seen IS 'No entry of this shape was read before it';

CREATE TABLE deploys (
    incident VARCHAR NOT NULL, position INTEGER NOT NULL, deployed_at TIMESTAMPTZ, service VARCHAR, what VARCHAR, ref VARCHAR,
    hash VARCHAR
);
COMMENT ON TABLE deploys IS 'What went live around a production incident, as its logs or tags say';
COMMENT ON COLUMN deploys.incident IS 'Incident';
COMMENT ON COLUMN deploys.position IS '0 is the oldest';
COMMENT ON COLUMN deploys.deployed_at IS 'When, UTC';
COMMENT ON COLUMN deploys.service IS 'Service, empty for a tag';
COMMENT ON COLUMN deploys.what IS 'Version, commit or tag';
COMMENT ON COLUMN deploys.ref IS 'Log line that says so, as label:line; empty for a tag';
COMMENT ON COLUMN deploys.hash IS 'Commit, empty when it is not known';
