-- The newest are picked before their tokens are looked at: sorting lists of words costs more than all the rest.
WITH newest AS MATERIALIZED (
    SELECT i.incident, i.repo, i.title, i.source, i.run_id, i.attempt, i.base, i.head, i.same_commit_passed,
           coalesce(i.occurred_at, i.saved_at) AS occurred_at
    FROM incidents i SEMI JOIN (SELECT incident FROM fingerprints WHERE key <> '' AND incident <> $incident) AS f
        ON f.incident = i.incident
    ORDER BY coalesce(i.occurred_at, i.saved_at) DESC, i.incident LIMIT $limit
),
passed AS (SELECT DISTINCT source, repo, workflow, head_sha FROM ci_runs WHERE conclusion = 'success'),
accused AS (SELECT s.* FROM suspects s SEMI JOIN newest n ON n.incident = s.incident WHERE s.position = 0)
SELECT n.incident, n.repo, n.title, f.key, f.tokens, f.tests, n.base, coalesce(n.head, c.head_sha) AS head, n.occurred_at,
       c.branch, coalesce(c.workflow, '') AS workflow, r.verdict, r.category, r.status,
       s.hash AS accused, s.subject AS accused_subject, k.verdict AS told, k.told_by, k.hash AS told_hash,
       split_part(m.message, chr(10), 1) AS told_subject,
       coalesce(n.same_commit_passed, false) OR p.head_sha IS NOT NULL AS passed_again
FROM newest n JOIN fingerprints f ON f.incident = n.incident
LEFT JOIN ci_runs c ON c.source = n.source AND c.repo = n.repo AND c.run_id = n.run_id AND c.attempt = n.attempt
LEFT JOIN passed p ON p.source = c.source AND p.repo = c.repo AND p.workflow = c.workflow AND p.head_sha = c.head_sha
LEFT JOIN reports r ON r.incident = n.incident AND r.current
LEFT JOIN accused s ON s.incident = n.incident AND s.report_id = r.report_id
LEFT JOIN known_causes k ON k.incident = n.incident
LEFT JOIN commits m ON m.repo = n.repo AND m.hash = k.hash
