-- tables.sql -- the tables of a run, for people: an overview, then one for each experiment.
--
-- Lines of cells with tabs between, which a renderer turns into HTML, Markdown or plain text, in the order of (section, place):
--   T title experiment      H heading...      R cell...
-- A cell holds a median; "12.3 (11-14)" adds the lowest and the highest run.

CREATE TABLE line (section INTEGER, place INTEGER, text TEXT);

-- The columns that it shows: those that table.tsv names for this experiment, else those for its kind.
CREATE TABLE layout AS
SELECT section, experiment, shown.place, shown.metric, heading, divide
FROM section JOIN shown USING (kind) JOIN metric USING (kind, metric)
WHERE only_in IS iif(experiment IN (SELECT only_in FROM shown), experiment, NULL)
      AND (always = 'yes' OR metric IN (SELECT metric FROM summary JOIN point USING (point) WHERE point.experiment = section.experiment));

-- A median with its range; numbers that a point does not have are "-".
CREATE VIEW cell_text AS
SELECT point, metric, '{' || (median / divide) || '|' || (low / divide) || '|' || (high / divide) || '}' AS text
FROM summary JOIN point USING (point) JOIN metric USING (kind, metric)
UNION ALL
SELECT point, name, words FROM label;

INSERT INTO line
SELECT section, 0, 'T' || char(9) || experiment || char(9) || experiment FROM section WHERE experiment IN (SELECT experiment FROM layout);

INSERT INTO line
SELECT DISTINCT section, 1, 'H' || char(9) || 'model' || iif(has_variants, char(9) || 'variant', '') || iif(has_connections, char(9) || 'connections', '') ||
       iif(some_idle, char(9) || 'active', '') || char(9) || 'status' || group_concat(char(9) || heading, '') OVER in_order || char(9) || 'runs' || char(9) || 'reason'
FROM section JOIN layout USING (section)
WINDOW in_order AS (PARTITION BY section ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING);

-- How many repeats count, or what one summary of several runs holds.
CREATE VIEW counted_runs AS
SELECT point, iif(repeats = 1 AND max(runs) > 1, max(runs), good || ' of ' || repeats) AS runs FROM judged LEFT JOIN summary USING (point) GROUP BY point;

INSERT INTO line
SELECT DISTINCT section, 1 + point, 'R' || char(9) || model || iif(has_variants, char(9) || variant_words, '') ||
       iif(has_connections, char(9) || iif(connections IS NULL, '-', format('%.0f', connections)), '') ||
       iif(some_idle, char(9) || iif(active IS NULL, '-', format('%.0f', active)), '') ||
       char(9) || status || group_concat(char(9) || coalesce(text, '-'), '') OVER in_order || char(9) || runs || char(9) || coalesce(reason, '')
FROM section JOIN point USING (experiment) JOIN judged USING (point) JOIN counted_runs USING (point) JOIN layout USING (section)
     LEFT JOIN cell_text USING (point, metric)
WINDOW in_order AS (PARTITION BY point ORDER BY layout.place ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING);

-- ---- the overview: of each kind its largest experiment, because numbers of two are not to be compared ----

-- Rather one in which all send than one with more connections of which most are idle.
CREATE TABLE chosen AS
SELECT kind, experiment, many
FROM (SELECT section.*, row_number() OVER (PARTITION BY kind ORDER BY some_idle, iif(some_idle, size, -size), -models, section) AS place, count(*) OVER (PARTITION BY kind) AS many
      FROM section JOIN (SELECT experiment, max(coalesce(connections, 0)) AS size, count(DISTINCT model) AS models FROM point GROUP BY experiment)
           USING (experiment))
WHERE place = 1;

-- The point of each model there: of several variants the first, with most connections.
CREATE VIEW largest AS
SELECT kind, model, point
FROM (SELECT kind, model, point, row_number() OVER (PARTITION BY kind, model ORDER BY variant_place, connections DESC) AS place
      FROM point JOIN chosen USING (kind, experiment))
WHERE place = 1;

-- A number, and the verdict behind it unless that is as good as any.
CREATE VIEW overview AS
SELECT model, column, overview || iif(many > 1, ' (' || experiment || ')', '') AS heading,
       max(iif(point IS NULL, '-', coalesce(text, '-') || iif(status = 'overloaded' OR class = 'failed' OR class = 'disturbed' AND robust IS NOT 'yes',
                                                              ' [' || replace(status, '_', ' ') || ']', ''))) AS text
FROM (SELECT DISTINCT model FROM largest WHERE kind IN (SELECT kind FROM shown WHERE overview IS NOT NULL)) JOIN (SELECT row_number() OVER (ORDER BY kind, place) AS column, kind, metric, overview FROM shown WHERE overview IS NOT NULL)
     JOIN chosen USING (kind) JOIN metric USING (kind, metric) LEFT JOIN largest USING (kind, model) LEFT JOIN judged USING (point)
     LEFT JOIN cell_text USING (point, metric)
GROUP BY model, column;

INSERT INTO line SELECT -1, 0, 'T' || char(9) || 'At the largest number of connections' || char(9) FROM overview LIMIT 1;

INSERT INTO line
SELECT DISTINCT -1, 1, 'H' || char(9) || 'model' || group_concat(char(9) || heading, '') OVER (ORDER BY column ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
FROM (SELECT DISTINCT column, heading FROM overview);

INSERT INTO line
SELECT DISTINCT -1, 1 + first, 'R' || char(9) || model || group_concat(char(9) || text, '') OVER (PARTITION BY model ORDER BY column ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
FROM overview JOIN (SELECT model, min(point) AS first FROM point GROUP BY model) USING (model);
