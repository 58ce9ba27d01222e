SELECT (SELECT count(*) FROM incidents) AS incidents, (SELECT count(*) FROM reports) AS reports,
       (SELECT count(*) FROM ci_runs) AS runs, (SELECT count(*) FROM logs) AS logs,
       (SELECT count(*) FROM commits) AS commits
