-- ranks.sql -- which models of one run are shown to differ, in sentences: the view ranks(experiment, sentence).
--
-- Models are compared where an experiment has most connections, and most of those that send; by the metrics that table.tsv
-- of the kind ranks, in that order.

-- What takes part: each model, where an experiment has one variant of each.
CREATE TABLE entrant AS
SELECT point, experiment, kind, model, iif(connections IS NULL, '', ' at ' || counts || iif(connections = 1, ' connection', ' connections')) AS at
FROM (SELECT *, dense_rank() OVER (PARTITION BY experiment ORDER BY connections DESC, active DESC) AS place FROM point)
WHERE place = 1 AND experiment IN (SELECT experiment FROM point GROUP BY experiment HAVING count(DISTINCT variant) = 1);

-- By what: the metrics that table.tsv ranks, in that order, and the one that answers the question.
CREATE VIEW compared AS
SELECT experiment, metric, rank FROM section JOIN shown USING (kind) WHERE rank IS NOT NULL
UNION ALL
SELECT experiment, metric, NULL FROM question
WHERE NOT EXISTS (SELECT 1 FROM section JOIN shown USING (kind) WHERE rank IS NOT NULL AND section.experiment = question.experiment AND shown.metric = question.metric);

-- Its numbers, and which of them are results.
CREATE TABLE ranked AS
SELECT row_number() OVER (ORDER BY rank, point) AS id, point, experiment, model, at, compared.metric, rank, name, divide, shown_in, matters, runs_max, median, low, high, runs,
       class = 'good' OR class = 'disturbed' AND robust IS 'yes' AS is_result
FROM entrant JOIN judged USING (point) JOIN compared USING (experiment) JOIN metric USING (kind, metric) LEFT JOIN summary USING (point, metric);

-- Each with each: A against B, by the rule of difference.sql.
CREATE TABLE pair AS
SELECT row_number() OVER (ORDER BY b.id, a.id) AS pair, metric, a.matters, a.runs_max, a.id AS a, b.id AS b, a.runs AS runs_a, a.low AS low_a, a.high AS high_a,
       b.runs AS runs_b, b.low AS low_b, b.high AS high_b
FROM ranked a JOIN ranked b USING (experiment, metric)
WHERE a.id <> b.id AND a.is_result AND b.is_result AND a.low IS NOT NULL AND b.low IS NOT NULL;

CREATE TABLE decided AS SELECT pair, a, b, metric, said, why FROM pair JOIN difference USING (pair);

-- "poll, libuv and epoll": those that a model exceeds.
CREATE VIEW exceeds AS
SELECT DISTINCT b AS id, group_concat(CASE place WHEN 1 THEN '' WHEN many THEN ' and ' ELSE ', ' END || model, '') OVER in_order AS others
FROM (SELECT b, model, row_number() OVER (PARTITION BY b ORDER BY a) AS place, count(*) OVER (PARTITION BY b) AS many
      FROM decided JOIN ranked ON id = a WHERE said = 'more')
WINDOW in_order AS (PARTITION BY b ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING);

-- What each metric shows, and the models that have no result of it.
CREATE VIEW told AS
SELECT DISTINCT experiment, at, metric, rank, name,
       sum(is_result AND low IS NOT NULL) OVER in_order AS compared,
       group_concat(model || ' more than ' || others, '; ') OVER in_order AS shown,
       group_concat(iif(is_result, NULL, model), ', ') OVER in_order AS lacking
FROM ranked LEFT JOIN exceeds USING (id)
WINDOW in_order AS (PARTITION BY experiment, metric ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING);

-- Metrics of which no pair has runs enough.
CREATE VIEW few AS
SELECT experiment, ranked.metric, min(why GLOB 'fewer than *') AS few FROM decided JOIN ranked ON id = a GROUP BY experiment, ranked.metric;

CREATE VIEW saying AS
SELECT experiment, at, rank, name,
       coalesce(shown || '; nothing else is shown to differ', iif(few, 'no ranking, because there are fewer than 3 good runs', 'no difference shown')) ||
       coalesce(' (no result: ' || lacking || ')', '') || '.' AS words
FROM told JOIN few USING (experiment, metric)
WHERE compared > 1 AND rank IS NOT NULL;

-- Metrics of which the same is to be said share a sentence.
CREATE VIEW ranks AS
SELECT DISTINCT experiment, group_concat(CASE place WHEN 1 THEN '' WHEN many THEN ' and ' ELSE ', ' END || name, '') OVER in_order || at || ': ' || words AS sentence,
       min(rank) OVER in_order AS rank
FROM (SELECT *, row_number() OVER (PARTITION BY experiment, words ORDER BY rank) AS place, count(*) OVER (PARTITION BY experiment, words) AS many FROM saying)
WINDOW in_order AS (PARTITION BY experiment, words ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING);
