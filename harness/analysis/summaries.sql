-- summaries.sql -- summary/KIND.csv of a run: a row for each point, for charts and for a spreadsheet.
--
-- Each metric that the kind has becomes X_median, X_min, X_max and X_runs, in the order of the dictionary; each word a column.

-- A number in full; a whole one has no exponent.
CREATE TABLE plain AS
SELECT point, metric AS name, iif(median = round(median), format('%.0f', median), format('%.10g', median)) || ',' ||
       iif(low = round(low), format('%.0f', low), format('%.10g', low)) || ',' ||
       iif(high = round(high), format('%.0f', high), format('%.10g', high)) || ',' || runs AS text
FROM summary
UNION ALL
SELECT point, name, words FROM label;
CREATE INDEX plain_point ON plain (point, name);

CREATE TABLE summary_column AS
SELECT measured.kind, measured.name, metric.place, max(is_word) AS is_word
FROM (SELECT kind, metric AS name, 0 AS is_word FROM summary JOIN point USING (point) UNION SELECT kind, name, 1 FROM label JOIN point USING (point))
     AS measured LEFT JOIN metric ON (metric.kind, metric.metric) = (measured.kind, measured.name)
GROUP BY measured.kind, measured.name;

CREATE VIEW summary_line AS
SELECT DISTINCT kind, 0 AS place, 'experiment,kind,model,variant,connections,active,status,reason,repeats_ok,repeats' ||
       group_concat(iif(is_word, ',' || name, format(',%s_median,%s_min,%s_max,%s_runs', name, name, name, name)), '') OVER in_order AS text
FROM summary_column
WINDOW in_order AS (PARTITION BY kind ORDER BY place, name ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
UNION ALL
SELECT DISTINCT kind, point, format('%s,%s,%s,%s,%s,%s,%s,%s,%d,%d', experiment, kind, model, variant, iif(connections IS NULL, '', format('%.0f', connections)),
                           iif(active IS NULL, '', format('%.0f', active)), status, coalesce(reason, ''), good, repeats) ||
       group_concat(',' || coalesce(text, iif(is_word, '', ',,,')), '') OVER in_order
FROM point JOIN judged USING (point) JOIN summary_column USING (kind) LEFT JOIN plain USING (point, name)
WINDOW in_order AS (PARTITION BY point ORDER BY place, name ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING);
