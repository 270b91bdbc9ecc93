/* test_histogram.c -- guards against percentiles that are silently wrong. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/histogram.h"
#include "tests/unit.h"

static struct histogram *empty(void)
{
    struct histogram *histogram = calloc(1, sizeof *histogram);
    assert_non_null(histogram);
    return histogram;
}

/* Every bucket's edges lie in it, its neighbours' do not, and its middle is near all of it. */
static void each_bucket_is_within_four_thousandths(void **state)
{
    (void)state;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        uint64_t low = histogram_low(i), high = histogram_high(i);
        assert_int_equal(histogram_index(low), i);
        assert_int_equal(histogram_index(high), i);
        if (i > 0) assert_int_equal(histogram_high(i - 1) + 1, low);
        uint64_t middle = low + (high - low) / 2;
        assert_true((double)(middle - low) <= 0.004 * (double)low);
        assert_true((double)(high - middle) <= 0.004 * (double)low);
    }
    assert_true(histogram_high(HISTOGRAM_BUCKETS - 1) == (1ull << HISTOGRAM_MAX_BITS) - 1);
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Against sorting: three shapes, five decades, six percentiles. */
static void percentiles_agree_with_sorting(void **state)
{
    (void)state;
    enum { SAMPLES = 20000 };
    static uint64_t values[SAMPLES];
    static const double percents[] = {1, 50, 90, 99, 99.9, 100};
    srandom(7);
    for (int shape = 0; shape < 3; shape++) {
        struct histogram *histogram = empty();
        for (size_t i = 0; i < SAMPLES; i++) {
            double u = ((double)random() + 1) / ((double)RAND_MAX + 2);
            values[i] = shape == 0   ? (uint64_t)(u * 1e6)
                        : shape == 1 ? (uint64_t)(-log(u) * 1e5)
                                     : (uint64_t)(100 / pow(u, 1.5));
            histogram_record(histogram, values[i]);
        }
        qsort(values, SAMPLES, sizeof values[0], by_value);
        for (size_t k = 0; k < sizeof percents / sizeof percents[0]; k++) {
            size_t rank = (size_t)ceil(percents[k] / 100 * (double)SAMPLES - 1e-6);
            double exact = (double)values[rank - 1];
            double read = (double)histogram_percentile(histogram, percents[k]);
            assert_true(fabs(read - exact) <= 0.004 * exact + 1);
        }
        assert_true(histogram->min == values[0] && histogram->max == values[SAMPLES - 1]);
        free(histogram);
    }
}

static void merging_equals_recording_together(void **state)
{
    (void)state;
    struct histogram *one = empty(), *other = empty(), *both = empty();
    for (uint64_t i = 0; i < 5000; i++) {
        histogram_record(i % 3 ? one : other, i * i * 13);
        histogram_record(both, i * i * 13);
    }
    histogram_merge(one, other);
    assert_memory_equal(one, both, sizeof *one);
    histogram_merge(one, empty()); /* An empty one changes nothing, not even the minimum. */
    assert_memory_equal(one, both, sizeof *one);
    free(one);
    free(other);
    free(both);
}

static void what_is_too_large_stands_in_the_last_bucket(void **state)
{
    (void)state;
    struct histogram *histogram = empty();
    histogram_record(histogram, 1ull << HISTOGRAM_MAX_BITS);
    histogram_record(histogram, UINT64_MAX / 4);
    assert_int_equal(histogram->buckets[HISTOGRAM_BUCKETS - 1], 2);
    assert_true(histogram_percentile(histogram, 100) == UINT64_MAX / 4);
    free(histogram);
}

static void a_percentile_needs_ten_samples_beyond_it(void **state)
{
    (void)state;
    struct histogram *histogram = empty();
    for (int i = 0; i < 999; i++)
        histogram_record(histogram, 5);
    assert_false(histogram_has_percentile(histogram, 99));
    histogram_record(histogram, 5);
    assert_true(histogram_has_percentile(histogram, 99));
    for (int i = 1000; i < 9999; i++)
        histogram_record(histogram, 5);
    assert_false(histogram_has_percentile(histogram, 99.9));
    histogram_record(histogram, 5);
    assert_true(histogram_has_percentile(histogram, 99.9));
    free(histogram);
}

static void an_empty_one_reads_zero(void **state)
{
    (void)state;
    struct histogram *histogram = empty();
    assert_int_equal(histogram_percentile(histogram, 99), 0);
    assert_true(histogram_mean(histogram) == 0);
    assert_false(histogram_has_percentile(histogram, 50));
    free(histogram);
}

/* The last line's count is the number of samples, its value their maximum. */
static void a_file_holds_all_samples(void **state)
{
    (void)state;
    char path[] = "/tmp/histogram-XXXXXX", line[256];
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    struct histogram *histogram = empty();
    for (uint64_t i = 1; i <= 1000; i++)
        histogram_record(histogram, i * 1000);
    assert_true(histogram_write_hgrm(histogram, path));
    FILE *file = fdopen(fd, "r");
    double value = 0, share = 0;
    unsigned long total = 0;
    while (fgets(line, sizeof line, file) != NULL && line[0] != '#')
        /* NOLINTNEXTLINE(cert-err34-c): numbers that we wrote fit their types. */
        assert_true(sscanf(line, "%lf %lf %lu", &value, &share, &total) == 3 || total == 0);
    assert_int_equal(total, 1000);
    assert_true(share == 1 && value == 1000);
    assert_false(histogram_write_hgrm(histogram, "/nonexistent/folder/file"));
    assert_int_equal(fclose(file), 0);
    assert_int_equal(remove(path), 0);
    free(histogram);
}

/* A line for each bucket that is not empty: its upper edge in us, but the last one's exact maximum;
 * the share that is not above it; how many those are; and how many there are for each above it. */
static void a_file_says_what_the_plotter_reads(void **state)
{
    (void)state;
    char path[] = "/tmp/histogram-XXXXXX", text[2048] = "";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    struct histogram *histogram = empty();
    static const uint64_t values[] = {1000, 1000, 5000, 9000};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        histogram_record(histogram, values[i]);
    assert_true(histogram_write_hgrm(histogram, path));
    assert_true(read(fd, text, sizeof text - 1) > 0);
    assert_string_equal(text, "       Value     Percentile TotalCount 1/(1-Percentile)\n\n"
                              "       1.003 0.500000000000          2           2.00\n"
                              "       5.023 0.750000000000          3           4.00\n"
                              "       9.000 1.000000000000          4\n"
                              "#[Mean    =        4.000, StdDeviation   =        3.313]\n"
                              "#[Max     =        9.000, Total count    =            4]\n"
                              "#[Buckets =           34, SubBuckets     =          128]\n");
    close(fd);
    assert_int_equal(remove(path), 0);
    free(histogram);
}

static void sums_and_ends_are_exact(void **state)
{
    (void)state;
    struct histogram *histogram = empty(), *copy = empty();
    histogram_record(histogram, 5020);
    histogram_record(histogram, 5021);
    assert_int_equal(histogram_percentile(histogram, 50), 5020); /* Not its bucket's 5007. */
    assert_int_equal(histogram_percentile(histogram, 0), 5020);
    histogram_record(histogram, 700000);
    assert_true(histogram->sum == 710041 && histogram->min == 5020 && histogram->max == 700000);
    assert_true(fabs(histogram_mean(histogram) - 710041 / 3.) < 1e-6);
    assert_int_equal(histogram_percentile(histogram, 100), 700000);
    histogram_merge(copy, histogram);
    assert_memory_equal(copy, histogram, sizeof *copy);
    free(histogram);
    free(copy);
}

/* Nanoseconds of the fastest of many rounds. */
struct pace {
    double record_ns;   /* One call of histogram_record. */
    double addition_ns; /* One addition that waits for the one before: a cycle of this CPU. */
};

static struct pace measure_pace(struct histogram *histogram, const uint64_t *values, size_t count)
{
    struct pace best = {1e9, 1e9};
    for (int round = 0; round < 200; round++) {
        uint64_t begin_ns = clock_ns(), sum = 0;
        for (size_t i = 0; i < count; i++)
            histogram_record(histogram, values[i]);
        uint64_t middle_ns = clock_ns();
        for (size_t i = 0; i < count; i++)
            __asm__ volatile("" : "+r"(sum) : "r"(sum += i));
        double record_ns = (double)(middle_ns - begin_ns) / (double)count;
        double addition_ns = (double)(clock_ns() - middle_ns) / (double)count;
        if (record_ns < best.record_ns) best.record_ns = record_ns;
        if (addition_ns < best.addition_ns) best.addition_ns = addition_ns;
    }
    return best;
}

/* Seven cycles are 2 ns at 3.5 GHz.  Told in cycles, so that a slow or shared
 * CPU changes nothing. */
static void recording_costs_at_most_seven_cycles(void **state)
{
    (void)state;
    enum { VALUES = 20000 };
    static uint64_t values[VALUES];
    uint64_t random = 1;
    for (size_t i = 0; i < VALUES; i++) { /* 8 us to 16 ms, as latencies are. */
        random = random * 6364136223846793005u + 1442695040888963407u;
        values[i] = (random >> 40) + 8192;
    }
    struct histogram *histogram = empty();
    struct pace pace = measure_pace(histogram, values, VALUES);
    print_message("# histogram_record: %.2f ns; an addition: %.2f ns\n", pace.record_ns,
                  pace.addition_ns);
    assert_true(pace.record_ns <= 7 * pace.addition_ns);
    free(histogram);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_bucket_is_within_four_thousandths),
        cmocka_unit_test(percentiles_agree_with_sorting),
        cmocka_unit_test(merging_equals_recording_together),
        cmocka_unit_test(what_is_too_large_stands_in_the_last_bucket),
        cmocka_unit_test(a_percentile_needs_ten_samples_beyond_it),
        cmocka_unit_test(an_empty_one_reads_zero),
        cmocka_unit_test(a_file_holds_all_samples),
        cmocka_unit_test(a_file_says_what_the_plotter_reads),
        cmocka_unit_test(sums_and_ends_are_exact),
        cmocka_unit_test(recording_costs_at_most_seven_cycles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
