-- claims_memory.sql -- what was found of the essay's claims about memory and TLS.

WITH fork AS (SELECT connections AS n, max(median) FILTER (WHERE metric = 'machine_lost_kib') AS lost, max(median) FILTER (WHERE metric = 'rss_kib') AS rss
              FROM most WHERE experiment = 'memory' AND model = 'fork' HAVING lost)
INSERT INTO finding
SELECT 1, '{' || (lost / n) || '} KiB really lost, {' || (rss / n) || '} KiB if summed RSS is believed',
       iif(lost / n >= 2048, 'holds', 'held then, not now'),
       iif(lost / n >= 2048, '', 'children share their pages until one writes to them: what remains is page tables, stacks and the kernel''s records')
FROM fork
UNION ALL
SELECT 2, format('{%g} GiB (from %d clients)', lost * 10000 / n / 1048576, n), iif(lost * 10000 / n / 1048576 >= 25, 'holds', 'held then, not now'), 'as above'
FROM fork;

WITH poll AS (SELECT (max(median) FILTER (WHERE metric = 'pss_kib') - max(median) FILTER (WHERE metric = 'memory_baseline_pss_kib')) * 1024 / connections AS each
              FROM most WHERE experiment = 'memory' AND model = 'poll' HAVING each IS NOT NULL)
INSERT INTO finding
SELECT 13, '{' || each || '} B of the program''s memory for an idle client of poll', iif(each >= 32768, 'holds', 'depends on the server'),
       iif(each >= 32768, '', 'a server that holds a buffer only while something is in it pays for those that speak')
FROM poll;

-- The same server with a buffer for each client, and without.
WITH epoll AS (SELECT connections AS n, max(median) FILTER (WHERE model = 'epoll') AS without, max(median) FILTER (WHERE model = 'epoll:buffer-kib=64') AS own
               FROM most WHERE experiment = 'buffers' AND metric = 'machine_lost_kib' HAVING own - without IS NOT NULL)
INSERT INTO finding
SELECT 14, '{' || ((own - without) * 10000 / n / 1024) || '} MiB more than with one buffer for all ({' || (without * 10000 / n / 1024) || '} MiB)',
       iif((own - without) / n >= 48, 'holds', 'not here'), 'of a server that gives each client one of its own (epoll)'
FROM epoll;

-- With both ends on one machine where the run has that.
WITH server AS (SELECT connections AS n, metric = 'both_ends_lost_kib' AS both, median / connections AS kib,
                       median / connections / iif(metric = 'both_ends_lost_kib', 2, 1) * 1e7 / 1048576 AS gib
                FROM most
                WHERE (experiment, model, metric) IN (VALUES ('million', 'epoll_workers', 'both_ends_lost_kib'), ('memory', 'libuv', 'machine_lost_kib'))
                ORDER BY both DESC LIMIT 1)
INSERT INTO finding
SELECT 15, '{' || kib || iif(both, '} KiB each with both ends, {', '} KiB for each server end (libuv), {') || gib ||
           iif(both, '} GiB for 10 million server ends', '} GiB for 10 million'),
       iif(gib >= 50, 'holds', 'less, yet the point stands'), iif(both, 'one machine still cannot do it at ease', format('from %d idle clients', n))
FROM server;

-- With a P-256 key; full handshakes.
WITH shake AS (SELECT variant, max(median) FILTER (WHERE metric = 'round_trips') AS trips, max(median) FILTER (WHERE metric = 'server_cpu_us_per_connection') AS us
               FROM result WHERE kind = 'handshakes' GROUP BY variant),
     tls AS (SELECT old.trips - tcp.trips AS more_1_2, new.trips - tcp.trips AS more_1_3, tcp.us AS tcp_us, new.us AS tls_us
             FROM shake tcp, shake old, shake new WHERE tcp.variant = 'proxy' AND old.variant = 'proxy:1.2:p256:full' AND new.variant = 'proxy:1.3:p256:full')
INSERT INTO finding
SELECT 16, format('%d more with TLS 1.3, %d more with TLS 1.2', more_1_3, more_1_2), iif(more_1_3 > 0 AND more_1_2 <= 2, 'holds', 'not here'),
       'counted by the client before its first byte, in full handshakes'
FROM tls
UNION ALL
SELECT 17, '{' || tls_us || '} us of the server''s CPU for a connection over TLS 1.3, {' || tcp_us || '} without TLS through the same proxy',
       iif(tls_us >= 1.5 * tcp_us, 'holds', 'not here'), 'a full handshake with a P-256 key, and one message'
FROM tls;
