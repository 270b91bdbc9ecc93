-- answer.sql -- a delivery in the smallest and in the largest room that gave a result, and the largest room if it did not.

CREATE VIEW room AS
SELECT experiment, connections, max(median) FILTER (WHERE metric = 'delivery_ns_p99') / 1e6 AS p99_ms,
       max(median) FILTER (WHERE metric = 'server_cpu_us_per_delivery') AS cpu_us
FROM number WHERE kind = 'chat' AND is_result GROUP BY experiment, connections HAVING p99_ms IS NOT NULL;

CREATE VIEW rooms AS
SELECT experiment, min(connections) AS few, max(connections) AS many, (SELECT max(connections) FROM point WHERE point.experiment = room.experiment) AS most
FROM room GROUP BY experiment;

INSERT INTO answer
SELECT experiment, 1, 'The p99 of a delivery, from the moment when its line was due, is {' || a.p99_ms || '} ms with {' || few || ',} members' ||
       iif(few = many, '', ' and {' || b.p99_ms || '} ms with {' || many || ',}') || '.'
FROM rooms JOIN room a USING (experiment) JOIN room b USING (experiment) WHERE a.connections = few AND b.connections = many
UNION ALL
SELECT experiment, 2, 'A delivery costs the room {' || a.cpu_us || '} us of CPU with {' || few || ',}' || iif(few = many, '', ' and {' || b.cpu_us || '} us with {' || many || ',}') ||
       ': a line to all of those takes {' || (b.cpu_us * many / 1000) || '} ms.'
FROM rooms JOIN room a USING (experiment) JOIN room b USING (experiment) WHERE a.connections = few AND b.connections = many
UNION ALL
SELECT experiment, 3, 'With {' || most || ',} members there is no result: the table tells why.' FROM rooms WHERE many < most
UNION ALL
SELECT experiment, 1, 'No room gave a result: the table tells why.' FROM section WHERE kind = 'chat' AND experiment NOT IN (SELECT experiment FROM rooms);
