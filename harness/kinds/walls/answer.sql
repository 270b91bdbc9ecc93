-- answer.sql -- the first walls, and how many connections were held, for each limit; models that met the same wall share a clause.

CREATE VIEW first_wall AS
SELECT point.experiment, variant_words, variant, variant_place, judged.point,
       CASE WHEN words IS NULL THEN 'not measured (' || coalesce(reason, '') || ')' WHEN words = 'none' THEN 'no wall' ELSE replace(words, '_', ' ') END AS wall,
       model || iif(words IS NULL, '', ' ({' || coalesce(median, 0) || ',})') AS model
FROM point JOIN judged USING (point) LEFT JOIN label ON label.point = judged.point AND label.name = 'wall'
     LEFT JOIN summary ON summary.point = judged.point AND metric = 'connections_established'
WHERE kind = 'walls';

CREATE VIEW wall_clause AS
SELECT DISTINCT experiment, variant, variant_words, variant_place, min(point) OVER in_order AS point, wall || ': ' || group_concat(model, ', ') OVER in_order AS words
FROM first_wall
WINDOW in_order AS (PARTITION BY experiment, variant, wall ORDER BY point ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING);

INSERT INTO answer
SELECT DISTINCT experiment, variant_place, 'First walls, and connections held, with ' || variant_words || ': ' ||
       group_concat(words, '; ') OVER in_order || '.'
FROM wall_clause
WINDOW in_order AS (PARTITION BY experiment, variant ORDER BY point ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING);
