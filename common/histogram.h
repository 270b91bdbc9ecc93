/* histogram.h -- counts durations in ns with an error below 0.4 %, in constant time and space.
 *
 * Log-linear buckets: below 256 ns each value has its own; above, each octave
 * [2^k, 2^(k+1)) is cut into 128 equal buckets.  The middle of a bucket is at most
 * 1/256 of the value away from it.  The idea is HdrHistogram's (Tene); Debian has
 * no C library for one.  Percentiles of two histograms cannot be averaged: merge
 * the histograms, then ask. */
#ifndef C10K_HISTOGRAM_H
#define C10K_HISTOGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
    HISTOGRAM_SUB_BITS = 7,  /* 128 buckets per octave. */
    HISTOGRAM_MAX_BITS = 40, /* Values from 2^40 ns (18 minutes) on stand in the last bucket. */
    HISTOGRAM_BUCKETS = (HISTOGRAM_MAX_BITS - HISTOGRAM_SUB_BITS + 1) << HISTOGRAM_SUB_BITS,
};

/* All zero is an empty histogram. */
struct histogram {
    uint64_t count, sum;
    uint64_t min, max; /* Exact; 0 while empty. */
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

/* Returns the bucket of a value, 0 .. HISTOGRAM_BUCKETS - 1.
 *
 * A double is log-linear by itself: its bits are the octave, then the place within the octave.  To
 * read both at once is three cycles cheaper on AMD's Zen 3 than to search for the leading bit. */
static inline size_t histogram_index(uint64_t value)
{
    enum { DOUBLE_PLACE_BITS = 52, DOUBLE_BIAS = 1023 }; /* IEEE 754, binary64. */
    if (value >> HISTOGRAM_MAX_BITS) return HISTOGRAM_BUCKETS - 1;
    if (value < 2u << HISTOGRAM_SUB_BITS) return (size_t)value;
    double number = (double)(int64_t)value; /* Exact: fewer bits than 53. */
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    size_t octave_and_place = (size_t)(bits >> (DOUBLE_PLACE_BITS - HISTOGRAM_SUB_BITS));
    return octave_and_place -
           ((size_t)(DOUBLE_BIAS + HISTOGRAM_SUB_BITS - 1) << HISTOGRAM_SUB_BITS);
}

/* Adds one value, in about 2 ns.  Not for two threads at once: one histogram each, then merge. */
static inline void histogram_record(struct histogram *histogram, uint64_t value)
{
    histogram->buckets[histogram_index(value)]++;
    if (histogram->count == 0 || value < histogram->min) histogram->min = value;
    if (value > histogram->max) histogram->max = value;
    histogram->count++;
    histogram->sum += value;
}

/* The smallest and the largest value that bucket `index` stands for. */
uint64_t histogram_low(size_t index);
uint64_t histogram_high(size_t index);

/* Adds all of `from` to `into`. */
void histogram_merge(struct histogram *into, const struct histogram *from);

/* Returns the value that `percent` (0 .. 100) of the samples did not exceed: nearest rank, the
 * middle of its bucket, never outside min .. max.  0 if empty. */
uint64_t histogram_percentile(const struct histogram *histogram, double percent);

/* True if at least ten samples lie beyond the percentile: 10 / (1 - p) samples in all. */
bool histogram_has_percentile(const struct histogram *histogram, double percent);

/* Returns the mean, from the exact sum.  0 if empty. */
double histogram_mean(const struct histogram *histogram);

/* Writes the percentile distribution as text that the HdrHistogram plotter reads, values in us.
 * False with errno. */
bool histogram_write_hgrm(const struct histogram *histogram, const char *path);

#endif
