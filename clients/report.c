/* report.c -- what a client found, as a list of names and values. */
#include "clients/report.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/die.h"

/* ---- the list ---- */

static char *slot(struct report *report, const char *name, bool is_text)
{
    size_t i = 0;
    while (i < report->count && strcmp(report->pairs[i].name, name) != 0)
        i++;
    if (i == REPORT_PAIRS_MAX) die_because("more than %d values in a report", REPORT_PAIRS_MAX);
    if (i == report->count) report->count++;
    report->pairs[i].name = name;
    report->pairs[i].is_text = is_text;
    return report->pairs[i].value;
}

void report_text(struct report *report, const char *name, const char *value)
{
    snprintf(slot(report, name, true), sizeof report->pairs[0].value, "%s", value);
}

void report_count(struct report *report, const char *name, uint64_t value)
{
    snprintf(slot(report, name, false), sizeof report->pairs[0].value, "%" PRIu64, value);
}

const char *report_value(const struct report *report, const char *name)
{
    for (size_t i = 0; i < report->count; i++)
        if (strcmp(report->pairs[i].name, name) == 0) return report->pairs[i].value;
    return "";
}

void report_more(struct report *report, const char *name, uint64_t value)
{
    report_count(report, name, value + strtoull(report_value(report, name), NULL, 10));
}

void report_number(struct report *report, const char *name, double value, int decimals)
{
    char *out = slot(report, name, false);
    out[0] = '\0';
    if (isfinite(value)) snprintf(out, sizeof report->pairs[0].value, "%.*f", decimals, value);
}

void report_percentile(struct report *report, const char *name, const struct histogram *histogram,
                       double percent)
{
    if (histogram_has_percentile(histogram, percent))
        report_count(report, name, histogram_percentile(histogram, percent));
    else
        report_number(report, name, NAN, 0);
}

void report_maximum(struct report *report, const char *name, const struct histogram *histogram)
{
    report_number(report, name, histogram->count ? (double)histogram->max : NAN, 0);
}

/* ---- the outputs ---- */

void report_write_pairs(const struct report *report, FILE *file)
{
    for (size_t i = 0; i < report->count; i++) {
        const char *value = report->pairs[i].value;
        fprintf(file, " %s=%s", report->pairs[i].name, value[0] ? value : "-");
    }
}

void report_write_csv(const struct report *report, FILE *file)
{
    for (size_t i = 0; i < report->count; i++)
        fprintf(file, "%s%s", i ? "," : "", report->pairs[i].name);
    for (size_t i = 0; i < report->count; i++)
        fprintf(file, "%s%s", i ? "," : "\n", report->pairs[i].value);
    fprintf(file, "\n");
}

void report_write_json(const struct report *report, FILE *file)
{
    for (size_t i = 0; i < report->count; i++) {
        const char *value = report->pairs[i].value;
        const char *quote = report->pairs[i].is_text && value[0] ? "\"" : "";
        fprintf(file, "%s\"%s\":%s%s%s", i ? "," : "{", report->pairs[i].name, quote,
                value[0] ? value : "null", quote);
    }
    fprintf(file, "}\n");
}

void report_write(const struct report *report, const char *format, FILE *file)
{
    if (strcmp(format, "json") == 0)
        report_write_json(report, file);
    else
        report_write_csv(report, file);
}
