-- query.sql -- what `./run_all.sh query` asks: the numbers of one run after another, with its name in the column run.
--
-- Expects a run attached as `one`, and the table named(run) with its name.

CREATE TABLE IF NOT EXISTS result (
    run TEXT, experiment TEXT, kind TEXT, model TEXT, variant TEXT, connections REAL, active REAL, metric TEXT, unit TEXT,
    median REAL, low REAL, high REAL, runs INTEGER
);
INSERT INTO result
SELECT run, experiment, kind, model, variant, connections, active, metric, unit, median, low, high, runs FROM named, one.result LEFT JOIN one.metric USING (kind, metric);

CREATE TABLE IF NOT EXISTS point (
    run TEXT, experiment TEXT, kind TEXT, model TEXT, variant TEXT, connections REAL, active REAL, status TEXT, reason TEXT, repeats INTEGER, good INTEGER
);
INSERT INTO point
SELECT run, experiment, kind, model, variant, connections, active, status, reason, repeats, good FROM named, one.point JOIN one.judged USING (point);

CREATE TABLE IF NOT EXISTS measured (
    run TEXT, experiment TEXT, kind TEXT, profile TEXT, model TEXT, variant TEXT, connections REAL, active REAL, repeat INTEGER, try INTEGER,
    superseded INTEGER, status TEXT, reason TEXT, metric TEXT, value REAL
);
INSERT INTO measured
SELECT run, experiment, kind, profile, model, variant, connections, active, repeat, try, superseded, status, reason, metric, value
FROM named, one.row JOIN one.cell USING (source, line);

CREATE TABLE IF NOT EXISTS metric (
    kind TEXT, metric TEXT, unit TEXT, divide REAL, shown_in TEXT, heading TEXT, name TEXT, better TEXT, matters REAL, meaning TEXT, empty TEXT,
    PRIMARY KEY (kind, metric)
);
INSERT OR IGNORE INTO metric SELECT kind, metric, unit, divide, shown_in, heading, name, better, matters, meaning, empty FROM one.metric;
