CREATE TABLE proofs (
    incident VARCHAR NOT NULL, proof_id VARCHAR NOT NULL, current BOOLEAN NOT NULL, made_at TIMESTAMPTZ,
    head VARCHAR, base VARCHAR, window_hash VARCHAR, command VARCHAR, conclusion VARCHAR, summary VARCHAR,
    accused VARCHAR, culprit VARCHAR, commits_left VARCHAR[], runs INTEGER, seconds DOUBLE
);
COMMENT ON TABLE proofs IS 'Every replay of a failing command; the newest of an incident is current';
COMMENT ON COLUMN proofs.incident IS 'Incident';
COMMENT ON COLUMN proofs.proof_id IS 'Unique in the incident';
COMMENT ON COLUMN proofs.current IS 'The one that counts, as long as the incident''s window is the one it was made of';
COMMENT ON COLUMN proofs.made_at IS 'When it was made, UTC';
COMMENT ON COLUMN proofs.head IS 'Commit that failed';
COMMENT ON COLUMN proofs.base IS 'Last commit known to be good when it was made';
COMMENT ON COLUMN proofs.window_hash IS 'Hash of head, base and all commits between them';
COMMENT ON COLUMN proofs.command IS 'Command that was replayed, secrets redacted';
COMMENT ON COLUMN proofs.conclusion IS 'confirmed, refuted, not_reproduced, red_at_base or unsettled';
COMMENT ON COLUMN proofs.summary IS 'The conclusion in one sentence';
COMMENT ON COLUMN proofs.accused IS 'Commit that the evidence accused, null when it accused none';
COMMENT ON COLUMN proofs.culprit IS 'Commit that was proved, null when none was';
COMMENT ON COLUMN proofs.commits_left IS 'Where it is not settled: the commits among which the culprit is';
COMMENT ON COLUMN proofs.runs IS 'How often the command was run';
COMMENT ON COLUMN proofs.seconds IS 'Time it took';

CREATE TABLE trials (
    incident VARCHAR NOT NULL, proof_id VARCHAR NOT NULL, position INTEGER NOT NULL, hash VARCHAR, outcome VARCHAR,
    why VARCHAR, exit_code INTEGER, seconds DOUBLE, tail VARCHAR[]
);
COMMENT ON TABLE trials IS 'One row a run of a replayed command';
COMMENT ON COLUMN trials.incident IS 'Incident';
COMMENT ON COLUMN trials.proof_id IS 'Proof it belongs to';
COMMENT ON COLUMN trials.position IS 'Order of the runs, from 0';
COMMENT ON COLUMN trials.hash IS 'Commit whose tree it ran on';
COMMENT ON COLUMN trials.outcome IS 'passed, failed, skipped, timeout, limit or broken';
COMMENT ON COLUMN trials.why IS 'What the run was to settle';
COMMENT ON COLUMN trials.exit_code IS 'Exit code, minus the number of a signal, null when it never started';
COMMENT ON COLUMN trials.seconds IS 'Time it took';
COMMENT ON COLUMN trials.tail IS 'Last lines of its output, secrets redacted';
