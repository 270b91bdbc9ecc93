-- loaded.sql -- what has no value is NULL, however it was written.
UPDATE row SET connections = nullif(connections, ''), active = nullif(active, ''), seed = nullif(seed, ''), variant = coalesce(variant, '');
UPDATE metric SET divide = nullif(divide, ''), matters = nullif(matters, ''), runs_max = nullif(runs_max, ''), shown_in = nullif(shown_in, ''),
                  words = nullif(words, ''), before = nullif(before, ''), after = nullif(after, '');
UPDATE shown SET rank = nullif(rank, ''), overview = nullif(overview, ''), only_in = nullif(only_in, '');
CREATE INDEX cell_line ON cell (source, line, metric);
