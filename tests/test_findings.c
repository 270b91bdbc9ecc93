/* test_findings.c -- guards against a number of the load client that is reported under another
 * name, of another histogram, or in another unit: all numbers here are unequal. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/findings.h"
#include "common/clock.h"
#include "tests/unit.h"

#define MS NS_PER_MS

/* In place of crew.c: these two numbers are all that the report takes from a crew. */
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

static struct report report;

static void expect(const char *name, const char *wanted)
{
    if (strcmp(report_value(&report, name), wanted) != 0)
        fail_msg("%s is \"%s\" instead of \"%s\"", name, report_value(&report, name), wanted);
}

/* A value of a histogram may be off by its bucket, 0.4 %. */
static void expect_near(const char *name, double wanted)
{
    double found = strtod(report_value(&report, name), NULL);
    if (fabs(found - wanted) > 0.004 * wanted)
        fail_msg("%s is \"%s\" instead of about %g", name, report_value(&report, name), wanted);
}

/* Values 1, 2, ... `count`, each times `step_ns`: pN is N % of count x step_ns. */
static void record(struct histogram *histogram, uint64_t count, uint64_t step_ns)
{
    for (uint64_t i = 1; i <= count; i++)
        histogram_record(histogram, i * step_ns);
}

/* ---- connecting ---- */

static struct worker_connects connects;

static void prepare_connects(void)
{
    connects = (struct worker_connects){.asked = 90,
                                        .established = 80,
                                        .refused = 11,
                                        .reset = 12,
                                        .timed_out = 13,
                                        .failed = 14,
                                        .corrupt = 15,
                                        .first_errno = ECONNREFUSED,
                                        .handshake_sent_b = 2000UL * 500,
                                        .handshake_received_b = 2000UL * 700,
                                        .resumed = 16,
                                        .begin_ns = 1000 * (uint64_t)MS,
                                        .end_ns = 3500 * (uint64_t)MS,
                                        .cpu_ns = 17};
    record(&connects.connect_ns, 2000, 1000);
    record(&connects.handshake_ns, 2000, 3000);
    for (int i = 0; i < 2000; i++)
        histogram_record(&connects.round_trips, i < 1500 ? 2 : 3);
    report = (struct report){0};
}

static void what_connecting_found_has_its_own_names(void **state)
{
    (void)state;
    prepare_connects();
    findings_connects(&report, &connects, 100, NULL);
    expect("connections_asked", "100");
    expect("connections_established", "71"); /* Held now, by all processes. */
    expect("connections_refused", "11");
    expect("connections_reset", "12");
    expect("connections_timed_out", "13");
    expect("connections_failed", "14");
    expect("connect_error", "ECONNREFUSED");
    expect("connect_s", "2.500000");
    expect("connect_cpu_ns", "17");
    expect_near("connect_ns_p50", 1e6);
    expect_near("connect_ns_p99", 1.98e6);
    expect("connect_ns_max", "2000000");
    expect_near("handshake_ns_p50", 3e6);
    expect_near("handshake_ns_p99", 5.94e6);
    expect("round_trips_p50", "2");
    expect("round_trips_max", "3");
    expect("handshake_sent_b", "500");
    expect("handshake_received_b", "700");
    expect("resumed", "16");
    expect("corrupt", "15");
    expect("processes", "3");
}

static void without_a_connection_there_is_no_time_of_one(void **state)
{
    (void)state;
    report = (struct report){0};
    connects = (struct worker_connects){.refused = 1};
    findings_connects(&report, &connects, 1, NULL);
    static const char *const empty[] = {
        "connect_s",        "connect_cpu_ns",      "connect_ns_p50",  "connect_ns_max",
        "handshake_ns_p50", "round_trips_p50",     "round_trips_max", "handshake_sent_b",
        "connect_error",    "handshake_received_b"};
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++)
        expect(empty[i], "");
}

/* ---- a window ---- */

static struct worker_traffic found;
static struct crew_traffic traffic;
static struct crew_window window;

/* 24,000 ordinary messages of 1 to 24 ms, two thirds of which were due in the first half. */
static void prepare_window(void)
{
    found = (struct worker_traffic){.sent = 30000,
                                    .received = 29000,
                                    .lost = 1000,
                                    .sent_in_time = 28000,
                                    .received_in_time = 26000,
                                    .received_half = {15000, 10000},
                                    .corrupt = 4,
                                    .reset = 5,
                                    .cpu_ns = 600 * MS,
                                    .user_ns = 250 * MS,
                                    .system_ns = 350 * MS};
    record(&found.latency_half_ns[0], 16000, 1000);
    for (uint64_t i = 16001; i <= 24000; i++)
        histogram_record(&found.latency_half_ns[1], i * 1000);
    record(&found.slow_ns, 2000, 50000);
    record(&found.from_sent_ns, 2000, 700);
    record(&found.send_lag_ns, 2000, 30);
    traffic = (struct crew_traffic){.rate_per_s = 15000, .duration_s = 2, .seed = 9};
    window = (struct crew_window){.active = 50,
                                  .busiest_cpu_ns = 400 * MS,
                                  .busiest_ns = 300 * MS,
                                  .achieved_per_s = 12500,
                                  .under_way = 45};
    report = (struct report){0};
}

static void fill(void)
{
    findings_window(&report, &traffic, &window, &found, NULL);
}

static void what_a_window_found_has_its_own_names(void **state)
{
    (void)state;
    prepare_window();
    fill();
    expect("connections_established", "71");
    expect("connections_active", "50");
    expect("window_s", "2.000");
    expect("offered_per_s", "15000.0");
    expect("sent_per_s", "14000.0"); /* Of those sent in time. */
    expect("achieved_per_s", "12500.0");
    expect("sent", "30000");
    expect("received", "29000");
    expect("lost", "1000");
    expect("sent_in_time", "28000");
    expect("received_in_time", "26000");
    expect("corrupt", "4");
    expect("connections_reset", "5");
    expect("client_cpu_ns", "600000000");
    expect("client_user_ns", "250000000");
    expect("client_system_ns", "350000000");
    expect("client_cpu_percent_max", "20.00"); /* 0.4 s of 2 s. */
    expect("seed", "9");
    expect("spin", "0");
}

static void each_latency_is_of_its_own_histogram_and_percent(void **state)
{
    (void)state;
    prepare_window();
    fill();
    expect_near("latency_ns_p50", 12000e3); /* Of both halves together. */
    expect_near("latency_ns_p90", 21600e3);
    expect_near("latency_ns_p99", 23760e3);
    expect_near("latency_ns_p999", 23976e3);
    expect("latency_ns_max", "24000000");
    expect("latency_ns_mean", "12000500");
    expect("slow_sent", "2000");
    expect_near("slow_ns_p50", 50e6);
    expect_near("slow_ns_p99", 99e6);
    expect("slow_ns_max", "100000000");
    expect_near("from_sent_ns_p50", 700e3);
    expect_near("from_sent_ns_p99", 1386e3);
    expect("from_sent_ns_max", "1400000");
    expect_near("send_lag_ns_p50", 30e3);
    expect_near("send_lag_ns_p99", 59.4e3);
    expect("send_lag_ns_max", "60000");
    /* Time spent under way, of both kinds: 24,000 x 12.0005 ms and 2,000 x 50.025 ms, in 2 s. */
    expect("waiting_mean", "194.031");
}

static void halves_are_compared_by_what_the_loop_cannot_hide(void **state)
{
    (void)state;
    prepare_window();
    fill();
    expect_near("drift_percent", 100 * 12. / 14); /* p50: 8 ms and 20 ms. */
    expect("little_error_percent", "");
    traffic.closed = true;
    fill();
    expect("drift_percent", "40.00");        /* Echoes: 15,000 and 10,000. */
    expect("little_error_percent", "10.00"); /* 45 under way of 50. */
    expect("offered_per_s", "");
}

static void only_a_client_that_polls_says_how_busy_it_is(void **state)
{
    (void)state;
    prepare_window();
    fill();
    expect("client_busy_percent_max", "");
    window.spin = true;
    fill();
    expect("client_busy_percent_max", "15.00");
    expect("client_cpu_percent_max", "20.00");
    expect("spin", "1");
}

/* The results of connecting stay when the window is reported. */
static void wrong_bytes_and_ends_of_both_steps_add_up(void **state)
{
    (void)state;
    prepare_connects();
    findings_connects(&report, &connects, 100, NULL);
    prepare_window();
    findings_connects(&report, &connects, 100, NULL);
    fill();
    expect("corrupt", "19");
    expect("connections_reset", "17");
    expect("connections_refused", "11");
}

static void windows_together_have_their_own_names(void **state)
{
    (void)state;
    prepare_window();
    findings_merged(&report, &found.from_sent_ns, &found.slow_ns, 7);
    expect("merged_windows", "7");
    expect_near("merged_ns_p50", 700e3);
    expect_near("merged_ns_p99", 1386e3);
    expect_near("merged_slow_ns_p50", 50e6);
}

/* ---- a herd ---- */

static void what_a_herd_found_has_its_own_names(void **state)
{
    (void)state;
    static struct worker_herd herd; /* Its bins are large. */
    herd = (struct worker_herd){.held = 200,
                                .lost = 210,
                                .lost_in_order = 60,
                                .gave_up = 2,
                                .first_lost_ns = 1500 * (uint64_t)MS,
                                .last_back_ns = 4000 * (uint64_t)MS};
    prepare_window();
    prepare_connects();
    connects.begin_ns = connects.end_ns = 0; /* Connecting is not timed in a herd. */
    findings_herd(&report, &herd, &connects, &found, 1000 * (uint64_t)MS, NULL);
    expect("connections_asked", "200");
    expect("connections_established", "71");
    expect("connections_lost", "210");
    expect("lost_in_order", "60");
    expect("attempts", "90");
    expect("gave_up", "2");
    expect("begin_ns", "1000000000");
    expect("first_lost_s", "0.500000");
    expect("last_back_s", "3.000000");
    expect("away_s", "2.500000");
    expect("connect_s", "");
    expect("sent", "30000");
    expect("received", "29000");
    expect("lost", "1000");
    expect("corrupt", "19");
    expect_near("latency_ns_p99", 23760e3);
    expect_near("send_lag_ns_p99", 59.4e3);
    herd.last_back_ns = herd.first_lost_ns = 0;
    findings_herd(&report, &herd, &connects, &found, 1000 * (uint64_t)MS, NULL);
    expect("first_lost_s", "");
    expect("away_s", "");
}

/* ---- for a person ---- */

static char text[4096];

static void write_text(void)
{
    FILE *file = fmemopen(text, sizeof text, "w");
    findings_write(&report, "human", file);
    assert_int_equal(fclose(file), 0);
}

static void expect_line(const char *line)
{
    if (strstr(text, line) == NULL) fail_msg("\"%s\" is not in\n%s", line, text);
}

static void a_person_reads_the_same_numbers(void **state)
{
    (void)state;
    prepare_connects();
    findings_connects(&report, &connects, 100, NULL);
    prepare_window();
    findings_connects(&report, &connects, 100, NULL);
    fill();
    write_text();
    expect_line("connections  100 asked, 71 established in 2.500000 s (ECONNREFUSED)\n");
    expect_line("messages     30000 sent, 29000 received, 1000 lost, 19 corrupt in 2.000 s\n");
    expect_line("rate         12500.0/s achieved of 15000.0/s offered (open loop)\n");
    expect_line("client CPU   20.00 % of one core\n");
    expect_line("TLS          500 bytes sent, 700 received by each handshake; 16 resumed\n");
    expect_line("round trips: 2)\n");
}

/* Durations are printed in the unit that a person would choose. */
static void a_person_reads_durations_in_their_units(void **state)
{
    (void)state;
    report = (struct report){0};
    report_text(&report, "window_s", "1");
    report_text(&report, "offered_per_s", "1");
    report_text(&report, "connect_ns_p50", "1500");
    report_text(&report, "connect_ns_p99", "2500000");
    report_text(&report, "connect_ns_max", "3500000000");
    report_text(&report, "latency_ns_p50", "11000");
    report_text(&report, "latency_ns_p90", "12000");
    report_text(&report, "latency_ns_p99", "13000");
    report_text(&report, "latency_ns_max", "999999");
    report_text(&report, "send_lag_ns_p50", "21000");
    report_text(&report, "send_lag_ns_p99", "22000");
    report_text(&report, "slow_sent", "7");
    report_text(&report, "slow_ns_p50", "1000000");
    report_text(&report, "slow_ns_p99", "999990000");
    report_text(&report, "slow_ns_max", "1000000000");
    write_text();
    expect_line("connecting   p50 1.5 us  p99 2.50 ms  max 3.50 s   (from connect");
    expect_line("latency      p50 11.0 us  p90 12.0 us  p99 13.0 us  p99.9 (too few)  "
                "max 1000.0 us   (from the intended time)\n");
    expect_line("send lag     p50 21.0 us  p99 22.0 us   (this client's own lateness)\n");
    expect_line("with a cost  7 messages, not in the latency above   p50 1.00 ms  p99 999.99 ms  "
                "max 1.00 s\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_connecting_found_has_its_own_names),
        cmocka_unit_test(without_a_connection_there_is_no_time_of_one),
        cmocka_unit_test(what_a_window_found_has_its_own_names),
        cmocka_unit_test(each_latency_is_of_its_own_histogram_and_percent),
        cmocka_unit_test(halves_are_compared_by_what_the_loop_cannot_hide),
        cmocka_unit_test(only_a_client_that_polls_says_how_busy_it_is),
        cmocka_unit_test(wrong_bytes_and_ends_of_both_steps_add_up),
        cmocka_unit_test(windows_together_have_their_own_names),
        cmocka_unit_test(what_a_herd_found_has_its_own_names),
        cmocka_unit_test(a_person_reads_the_same_numbers),
        cmocka_unit_test(a_person_reads_durations_in_their_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
