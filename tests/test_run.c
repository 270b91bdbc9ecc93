/* test_run.c -- guards against a window of the load client that forgets, mixes up or counts twice
 * what the windows before it found. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients/run.h"
#include "tests/unit.h"

/* ---- in place of crew.c: it was told this, and found that ---- */

static struct crew_traffic told;
static struct worker_traffic found;
static struct worker_herd herd;

uint32_t crew_open(const struct crew *crew)
{
    (void)crew;
    return 71;
}

uint32_t crew_processes(const struct crew *crew)
{
    (void)crew;
    return 3;
}

void crew_connect(struct crew *crew, uint32_t connections, struct worker_connects *connects)
{
    (void)crew;
    *connects = (struct worker_connects){.refused = connections - 1};
}

struct crew_window crew_run(struct crew *crew, const struct crew_traffic *traffic,
                            struct worker_traffic *merged)
{
    (void)crew;
    told = *traffic;
    *merged = found;
    return (struct crew_window){.active = 5, .achieved_per_s = 7};
}

uint64_t crew_reconnect(struct crew *crew, const struct crew_return *policy,
                        const struct crew_traffic *traffic, struct worker_connects *connects,
                        struct worker_traffic *merged, struct worker_herd *of_herd)
{
    (void)crew, (void)policy;
    told = *traffic;
    *connects = (struct worker_connects){.asked = 30};
    *merged = found;
    *of_herd = herd;
    return 1;
}

/* ---- what is made of it ---- */

static struct run run;
static struct report report;

static void expect(const char *name, const char *wanted)
{
    if (strcmp(report_value(&report, name), wanted) != 0)
        fail_msg("%s is \"%s\" instead of \"%s\"", name, report_value(&report, name), wanted);
}

static void reset(void)
{
    run = (struct run){.traffic = {.rate_per_s = 1000, .seed = 40}, .message_b = 64};
    found = (struct worker_traffic){0};
    report = (struct report){0};
}

static void traffic(bool recorded)
{
    report = (struct report){0};
    run_traffic(&run, 0.5, recorded, &report);
}

static void each_window_draws_its_own_numbers(void **state)
{
    (void)state;
    reset();
    for (uint64_t seed = 40; seed < 43; seed++) {
        traffic(seed > 40);
        assert_true(told.seed == seed && told.duration_s == 0.5 && told.rate_per_s == 1000);
    }
    run_reconnect(&run, &(struct crew_return){0}, &report);
    assert_int_equal(told.seed, 43);
    assert_int_equal(run.traffic.seed, 44);
}

/* It would go unnoticed, because the report of a warm-up is not read. */
static void what_went_wrong_in_a_warm_up_is_told_once_by_the_next_window(void **state)
{
    (void)state;
    reset();
    found.corrupt = 2;
    found.reset = 5;
    traffic(false);
    traffic(false);
    found.corrupt = 1;
    found.reset = 3;
    traffic(true);
    expect("corrupt", "5");
    expect("connections_reset", "13");
    traffic(true);
    expect("corrupt", "1");
    expect("connections_reset", "3");
}

static void connecting_reports_how_many_were_asked_for(void **state)
{
    (void)state;
    reset();
    run_connect(&run, 90, &report);
    expect("connections_asked", "90");
    expect("connections_refused", "89");
    expect("connections_established", "71");
}

/* A window of `count` messages in each half, of `ns` and of three times as much, and slow ones. */
static void window_of(uint64_t count, uint64_t ns)
{
    found = (struct worker_traffic){0};
    for (uint64_t i = 0; i < count; i++) {
        histogram_record(&found.latency_half_ns[0], ns);
        histogram_record(&found.latency_half_ns[1], 3 * ns);
        histogram_record(&found.slow_ns, 50 * ns);
    }
    traffic(true);
}

static void expect_near(const char *name, double wanted)
{
    double value = strtod(report_value(&report, name), NULL);
    if (fabs(value - wanted) > 0.004 * wanted)
        fail_msg("%s is \"%s\" instead of about %g", name, report_value(&report, name), wanted);
}

static void the_last_windows_are_told_together_and_no_older_one(void **state)
{
    (void)state;
    reset();
    window_of(600, 1000);
    expect("merged_windows", "");
    run_merge(&run, 2);
    window_of(600, 1000);
    expect("merged_windows", "1");
    expect_near("merged_ns_p50", 1000);
    expect_near("merged_ns_p99", 3000);
    expect_near("merged_slow_ns_p50", 50000);
    window_of(200, 100000);
    expect("merged_windows", "2");
    expect_near("merged_ns_p50", 3000); /* 600, 600, 200 and 200 of them. */
    expect_near("merged_ns_p99", 300000);
    expect_near("merged_slow_ns_p50", 50000);
    window_of(200, 200000); /* In place of the first. */
    expect("merged_windows", "2");
    expect_near("merged_ns_p50", 200000);
    expect_near("merged_slow_ns_p50", 5000000);
    run_merge(&run, 0);
    window_of(600, 1000);
    expect("merged_windows", "");
}

static void a_warm_up_is_not_among_the_last_windows(void **state)
{
    (void)state;
    reset();
    run_merge(&run, 2);
    window_of(600, 1000);
    traffic(false);
    traffic(true);
    expect("merged_windows", "2");
    run_merge(&run, 0);
}

/* Reads a whole file that run.c wrote, and removes it. */
static const char *read_and_remove(const char *path)
{
    static char text[4096];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    assert_int_equal(fclose(file), 0);
    unlink(path);
    return text;
}

static void a_histogram_file_holds_both_halves_of_a_recorded_window(void **state)
{
    (void)state;
    char path[] = "/tmp/c10k-run-XXXXXX";
    close(mkstemp(path));
    reset();
    run.hgrm = path;
    window_of(600, 1000);
    found = (struct worker_traffic){0};
    traffic(false); /* Leaves the file alone. */
    const char *text = read_and_remove(path);
    assert_non_null(strstr(text, "Total count    =         1200]"));
    assert_non_null(strstr(text, "#[Max     =        3.000"));
}

/* Each line holds what happened in its bin, and how many were connected at its end. */
static void a_timeline_tells_what_happened_when(void **state)
{
    (void)state;
    char path[] = "/tmp/c10k-run-XXXXXX";
    close(mkstemp(path));
    reset();
    run.timeline = path;
    herd = (struct worker_herd){.held = 100, .lost = 100};
    herd.bins[0].lost = 90;
    herd.bins[2] = (struct herd_bin){.lost = 10, .attempts = 7, .failed = 6};
    herd.bins[50] = (struct herd_bin){.attempts = 99, .failed = 3, .back = 96};
    run_reconnect(&run, &(struct crew_return){0}, &report);
    assert_string_equal(read_and_remove(path), "ms,connected,lost,attempts,failed,back\n"
                                               "10,10,90,0,0,0\n"
                                               "30,0,10,7,6,0\n"
                                               "510,96,0,99,3,96\n");
    expect("attempts", "30");
    expect("connections_asked", "100");
}

static void a_cost_that_costs_nothing_is_none(void **state)
{
    (void)state;
    reset();
    const struct message_cost cost = {.us = 500, .spin = true};
    assert_true(run_cost(&run, cost, 25));
    assert_true(run.traffic.cost.us == 500 && run.traffic.cost.spin);
    assert_true(run.traffic.cost_percent == 25);
    assert_true(run_cost(&run, cost, 0));
    assert_true(run.traffic.cost.us == 0 && run.traffic.cost_percent == 0);
    run.message_b = MESSAGE_COSTLY_B_MIN - 1;
    assert_false(run_cost(&run, cost, 25));
    assert_true(run_cost(&run, (struct message_cost){0}, 25));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_window_draws_its_own_numbers),
        cmocka_unit_test(what_went_wrong_in_a_warm_up_is_told_once_by_the_next_window),
        cmocka_unit_test(connecting_reports_how_many_were_asked_for),
        cmocka_unit_test(the_last_windows_are_told_together_and_no_older_one),
        cmocka_unit_test(a_warm_up_is_not_among_the_last_windows),
        cmocka_unit_test(a_histogram_file_holds_both_halves_of_a_recorded_window),
        cmocka_unit_test(a_timeline_tells_what_happened_when),
        cmocka_unit_test(a_cost_that_costs_nothing_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
