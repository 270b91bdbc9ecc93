/* report.h -- what the load client found, as a list of names and values.
 *
 * The names are those of the columns in results/README.md.  One list serves all
 * outputs: a line of pairs, CSV, JSON and the text for a person. */
#ifndef C10K_REPORT_H
#define C10K_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "clients/crew.h"

enum { REPORT_PAIRS_MAX = 64 };

struct report {
    struct {
        const char *name;
        char value[32]; /* "": there is none, for example too few samples for a percentile. */
        bool is_text;   /* In quotes, in JSON. */
    } pairs[REPORT_PAIRS_MAX];
    size_t count;
};

/* Each adds one pair; a name that is there already gets the new value, so that a later step of a
 * run (connect, then window) has the last word.  Dies when the list is full. */
void report_text(struct report *report, const char *name, const char *value);
void report_count(struct report *report, const char *name, uint64_t value);
void report_number(struct report *report, const char *name, double value, int decimals);

/* What connecting found: asked_total is the number of connections wanted in all. */
void report_connects(struct report *report, const struct worker_connects *connects,
                     uint32_t asked_total, double duration_s, const struct crew *crew);

/* What a window found. */
void report_window(struct report *report, const struct crew_traffic *traffic,
                   const struct worker_traffic *found, uint32_t active, uint64_t busiest_cpu_ns,
                   bool spin, const struct crew *crew);

/* What a herd found that began at begin_ns. */
void report_herd(struct report *report, const struct worker_herd *herd,
                 const struct worker_connects *connects, const struct worker_traffic *traffic,
                 uint64_t begin_ns, const struct crew *crew);

/* The latencies of several windows together. */
void report_merged(struct report *report, const struct histogram *ordinary_ns,
                   const struct histogram *slow_ns, uint64_t windows);

/* Returns the value of a pair, "" if there is none. */
const char *report_value(const struct report *report, const char *name);

/* The list as " name=value name=value", no value as "-"; as two lines of CSV; as JSON, one object
 * on one line, no value as null; as text for a person. */
void report_write_pairs(const struct report *report, FILE *file);
void report_write_csv(const struct report *report, FILE *file);
void report_write_json(const struct report *report, FILE *file);
void report_write_human(const struct report *report, FILE *file);

/* One of the last three, by its name: "human", "csv" or "json". */
void report_write(const struct report *report, const char *format, FILE *file);

#endif
