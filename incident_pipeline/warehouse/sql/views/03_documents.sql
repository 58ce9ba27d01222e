CREATE OR REPLACE VIEW documents AS
SELECT incident, owner, name, text FROM read_parquet(getvariable('documents_files'));
COMMENT ON VIEW documents IS 'Whole texts: a report''s JSON and Markdown, the evidence of an incident';
COMMENT ON COLUMN documents.incident IS 'Incident';
COMMENT ON COLUMN documents.owner IS 'report_id of the report, or evidence';
COMMENT ON COLUMN documents.name IS 'json or markdown of a report; failure, code or judgement of evidence';
COMMENT ON COLUMN documents.text IS 'The text';
