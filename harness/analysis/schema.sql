-- schema.sql -- what a run and the dictionary hold, as it was read: run.sql loads it.

-- The head of each row.  Names are text even where they look like numbers.
CREATE TABLE row (
    source TEXT, line INTEGER, schema INTEGER, experiment TEXT, kind TEXT, profile TEXT, model TEXT, variant TEXT, connections REAL, active REAL,
    repeat INTEGER, try INTEGER, superseded INTEGER, seed INTEGER, status TEXT, reason TEXT
);

-- Its other columns: numbers, of which each may be the median of several runs, and words.  REAL, because SQL divides whole
-- numbers without their fraction.
CREATE TABLE cell (source TEXT, line INTEGER, metric TEXT, value REAL, low REAL, high REAL, runs INTEGER);
CREATE TABLE word (source TEXT, line INTEGER, name TEXT, words TEXT);

-- What the run records of itself: of machine.txt, and of command.txt the command, the seed, and each key of its experiments.
CREATE TABLE fact (place INTEGER PRIMARY KEY, name TEXT, experiment TEXT, key TEXT, words TEXT);

-- The dictionary as it was read: metrics.tsv of this folder, for the kind `all`, and of each kind.
CREATE TABLE entry (
    kind TEXT, metric TEXT, unit TEXT, divide REAL, shown_in TEXT, heading TEXT, name TEXT, better TEXT, matters REAL, robust TEXT, runs_max INTEGER,
    words TEXT, before TEXT, after TEXT, part TEXT, meaning TEXT, empty TEXT
);

-- What the table of a kind shows, in this order: table.tsv of each kind.  `rank`: models are compared by it, in this order.
-- `overview`: its heading in the table of all kinds.
CREATE TABLE shown (kind TEXT, place INTEGER, metric TEXT, always TEXT, rank INTEGER, overview TEXT, only_in TEXT);

-- How a reader calls the variants of a kind, in their order: variants.tsv of each kind.
CREATE TABLE variant_name (kind TEXT, place INTEGER, variant TEXT, name TEXT);

-- What was found, in sentences; and the metric that answers the question of an experiment: models are compared by it, and, if it
-- `grows`, each of them with fewer connections.  answer.sql of each kind fills both.
CREATE TABLE answer (experiment TEXT, place INTEGER, sentence TEXT);
CREATE TABLE question (experiment TEXT, metric TEXT, grows INTEGER);

-- What stands below the charts of an experiment, in phrases.
CREATE TABLE phrase (experiment TEXT, place INTEGER, words TEXT);
