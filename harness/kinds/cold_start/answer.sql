-- answer.sql -- what answers the question of short visits: the whole time, and what one visit takes of it.
INSERT INTO question SELECT experiment, 'time_s', 0 FROM section WHERE kind = 'cold_start';

INSERT INTO answer
SELECT DISTINCT time.experiment, 2, 'One visit, its share of starting and ending the server included, takes ' ||
       group_concat(format('%.0f us with %s', time.median / visits.median * 1e6, model), ', ') OVER in_order || '.'
FROM number time JOIN summary visits USING (point)
WHERE time.metric = 'time_s' AND is_result AND visits.metric = 'requests' AND visits.median > 0
WINDOW in_order AS (PARTITION BY time.experiment ORDER BY point ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING);
