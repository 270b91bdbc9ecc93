-- claims_told.sql -- each claim of the essay beside what was found: a table behind the others.

-- Of the points that a claim needs, the first that gave no result, and why.
CREATE VIEW missing AS
SELECT claim, format('%s, %s %d: %s%s', experiment, model, connections, status, iif(coalesce(reason, '') = '', '', ', ' || reason)) AS why
FROM (SELECT need.claim, point.experiment, point.model, point.connections, status, reason, row_number() OVER (PARTITION BY claim ORDER BY need.rowid) AS place
      FROM need JOIN point USING (experiment, model) JOIN judged USING (point)
      WHERE point.connections = coalesce(need.connections, (SELECT max(connections) FROM point p WHERE (p.experiment, p.model) = (need.experiment, need.model)))
            AND class <> 'good')
WHERE place = 1;

-- A limit of the machine by itself is no finding of a run.
WITH files AS (SELECT substr(words, 6, instr(words, ',') - 6) + 0 AS soft, substr(words, instr(words, 'hard') + 5) AS hard
               FROM fact WHERE name = 'file_limit')
INSERT INTO finding
SELECT 12, format('%d here (%s at most)', soft, hard), iif(soft <= 1024, 'holds', 'depends on the set-up'), 'each server here raises it to the most allowed'
FROM files WHERE EXISTS (SELECT 1 FROM finding) OR EXISTS (SELECT 1 FROM missing);

CREATE VIEW told_claim AS
SELECT claim, replace(text, ' N ', format(' %d ', (SELECT max(connections) FROM point WHERE experiment = 'ramp' AND model = 'fork'))) AS text, said,
       coalesce(measured, '-') AS measured, coalesce(verdict, 'no result') AS verdict, coalesce(finding.why, missing.why) AS why
FROM claim LEFT JOIN finding USING (claim) LEFT JOIN missing USING (claim)
WHERE finding.claim OR missing.claim;

INSERT INTO line
SELECT 2000000, 0, 'T' || char(9) || 'claims: what the essay says, and what this run measured' || char(9) || 'claims' WHERE EXISTS (SELECT 1 FROM told_claim)
UNION ALL
SELECT 2000000, 1, 'H' || char(9) || 'claim' || char(9) || 'the essay' || char(9) || 'here' || char(9) || 'verdict' || char(9) || 'why' WHERE EXISTS (SELECT 1 FROM told_claim)
UNION ALL
SELECT 2000000, 1 + claim, 'R' || char(9) || text || char(9) || said || char(9) || measured || char(9) || verdict || char(9) || why FROM told_claim;
