-- compare_report.sql -- compare.csv in words and tables: lines for compare_report.awk.
--
--   P text        S section        L item        H heading...        R cell...        B cell..., of which the last stands out
--   F figure

CREATE TABLE line (section INTEGER, place INTEGER, text TEXT);

-- "12 % (8-17 %) more", "2.3 times (2-2.6 times) as much": B against A.
CREATE VIEW amount AS
SELECT pair, CASE WHEN ratio < 1 THEN format('%.0f %% (%.0f-%.0f %%) ', 100 * abs(1 - ratio), 100 * abs(1 - ratio_high), 100 * abs(1 - ratio_low)) ||
                                      iif(words = 'many', 'fewer', iif(words = 'high', 'lower', 'less'))
                  WHEN ratio < 2 THEN format('%.0f %% (%.0f-%.0f %%) ', 100 * abs(ratio - 1), 100 * abs(ratio_low - 1), 100 * abs(ratio_high - 1)) ||
                                      iif(words = 'high', 'higher', 'more')
                  ELSE '{' || ratio || '} times ({' || ratio_low || '}-{' || ratio_high || '} times) as ' || coalesce(words, 'much') END AS words
FROM told JOIN metric USING (kind, metric) WHERE ratio IS NOT NULL;

CREATE VIEW place_of AS
SELECT id, name || iif(connections IS NULL, '', ' at ' || counts || iif(connections = 1, ' connection', ' connections')) AS words FROM both;

CREATE VIEW sentence AS
SELECT pair, id, experiment, verdict, place_of.words ||
       CASE verdict WHEN 'not_compared' THEN ': not compared: ' || why
                    WHEN 'not_shown' THEN ': no difference shown in ' || metric.name || ': ' || why
                    ELSE ' ' || coalesce(before, 'has') || ' ' || amount.words || coalesce(' ' || after, '') || ' in B' ||
                         CASE better WHEN 'higher' THEN iif(verdict = 'more', ', which is better', ', which is worse')
                                     WHEN 'lower' THEN iif(verdict = 'less', ', which is better', ', which is worse') ELSE '' END END AS words
FROM told JOIN place_of USING (id) JOIN metric USING (kind, metric) LEFT JOIN amount USING (pair);

INSERT INTO line
SELECT 1, 1, 'P' || char(9) || CASE WHEN shown THEN format('**A difference is shown in %d of %d rows.**', shown, rows)
                                    WHEN rows THEN format('**No difference shown** in %d rows.', rows) ELSE '**Nothing could be compared.**' END
FROM (SELECT count(*) FILTER (WHERE verdict <> 'not_compared') AS rows, count(*) FILTER (WHERE verdict IN ('more', 'less')) AS shown FROM told WHERE metric <> '');
INSERT INTO line
SELECT 1, 2, 'P' || char(9) || format('Between equal servers, chance alone would claim about %.2g of %d.', total(false_alarm), count(*))
FROM told WHERE metric <> '' AND verdict <> 'not_compared' HAVING count(*);

-- ---- lists: what is shown, what had another load, what else differs, what was not compared, what only one run has ----

CREATE TABLE part (section INTEGER PRIMARY KEY, title TEXT);
INSERT INTO part VALUES (2, 'Differences shown'), (3, 'Another load, so not compared'), (4, 'What else differs'), (5, 'Not compared'), (6, 'Only in A'), (7, 'Only in B');

INSERT INTO line SELECT 2, pair, 'L' || char(9) || words || ' (' || experiment || ')' FROM sentence WHERE verdict IN ('more', 'less');
INSERT INTO line SELECT 3, place, 'L' || char(9) || experiment || ': ' || why FROM blocked;
INSERT INTO line SELECT 4, 0, iif(count(*), 'H' || char(9) || 'what' || char(9) || 'A' || char(9) || 'B', 'P' || char(9) || 'Nothing that the runs recorded.') FROM setup;
INSERT INTO line SELECT 4, place, 'R' || char(9) || name || char(9) || a || char(9) || b FROM setup_told;
INSERT INTO line
SELECT 5, min(pair + 1000000 * (metric = '')), 'L' || char(9) || iif(metric = '', experiment, words || ' (' || experiment || ')') || ': ' || why
FROM told JOIN place_of USING (id) WHERE verdict = 'not_compared' GROUP BY iif(metric = '', experiment, id), why;
INSERT INTO line
SELECT iif(verdict = 'only_a', 6, 7), id, 'L' || char(9) || words || ' (' || experiment || ')' FROM told JOIN place_of USING (id) WHERE verdict IN ('only_a', 'only_b');
INSERT INTO line SELECT section, -1, 'S' || char(9) || title FROM part WHERE section IN (SELECT section FROM line);

-- ---- a table for each chart: a metric of an experiment, or all metrics of it where they are parts of one whole ----

CREATE VIEW measured AS
SELECT pair, iif(median_a IS NULL, '-', '{' || (median_a / divide) || '} ({' || (low_a / divide) || '}-{' || (high_a / divide) || '}), ' || runs_a || iif(runs_a = 1, ' run', ' runs')) AS a,
       iif(median_b IS NULL, '-', '{' || (median_b / divide) || '} ({' || (low_b / divide) || '}-{' || (high_b / divide) || '}), ' || runs_b || iif(runs_b = 1, ' run', ' runs')) AS b
FROM told JOIN metric USING (kind, metric);

-- A kind that is compared by more than three metrics has one chart for all of them.
CREATE VIEW grouped AS
SELECT pair, experiment, iif(kind IN (SELECT kind FROM shown WHERE rank > 3), kind, metric) AS chart FROM told WHERE metric <> '';

CREATE TABLE chart AS
SELECT row_number() OVER (ORDER BY min(pair)) + 7 AS section, experiment, min(kind) AS kind, chart, max(ratio IS NOT NULL) AS drawn FROM grouped JOIN told USING (pair, experiment) GROUP BY experiment, chart;

INSERT INTO line
SELECT section, -3, 'S' || char(9) || experiment || ': ' || coalesce(metric.name, chart) FROM chart LEFT JOIN metric ON (metric.kind, metric.metric) = (chart.kind, chart);
INSERT INTO line SELECT section, -2, 'F' || char(9) || experiment || '-' || chart FROM chart WHERE drawn;
INSERT INTO line
SELECT section, -1, 'H' || char(9) || replace('model,connections,metric,A,B,ratio B/A,in words', ',', char(9)) FROM chart;
INSERT INTO line
SELECT section, pair, iif(told.verdict IN ('more', 'less'), 'B', 'R') || char(9) || told.name || char(9) || coalesce(counts, '-') || char(9) || metric.name || coalesce(' ' || shown_in, '') ||
       char(9) || measured.a || char(9) || measured.b || char(9) || iif(ratio IS NULL, '-', format('%.2f (%.2f-%.2f)', ratio, ratio_low, ratio_high)) || char(9) || sentence.words
FROM chart JOIN grouped USING (experiment, chart) JOIN told USING (pair, experiment) JOIN metric ON (metric.kind, metric.metric) = (told.kind, told.metric) JOIN measured USING (pair) JOIN sentence USING (pair);
