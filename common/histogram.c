/* histogram.c -- counts durations in ns with an error below 0.4 %, in constant time and space. */
#include "common/histogram.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

uint64_t histogram_low(size_t index)
{
    size_t octave = index >> HISTOGRAM_SUB_BITS;
    if (octave <= 1) return index;
    return (uint64_t)(index - ((octave - 1) << HISTOGRAM_SUB_BITS)) << (octave - 1);
}

uint64_t histogram_high(size_t index)
{
    return histogram_low(index + 1) - 1;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
    if (from->count == 0) return;
    if (into->count == 0 || from->min < into->min) into->min = from->min;
    if (from->max > into->max) into->max = from->max;
    into->count += from->count;
    into->sum += from->sum;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        into->buckets[i] += from->buckets[i];
}

uint64_t histogram_percentile(const struct histogram *histogram, double percent)
{
    if (histogram->count == 0) return 0;
    /* The small step back keeps 99.9 % of 10,000 at rank 9,990 in spite of binary fractions. */
    double exact = percent / 100 * (double)histogram->count;
    uint64_t rank = (uint64_t)ceil(exact - exact * 1e-12);
    if (rank >= histogram->count) return histogram->max;
    uint64_t seen = 0;
    size_t i = 0;
    while (i + 1 < HISTOGRAM_BUCKETS && (seen += histogram->buckets[i]) < (rank ? rank : 1))
        i++;
    uint64_t middle = histogram_low(i) + (histogram_high(i) - histogram_low(i)) / 2;
    if (middle < histogram->min) return histogram->min;
    return middle > histogram->max ? histogram->max : middle;
}

bool histogram_has_percentile(const struct histogram *histogram, double percent)
{
    /* Slack for binary fractions: 0.1 % of 10,000 must count as ten. */
    return (double)histogram->count * (100 - percent) / 100 >= 10 - 1e-6;
}

double histogram_mean(const struct histogram *histogram)
{
    return histogram->count == 0 ? 0 : (double)histogram->sum / (double)histogram->count;
}

static bool finish(FILE *file)
{
    bool failed = ferror(file) != 0;
    return fclose(file) == 0 && !failed;
}

/* Standard deviation from the middles of the buckets: exact enough for the plotter's footer. */
static double deviation(const struct histogram *histogram)
{
    double mean = histogram_mean(histogram), sum = 0;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        double off = ((double)histogram_low(i) + (double)histogram_high(i)) / 2 - mean;
        sum += off * off * (double)histogram->buckets[i];
    }
    return histogram->count == 0 ? 0 : sqrt(sum / (double)histogram->count);
}

bool histogram_write_hgrm(const struct histogram *histogram, const char *path)
{
    FILE *file = fopen(path, "we");
    if (file == NULL) return false;
    fprintf(file, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount",
            "1/(1-Percentile)");
    uint64_t seen = 0;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        if (histogram->buckets[i] == 0) continue;
        seen += histogram->buckets[i];
        double share = (double)seen / (double)histogram->count;
        double value_us =
            (double)(seen == histogram->count ? histogram->max : histogram_high(i)) / 1e3;
        fprintf(file, "%12.3f %2.12f %10" PRIu64, value_us, share, seen);
        if (seen < histogram->count) fprintf(file, " %14.2f", 1 / (1 - share));
        fprintf(file, "\n");
    }
    fprintf(file, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n", histogram_mean(histogram) / 1e3,
            deviation(histogram) / 1e3);
    fprintf(file, "#[Max     = %12.3f, Total count    = %12" PRIu64 "]\n",
            (double)histogram->max / 1e3, histogram->count);
    fprintf(file, "#[Buckets = %12d, SubBuckets     = %12d]\n",
            HISTOGRAM_MAX_BITS - HISTOGRAM_SUB_BITS + 1, 1 << HISTOGRAM_SUB_BITS);
    return finish(file);
}
