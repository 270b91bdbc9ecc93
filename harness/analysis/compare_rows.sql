-- compare_rows.sql -- what is said of each metric of each point: compare.csv.

CREATE TABLE told AS
SELECT id, pair, experiment, kind, model, both.name, variant, connections, active, counts, metric, rank, runs_a, median_a, low_a, high_a, runs_b, median_b, low_b, high_b,
       iif(compared.why IS NULL, max(median_b, coalesce(matters, 1e-9)) / max(median_a, coalesce(matters, 1e-9)), NULL) AS ratio, ratio_low, ratio_high, false_alarm,
       CASE WHEN compared.why IS NOT NULL THEN 'not_compared' WHEN said = '' THEN 'not_shown' ELSE said END AS verdict,
       coalesce(compared.why, difference.why, '') AS why
FROM compared JOIN both USING (id) JOIN metric USING (kind, metric) LEFT JOIN difference USING (pair)
UNION ALL
SELECT id, 0, experiment, kind, model, name, variant, connections, active, counts, '', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       CASE WHEN b IS NULL THEN 'only_a' WHEN a IS NULL THEN 'only_b' ELSE 'not_compared' END, iif(a AND b, 'no metric of its kind is compared: the reports hold its tables', '')
FROM both WHERE a IS NULL OR b IS NULL OR kind NOT IN (SELECT kind FROM shown WHERE rank IS NOT NULL);

-- A number in full; a whole one has no exponent.
CREATE VIEW compare_line AS
SELECT 0 AS id, 0 AS pair, 'experiment,kind,model,variant,connections,active,metric,runs_a,median_a,min_a,max_a,runs_b,median_b,min_b,max_b,' ||
       'ratio,ratio_low,ratio_high,verdict,reason' AS text
UNION ALL
SELECT id, pair, format('%s,%s,%s,%s,%s,%s,%s', experiment, kind, model, variant, iif(connections IS NULL, '', format('%.0f', connections)), iif(active IS NULL, '', format('%.0f', active)), metric) ||
       format(',%s,%s,%s,%s', coalesce(runs_a, ''), iif(median_a IS NULL, '', format(iif(median_a = round(median_a), '%.0f', '%.10g'), median_a)),
              iif(low_a IS NULL, '', format(iif(low_a = round(low_a), '%.0f', '%.10g'), low_a)), iif(high_a IS NULL, '', format(iif(high_a = round(high_a), '%.0f', '%.10g'), high_a))) ||
       format(',%s,%s,%s,%s', coalesce(runs_b, ''), iif(median_b IS NULL, '', format(iif(median_b = round(median_b), '%.0f', '%.10g'), median_b)),
              iif(low_b IS NULL, '', format(iif(low_b = round(low_b), '%.0f', '%.10g'), low_b)), iif(high_b IS NULL, '', format(iif(high_b = round(high_b), '%.0f', '%.10g'), high_b))) ||
       format(',%s,%s,%s,%s,%s', iif(ratio IS NULL, '', format('%.6g', ratio)), iif(ratio_low IS NULL, '', format('%.6g', ratio_low)), iif(ratio_high IS NULL, '', format('%.6g', ratio_high)),
              verdict, replace(why, ',', ';')) AS text
FROM told;
