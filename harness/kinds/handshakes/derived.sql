-- derived.sql -- what of one CPU the two sides take, in percent: CPU time of a connection times connections a second.
INSERT INTO cell
SELECT source, line, iif(cost.metric GLOB 'server*', 'server_busy_percent', 'client_busy_percent'), percent, percent, percent, 1
FROM (SELECT cost.source, cost.line, cost.metric, cost.value * rate.value / 1e4 AS percent
      FROM cell cost JOIN cell rate USING (source, line)
      WHERE cost.metric IN ('server_cpu_us_per_connection', 'client_cpu_us_per_connection') AND rate.metric = 'connections_per_s') cost;
