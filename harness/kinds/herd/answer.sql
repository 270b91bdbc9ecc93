-- answer.sql -- how long the clients of a herd took to come back, and what that cost the server; of the runs in which all did.

-- "2.1 (poll) to 4.5 (fork)": the models of one policy that have the number.
CREATE VIEW herd_range AS
SELECT experiment, variant, metric, '{' || low.median || '} (' || low.model || ')' ||
       iif(low.median = high.median, '', ' to {' || high.median || '} (' || high.model || ')') AS words
FROM (SELECT *, row_number() OVER (PARTITION BY experiment, variant, metric ORDER BY median, point) AS place FROM number WHERE kind = 'herd' AND status = 'ok') low
     JOIN (SELECT *, row_number() OVER (PARTITION BY experiment, variant, metric ORDER BY median DESC, point) AS place FROM number WHERE kind = 'herd' AND status = 'ok') high
     USING (experiment, variant, metric, place)
WHERE place = 1;

CREATE VIEW herd_said AS
SELECT experiment, metric, coalesce(max(words) FILTER (WHERE variant = 'now'), 'an unknown number') AS now,
       coalesce(max(words) FILTER (WHERE variant = 'jitter'), 'an unknown number') AS jitter
FROM (SELECT DISTINCT experiment, column1 AS metric FROM section, (VALUES ('back_s'), ('drops_back')) WHERE kind = 'herd') LEFT JOIN herd_range USING (experiment, metric)
GROUP BY experiment, metric;

INSERT INTO answer
SELECT experiment, 1, 'Seconds until all clients were back, from when the server was: ' || now || ' if all try again at once, ' || jitter || ' with random pauses' ||
       coalesce('; not all came back with ' || (SELECT group_concat(model, ', ') FROM (SELECT DISTINCT model FROM point JOIN judged USING (point)
                                                WHERE point.experiment = herd_said.experiment AND status <> 'ok')), '') || '.'
FROM herd_said WHERE metric = 'back_s'
UNION ALL
SELECT experiment, 2, 'Handshakes that it dropped meanwhile: ' || now || ' and ' || jitter || '.' FROM herd_said WHERE metric = 'drops_back';
