-- compare.sql -- two runs, point by point: what may be said of B against A.
--
-- Expects both runs attached, as a and b, and compare_setup.sql; difference.sql is read after the table pair is made.

CREATE TABLE metric AS SELECT * FROM a.metric UNION SELECT * FROM b.metric;
CREATE TABLE shown AS SELECT * FROM a.shown;

-- The points of both, A's first.
CREATE TABLE both AS
SELECT row_number() OVER (ORDER BY x.point IS NULL, x.point, y.point) AS id, x.point AS a, y.point AS b, coalesce(x.experiment, y.experiment) AS experiment,
       coalesce(x.kind, y.kind) AS kind, coalesce(x.model, y.model) AS model, coalesce(x.variant, y.variant) AS variant,
       coalesce(x.connections, y.connections) AS connections, coalesce(x.active, y.active) AS active,
       coalesce(x.model, y.model) || iif(varied, ' (' || coalesce(x.variant_words, y.variant_words) || ')', '') AS name,
       coalesce(x.counts, y.counts) AS counts
FROM a.point x FULL JOIN b.point y ON (x.experiment, x.kind, x.model, x.variant) = (y.experiment, y.kind, y.model, y.variant)
                                      AND x.connections IS y.connections AND x.active IS y.active
     JOIN (SELECT experiment, max(has_variants) AS varied FROM (SELECT * FROM a.section UNION ALL SELECT * FROM b.section) GROUP BY experiment) of
          ON of.experiment = coalesce(x.experiment, y.experiment);

-- Why a metric of a point is no result on a side.
CREATE TABLE obstacle AS
SELECT 'A' AS side, point, metric, replace(status, '_', ' ') || ' in A' || coalesce(': ' || nullif(reason, ''), '') AS why
FROM a.judged JOIN a.point USING (point) JOIN metric USING (kind) WHERE class = 'failed' OR class = 'disturbed' AND robust IS NOT 'yes'
UNION ALL
SELECT 'B', point, metric, replace(status, '_', ' ') || ' in B' || coalesce(': ' || nullif(reason, ''), '')
FROM b.judged JOIN b.point USING (point) JOIN metric USING (kind) WHERE class = 'failed' OR class = 'disturbed' AND robust IS NOT 'yes';

-- Each metric by which a kind is compared, of each point that both have.
CREATE TABLE compared AS
SELECT row_number() OVER (ORDER BY id, rank) AS pair, id, shown.metric, rank, coalesce(blocked.why, bad_a.why, bad_b.why) AS why,
       x.runs AS runs_a, x.median AS median_a, x.low AS low_a, x.high AS high_a, y.runs AS runs_b, y.median AS median_b, y.low AS low_b, y.high AS high_b
FROM both JOIN shown USING (kind) LEFT JOIN blocked USING (experiment)
     LEFT JOIN a.summary x ON (x.point, x.metric) = (both.a, shown.metric) LEFT JOIN b.summary y ON (y.point, y.metric) = (both.b, shown.metric)
     LEFT JOIN obstacle bad_a ON (bad_a.side, bad_a.point, bad_a.metric) = ('A', both.a, shown.metric)
     LEFT JOIN obstacle bad_b ON (bad_b.side, bad_b.point, bad_b.metric) = ('B', both.b, shown.metric)
WHERE both.a AND both.b AND rank IS NOT NULL;

-- What neither has is no row.
DELETE FROM compared WHERE why IS NULL AND median_a IS NULL AND median_b IS NULL;
UPDATE compared SET why = 'not measured in ' || iif(median_a IS NULL, 'A', 'B') WHERE why IS NULL AND (median_a IS NULL OR median_b IS NULL);

CREATE TABLE pair AS
SELECT pair, matters, runs_max, runs_a, low_a, high_a, runs_b, low_b, high_b
FROM compared JOIN both USING (id) JOIN metric USING (kind, metric) WHERE why IS NULL;
