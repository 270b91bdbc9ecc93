-- captions.sql -- the load of a room: its lines, times its members.
INSERT INTO phrase
SELECT experiment, 1, '{' || (rate.value * connections) || '} deliveries/s offered at every point, as lines with random gaps'
FROM row JOIN cell rate USING (source, line) WHERE kind = 'chat' AND metric = 'offered_per_s' GROUP BY experiment;
