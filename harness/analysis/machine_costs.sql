-- machine_costs.sql -- the tables of what the machine takes by itself, without a server; behind those of the experiments.

INSERT INTO line SELECT 1000000, 0, 'T' || char(9) || 'switch_cost: what one context switch costs (often told: 1 to 10 us)' || char(9) || 'switch_cost' FROM switch LIMIT 1;
INSERT INTO line
SELECT 1000000, 1, 'H' || char(9) || 'between two' || char(9) || 'working set of each KiB' || char(9) || 'switch us' || char(9) || 'touch of a line ns' FROM switch LIMIT 1;
INSERT INTO line
SELECT 1000000, 1 + line, 'R' || char(9) || CASE tasks WHEN 'process' THEN 'processes' WHEN 'thread' THEN 'threads' ELSE '(one task alone)' END || char(9) ||
       format('%.0f', set_kib) || char(9) || coalesce('{' || (ns / 1000) || '} ({' || (ns_low / 1000) || '}-{' || (ns_high / 1000) || '})', '-') || char(9) ||
       coalesce('{' || touch_ns || '} ({' || touch_ns_low || '}-{' || touch_ns_high || '})', '-')
FROM switch;

-- A row for each number of sockets.
CREATE VIEW ready AS
SELECT line, max(words) AS interface, max(value) FILTER (WHERE metric = 'watched') AS watched, max(value) FILTER (WHERE metric = 'ready') AS ready,
       max(value) FILTER (WHERE metric = 'call_ns') AS ns, max(low) FILTER (WHERE metric = 'call_ns') AS low, max(high) FILTER (WHERE metric = 'call_ns') AS high
FROM cell JOIN word USING (source, line) WHERE source = 'ready_cost' AND word.name = 'interface' GROUP BY line;

CREATE VIEW ready_text AS
SELECT *, '{' || (ns / 1000) || '} ({' || (low / 1000) || '}-{' || (high / 1000) || '})' AS text FROM ready;

INSERT INTO line
SELECT 1000001, 0, 'T' || char(9) || 'ready_cost: us of a call that finds {' || ready || '} ready sockets' || char(9) || 'ready_cost' FROM ready LIMIT 1;
INSERT INTO line
SELECT 1000001, 1, 'H' || char(9) || 'sockets watched' || char(9) || 'select' || char(9) || 'poll' || char(9) || 'epoll' FROM ready LIMIT 1;
INSERT INTO line
SELECT 1000001, 1 + min(line), 'R' || char(9) || format('%.0f', watched) || char(9) || coalesce(max(text) FILTER (WHERE interface = 'select'), '-') || char(9) ||
       coalesce(max(text) FILTER (WHERE interface = 'poll'), '-') || char(9) || coalesce(max(text) FILTER (WHERE interface = 'epoll'), '-')
FROM ready_text GROUP BY watched;
