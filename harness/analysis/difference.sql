-- difference.sql -- the one rule by which a difference between two sets of runs is claimed.
--
-- A set is what several runs gave: how many they were, the lowest and the highest.  A difference is claimed if both sets have
-- at least three runs and the ratio of the two, which may be anything from lowest/highest to highest/lowest, keeps clear of 1:
--   - by a share of the wider set that depends on the number of runs: with few, sets of the same server lie apart by chance;
--   - by 5 %, because whole runs differ by a few % although their repeats agree;
--   - by what matters of that metric at all (metrics.tsv), and what is below that counts as that.
-- docs/comparing.md shows how often that is wrong, and tests/false_alarms.sh counts it.
--
-- Expects the table pair(pair, matters, runs_max, runs_a, low_a, high_a, runs_b, low_b, high_b), the second and the third from the
-- dictionary.

-- How many times the wider set must fit between the two, and how often that claims a difference between equals (simulated,
-- runs normal on a log scale).
CREATE TABLE clearance (enough INTEGER PRIMARY KEY, share REAL, false_alarm REAL);
INSERT INTO clearance VALUES (3, 3, 4e-4), (4, 1, 6e-4), (5, 0.5, 4e-4), (6, 0.25, 3e-4), (8, 0, 2e-4);

-- With how many runs of each set a decision is made: runs that follow each other within seconds say no more than runs_max.
CREATE VIEW weighed AS
SELECT pair, coalesce(matters, 1e-9) AS matters, min(runs_a, runs_b, coalesce(runs_max, 1000000)) AS runs,
       max(low_a, coalesce(matters, 1e-9)) AS low_a, max(high_a, coalesce(matters, 1e-9)) AS high_a,
       max(low_b, coalesce(matters, 1e-9)) AS low_b, max(high_b, coalesce(matters, 1e-9)) AS high_b
FROM pair;

-- The interval of the ratio B/A, and how far the sets lie apart.
CREATE VIEW apart AS
SELECT pair, matters, runs, low_b / high_a AS ratio_low, high_b / low_a AS ratio_high,
       CASE WHEN low_b > high_a THEN ln(low_b / high_a) WHEN high_b < low_a THEN -ln(high_b / low_a) ELSE 0 END AS clear,
       ln(max(high_a / low_a, high_b / low_b)) AS widest, iif(low_b > high_a, low_b - high_a, low_a - high_b) AS distance
FROM weighed;

-- What may be said of B against A: 'more', 'less' or nothing, and then why.
CREATE VIEW difference AS
SELECT pair, ratio_low, ratio_high, false_alarm, why, CASE WHEN why <> '' THEN '' WHEN ratio_low > 1 THEN 'more' ELSE 'less' END AS said
FROM (SELECT *, CASE WHEN runs < 3 THEN 'fewer than 3 good runs'
                     WHEN clear = 0 THEN 'the ranges overlap'
                     WHEN clear < share * widest THEN 'the ranges lie too close for ' || runs || ' runs'
                     WHEN clear < ln(1.05) THEN 'less than 5 % apart'
                     WHEN distance < matters THEN 'too small to matter'
                     ELSE '' END AS why
      FROM apart LEFT JOIN clearance ON enough = (SELECT max(enough) FROM clearance WHERE enough <= runs));
