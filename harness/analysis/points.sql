-- points.sql -- from the rows of a run to its points: median, lowest and highest of the repeats that count.

-- How bad a verdict is.  What the machine or the client did to a repeat is no fault of the server; what a machine cannot
-- count has no number.
CREATE TABLE verdict (status TEXT PRIMARY KEY, badness INTEGER, class TEXT);
INSERT INTO verdict VALUES
    ('not_available', 0, 'good'), ('ok', 1, 'good'), ('overloaded', 2, 'good'),
    ('drifting', 3, 'disturbed'), ('noisy', 4, 'disturbed'), ('client_limited', 5, 'disturbed'),
    ('failed', 6, 'failed'), ('corrupt', 7, 'failed');

-- Each variant in the order of variants.tsv, the others as they were measured.
CREATE TABLE variant AS
SELECT experiment, row.variant, coalesce(variant_name.name, row.variant) AS variant_words,
       row_number() OVER (PARTITION BY experiment ORDER BY coalesce(variant_name.place, 1000), min(line)) AS variant_place
FROM row LEFT JOIN variant_name USING (kind, variant)
GROUP BY experiment, row.variant;

-- A point is what was measured several times.
CREATE TABLE point AS
SELECT row_number() OVER (ORDER BY coalesce(asked.place, 1000000), kind, first, model, variant_place, connections, active) AS point,
       experiment, kind, model, variant, variant_words, variant_place, connections, active,
       CASE WHEN connections IS NULL THEN NULL WHEN active BETWEEN 1 AND connections - 1 THEN format('{%.0f,} of {%.0f,}', active, connections)
            ELSE format('{%.0f,}', connections) END AS counts
FROM row JOIN variant USING (experiment, variant)
     JOIN (SELECT experiment, min(line) AS first FROM row GROUP BY experiment) USING (experiment)
     LEFT JOIN (SELECT experiment, min(place) AS place FROM fact WHERE name = 'experiment' GROUP BY experiment) asked USING (experiment)
GROUP BY experiment, model, variant, connections, active;

-- An experiment, at the place of its first point, and what its points differ in.
CREATE TABLE section AS
SELECT min(point) AS section, experiment, kind, count(connections) > 0 AS has_connections, max(coalesce(active BETWEEN 1 AND connections - 1, 0)) AS some_idle,
       count(DISTINCT variant) > 1 AS has_variants
FROM point GROUP BY experiment;

-- Of several tries of one repeat the last counts.
CREATE TABLE member AS
SELECT point, source, line, row.repeat, row.status, row.reason, badness, class
FROM row JOIN point ON (row.experiment, row.model, row.variant) = (point.experiment, point.model, point.variant)
                       AND row.connections IS point.connections AND row.active IS point.active
     JOIN verdict USING (status)
WHERE superseded IS NOT 1;
CREATE INDEX member_line ON member (source, line);

-- One failed repeat makes the point so; disturbed ones, if they are at least half.
CREATE VIEW census AS
SELECT point, count(*) AS repeats, sum(class = 'good') AS good, sum(class = 'disturbed') AS disturbed,
       CASE WHEN sum(class = 'failed') THEN 'failed' WHEN 2 * sum(class = 'disturbed') >= count(*) THEN 'disturbed' ELSE 'good' END AS class
FROM member GROUP BY point;

-- Its status is that of the first among the worst of the class that decides.
CREATE TABLE judged AS
SELECT point, repeats, good, disturbed, class, status, reason
FROM census JOIN (SELECT *, row_number() OVER (PARTITION BY point, class ORDER BY badness DESC, line) AS place FROM member)
     USING (point, class)
WHERE place = 1;

-- What a median is taken from: good repeats, else those that there are.  A robust metric counts disturbed ones, too.
CREATE VIEW sample AS
SELECT point, cell.metric, value, low, high, runs
FROM member JOIN judged USING (point) JOIN cell USING (source, line)
     LEFT JOIN metric ON (metric.kind, metric.metric) = (cell.source, cell.metric)
WHERE member.class = 'good' OR member.class = 'disturbed' AND (good = 0 OR robust = 'yes')
      OR member.class = 'failed' AND good + disturbed = 0;

-- The value in the middle, or the mean of the two there: SQLite 3.40 has no median().
CREATE TABLE summary AS
SELECT point, metric, sum(runs) AS runs, min(low) AS low, max(high) AS high,
       avg(value) FILTER (WHERE place IN ((many + 1) / 2, (many + 2) / 2)) AS median
FROM (SELECT *, row_number() OVER (PARTITION BY point, metric ORDER BY value) AS place, count(*) OVER (PARTITION BY point, metric) AS many
      FROM sample)
GROUP BY point, metric;
CREATE INDEX summary_metric ON summary (metric, point);

-- Words that repeats tell, each once.
CREATE TABLE label AS
SELECT point, name, group_concat(words, ' or ') AS words
FROM (SELECT DISTINCT point, name, words FROM member JOIN word USING (source, line) ORDER BY point, name, line)
GROUP BY point, name;

-- Every number of a point, and whether it is a result: a point that is disturbed has results of robust metrics only.
CREATE VIEW number AS
SELECT point, experiment, kind, model, variant, variant_words, connections, active, summary.metric, median, low, high, runs, status,
       class = 'good' OR class = 'disturbed' AND robust IS 'yes' AS is_result
FROM summary JOIN point USING (point) JOIN judged USING (point) LEFT JOIN metric USING (kind, metric);

-- What may be taken for a result.
CREATE VIEW result AS
SELECT experiment, kind, model, variant, connections, active, metric, median, low, high, runs FROM number WHERE is_result;

-- The same where a model has most connections.
CREATE VIEW most AS
SELECT result.* FROM result
     JOIN (SELECT experiment, model, max(connections) AS connections FROM point GROUP BY experiment, model) USING (experiment, model, connections);
