-- derived.sql -- numbers of a row that follow from others of it; those of one kind are in derived.sql of its folder.

-- What a task pays when it takes turns with another ('thread', 'process'), or alone ('nobody').
CREATE VIEW switch AS
SELECT line, max(words) AS tasks, max(value) FILTER (WHERE metric = 'working_set_kib') AS set_kib,
       max(value) FILTER (WHERE metric = 'switch_ns') AS ns, max(low) FILTER (WHERE metric = 'switch_ns') AS ns_low,
       max(high) FILTER (WHERE metric = 'switch_ns') AS ns_high, max(value) FILTER (WHERE metric = 'touch_ns') AS touch_ns,
       max(low) FILTER (WHERE metric = 'touch_ns') AS touch_ns_low, max(high) FILTER (WHERE metric = 'touch_ns') AS touch_ns_high
FROM cell JOIN word USING (source, line) WHERE source = 'switch_cost' AND word.name = 'between' GROUP BY line;

-- Both kinds of switches are added per repeat, because medians do not add up.
INSERT INTO cell
SELECT source, line, 'switches_per_s', a.value + b.value, a.value + b.value, a.value + b.value, 1
FROM cell a JOIN cell b USING (source, line)
WHERE a.metric = 'switches_voluntary_per_s' AND b.metric = 'switches_involuntary_per_s';

-- In percent of the CPU time that a message costs: by the cost of a switch without a working set.
INSERT INTO cell
SELECT source, line, 'server_switching_percent', share, share, share, 1
FROM (SELECT made.source, made.line, 100.0 * made.value * ns / (1000 * cpu.value) AS share
      FROM cell made JOIN cell cpu USING (source, line)
           LEFT JOIN (SELECT source, line, value FROM cell WHERE metric = 'processes') processes USING (source, line)
           JOIN switch ON set_kib = 0 AND tasks = iif(processes.value > 1, 'process', 'thread')
      WHERE made.metric = 'switches_per_message' AND cpu.metric = 'server_cpu_us_per_message' AND cpu.value > 0);
