-- captions.sql -- how many connections were opened, and what stands behind the proxy.
INSERT INTO phrase
SELECT experiment, 1, '{' || max(value) || '} connections, {' || max(connections) || '} at a time, with ' || max(model) || ' behind HAProxy'
FROM row JOIN cell USING (source, line) WHERE kind = 'handshakes' AND metric = 'opened' GROUP BY experiment;
