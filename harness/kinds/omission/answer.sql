-- answer.sql -- what the two loops tell of one server, which is named where there are several.

-- Of each model the p99 and the messages of both loops.
CREATE VIEW two_loops AS
SELECT experiment, model, min(point) AS point, max(median) FILTER (WHERE metric = 'latency_ns_p99' AND variant <> 'closed') AS open_ns,
       max(median) FILTER (WHERE metric = 'latency_ns_p99' AND variant = 'closed') AS closed_ns,
       max(median) FILTER (WHERE metric = 'achieved_per_s' AND variant <> 'closed') AS open_per_s,
       max(median) FILTER (WHERE metric = 'achieved_per_s' AND variant = 'closed') AS closed_per_s
FROM number WHERE kind = 'omission' AND is_result GROUP BY experiment, model HAVING open_ns AND closed_ns;

INSERT INTO answer
SELECT experiment, point, iif((SELECT count(DISTINCT model) FROM point p WHERE p.experiment = two_loops.experiment) > 1, 'With ' || model || ', of', 'Of') ||
       ' the same stops of the same server the open loop sees a p99 latency of {' || (open_ns / 1e6) || '} ms, the closed loop {' || (closed_ns / 1e6) || '} ms: ' ||
       format(iif(max(open_ns / closed_ns, closed_ns / open_ns) < 10, '%.1f', '%.0f'), max(open_ns / closed_ns, closed_ns / open_ns)) || ' times ' ||
       iif(open_ns > closed_ns, 'less', 'more') || '. They sent {' || open_per_s || '} and {' || closed_per_s || '} messages a second.'
FROM two_loops;
