CREATE OR REPLACE VIEW people_say AS
SELECT w.incident, w.author, CASE w.answer WHEN 'culprit' THEN 'commit' ELSE w.answer END AS verdict, w.hash, w.note,
       w.created_at
FROM (
    SELECT * FROM feedback WHERE answer IN ('culprit', 'infrastructure', 'flaky')
    QUALIFY row_number() OVER (PARTITION BY incident, author ORDER BY created_at DESC, feedback_id DESC) = 1
) AS w
WHERE NOT EXISTS (
    SELECT 1 FROM feedback d WHERE d.incident = w.incident AND d.author IS NOT DISTINCT FROM w.author
    AND w.answer = 'culprit' AND d.answer = 'not' AND d.hash = w.hash AND d.created_at > w.created_at
);
COMMENT ON VIEW people_say IS 'What does each person hold to be the cause of an incident? Their newest word, unless they took it back';

CREATE OR REPLACE VIEW known_causes AS
SELECT incident, verdict, hash, told_by, author, told_at FROM (
    SELECT incident, verdict, hash, 'person' AS told_by, author, created_at AS told_at, 1 AS precedence FROM people_say
    UNION ALL
    SELECT incident, 'commit', culprit, 'proof', NULL, made_at, 2 FROM proofs
    WHERE current AND conclusion IN ('confirmed', 'refuted') AND culprit IS NOT NULL
) QUALIFY row_number() OVER (PARTITION BY incident ORDER BY precedence, told_at DESC, author) = 1;
COMMENT ON VIEW known_causes IS 'What was the cause of an incident, as people (newest word) or else a replay told?';

CREATE OR REPLACE VIEW judged_reports AS
WITH told AS (
    SELECT incident, verdict, hash, told_by, told_at FROM known_causes
    UNION ALL  -- who says only that a commit is innocent says that a report which accuses it is wrong
    SELECT incident, NULL, NULL, 'person', max(created_at) FROM feedback WHERE answer = 'not'
    AND incident NOT IN (SELECT incident FROM known_causes) GROUP BY incident
),
-- The report from before the cause was told: the one after a replay only repeats it.
chosen AS (
    SELECT r.*, t.verdict AS cause, t.hash AS culprit, t.told_by, t.told_at FROM told t JOIN reports r USING (incident)
    QUALIFY row_number() OVER (
        PARTITION BY incident ORDER BY r.created_at <= t.told_at DESC,
        CASE WHEN r.created_at <= t.told_at THEN r.created_at END DESC, r.created_at, r.report_id) = 1
),
ranked AS (
    SELECT c.*, first.hash AS accused, s.position + 1 AS culprit_rank FROM chosen c
    LEFT JOIN suspects first ON first.incident = c.incident AND first.report_id = c.report_id AND first.position = 0
    LEFT JOIN suspects s ON s.incident = c.incident AND s.report_id = c.report_id AND s.hash = c.culprit
)
SELECT incident, report_id, repo, strftime(created_at, '%Y-%m') AS month, engine, verdict, status, confidence,
       CASE WHEN verdict = 'commit' THEN accused END AS accused, told_by, cause, culprit, culprit_rank,
       CASE WHEN cause IS NULL THEN NULL WHEN verdict = 'drift' THEN cause = 'infrastructure' ELSE verdict = cause END AS verdict_right,
       CASE WHEN cause IS NULL THEN false WHEN cause = 'commit' THEN verdict = 'commit' AND coalesce(culprit_rank = 1, false)
            WHEN verdict = 'drift' THEN cause = 'infrastructure' ELSE verdict = cause END AS all_right
FROM ranked
WHERE cause IS NOT NULL OR (verdict = 'commit' AND EXISTS (
    SELECT 1 FROM feedback d WHERE d.incident = ranked.incident AND d.answer = 'not' AND d.hash = accused));
COMMENT ON VIEW judged_reports IS 'What did each report say, and what was the cause as told later? Only incidents whose cause was told';

CREATE OR REPLACE VIEW accuracy AS
SELECT repo, month, engine, verdict, status, told_by, count(*) AS incidents,
       count(*) FILTER (verdict_right) AS verdicts_right, avg(verdict_right::INTEGER) AS verdict_accuracy,
       count(*) FILTER (cause = 'commit') AS culprits,
       count(*) FILTER (cause = 'commit' AND culprit_rank = 1) AS top_1_right,
       count(*) FILTER (cause = 'commit' AND culprit_rank <= 3) AS top_3_right,
       count(*) FILTER (all_right) AS all_right
FROM judged_reports GROUP BY ALL;
COMMENT ON VIEW accuracy IS 'How often were reports right, by what they said, month, engine and repository?';

CREATE OR REPLACE VIEW calibration AS
SELECT coalesce(format('{:.1f}-{:.1f}', bin / 10, (bin + 1) / 10), 'all') AS confidences, count(*) AS reports,
       avg(confidence) AS mean_confidence, avg(all_right::INTEGER) AS right_rate,
       avg((confidence - all_right::INTEGER) ** 2) AS brier
FROM (SELECT *, least(floor(confidence * 10), 9) AS bin FROM judged_reports WHERE verdict <> 'unknown')
GROUP BY GROUPING SETS ((bin), ()) HAVING count(*) > 0 ORDER BY bin NULLS LAST;
COMMENT ON VIEW calibration IS 'When a report says 0.8, how often is it right? In tenths, and all together (Brier score: 0 is best)';

CREATE OR REPLACE VIEW occurrences AS
WITH failed AS (
    SELECT f.incident, f.key, i.repo, coalesce(c.workflow, '') AS workflow, coalesce(i.head, c.head_sha) AS head, i.base,
           coalesce(i.occurred_at, i.saved_at) AS occurred_at
    FROM fingerprints f JOIN incidents i USING (incident)
    LEFT JOIN ci_runs c ON c.source = i.source AND c.repo = i.repo AND c.run_id = i.run_id AND c.attempt = i.attempt
    WHERE f.key <> ''
),
repeated AS (SELECT * FROM failed QUALIFY count(*) OVER (PARTITION BY repo, workflow, key) > 1),
earlier AS (
    SELECT n.incident, p.incident AS first_incident
    FROM repeated n JOIN repeated p ON p.repo = n.repo AND p.workflow = n.workflow AND p.key = n.key
    WHERE (p.occurred_at, p.incident) < (n.occurred_at, n.incident) AND p.head IS DISTINCT FROM n.base
    AND (p.head = n.head OR EXISTS (SELECT 1 FROM incident_commits w WHERE w.incident = n.incident AND w.hash = p.head))
    QUALIFY row_number() OVER (PARTITION BY n.incident ORDER BY p.occurred_at, p.incident) = 1
)
SELECT f.incident, coalesce(e.first_incident, f.incident) AS first_incident, f.key, f.repo, f.workflow, f.head, f.occurred_at
FROM failed f LEFT JOIN earlier e USING (incident);
COMMENT ON VIEW occurrences IS 'Which red runs are one failure, still red? first_incident is the run it was first seen in (docs/decisions/007-memory.md)';

CREATE OR REPLACE VIEW failure_groups AS
SELECT repo, key, count(DISTINCT first_incident) AS incidents, count(*) AS runs, count(DISTINCT head) AS heads,
       min(occurred_at) AS first_at, max(occurred_at) AS last_at, arg_max(incident, occurred_at) AS last_incident
FROM occurrences GROUP BY repo, key;
COMMENT ON VIEW failure_groups IS 'Which failures came back, how often, on how many commits?';

CREATE OR REPLACE VIEW known_flakes AS
SELECT i.repo, test, count(DISTINCT f.incident) AS incidents,
       count(DISTINCT f.incident) FILTER (k.verdict IN ('flaky', 'infrastructure')) AS told_chance,
       count(DISTINCT f.incident) FILTER (i.same_commit_passed OR g.head_sha IS NOT NULL) AS passed_again,
       count(DISTINCT f.incident) FILTER (k.verdict = 'commit') AS told_commit, max(i.occurred_at) AS last_at
FROM (SELECT incident, unnest(tests) AS test FROM fingerprints) AS f JOIN incidents i USING (incident)
LEFT JOIN known_causes k USING (incident)
LEFT JOIN ci_runs c ON c.source = i.source AND c.repo = i.repo AND c.run_id = i.run_id AND c.attempt = i.attempt
LEFT JOIN (SELECT DISTINCT source, repo, workflow, head_sha FROM ci_runs WHERE conclusion = 'success') AS g
    ON g.source = c.source AND g.repo = c.repo AND g.workflow = c.workflow AND g.head_sha = c.head_sha
GROUP BY i.repo, test HAVING told_chance + passed_again > 0;
COMMENT ON VIEW known_flakes IS 'Which tests are known to fail by chance, since people said so or the same commit passed?';
