CREATE OR REPLACE VIEW repeated_entities AS
SELECT e.kind, e.value, count(DISTINCT e.incident) AS incidents, min(i.occurred_at) AS first_at, max(i.occurred_at) AS last_at,
       list(DISTINCT e.incident ORDER BY e.incident) AS which
FROM entities e LEFT JOIN incidents i USING (incident) GROUP BY e.kind, e.value;
COMMENT ON VIEW repeated_entities IS 'Which package, host, code or symbol is named by several incidents? (ORDER BY incidents DESC)';
