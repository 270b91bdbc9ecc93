-- answer.sql -- what a connection costs, and how many round trips it takes, by what is spoken.

-- Variants in groups: TCP to the model, TCP through the proxy, full handshakes, resumed ones.
CREATE VIEW shaken AS
SELECT experiment, point, metric, median, iif(variant IN ('direct', 'proxy'), variant, iif(variant GLOB '*:resumed', 'resumed', 'full')) AS part,
       iif(variant IN ('direct', 'proxy') OR metric = 'round_trips', '', ' (' || variant_words || ')') AS name
FROM number WHERE kind = 'handshakes' AND status = 'ok' AND metric IN ('server_cpu_us_per_connection', 'round_trips');

-- "763 (TLS 1.2, P-256, full) to 1590 (TLS 1.3, RSA-2048, full)": the variants of a group.
CREATE VIEW shaken_range AS
SELECT experiment, metric, part, '{' || low.median || '}' || low.name || iif(low.median = high.median, '', ' to {' || high.median || '}' || high.name) AS words
FROM (SELECT *, row_number() OVER (PARTITION BY experiment, metric, part ORDER BY median, point) AS place FROM shaken) low
     JOIN (SELECT *, row_number() OVER (PARTITION BY experiment, metric, part ORDER BY median DESC, point) AS place FROM shaken) high USING (experiment, metric, part, place)
WHERE place = 1;

CREATE VIEW shaken_said AS
SELECT experiment, metric, coalesce(max(words) FILTER (WHERE part = 'direct'), 'an unknown number') AS direct,
       coalesce(max(words) FILTER (WHERE part = 'proxy'), 'an unknown number') AS proxy, coalesce(max(words) FILTER (WHERE part = 'full'), 'an unknown number') AS whole,
       coalesce(max(words) FILTER (WHERE part = 'resumed'), 'an unknown number') AS resumed
FROM (SELECT experiment, column1 AS metric FROM section, (VALUES ('server_cpu_us_per_connection'), ('round_trips')) WHERE kind = 'handshakes')
     LEFT JOIN shaken_range USING (experiment, metric)
GROUP BY experiment, metric;

INSERT INTO answer
SELECT experiment, 1, 'A connection costs the server''s side ' || direct || ' us of CPU over TCP, ' || proxy || ' through HAProxy, ' || whole ||
       ' with a full handshake of TLS there, and ' || resumed || ' with a resumed one.'
FROM shaken_said WHERE metric = 'server_cpu_us_per_connection'
UNION ALL
SELECT experiment, 2, 'Round trips before the first byte: ' || direct || ' over TCP, ' || whole || ' with a full handshake of TLS, ' || resumed || ' with a resumed one.'
FROM shaken_said WHERE metric = 'round_trips';
