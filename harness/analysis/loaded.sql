-- loaded.sql -- what has no value is NULL, however it was written.
UPDATE row SET connections = nullif(connections, ''), active = nullif(active, ''), seed = nullif(seed, ''), variant = coalesce(variant, '');
UPDATE entry SET divide = nullif(divide, ''), matters = nullif(matters, ''), runs_max = nullif(runs_max, ''), shown_in = nullif(shown_in, ''),
                  words = nullif(words, ''), before = nullif(before, ''), after = nullif(after, '');
UPDATE shown SET rank = nullif(rank, ''), overview = nullif(overview, ''), only_in = nullif(only_in, '');
CREATE INDEX cell_line ON cell (source, line, metric);

-- What each kind of the run has: its own entries, and those of all kinds that it does not define.
CREATE TABLE metric AS
SELECT row.kind, entry.rowid AS place, metric, unit, divide, shown_in, heading, name, better, matters, robust, runs_max, words, before, after, part, meaning, empty
FROM (SELECT DISTINCT kind FROM row) row JOIN entry ON entry.kind IN ('all', row.kind)
WHERE entry.kind <> 'all' OR NOT EXISTS (SELECT 1 FROM entry own WHERE own.kind = row.kind AND own.metric = entry.metric);
CREATE INDEX metric_kind ON metric (kind, metric);
