-- table.sql -- the two tables of kind counters: system calls for each message, and what the kernel and the CPU counted.
--
-- A point is one counter of one pass at one number of connections; a row of the tables is all points of a model there.

-- A point without a counter tells why its pass failed.
CREATE TABLE counted AS
SELECT point, experiment, model, connections, judged.status, coalesce(judged.reason, '') AS reason,
       (SELECT words FROM label WHERE label.point = judged.point AND name = 'pass') AS pass,
       (SELECT words FROM label WHERE label.point = judged.point AND name = 'counter') AS counter,
       (SELECT words FROM label WHERE label.point = judged.point AND name = 'method') AS method,
       (SELECT median FROM summary WHERE summary.point = judged.point AND metric = 'per_message') AS median,
       (SELECT median FROM summary WHERE summary.point = judged.point AND metric = 'failed_per_message') AS failed
FROM point JOIN judged USING (point) WHERE kind = 'counters';

-- A row of both tables: one model at one number of connections.
CREATE TABLE counted_row AS
SELECT min(point) AS point, min(min(point)) OVER (PARTITION BY experiment) AS section, experiment, model, connections
FROM counted GROUP BY experiment, model, connections;

-- The columns: calls, the most frequent first, and the counters of all passes.
CREATE TABLE counted_column (part INTEGER, place INTEGER, experiment TEXT, heading TEXT, pass TEXT, counter TEXT, method TEXT, divide REAL);
INSERT INTO counted_column
SELECT 1, 1 + row_number() OVER (PARTITION BY experiment ORDER BY max(median) DESC, counter), experiment, counter, pass, counter, 'ptrace', 1
FROM counted WHERE method = 'ptrace' AND counter <> '' GROUP BY experiment, counter;
WITH list(place, heading, pass, counter, method, divide) AS (
    VALUES (1, 'CPU us', 'plain', 'cpu_ns', NULL, 1000), (2, 'switches', 'plain', 'context_switches', NULL, 1),
           (3, 'switches with counters', 'events', 'context_switches', 'perf', 1), (4, 'switches while traced', 'calls', 'context_switches', NULL, 1),
           (5, 'migrations', 'events', 'cpu_migrations', 'perf', 1), (6, 'page faults', 'events', 'page_faults', 'perf', 1),
           (7, 'cycles', 'events', 'cycles', 'perf', 1), (8, 'instructions', 'events', 'instructions', 'perf', 1),
           (9, 'cache misses', 'events', 'cache_misses', 'perf', 1), (10, 'dTLB load misses', 'events', 'dtlb_load_misses', 'perf', 1))
INSERT INTO counted_column SELECT 2, place, experiment, heading, pass, counter, method, divide FROM (SELECT DISTINCT experiment FROM counted), list;

-- "1.25 (0.5 failed) [noisy]", or the status where there is no number.
CREATE VIEW counted_text AS
SELECT part, place, heading, section, counted_row.point, counted_row.experiment,
       CASE WHEN status IS NULL THEN '-' WHEN median IS NULL THEN replace(status, '_', ' ')
            ELSE '{' || (median / divide) || '}' || iif(failed > 0.0005, ' ({' || failed || '} failed)', '') ||
                 iif(status = 'ok', '', ' [' || replace(status, '_', ' ') || ']') END AS text
FROM counted_row JOIN counted_column USING (experiment)
     LEFT JOIN counted ON (counted.experiment, counted.model, counted.connections) = (counted_row.experiment, counted_row.model, counted_row.connections)
                          AND (counted.pass, counted.counter) = (counted_column.pass, counted_column.counter) AND counted.method = coalesce(counted_column.method, counted.method)
UNION ALL
SELECT 1, 1, 'all calls', section, counted_row.point, experiment, coalesce('{' || nullif(sum(median), 0) || '}', '-')
FROM counted_row LEFT JOIN counted USING (experiment, model, connections) WHERE method = 'ptrace' OR method IS NULL
GROUP BY counted_row.point;

-- Why a row has gaps, each reason once: first what broke a pass, then what this machine cannot count.
CREATE VIEW counted_reason AS
SELECT DISTINCT part, point, group_concat(text, '; ') OVER (PARTITION BY part, point ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS reason
FROM (SELECT part, counted_row.point, iif(status = 'not_available', 'not available: ' || reason, status || iif(reason = '', '', ': ' || reason)) AS text,
             min(2 * (status = 'not_available') + (pass = 'events')) AS place
      FROM (SELECT 1 AS part UNION SELECT 2) JOIN counted_row JOIN counted USING (experiment, model, connections)
      WHERE iif(part = 1, pass = 'calls', pass <> 'calls') AND (status NOT IN ('ok', 'not_available') OR part = 2 AND status = 'not_available')
      GROUP BY part, counted_row.point, text);

INSERT INTO line
SELECT DISTINCT section, 1000 * part, 'T' || char(9) || experiment || title || char(9) || experiment
FROM counted_row JOIN (SELECT 1 AS part, ': system calls per message, with those that failed' AS title UNION SELECT 2, ': what the kernel and the CPU counted per message');

INSERT INTO line
SELECT DISTINCT section, 1000 * part + 1, 'H' || char(9) || 'model' || char(9) || 'connections' || group_concat(char(9) || heading, '') OVER in_order || char(9) || 'reason'
FROM (SELECT DISTINCT section, part, place, heading FROM counted_text)
WINDOW in_order AS (PARTITION BY section, part ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING);

INSERT INTO line
SELECT DISTINCT counted_text.section, 1000 * part + 1 + point,
       'R' || char(9) || model || char(9) || format('%.0f', connections) || group_concat(char(9) || text, '') OVER in_order || char(9) || coalesce(reason, '')
FROM counted_text JOIN counted_row USING (point) LEFT JOIN counted_reason USING (part, point)
WINDOW in_order AS (PARTITION BY part, point ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING);
