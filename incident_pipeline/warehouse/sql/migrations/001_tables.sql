-- Small tables. Rules that DuckLake shares: no keys, no unique, no indexes, sequences, enums; rows are replaced by window.
CREATE TABLE commits (
    repo VARCHAR NOT NULL, hash VARCHAR NOT NULL, author VARCHAR, author_email VARCHAR, date TIMESTAMPTZ,
    committer VARCHAR, committed_at TIMESTAMPTZ, parents VARCHAR[], message VARCHAR, detail TINYINT, segment BIGINT
);
COMMENT ON TABLE commits IS 'One row a commit of a repository, stored once however many incidents look at it';
COMMENT ON COLUMN commits.repo IS 'Repository as the source names it (owner/name, or a path)';
COMMENT ON COLUMN commits.hash IS 'Full commit hash';
COMMENT ON COLUMN commits.author IS 'Author name, mailmap applied';
COMMENT ON COLUMN commits.author_email IS 'Author e-mail, mailmap applied';
COMMENT ON COLUMN commits.date IS 'Author date, UTC';
COMMENT ON COLUMN commits.committer IS 'Committer name';
COMMENT ON COLUMN commits.committed_at IS 'Committer date, UTC';
COMMENT ON COLUMN commits.parents IS 'Hashes of the parents; more than one means a merge';
COMMENT ON COLUMN commits.message IS 'Whole message; the first line is the subject';
COMMENT ON COLUMN commits.detail IS '0 without files, 1 with files, 2 with files and patches';
COMMENT ON COLUMN commits.segment IS 'Segment that holds the files of this commit; null when they were not read';

CREATE TABLE refs (repo VARCHAR NOT NULL, kind VARCHAR NOT NULL, name VARCHAR NOT NULL, hash VARCHAR);
COMMENT ON TABLE refs IS 'Branches and tags as last read';
COMMENT ON COLUMN refs.repo IS 'Repository as the source names it';
COMMENT ON COLUMN refs.kind IS 'branch or tag';
COMMENT ON COLUMN refs.name IS 'Name without refs/heads or refs/tags';
COMMENT ON COLUMN refs.hash IS 'Commit it points to (an annotated tag is peeled)';

CREATE TABLE ci_runs (
    source VARCHAR NOT NULL, repo VARCHAR NOT NULL, run_id VARCHAR NOT NULL, attempt INTEGER NOT NULL,
    workflow VARCHAR, workflow_id VARCHAR, head_sha VARCHAR, status VARCHAR, conclusion VARCHAR, run_number BIGINT,
    event VARCHAR, branch VARCHAR, title VARCHAR, url VARCHAR, created_at TIMESTAMPTZ, updated_at TIMESTAMPTZ,
    pr_number BIGINT, base_branch VARCHAR, base_sha VARCHAR
);
COMMENT ON TABLE ci_runs IS 'One row an attempt of a CI run';
COMMENT ON COLUMN ci_runs.source IS 'Name of the configured source';
COMMENT ON COLUMN ci_runs.repo IS 'Repository the run belongs to';
COMMENT ON COLUMN ci_runs.run_id IS 'The CI system''s id of the run';
COMMENT ON COLUMN ci_runs.attempt IS '1 for the first try, 2 for the first re-run, ...';
COMMENT ON COLUMN ci_runs.workflow IS 'Workflow or pipeline name';
COMMENT ON COLUMN ci_runs.workflow_id IS 'The CI system''s id of the workflow';
COMMENT ON COLUMN ci_runs.head_sha IS 'Commit that was run';
COMMENT ON COLUMN ci_runs.status IS 'queued, in_progress, completed, ...';
COMMENT ON COLUMN ci_runs.conclusion IS 'success, failure, timed_out, ...; null while it runs';
COMMENT ON COLUMN ci_runs.run_number IS 'Number people see (#1842)';
COMMENT ON COLUMN ci_runs.event IS 'push, pull_request, schedule, ...';
COMMENT ON COLUMN ci_runs.branch IS 'Branch of the head commit';
COMMENT ON COLUMN ci_runs.title IS 'Title of the run';
COMMENT ON COLUMN ci_runs.url IS 'Page of the run';
COMMENT ON COLUMN ci_runs.created_at IS 'When it was created, UTC';
COMMENT ON COLUMN ci_runs.updated_at IS 'When it last changed, UTC';
COMMENT ON COLUMN ci_runs.pr_number IS 'Pull request, null for a push';
COMMENT ON COLUMN ci_runs.base_branch IS 'Target branch of the pull request';
COMMENT ON COLUMN ci_runs.base_sha IS 'Target commit of the pull request';

CREATE TABLE ci_jobs (
    source VARCHAR NOT NULL, repo VARCHAR NOT NULL, run_id VARCHAR NOT NULL, attempt INTEGER NOT NULL,
    job_id VARCHAR NOT NULL, position INTEGER, name VARCHAR, status VARCHAR, conclusion VARCHAR,
    started_at TIMESTAMPTZ, completed_at TIMESTAMPTZ, url VARCHAR,
    steps STRUCT(number INTEGER, name VARCHAR, conclusion VARCHAR, started_at TIMESTAMPTZ, completed_at TIMESTAMPTZ)[]
);
COMMENT ON TABLE ci_jobs IS 'One row a job of an attempt of a run';
COMMENT ON COLUMN ci_jobs.source IS 'Name of the configured source';
COMMENT ON COLUMN ci_jobs.repo IS 'Repository the run belongs to';
COMMENT ON COLUMN ci_jobs.run_id IS 'Run the job belongs to';
COMMENT ON COLUMN ci_jobs.attempt IS 'Attempt of the run';
COMMENT ON COLUMN ci_jobs.job_id IS 'The CI system''s id of the job';
COMMENT ON COLUMN ci_jobs.position IS 'Order in which the source gave the jobs, from 0';
COMMENT ON COLUMN ci_jobs.name IS 'Job name, matrix values included';
COMMENT ON COLUMN ci_jobs.status IS 'queued, in_progress, completed, ...';
COMMENT ON COLUMN ci_jobs.conclusion IS 'success, failure, ...; null while it runs';
COMMENT ON COLUMN ci_jobs.started_at IS 'UTC';
COMMENT ON COLUMN ci_jobs.completed_at IS 'UTC';
COMMENT ON COLUMN ci_jobs.url IS 'Page of the job';
COMMENT ON COLUMN ci_jobs.steps IS 'Steps in order; the view ci_steps gives one row each';

CREATE TABLE logs (
    log_id BIGINT NOT NULL, source VARCHAR, service VARCHAR, run_id VARCHAR, attempt INTEGER, job_id VARCHAR,
    name VARCHAR, url VARCHAR, since TIMESTAMPTZ, until TIMESTAMPTZ, lines BIGINT, bytes BIGINT, skipped BIGINT,
    redactions BIGINT, status VARCHAR, detail VARCHAR, read_at TIMESTAMPTZ
);
COMMENT ON TABLE logs IS 'One row a log: a job''s log, a file, or a service in a time window';
COMMENT ON COLUMN logs.log_id IS 'Hash of what the log is; log rows are keyed by (log_id, line)';
COMMENT ON COLUMN logs.source IS 'Name of the configured source';
COMMENT ON COLUMN logs.service IS 'Repository or service it was read for';
COMMENT ON COLUMN logs.run_id IS 'CI run, empty otherwise';
COMMENT ON COLUMN logs.attempt IS 'Attempt of the CI run, 0 otherwise';
COMMENT ON COLUMN logs.job_id IS 'CI job, empty otherwise';
COMMENT ON COLUMN logs.name IS 'Job or file name people know it by';
COMMENT ON COLUMN logs.url IS 'Page of it, if any';
COMMENT ON COLUMN logs.since IS 'Start of the asked window, UTC, null when it has none';
COMMENT ON COLUMN logs.until IS 'End of the asked window, UTC, exclusive';
COMMENT ON COLUMN logs.lines IS 'Entries stored';
COMMENT ON COLUMN logs.bytes IS 'Bytes read from the source';
COMMENT ON COLUMN logs.skipped IS 'Records that could not be read, counted';
COMMENT ON COLUMN logs.redactions IS 'Secrets redacted before anything was stored';
COMMENT ON COLUMN logs.status IS 'read, empty, missing, expired, truncated, failed or skipped';
COMMENT ON COLUMN logs.detail IS 'What went wrong, in one line';
COMMENT ON COLUMN logs.read_at IS 'When it was read, UTC';

CREATE TABLE incidents (
    incident VARCHAR NOT NULL, tenant VARCHAR, kind VARCHAR, source VARCHAR, repo VARCHAR, title VARCHAR,
    run_id VARCHAR, attempt INTEGER, green_source VARCHAR, green_repo VARCHAR, green_run_id VARCHAR, green_attempt INTEGER,
    occurred_at TIMESTAMPTZ, since TIMESTAMPTZ, until TIMESTAMPTZ,
    window_repo VARCHAR, base VARCHAR, head VARCHAR, base_kind VARCHAR, window_complete BOOLEAN,
    window_problems VARCHAR[], origin VARCHAR, same_commit_passed BOOLEAN, saved_at TIMESTAMPTZ
);
COMMENT ON TABLE incidents IS 'One row a failure to explain, with the range of commits that may explain it';
COMMENT ON COLUMN incidents.incident IS 'Short readable id, the same on every investigation';
COMMENT ON COLUMN incidents.tenant IS 'Owner; default for a single user';
COMMENT ON COLUMN incidents.kind IS 'ci or logs';
COMMENT ON COLUMN incidents.source IS 'Name of the configured log source';
COMMENT ON COLUMN incidents.repo IS 'Repository or service';
COMMENT ON COLUMN incidents.title IS 'One line for people';
COMMENT ON COLUMN incidents.run_id IS 'Failed CI run, null for a log incident';
COMMENT ON COLUMN incidents.attempt IS 'Attempt of the failed run';
COMMENT ON COLUMN incidents.green_source IS 'Source of the last green run, null when none is known';
COMMENT ON COLUMN incidents.green_repo IS 'Repository of the last green run';
COMMENT ON COLUMN incidents.green_run_id IS 'Last green run before it';
COMMENT ON COLUMN incidents.green_attempt IS 'Attempt of the green run';
COMMENT ON COLUMN incidents.occurred_at IS 'When it failed, UTC';
COMMENT ON COLUMN incidents.since IS 'Start of the time window, UTC';
COMMENT ON COLUMN incidents.until IS 'End of the time window, UTC';
COMMENT ON COLUMN incidents.window_repo IS 'Repository the commits were read from';
COMMENT ON COLUMN incidents.base IS 'Commits after this one may be guilty; null when unknown';
COMMENT ON COLUMN incidents.head IS 'Commit that failed';
COMMENT ON COLUMN incidents.base_kind IS 'last_green, merge_base, given, time or none';
COMMENT ON COLUMN incidents.window_complete IS 'False when a commit of the range may be missing';
COMMENT ON COLUMN incidents.window_problems IS 'Why it may be incomplete';
COMMENT ON COLUMN incidents.origin IS 'The request it came from (JSON), so that its window can be read again';
COMMENT ON COLUMN incidents.same_commit_passed IS 'The same workflow was green on the same commit; null when unknown';
COMMENT ON COLUMN incidents.saved_at IS 'When this row was written, UTC';

CREATE TABLE incident_logs (
    incident VARCHAR NOT NULL, label VARCHAR NOT NULL, position INTEGER, log_id BIGINT, name VARCHAR, job_id VARCHAR, url VARCHAR
);
COMMENT ON TABLE incident_logs IS 'Which log a label of a citation means in an incident';
COMMENT ON COLUMN incident_logs.incident IS 'Incident';
COMMENT ON COLUMN incident_logs.label IS 'log, log2, ... for failed jobs; green, green2, ... for the baseline';
COMMENT ON COLUMN incident_logs.position IS 'Order of the labels, from 0';
COMMENT ON COLUMN incident_logs.log_id IS 'Log it stands for';
COMMENT ON COLUMN incident_logs.name IS 'Job or file name';
COMMENT ON COLUMN incident_logs.job_id IS 'CI job, empty otherwise';
COMMENT ON COLUMN incident_logs.url IS 'Page of it, if any';

CREATE TABLE incident_commits (incident VARCHAR NOT NULL, position INTEGER NOT NULL, repo VARCHAR, hash VARCHAR);
COMMENT ON TABLE incident_commits IS 'The commits that may explain an incident';
COMMENT ON COLUMN incident_commits.incident IS 'Incident';
COMMENT ON COLUMN incident_commits.position IS '0 is the newest commit';
COMMENT ON COLUMN incident_commits.repo IS 'Repository of the commit';
COMMENT ON COLUMN incident_commits.hash IS 'Commit';

CREATE TABLE evidence (incident VARCHAR NOT NULL, hash VARCHAR, saved_at TIMESTAMPTZ);
COMMENT ON TABLE evidence IS 'One row an incident whose evidence is stored; its text is in documents';
COMMENT ON COLUMN evidence.incident IS 'Incident';
COMMENT ON COLUMN evidence.hash IS 'Hash of the findings and the judgement; a report''s evidence_hash covers what it shows too';
COMMENT ON COLUMN evidence.saved_at IS 'When it was written, UTC';

CREATE TABLE findings (
    incident VARCHAR NOT NULL, report_id VARCHAR NOT NULL, position INTEGER NOT NULL, label VARCHAR, line BIGINT,
    end_line BIGINT, text VARCHAR, kind VARCHAR, score DOUBLE, reason VARCHAR, novel BOOLEAN, test VARCHAR, step VARCHAR
);
COMMENT ON TABLE findings IS 'Log lines that explain a failure, one row each, for every report';
COMMENT ON COLUMN findings.incident IS 'Incident';
COMMENT ON COLUMN findings.report_id IS 'Report that names it';
COMMENT ON COLUMN findings.position IS '0 is the best finding';
COMMENT ON COLUMN findings.label IS 'Label of the log';
COMMENT ON COLUMN findings.line IS 'First line, 1-based';
COMMENT ON COLUMN findings.end_line IS 'Last line, inclusive';
COMMENT ON COLUMN findings.text IS 'What stands there, redacted';
COMMENT ON COLUMN findings.kind IS 'Kind of line: exception, assertion, exit code, ...';
COMMENT ON COLUMN findings.score IS '0 to 1';
COMMENT ON COLUMN findings.reason IS 'Why it was picked, in plain words';
COMMENT ON COLUMN findings.novel IS 'Not in the green log; null when there was none';
COMMENT ON COLUMN findings.test IS 'Failing test, if it names one';
COMMENT ON COLUMN findings.step IS 'CI step, if known';

CREATE TABLE suspects (
    incident VARCHAR NOT NULL, report_id VARCHAR NOT NULL, position INTEGER NOT NULL, hash VARCHAR, probability DOUBLE,
    subject VARCHAR, author VARCHAR, date TIMESTAMPTZ, reasons VARCHAR[]
);
COMMENT ON TABLE suspects IS 'Commits suspected by a report, one row each';
COMMENT ON COLUMN suspects.incident IS 'Incident';
COMMENT ON COLUMN suspects.report_id IS 'Report that names it';
COMMENT ON COLUMN suspects.position IS '0 is the first suspect';
COMMENT ON COLUMN suspects.hash IS 'Commit';
COMMENT ON COLUMN suspects.probability IS '0 to 1; all suspects and no-commit add to 1';
COMMENT ON COLUMN suspects.subject IS 'First line of its message';
COMMENT ON COLUMN suspects.author IS 'Author name';
COMMENT ON COLUMN suspects.date IS 'Author date, UTC';
COMMENT ON COLUMN suspects.reasons IS 'Why, in plain words';

CREATE TABLE reports (
    incident VARCHAR NOT NULL, report_id VARCHAR NOT NULL, dagster_run_id VARCHAR, current BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ, schema_version INTEGER, title VARCHAR, repo VARCHAR, head VARCHAR, base VARCHAR,
    verdict VARCHAR, category VARCHAR, status VARCHAR, confidence DOUBLE, summary VARCHAR, engine VARCHAR,
    evidence_hash VARCHAR, program_version VARCHAR, log_lines BIGINT, window_commits INTEGER, seconds DOUBLE, html_path VARCHAR
);
COMMENT ON TABLE reports IS 'Every report ever made of an incident; exactly one of an incident is current. Texts are in documents';
COMMENT ON COLUMN reports.incident IS 'Incident';
COMMENT ON COLUMN reports.report_id IS 'Unique in the incident';
COMMENT ON COLUMN reports.dagster_run_id IS 'Run that made it, null outside Dagster';
COMMENT ON COLUMN reports.current IS 'The one to show';
COMMENT ON COLUMN reports.created_at IS 'When it was made, UTC';
COMMENT ON COLUMN reports.schema_version IS 'Version of the report''s JSON';
COMMENT ON COLUMN reports.title IS 'Title of the incident';
COMMENT ON COLUMN reports.repo IS 'Repository or service';
COMMENT ON COLUMN reports.head IS 'Commit that failed';
COMMENT ON COLUMN reports.base IS 'Last commit known to be good';
COMMENT ON COLUMN reports.verdict IS 'commit, infrastructure, flaky, drift or unknown';
COMMENT ON COLUMN reports.category IS 'code, test, config, dependency, network, disk, ...';
COMMENT ON COLUMN reports.status IS 'CONFIRMED, LIKELY or INCONCLUSIVE';
COMMENT ON COLUMN reports.confidence IS '0 to 1';
COMMENT ON COLUMN reports.summary IS 'The verdict in one sentence';
COMMENT ON COLUMN reports.engine IS 'What made it: deterministic, or a model''s name';
COMMENT ON COLUMN reports.evidence_hash IS 'Hash of the evidence it rests on';
COMMENT ON COLUMN reports.program_version IS 'Version of the program that made it';
COMMENT ON COLUMN reports.log_lines IS 'Log lines looked at';
COMMENT ON COLUMN reports.window_commits IS 'Commits looked at';
COMMENT ON COLUMN reports.seconds IS 'Time it took';
COMMENT ON COLUMN reports.html_path IS 'Stored page, relative to the tenant''s folder';

CREATE TABLE feedback (
    feedback_id VARCHAR NOT NULL, incident VARCHAR, report_id VARCHAR, answer VARCHAR, hash VARCHAR, note VARCHAR,
    author VARCHAR, created_at TIMESTAMPTZ
);
COMMENT ON TABLE feedback IS 'What people said about a report';
COMMENT ON COLUMN feedback.feedback_id IS 'Unique';
COMMENT ON COLUMN feedback.incident IS 'Incident';
COMMENT ON COLUMN feedback.report_id IS 'Report that was judged';
COMMENT ON COLUMN feedback.answer IS 'right, wrong or resolved';
COMMENT ON COLUMN feedback.hash IS 'The commit that really did it, if they know';
COMMENT ON COLUMN feedback.note IS 'Free text';
COMMENT ON COLUMN feedback.author IS 'Who said it';
COMMENT ON COLUMN feedback.created_at IS 'When, UTC';

CREATE TABLE source_status (
    incident VARCHAR NOT NULL, source VARCHAR NOT NULL, kind VARCHAR NOT NULL, what VARCHAR NOT NULL, status VARCHAR,
    detail VARCHAR, rows BIGINT, bytes BIGINT, skipped BIGINT, position INTEGER, read_at TIMESTAMPTZ
);
COMMENT ON TABLE source_status IS 'How far each thing was read, for an incident or (incident empty) by a check or an ingest';
COMMENT ON COLUMN source_status.incident IS 'Incident it was read for, empty otherwise';
COMMENT ON COLUMN source_status.source IS 'Name of the configured source';
COMMENT ON COLUMN source_status.kind IS 'git or logs';
COMMENT ON COLUMN source_status.what IS 'Thing that was read: a job''s log, a file, a range of commits';
COMMENT ON COLUMN source_status.status IS 'read, empty, missing, expired, truncated, failed or skipped';
COMMENT ON COLUMN source_status.detail IS 'What went wrong, in one line';
COMMENT ON COLUMN source_status.rows IS 'Rows read';
COMMENT ON COLUMN source_status.bytes IS 'Bytes read';
COMMENT ON COLUMN source_status.skipped IS 'Records that could not be read';
COMMENT ON COLUMN source_status.position IS 'Order in which they were read, from 0';
COMMENT ON COLUMN source_status.read_at IS 'When, UTC';

CREATE TABLE segments (
    table_name VARCHAR NOT NULL, window_key VARCHAR NOT NULL, segment BIGINT NOT NULL, file VARCHAR, rows BIGINT,
    bytes BIGINT, written_at TIMESTAMPTZ
);
COMMENT ON TABLE segments IS 'Catalogue of the immutable Parquet files that hold log lines, changed files and documents';
COMMENT ON COLUMN segments.table_name IS 'log_entries, commit_files or documents';
COMMENT ON COLUMN segments.window_key IS 'What is replaced as a whole: a log, a batch of commits, a report';
COMMENT ON COLUMN segments.segment IS 'Random id of the file';
COMMENT ON COLUMN segments.file IS 'File name below segments/<table_name>';
COMMENT ON COLUMN segments.rows IS 'Rows in the file';
COMMENT ON COLUMN segments.bytes IS 'Size of the file';
COMMENT ON COLUMN segments.written_at IS 'When it was written, UTC';
