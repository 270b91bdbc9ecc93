/* report.h -- what a client found, as a list of names and values.
 *
 * The names are those of the columns in results/README.md.  One list serves all
 * outputs: a line of pairs, CSV, JSON, and findings.c's text for a person. */
#ifndef C10K_REPORT_H
#define C10K_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/histogram.h"

enum { REPORT_PAIRS_MAX = 80 };

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

/* As report_count(), but what an earlier step counted stays in the sum. */
void report_more(struct report *report, const char *name, uint64_t value);

/* The latency that `percent` of the samples did not exceed, in the histogram's unit; nothing if too
 * few samples stand behind it.  And the largest sample; nothing of none. */
void report_percentile(struct report *report, const char *name, const struct histogram *histogram,
                       double percent);
void report_maximum(struct report *report, const char *name, const struct histogram *histogram);

/* Returns the value of a pair, "" if there is none. */
const char *report_value(const struct report *report, const char *name);

/* The list as " name=value name=value", no value as "-"; as two lines of CSV; as JSON, one object
 * on one line, no value as null. */
void report_write_pairs(const struct report *report, FILE *file);
void report_write_csv(const struct report *report, FILE *file);
void report_write_json(const struct report *report, FILE *file);

/* One of the last two, by its name: "csv" or "json". */
void report_write(const struct report *report, const char *format, FILE *file);

#endif
