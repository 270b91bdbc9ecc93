-- claims.sql -- what the essay says, and what a run must have measured to check it.  claims_*.sql hold what was found.

CREATE TABLE claim (claim INTEGER PRIMARY KEY, text TEXT, said TEXT);
INSERT INTO claim VALUES
    (1, 'a process takes memory just to exist', '2-8 MB'),
    (2, '10,000 processes need', '50 GB'),
    (3, 'a context switch costs', '1-10 us'),
    (4, 'a switch leaves the caches cold, and memory is slower', '100 times'),
    (5, 'with N processes the CPU switches more than it works', 'more than half'),
    (6, 'most workers sleep', '9,900 of 10,000'),
    (7, 'great for 100 users, collapsed at 10,000', 'collapse'),
    (8, 'to find 5 ready of 10,000 takes', '20,000 looks with poll, 5 with epoll'),
    (9, 'poll looks at all, epoll at those that are ready', '20,000 looks against 5'),
    (10, 'async cannot fix slow code', 'no event loop will save you'),
    (11, 'more threads are not faster', 'a beginner''s mistake'),
    (12, 'a process may open', '1024 files'),
    (13, 'each connection needs buffers', '64 KB: 640 MB for 10,000'),
    (14, 'buffers of 64 KB for 10,000 clients', '640 MB'),
    (15, '10 million connections need', '10 KB each: 100 GB'),
    (16, 'TLS takes further round trips', '1 or 2'),
    (17, 'TLS burns CPU', 'CPU for the crypto math');

-- Where a look at all descriptors shows: with idle clients beside few that speak where the run has that, else with all speaking.
CREATE VIEW watch AS
SELECT experiment, iif(experiment = 'crowd', 100, iif(max(connections = 10), 10, 1)) AS few, max(connections) AS many,
       iif(experiment = 'crowd', '100 of them speak', 'all speak: with silent ones it is worse; see crowd') AS load
FROM point WHERE experiment IN ('crowd', 'ramp') AND model = 'poll' GROUP BY experiment ORDER BY experiment LIMIT 1;

-- The points that a claim needs; no number of connections: where the model has most.
CREATE TABLE need (claim INTEGER, experiment TEXT, model TEXT, connections REAL);
INSERT INTO need VALUES
    (1, 'memory', 'fork', NULL), (5, 'ramp', 'fork', NULL), (6, 'ramp', 'fork', NULL), (7, 'ramp', 'fork', 100), (7, 'ramp', 'fork', NULL),
    (10, 'slow_handler', 'poll', NULL), (10, 'slow_handler', 'thread', NULL), (11, 'capacity', 'thread', NULL), (11, 'capacity', 'libuv', NULL),
    (14, 'buffers', 'epoll:buffer-kib=64', NULL), (14, 'buffers', 'epoll', NULL);
INSERT INTO need
SELECT 9, experiment, column1, iif(column2, few, NULL) FROM watch, (VALUES ('poll', 1), ('poll', 0), ('libuv', 1), ('libuv', 0));

CREATE TABLE finding (claim INTEGER PRIMARY KEY, measured TEXT, verdict TEXT, why TEXT);
