-- captions.sql -- how many clients came.
INSERT INTO phrase
SELECT experiment, 1, '{' || max(value) || '} clients one after the other' FROM row JOIN cell USING (source, line)
WHERE kind = 'cold_start' AND metric = 'requests' GROUP BY experiment;
