-- answers.sql -- what each experiment found, by the metric that answers its question: two sentences.
--
-- The first compares models where the most connections are, and claims a difference by the rule of difference.sql only; the
-- second tells what the number of connections changes.

-- A number as it is said, and as it looks: two that look the same are not told apart.
CREATE VIEW asked_number AS
SELECT ranked.*, grows, median / divide AS value, '{' || (median / divide) || '}' || coalesce(' ' || shown_in, '') AS words,
       iif(median / divide >= 100 OR median / divide = round(median / divide), format('%.0f', median / divide), format('%.3g', median / divide)) AS look
FROM ranked JOIN question USING (experiment, metric);

-- The models with the highest and with the lowest number that is a result, and how many there are.
CREATE VIEW extremes AS
SELECT experiment, metric, min(name) AS name, min(at) AS at, count(*) AS good, max(id) FILTER (WHERE up = 1) AS most, max(id) FILTER (WHERE down = 1) AS least
FROM (SELECT *, row_number() OVER (PARTITION BY experiment ORDER BY value DESC, id) AS up, row_number() OVER (PARTITION BY experiment ORDER BY value, id) AS down
      FROM asked_number WHERE is_result AND median IS NOT NULL)
GROUP BY experiment;

INSERT INTO answer
SELECT DISTINCT experiment, 1, 'No model gave a result' || at || ': the table tells why.'
FROM ranked JOIN question USING (experiment, metric) WHERE experiment NOT IN (SELECT experiment FROM extremes);

INSERT INTO answer
SELECT experiment, 1, 'The ' || extremes.name || extremes.at || ' is ' || h.words ||
       CASE WHEN good = 1 THEN ' with ' || h.model
            WHEN h.look = l.look THEN ', the same with all'
            ELSE ' with ' || h.model || ', the highest, and ' || l.words || ' with ' || l.model || ', the lowest' ||
                 iif(said = 'more', ': ' || format(iif(h.median / max(l.median, coalesce(l.matters, 1e-9)) < 10, '%.1f', '%.0f'),
                                                   h.median / max(l.median, coalesce(l.matters, 1e-9))) || ' times',
                     '; ' || why || ', so this is no ranking') END || '.'
FROM extremes JOIN asked_number h USING (experiment) JOIN asked_number l USING (experiment) LEFT JOIN decided ON a = least AND b = most
WHERE h.id = most AND l.id = least;

-- Numbers of all points, in words.
CREATE VIEW good_number AS
SELECT point, experiment, model, median, '{' || (median / divide) || '}' || coalesce(' ' || shown_in, '') AS words,
       ' at ' || counts || iif(point.connections = 1, ' connection', ' connections') AS at
FROM number JOIN question USING (experiment, metric) JOIN metric USING (kind, metric) JOIN point USING (point, experiment, model)
WHERE grows AND is_result AND median > 0;

-- Each model with the fewest and with the most connections that gave a result, if those are the most of all.
CREATE VIEW grown AS
SELECT experiment, model, a.words || a.at || ' to ' || b.words || ' with ' || model AS words,
       row_number() OVER (PARTITION BY experiment ORDER BY abs(ln(b.median / a.median)) DESC, model) AS most,
       row_number() OVER (PARTITION BY experiment ORDER BY abs(ln(b.median / a.median)), model) AS least
FROM (SELECT min(point) AS first, max(point) AS last FROM good_number GROUP BY experiment, model HAVING first <> last)
     JOIN good_number a ON a.point = first JOIN good_number b USING (experiment, model)
WHERE b.point = last AND last IN (SELECT point FROM entrant);

INSERT INTO answer
SELECT experiment, 2, 'It went from ' || a.words || iif(a.model = b.model, '', ', where that changed it most, and from ' || b.words || ', where least') || '.'
FROM grown a JOIN grown b USING (experiment) WHERE a.most = 1 AND b.least = 1;

-- All sentences of an experiment.
CREATE VIEW answers AS
SELECT DISTINCT section, experiment, group_concat(sentence, ' ') OVER in_order AS sentences
FROM section JOIN answer USING (experiment)
WINDOW in_order AS (PARTITION BY experiment ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING);
