-- captions.sql -- what the servers of a herd were started with.
INSERT INTO phrase
SELECT experiment, 1, 'servers started with ' || max(words) FROM row JOIN word USING (source, line)
WHERE kind = 'herd' AND name = 'server_options' GROUP BY experiment;
