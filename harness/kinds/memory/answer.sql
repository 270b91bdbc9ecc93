-- answer.sql -- what answers the question of memory: what the machine lost, and what the largest loss is made of.
INSERT INTO question SELECT experiment, 'machine_lost_kib', 0 FROM section WHERE kind = 'memory';

-- The largest loss where the most connections are.
CREATE VIEW largest_loss AS
SELECT experiment, point, model, median AS lost
FROM (SELECT *, row_number() OVER (PARTITION BY experiment ORDER BY connections DESC, median DESC, point) AS place
      FROM number WHERE kind = 'memory' AND metric = 'machine_lost_kib' AND is_result
           AND (experiment, connections) IN (SELECT experiment, max(connections) FROM point GROUP BY experiment))
WHERE place = 1 AND median > 0;

INSERT INTO answer
SELECT DISTINCT experiment, 2, 'With ' || model || ' that is ' || group_concat(format('%.0f %% %s', 100 * median / lost, name), ', ') OVER in_order || '.'
FROM largest_loss JOIN shown JOIN metric USING (kind, metric) JOIN summary USING (point, metric)
WHERE shown.kind = 'memory' AND rank > 1
WINDOW in_order AS (PARTITION BY experiment ORDER BY rank ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING);
