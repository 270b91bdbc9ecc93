-- answer.sql -- the system calls of a message, summed over their names, where the most connections are.

CREATE VIEW calls AS
SELECT experiment, model, counts, point.connections, sum(median) AS calls
FROM number JOIN (SELECT point, counts, connections FROM point) point USING (point) JOIN label USING (point)
WHERE kind = 'counters' AND metric = 'per_message' AND status = 'ok' AND name = 'method' AND words = 'ptrace'
      AND (experiment, number.connections) IN (SELECT experiment, max(connections) FROM point GROUP BY experiment)
GROUP BY experiment, model;

CREATE VIEW calls_ends AS
SELECT *, row_number() OVER (PARTITION BY experiment ORDER BY calls DESC, model) AS most, row_number() OVER (PARTITION BY experiment ORDER BY calls, model) AS least FROM calls;

INSERT INTO answer
SELECT experiment, 1, 'A message takes {' || a.calls || '} system calls with ' || a.model || ' at ' || a.counts || iif(a.connections = 1, ' connection', ' connections') ||
       iif(a.model = b.model, '', ', the most, and {' || b.calls || '} with ' || b.model || ', the fewest') || '.'
FROM calls_ends a JOIN calls_ends b USING (experiment) WHERE a.most = 1 AND b.least = 1
UNION ALL
SELECT experiment, 1, 'No model''s system calls could be counted: the table tells why.' FROM section
WHERE kind = 'counters' AND experiment NOT IN (SELECT experiment FROM calls);
