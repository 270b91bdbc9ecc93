-- answer.sql -- what answers the question of an open loop: the p99, or the CPU time where most connections are idle.
--
-- Where table.tsv shows both ends of an experiment, the question is what its connections took.
INSERT INTO question
SELECT experiment, iif(some_idle AND experiment NOT IN (SELECT experiment FROM number WHERE metric = 'deaf_clients' AND median > 0),
                       'server_cpu_us_per_message', 'latency_ns_p99'), 1
FROM section WHERE kind = 'latency' AND experiment NOT IN (SELECT only_in FROM shown WHERE metric = 'both_ends_lost_kib');

-- Whatever disturbed those that spoke among them.
INSERT INTO answer
SELECT experiment, 1, '{' || held.median || ',} of {' || connections || ',} connections were held, and opened within {' || took.median || '} s: {' ||
       (lost.median / held.median) || '} KiB for each, both ends together.'
FROM (SELECT experiment, max(connections) AS connections, point FROM number WHERE metric = 'both_ends_lost_kib'
           AND experiment IN (SELECT only_in FROM shown WHERE metric = 'both_ends_lost_kib') GROUP BY experiment)
     JOIN summary held USING (point) JOIN summary took USING (point) JOIN summary lost USING (point)
WHERE held.metric = 'connections_established' AND took.metric = 'connect_s' AND lost.metric = 'both_ends_lost_kib';

INSERT INTO answer
SELECT experiment, 1, 'No connections were held: the table tells why.' FROM section
WHERE experiment IN (SELECT only_in FROM shown WHERE metric = 'both_ends_lost_kib') AND experiment NOT IN (SELECT experiment FROM answer);
