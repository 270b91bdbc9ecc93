-- compare_setup.sql -- what differs between two runs besides what they measured, and which experiments had another load.
--
-- Expects both runs attached, as a and b.

-- Settings of the load that rows tell: one that differs makes another question of the experiment.
CREATE TABLE load_setting (name TEXT PRIMARY KEY, decides INTEGER);
INSERT INTO load_setting VALUES ('offered_per_s', 1), ('message_b', 1), ('opened', 1), ('requests', 1), ('warmup', 0), ('switches_method', 0);

-- Keys of an experiment that change the load, or the server, without a column that tells it.
CREATE TABLE load_key (key TEXT PRIMARY KEY);
INSERT INTO load_key VALUES ('cost'), ('cost_us'), ('cost_percent'), ('deaf'), ('server_options');

-- What each run says of itself: its machine, its command, its experiments as they were, and the settings in its rows.
CREATE TABLE said AS
WITH heads AS (SELECT 'a' AS side, experiment, schema, profile FROM a.row UNION ALL SELECT 'b', experiment, schema, profile FROM b.row),
     settings AS (SELECT 'a' AS side, experiment, metric AS name, format('%.10g', value) AS words FROM a.row JOIN a.cell USING (source, line)
                  UNION SELECT 'b', experiment, metric, format('%.10g', value) FROM b.row JOIN b.cell USING (source, line)
                  UNION SELECT 'a', experiment, name, words FROM a.row JOIN a.word USING (source, line)
                  UNION SELECT 'b', experiment, name, words FROM b.row JOIN b.word USING (source, line))
SELECT 'a' AS side, place, name, experiment, key, words FROM a.fact
UNION ALL SELECT 'b', place, name, experiment, key, words FROM b.fact
UNION ALL SELECT side, 1000000, 'profile', '', '', group_concat(DISTINCT profile) FROM heads WHERE profile <> '' GROUP BY side
UNION ALL SELECT side, 1000001, 'schema', '', '', group_concat(DISTINCT schema) FROM heads GROUP BY side
UNION ALL
SELECT side, 2000000 + load_setting.rowid, experiment || ': ' || name, experiment, '', replace(group_concat(words), ',', ' or ')
FROM (SELECT * FROM settings ORDER BY words) JOIN load_setting USING (name) GROUP BY side, experiment, name;

-- What both runs have, and what only one has unless that is an experiment which the other did not measure.
CREATE TABLE setup AS
SELECT min(x.place, coalesce(y.place, x.place)) AS place, name, x.experiment, x.key, x.words AS a, y.words AS b
FROM (SELECT * FROM said WHERE side = 'a') x LEFT JOIN (SELECT * FROM said WHERE side = 'b') y USING (name)
UNION ALL
SELECT place, name, experiment, key, NULL, words FROM said WHERE side = 'b' AND name NOT IN (SELECT name FROM said WHERE side = 'a');
DELETE FROM setup
WHERE a IS b OR name IN ('machine', 'date', 'load_average', 'gnuplot', 'experiment') OR name GLOB 'load average*'
      OR experiment <> '' AND (place >= 2000000 AND (a IS NULL OR b IS NULL)
                               OR place < 2000000 AND (SELECT count(*) FROM said WHERE said.name = 'experiment' AND said.experiment = setup.experiment) < 2);

-- Experiments whose load, or whose server, was another one: the first thing that differed.
CREATE TABLE blocked AS
SELECT experiment, iif(key = '', substr(name, length(experiment) + 3), key) || ' was ' || coalesce(a, '-') || ' in A and ' || coalesce(b, '-') || ' in B' AS why, min(place) AS place
FROM setup
WHERE experiment <> ''
      AND (key = '' AND substr(name, length(experiment) + 3) IN (SELECT name FROM load_setting WHERE decides)
           OR substr(key, 1, instr(key || '.', '.') - 1) IN (SELECT key FROM load_key)
              AND (instr(key, '.') = 0 OR substr(key, instr(key, '.') + 1) IN (SELECT profile FROM a.row UNION SELECT profile FROM b.row)))
GROUP BY experiment;

-- Of a long list, "x=1; y=2; ...", only the parts that the other one does not have.
CREATE VIEW setup_told AS
SELECT place, name, coalesce(part.a, setup.a, '-') AS a, coalesce(part.b, setup.b, '-') AS b
FROM setup LEFT JOIN (
    SELECT name, (SELECT group_concat(value, '; ') FROM json_each(list_a) WHERE value NOT IN (SELECT value FROM json_each(list_b))) AS a,
           (SELECT group_concat(value, '; ') FROM json_each(list_b) WHERE value NOT IN (SELECT value FROM json_each(list_a))) AS b
    FROM (SELECT name, '[' || replace(json_quote(a), '; ', '","') || ']' AS list_a, '[' || replace(json_quote(b), '; ', '","') || ']' AS list_b FROM setup)
    WHERE json_array_length(list_a) > 3 AND json_array_length(list_b) > 3) part USING (name);
