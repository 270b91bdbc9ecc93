-- captions.sql -- what stands below a chart: how it was measured, and which points are no result.
--
-- A kind may say a part of it in its own words: captions.sql of its folder, which is read before, fills phrase.

-- What was measured how, computed from the rows themselves.  Phrases are joined in the order of place.
-- place: 1 load, 2 gaps, 3 size, 4 windows, 5 warm-up, 6 what counted, 7 others.

-- "64", "10 or 20", or where they are many "1 to 7": the values that an experiment has of a setting.
CREATE VIEW setting AS
SELECT experiment, metric, CASE count(*) WHEN 1 THEN '{' || value || '}' WHEN 2 THEN '{' || min(value) || '} or {' || max(value) || '}'
                           ELSE '{' || min(value) || '} to {' || max(value) || '}' END AS words
FROM (SELECT DISTINCT experiment, metric, value FROM row JOIN cell USING (source, line)
      WHERE metric IN ('offered_per_s', 'message_b', 'window_s', 'warmup_s', 'opened', 'requests'))
GROUP BY experiment, metric;

INSERT INTO phrase
SELECT experiment, 1, words || ' messages/s offered' FROM setting
WHERE metric = 'offered_per_s' AND experiment NOT IN (SELECT experiment FROM phrase WHERE place = 1)
UNION ALL
SELECT experiment, 2, min(variant_words) FROM variant WHERE variant_words <> variant GROUP BY experiment HAVING count(*) = 1
UNION ALL
SELECT experiment, 3, words || ' bytes each' FROM setting WHERE metric = 'message_b' AND experiment IN (SELECT experiment FROM setting WHERE metric = 'window_s')
UNION ALL
SELECT experiment, 4, 'windows of ' || words || ' s' FROM setting WHERE metric = 'window_s' AND experiment IN (SELECT experiment FROM setting WHERE metric = 'message_b')
UNION ALL
SELECT experiment, 5, 'warmed up ' || iif(max(word.words = 'fixed'), 'for a fixed ', 'until steady: ') || setting.words || ' s' ||
                      iif(max(word.words = 'unsteady'), ', which some did not get', '')
FROM row JOIN word USING (source, line) JOIN setting USING (experiment) WHERE name = 'warmup' AND metric = 'warmup_s' GROUP BY experiment
UNION ALL
SELECT experiment, 6, 'switches counted with ' || group_concat(DISTINCT words) FROM row JOIN word USING (source, line) WHERE name = 'switches_method' GROUP BY experiment;

CREATE VIEW caption AS
SELECT DISTINCT experiment, profiles || runs || coalesce('; ' || group_concat(words, ', ') OVER in_order, '') || '.' AS words
FROM (SELECT experiment, coalesce('Profile ' || group_concat(DISTINCT nullif(profile, '')) || ': ', '') AS profiles FROM row GROUP BY experiment)
     JOIN (SELECT experiment, iif(max(runs) = 1, 'one run, no spread', max(runs) || ' runs, median') AS runs
           FROM (SELECT experiment, max(repeats, coalesce(max(runs), 1)) AS runs FROM point JOIN judged USING (point) LEFT JOIN summary USING (point) GROUP BY point)
           GROUP BY experiment) USING (experiment)
     LEFT JOIN phrase USING (experiment)
WINDOW in_order AS (PARTITION BY experiment ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING);

-- Where each model gave no result, or could not keep up, and why the first time.
CREATE VIEW remark AS
SELECT DISTINCT experiment, model, model || ': ' || replace(status, '_', ' ') || coalesce(' at ' || group_concat(at, ', ') OVER in_order, '') ||
       coalesce(' (' || iif(count(at) OVER in_order > 1, 'first: ', '') || nullif(first_value(reason) OVER in_order, '') || ')', '') AS words,
       min(point) OVER in_order AS place
FROM (SELECT experiment, model, status, counts || coalesce(' (' || variant_name.name || ')', '') AS at, min(point) AS point, reason
      FROM point JOIN judged USING (point) JOIN section USING (experiment, kind)
           LEFT JOIN variant_name ON has_variants AND (variant_name.kind, variant_name.variant) = (point.kind, point.variant)
      WHERE status NOT IN ('ok', 'not_available') GROUP BY experiment, model, status, at)
WINDOW in_order AS (PARTITION BY experiment, model, status ORDER BY point ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING);

-- Points beside which another run measured.
CREATE VIEW beside AS
SELECT experiment, format('Another run measured on this machine beside %d of %d points: both are noisier for it (column other_run).', sum(value), count(*)) AS words
FROM row JOIN cell USING (source, line) WHERE metric = 'other_run' GROUP BY experiment HAVING sum(value);
