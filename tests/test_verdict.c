/* test_verdict.c -- guards against a point that is called good though it measured something else,
 * and against one that is thrown away though it is good: each limit, at it and beside it. */
#include <math.h>
#include <string.h>

#include "harness/measure/kind.h"
#include "harness/measure/verdict.h"
#include "tests/unit.h"

/* A point that nothing is wrong with. */
static struct verdict_numbers good(void)
{
    return (struct verdict_numbers){.single_thread = true,
                                    .offered_per_s = 20000,
                                    .sent_per_s = 20000,
                                    .achieved_per_s = 20000,
                                    .window_s = 2,
                                    .connections = 100,
                                    .client_cpu_percent_max = 50,
                                    .server_cpu_percent = 50,
                                    .latency_ns_p99 = 200e3,
                                    .send_lag_ns_p99 = 20e3,
                                    .little_error_percent = NAN,
                                    .drift_percent = 1};
}

static struct verdict_numbers good_closed(void)
{
    struct verdict_numbers n = good();
    n.closed = true;
    n.offered_per_s = n.latency_ns_p99 = n.send_lag_ns_p99 = NAN;
    n.little_error_percent = 0;
    return n;
}

static void expect(struct verdict_numbers numbers, enum verdict wanted)
{
    char reason[200];
    enum verdict found = verdict_judge(&numbers, reason, sizeof reason);
    assert_string_equal(verdict_name(found), verdict_name(wanted));
    assert_int_equal(reason[0] == '\0', wanted == VERDICT_OK); /* Who is not ok hears why. */
    assert_null(strpbrk(reason, ",\"\n"));
}

/* Expects ok with `fine` in the field at `offset`, and `verdict` with `bad` in it. */
static void expect_edge(struct verdict_numbers numbers, size_t offset, double fine, double bad,
                        enum verdict verdict)
{
    memcpy((char *)&numbers + offset, &fine, sizeof fine);
    expect(numbers, VERDICT_OK);
    memcpy((char *)&numbers + offset, &bad, sizeof bad);
    expect(numbers, verdict);
}

/* The witness knows nothing of connections and messages, and must not judge them. */
static void the_machine_alone_is_judged_by_what_else_ran(void **state)
{
    (void)state;
    struct verdict_numbers nothing = {0};
    char reason[200];
    assert_int_equal(verdict_judge_machine(&nothing, reason, sizeof reason), VERDICT_OK);
    assert_string_equal(reason, "");
    nothing.foreign_cpu_percent = 90;
    assert_int_equal(verdict_judge_machine(&nothing, reason, sizeof reason), VERDICT_NOISY);
    assert_string_equal(reason, "other programs used 90.0 % of the machine");
}

static void a_good_point_is_ok(void **state)
{
    (void)state;
    expect(good(), VERDICT_OK);
    expect(good_closed(), VERDICT_OK);
}

static void what_was_not_measured_triggers_nothing(void **state)
{
    (void)state;
    struct verdict_numbers n = good();
    n.latency_ns_p99 = n.send_lag_ns_p99 = n.drift_percent = n.steal_percent = NAN;
    n.foreign_cpu_percent = n.run_queue_percent = n.client_cpu_percent_max = NAN;
    expect(n, VERDICT_OK);
}

/* As when a process of the server ended within the window. */
static void an_unknown_cpu_time_of_the_server_is_neither_low_nor_high(void **state)
{
    (void)state;
    char reason[200];
    struct verdict_numbers n = good(), closed = good_closed();
    n.achieved_per_s = 15000;
    n.server_cpu_percent = NAN;
    assert_int_equal(verdict_judge(&n, reason, sizeof reason), VERDICT_OVERLOADED);
    assert_string_equal(reason, "15000 of 20000 messages/s came back in time");
    closed.server_cpu_percent = NAN;
    expect(closed, VERDICT_OK);
    closed.client_cpu_percent_max = 90; /* With 90 % used by the server, too, it would be ok. */
    expect(closed, VERDICT_CLIENT_LIMITED);
}

static void the_verdict_is_given_no_number_that_was_not_measured(void **state)
{
    (void)state;
    static const struct kind even = {.load = LOAD_OPEN};
    static const struct session session = {.kind = &even}; /* Large. */
    const struct answer window = {"window sent=1"};
    struct verdict_numbers n = session_numbers(&session, false, &window);
    assert_true(isnan(n.server_cpu_percent) && isnan(n.run_queue_percent));
    assert_true(isnan(n.steal_percent) && isnan(n.foreign_cpu_percent));
    assert_true(isnan(n.kernel_cpu_percent) && isnan(n.wakeups_per_s));
}

static void each_limit_is_where_it_says(void **state)
{
    (void)state;
    expect_edge(good(), offsetof(struct verdict_numbers, corrupt), 0, 1, VERDICT_CORRUPT);
    expect_edge(good(), offsetof(struct verdict_numbers, reset), 0, 1, VERDICT_FAILED);
    expect_edge(good(), offsetof(struct verdict_numbers, client_cpu_percent_max), 84.9, 85,
                VERDICT_CLIENT_LIMITED);
    expect_edge(good(), offsetof(struct verdict_numbers, sent_per_s), 19800, 19799,
                VERDICT_CLIENT_LIMITED);
    expect_edge(good(), offsetof(struct verdict_numbers, send_lag_ns_p99), 50e3, 50.1e3,
                VERDICT_CLIENT_LIMITED);
    expect_edge(good(), offsetof(struct verdict_numbers, steal_percent), 0.5, 0.51, VERDICT_NOISY);
    expect_edge(good(), offsetof(struct verdict_numbers, foreign_cpu_percent), 3, 3.1,
                VERDICT_NOISY);
    expect_edge(good(), offsetof(struct verdict_numbers, run_queue_percent), 1, 1.1, VERDICT_NOISY);
    expect_edge(good(), offsetof(struct verdict_numbers, achieved_per_s), 19000, 18999,
                VERDICT_OVERLOADED);
    expect_edge(good(), offsetof(struct verdict_numbers, drift_percent), 10, 10.1,
                VERDICT_DRIFTING);
    expect_edge(good(), offsetof(struct verdict_numbers, drift_percent), -10, -10.1,
                VERDICT_DRIFTING);
}

/* Several processes that each offer the whole rate load the server with more than the row says. */
static void a_client_that_sends_more_than_it_offers_is_no_measure(void **state)
{
    (void)state;
    struct verdict_numbers n = good(); /* 40,000 messages: three deviations are 1.5 %. */
    expect_edge(n, offsetof(struct verdict_numbers, sent_per_s), 20200, 20201,
                VERDICT_CLIENT_LIMITED);
    n.poisson = true;
    expect_edge(n, offsetof(struct verdict_numbers, sent_per_s), 20000 * (1.01 + 0.0149),
                20000 * (1.01 + 0.0151), VERDICT_CLIENT_LIMITED);
    struct verdict_numbers closed = good_closed();
    closed.sent_per_s = 1e6; /* Nothing is offered. */
    expect(closed, VERDICT_OK);
}

static void expect_reason(struct verdict_numbers numbers, const char *wanted)
{
    char reason[200];
    verdict_judge(&numbers, reason, sizeof reason);
    assert_string_equal(reason, wanted);
}

static void a_reason_has_the_numbers_that_decided(void **state)
{
    (void)state;
    struct verdict_numbers n = good();
    n.client_cpu_percent_max = 91;
    expect_reason(n, "client used 91 % of its CPU");
    n.spin = true;
    n.client_busy_percent_max = 93;
    expect_reason(n, "client used 93 % of its CPU without polls that found nothing");
    n = good();
    n.sent_per_s = 15000;
    expect_reason(n, "client sent 15000 of 20000 messages/s");
    n.sent_per_s = 40000;
    expect_reason(n, "client sent 40000 messages/s where 20000 were offered");
    n = good();
    n.latency_ns_p99 = 900e3;
    n.send_lag_ns_p99 = 120e3;
    expect_reason(n, "client was late: p99 of its lag is 120 us; 90 us are tolerable here");
    n = good();
    n.steal_percent = 2.5;
    expect_reason(n, "the host took 2.5 % of the CPU time");
    n = good();
    n.foreign_cpu_percent = 7.5;
    expect_reason(n, "other programs used 7.5 % of the machine");
    n = good();
    n.run_queue_percent = 8.5;
    expect_reason(n, "the server waited 8.5 % of the time for its CPU");
    n = good();
    n.drift_percent = -21;
    expect_reason(n, "the halves of the window differ by -21 %");
    n = good_closed();
    n.little_error_percent = 8;
    expect_reason(n, "Little's law is off by 8 %: connections x time and messages disagree");
    n = good_closed();
    n.achieved_per_s = NAN;
    expect_reason(n, "the window ended before each of 100 connections could have its echo");
}

static void a_reason_of_a_failure_has_its_numbers(void **state)
{
    (void)state;
    struct verdict_numbers n = good();
    n.corrupt = 3;
    expect_reason(n, "3 connections got a wrong byte");
    n.corrupt = 0;
    n.reset = 4;
    expect_reason(n, "the server ended 4 connections");
    n.reset = 0;
    n.lost = 5;
    n.achieved_per_s = 0;
    expect_reason(n, "not one of 5 messages came back");
}

static void only_what_others_may_have_caused_is_measured_again(void **state)
{
    (void)state;
    assert_true(verdict_is_disturbed(VERDICT_DRIFTING) && verdict_is_disturbed(VERDICT_NOISY) &&
                verdict_is_disturbed(VERDICT_CLIENT_LIMITED));
    assert_false(verdict_is_disturbed(VERDICT_OK) || verdict_is_disturbed(VERDICT_OVERLOADED) ||
                 verdict_is_disturbed(VERDICT_FAILED) || verdict_is_disturbed(VERDICT_CORRUPT));
}

/* Each number of the verdict is the client's of that name: all are unequal here. */
static void the_clients_answer_is_taken_by_name(void **state)
{
    (void)state;
    static const struct kind even = {.load = LOAD_OPEN}, uneven = {.is_uneven = true};
    static struct session session = {.kind = &even}; /* Large. */
    const struct answer window = {
        "window corrupt=1 lost=2 connections_reset=3 offered_per_s=4 sent_per_s=5 "
        "achieved_per_s=6 window_s=7 connections_active=8 client_cpu_percent_max=9 "
        "client_busy_percent_max=10 latency_ns_p99=11 send_lag_ns_p99=12 little_error_percent=13 "
        "drift_percent=14 spin=1 latency_ns_p50=98 connections_established=99"};
    session.conf.poisson = true;
    struct verdict_numbers n = session_numbers(&session, false, &window);
    assert_true(n.poisson && n.spin && !n.closed);
    assert_true(n.corrupt == 1 && n.lost == 2 && n.reset == 3 && n.offered_per_s == 4);
    assert_true(n.sent_per_s == 5 && n.achieved_per_s == 6 && n.window_s == 7);
    assert_true(n.connections == 8 && n.client_cpu_percent_max == 9);
    assert_true(n.client_busy_percent_max == 10 && n.latency_ns_p99 == 11);
    assert_true(n.send_lag_ns_p99 == 12 && n.little_error_percent == 13 && n.drift_percent == 14);
    session.kind = &uneven; /* A server that stands still makes one half slower. */
    assert_true(isnan(session_numbers(&session, true, &window).drift_percent));
    assert_true(session_numbers(&session, true, &window).closed);
}

static void a_slow_server_excuses_a_late_client(void **state)
{
    (void)state;
    struct verdict_numbers slow = good();
    slow.latency_ns_p99 = 5e6;
    expect_edge(slow, offsetof(struct verdict_numbers, send_lag_ns_p99), 0.5e6, 0.51e6,
                VERDICT_CLIENT_LIMITED);
}

static void a_client_that_polls_is_always_busy(void **state)
{
    (void)state;
    struct verdict_numbers n = good();
    n.spin = true;
    n.client_cpu_percent_max = 100;
    /* ... but not busy with messages. */
    expect_edge(n, offsetof(struct verdict_numbers, client_busy_percent_max), 84.9, 85,
                VERDICT_CLIENT_LIMITED);
}

static void threads_wait_for_each_other_and_that_is_no_noise(void **state)
{
    (void)state;
    struct verdict_numbers n = good();
    n.single_thread = false;
    n.run_queue_percent = 300;
    expect(n, VERDICT_OK);
}

static void waking_up_takes_time_and_that_is_no_noise(void **state)
{
    (void)state;
    struct verdict_numbers n = good();
    n.wakeups_per_s = 10000; /* 1 us each: 1 %. */
    expect_edge(n, offsetof(struct verdict_numbers, run_queue_percent), 1.99, 2.01, VERDICT_NOISY);
}

static void who_waits_for_the_kernels_own_threads_is_not_disturbed(void **state)
{
    (void)state;
    struct verdict_numbers n = good();
    n.kernel_cpu_percent = 6;
    expect_edge(n, offsetof(struct verdict_numbers, run_queue_percent), 7, 7.1, VERDICT_NOISY);
}

static void chance_is_allowed_for_random_arrivals_only(void **state)
{
    (void)state;
    struct verdict_numbers n = good(); /* 40,000 messages: three deviations are 1.5 %. */
    n.sent_per_s = n.achieved_per_s = 20000 * (0.99 - 0.0149);
    expect(n, VERDICT_CLIENT_LIMITED);
    n.poisson = true;
    expect(n, VERDICT_OK);
    n.sent_per_s = n.achieved_per_s = 20000 * (0.99 - 0.0151);
    expect(n, VERDICT_CLIENT_LIMITED);
}

static void a_closed_loop_may_fill_both_ends(void **state)
{
    (void)state;
    struct verdict_numbers n = good_closed();
    n.client_cpu_percent_max = 100;
    expect_edge(n, offsetof(struct verdict_numbers, server_cpu_percent), 85, 84.9,
                VERDICT_CLIENT_LIMITED);
}

static void a_closed_loop_whose_server_is_starved_is_noisy_and_not_client_limited(void **state)
{
    (void)state;
    struct verdict_numbers n = good_closed();
    n.client_cpu_percent_max = 95;
    n.server_cpu_percent = 50;
    n.foreign_cpu_percent = 3;
    expect(n, VERDICT_CLIENT_LIMITED);
    n.foreign_cpu_percent = 25;
    expect(n, VERDICT_NOISY);
    n.single_thread = false; /* Nor does it take a server with one thread to see it. */
    expect(n, VERDICT_NOISY);
    n = good();
    n.client_cpu_percent_max = 95;
    n.foreign_cpu_percent = 25;
    expect(n, VERDICT_CLIENT_LIMITED); /* With a schedule the client's lateness says more. */
}

static void littles_law_is_checked_in_a_closed_loop(void **state)
{
    (void)state;
    expect_edge(good_closed(), offsetof(struct verdict_numbers, little_error_percent), 5, 5.1,
                VERDICT_DRIFTING);
}

static void a_closed_loop_that_was_never_full_has_no_throughput_and_is_not_ok(void **state)
{
    (void)state;
    struct verdict_numbers n = good_closed();
    n.achieved_per_s = n.little_error_percent = n.drift_percent = NAN;
    expect(n, VERDICT_DRIFTING);
    n.achieved_per_s = 0;
    n.lost = 100;
    expect(n, VERDICT_FAILED);
}

static void silence_is_failure_and_not_overload(void **state)
{
    (void)state;
    struct verdict_numbers n = good();
    n.achieved_per_s = 0;
    n.lost = 40000;
    expect(n, VERDICT_FAILED);
}

static void a_lost_message_is_overload_however_many_came_back(void **state)
{
    (void)state;
    char reason[200];
    struct verdict_numbers n = good();
    n.lost = 3;
    n.drift_percent = 50; /* Explained by it. */
    assert_int_equal(verdict_judge(&n, reason, sizeof reason), VERDICT_OVERLOADED);
    assert_string_equal(reason, "3 messages did not come back in time");
    n = good_closed();
    n.lost = 1;
    expect(n, VERDICT_OVERLOADED);
}

static void a_program_that_took_its_count_along_is_noise(void **state)
{
    (void)state;
    struct verdict_numbers n = good();
    n.foreign_cpu_percent = NAN;
    expect(n, VERDICT_OK);
    n.foreign_unknown = true;
    expect(n, VERDICT_NOISY);
}

static void an_overloaded_server_that_waits_is_told_from_one_that_works(void **state)
{
    (void)state;
    char reason[200];
    struct verdict_numbers n = good();
    n.achieved_per_s = 10000;
    n.server_cpu_percent = 5;
    assert_int_equal(verdict_judge(&n, reason, sizeof reason), VERDICT_OVERLOADED);
    assert_non_null(strstr(reason, "used only 5 % of its CPU"));
    n.server_cpu_percent = 97;
    assert_int_equal(verdict_judge(&n, reason, sizeof reason), VERDICT_OVERLOADED);
    assert_non_null(strstr(reason, "used 97 % of its CPU"));
}

static void the_worst_word_wins(void **state)
{
    (void)state;
    struct verdict_numbers n = good();
    n.drift_percent = 50;
    expect(n, VERDICT_DRIFTING);
    n.achieved_per_s = 10000;
    expect(n, VERDICT_OVERLOADED);
    n.steal_percent = 5;
    expect(n, VERDICT_NOISY);
    n.sent_per_s = 10000;
    expect(n, VERDICT_CLIENT_LIMITED);
    n.reset = 1;
    expect(n, VERDICT_FAILED);
    n.corrupt = 1;
    expect(n, VERDICT_CORRUPT);
}

static void workers_hold_all_whatever_the_limit_of_files(void **state)
{
    (void)state;
    assert_int_equal(session_workers(10000, 1024, 2), 12); /* 11,250 by 960, rounded up. */
    assert_int_equal(session_workers(10000, 20000, 4), 4);
    assert_int_equal(session_workers(10, 64, 2), 12);     /* No room but for what a worker needs. */
    assert_int_equal(session_workers(1000000, -1, 2), 2); /* Unlimited. */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_point_is_ok),
        cmocka_unit_test(the_machine_alone_is_judged_by_what_else_ran),
        cmocka_unit_test(what_was_not_measured_triggers_nothing),
        cmocka_unit_test(an_unknown_cpu_time_of_the_server_is_neither_low_nor_high),
        cmocka_unit_test(the_verdict_is_given_no_number_that_was_not_measured),
        cmocka_unit_test(each_limit_is_where_it_says),
        cmocka_unit_test(a_client_that_sends_more_than_it_offers_is_no_measure),
        cmocka_unit_test(a_reason_has_the_numbers_that_decided),
        cmocka_unit_test(a_reason_of_a_failure_has_its_numbers),
        cmocka_unit_test(only_what_others_may_have_caused_is_measured_again),
        cmocka_unit_test(the_clients_answer_is_taken_by_name),
        cmocka_unit_test(a_slow_server_excuses_a_late_client),
        cmocka_unit_test(a_client_that_polls_is_always_busy),
        cmocka_unit_test(threads_wait_for_each_other_and_that_is_no_noise),
        cmocka_unit_test(waking_up_takes_time_and_that_is_no_noise),
        cmocka_unit_test(who_waits_for_the_kernels_own_threads_is_not_disturbed),
        cmocka_unit_test(chance_is_allowed_for_random_arrivals_only),
        cmocka_unit_test(a_closed_loop_may_fill_both_ends),
        cmocka_unit_test(a_closed_loop_whose_server_is_starved_is_noisy_and_not_client_limited),
        cmocka_unit_test(littles_law_is_checked_in_a_closed_loop),
        cmocka_unit_test(a_closed_loop_that_was_never_full_has_no_throughput_and_is_not_ok),
        cmocka_unit_test(workers_hold_all_whatever_the_limit_of_files),
        cmocka_unit_test(silence_is_failure_and_not_overload),
        cmocka_unit_test(a_lost_message_is_overload_however_many_came_back),
        cmocka_unit_test(a_program_that_took_its_count_along_is_noise),
        cmocka_unit_test(an_overloaded_server_that_waits_is_told_from_one_that_works),
        cmocka_unit_test(the_worst_word_wins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
