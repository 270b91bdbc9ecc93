-- claims_cpu.sql -- what was found of the essay's claims about switches, latency and CPU time.

INSERT INTO finding
SELECT 3, '{' || (plain / 1000) || '} us plain, up to {' || (most / 1000) || '} us with caches to refill',
       CASE WHEN plain < 1000 THEN 'cheaper here' WHEN plain > 10000 THEN 'dearer here' ELSE 'holds' END, 'between processes on one CPU'
FROM (SELECT min(ns) FILTER (WHERE set_kib = 0) AS plain, max(ns) AS most FROM switch WHERE tasks = 'process') WHERE plain IS NOT NULL;

-- What a touch of a line costs right after a switch: what the switch costs more than a plain one, over the lines of the
-- set, and what a touch costs a task that is alone.
WITH plain AS (SELECT ns FROM switch WHERE tasks = 'process' AND set_kib = 0),
     touch AS (SELECT alone.set_kib, alone.touch_ns, 1 + (pair.ns - (SELECT ns FROM plain)) / (alone.set_kib * 1024 / 64) / alone.touch_ns AS factor
               FROM switch alone LEFT JOIN switch pair ON pair.tasks = 'process' AND pair.set_kib = alone.set_kib
               WHERE alone.tasks = 'nobody'),
     ends AS (SELECT (SELECT touch_ns FROM touch ORDER BY set_kib LIMIT 1) AS cache_ns, (SELECT touch_ns FROM touch ORDER BY set_kib DESC LIMIT 1) AS memory_ns)
INSERT INTO finding
SELECT 4, format('%.0f times as long for a touch from memory as from the caches ({%g} ns, {%g} ns); right after a switch up to %.1f times as long',
                 memory_ns / cache_ns, memory_ns, cache_ns, factor),
       CASE WHEN factor >= 50 THEN 'holds' WHEN memory_ns / cache_ns >= 50 THEN 'depends on the working set' ELSE 'not here' END,
       format('two tasks with {%g} KiB each: what one displaces, the next level of cache still has', set_kib)
FROM touch, ends WHERE factor ORDER BY factor DESC LIMIT 1;

WITH fork AS (SELECT connections AS n, max(median) FILTER (WHERE metric = 'switches_per_s') AS rate,
                     max(median) FILTER (WHERE metric = 'server_cpu_percent') AS running, max(median) FILTER (WHERE metric = 'server_run_queue_percent') AS waiting
              FROM most WHERE experiment = 'ramp' AND model = 'fork' HAVING rate)
INSERT INTO finding
SELECT 5, format('%.0f %% of the CPU time that fork used', share * 100), iif(share > 0.5, 'holds', 'not here'), 'an estimate: switches times the cost of a plain one'
FROM (SELECT rate * ns / 1e9 / (running / 100) AS share FROM fork, switch WHERE tasks = 'process' AND set_kib = 0) WHERE share IS NOT NULL
UNION ALL
SELECT 6, format('{%g} of %d on average ({%g} run or wait for a CPU)', n - busy, n, busy), iif(busy / n <= 0.01, 'holds', 'depends on the load'), 'at the rate that this run offered'
FROM (SELECT n, (running + waiting) / 100 AS busy FROM fork WHERE n >= 1000) WHERE busy IS NOT NULL;

WITH fork AS (SELECT max(connections) AS n, max(median) FILTER (WHERE connections = 100) AS few,
                     max(median) FILTER (WHERE connections = (SELECT connections FROM most WHERE experiment = 'ramp' AND model = 'fork')) AS many
              FROM result WHERE experiment = 'ramp' AND model = 'fork' AND metric = 'latency_ns_p99' HAVING n >= 10000 AND few AND many)
INSERT INTO finding
SELECT 7, format('p99 of fork: {%g} ms at 100, {%g} ms at %d', few / 1e6, many / 1e6, n), iif(many > 1e9, 'holds', 'held then, not now'),
       iif(many > 1e9, '', 'at the rate that this run offered')
FROM fork;

-- The essay's own case: 10,000 watched, 5 ready.
WITH looks AS (SELECT watched, max(ns) FILTER (WHERE interface = 'poll') / 1000 AS poll, max(ns) FILTER (WHERE interface = 'epoll') / 1000 AS epoll
               FROM ready WHERE watched >= 1000 GROUP BY watched ORDER BY watched DESC LIMIT 1)
INSERT INTO finding
SELECT 8, format('a call that finds 5 of {%g,}: {%g} us with poll, {%g} us with epoll: %.0f times', watched, poll, epoll, poll / epoll),
       iif(poll > 10 * epoll, 'holds', 'not shown here'), 'the call by itself; what a server pays follows'
FROM looks;

WITH grown AS (SELECT few, many, load,
                      max(median) FILTER (WHERE model = 'poll' AND connections = many) / max(median) FILTER (WHERE model = 'poll' AND connections = few) AS poll,
                      max(median) FILTER (WHERE model = 'libuv' AND connections = many) / max(median) FILTER (WHERE model = 'libuv' AND connections = few) AS libuv
               FROM watch JOIN result USING (experiment) WHERE metric = 'server_cpu_us_per_message' HAVING many >= 1000 AND poll AND libuv)
INSERT INTO finding
SELECT 9, format('from %d to %d connections at one rate: CPU per message x %.1f (poll), x %.1f (libuv on epoll)', few, many, poll, libuv),
       iif(poll > 1.5 * libuv, 'holds', 'not shown here'), load
FROM grown;

WITH slow AS (SELECT connections AS n, max(median) FILTER (WHERE model = 'poll') AS loop, max(median) FILTER (WHERE model = 'thread') AS thread
              FROM result WHERE experiment = 'slow_handler' AND metric = 'latency_ns_p99' GROUP BY connections HAVING loop AND thread ORDER BY connections DESC LIMIT 1)
INSERT INTO finding
SELECT 10, format('1 %% of requests block 20 ms: p99 of the others is {%g} ms in one loop, {%g} ms with a thread each', loop / 1e6, thread / 1e6),
       iif(loop > 10 * thread, 'holds', 'not shown here'), format('at %d connections', n)
FROM slow;

-- By the rule for differences where there are runs enough for it; a quick run has one of each, and then a quarter must lie
-- between the two.
WITH us AS (SELECT a.connections AS n, a.median AS loop, b.median AS thread,
                   CASE WHEN min(a.runs, b.runs) >= 3 THEN (SELECT said FROM decided JOIN ranked x ON x.id = a JOIN ranked y ON y.id = b
                                                            WHERE x.experiment = 'capacity' AND x.metric = a.metric AND x.model = 'libuv' AND y.model = 'thread')
                        WHEN b.median >= 1.25 * a.median THEN 'more' WHEN a.median >= 1.25 * b.median THEN 'less' ELSE '' END AS said
            FROM most a JOIN most b USING (experiment, metric)
            WHERE experiment = 'capacity' AND metric = 'server_cpu_us_per_message' AND a.model = 'libuv' AND b.model = 'thread')
INSERT INTO finding
SELECT 11, format('{%g} us of CPU per message with %d threads, {%g} with one loop (libuv)', thread, n, loop),
       CASE said WHEN 'more' THEN 'holds' WHEN 'less' THEN 'not here' ELSE 'not shown here' END, 'on the CPUs that the server has here'
FROM us;
