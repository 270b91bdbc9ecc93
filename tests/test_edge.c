/* test_edge.c -- guards against a difference between two edges that lands in the wrong column, in
 * the wrong unit, or over the wrong time: all numbers here are unequal. */
#include <math.h>
#include <stdlib.h>

#include "common/clock.h"
#include "harness/measure/window_edges.h"
#include "tests/unit.h"

enum { CPUS = 4, SERVER_CPUS = 2 };
#define MS NS_PER_MS

static const double received = 400;

static const struct answer window = {
    .line = "window received=400 sent_in_time=300 received_in_time=340 client_cpu_ns=500000000 "
            "window_s=1.6"};
static const struct cpus cpus = {.server_count = SERVER_CPUS, .client_count = 1};

/* Since the machine booted: nothing of it may be in a row. */
static const struct edge begin = {.tree = {.count = 3,
                                           .threads = 7,
                                           .sees_all = true,
                                           .kernel_ns = 900 * (uint64_t)MS,
                                           .read_ns = 7000 * (uint64_t)MS},
                                  .look = {.seen_ns = 5000 * (uint64_t)MS,
                                           .read_ns = 7000 * (uint64_t)MS,
                                           .sees_all = true,
                                           .machine = {.all_cpus = CPUS}},
                                  .tasks = {.cpu_ns = 70000 * (uint64_t)MS,
                                            .user_ns = 11000 * (uint64_t)MS,
                                            .system_ns = 13000 * (uint64_t)MS,
                                            .run_queue_ns = 17000 * (uint64_t)MS,
                                            .voluntary = 190000,
                                            .involuntary = 23000,
                                            .method = "taskstats"},
                                  .machine = {.read_ns = 9000 * (uint64_t)MS,
                                              .idle_ns = 29000 * (uint64_t)MS,
                                              .steal_ns = 3100 * (uint64_t)MS,
                                              .switches = 3700000,
                                              .cpus = CPUS}};

/* Two seconds later by the machine's edges, four by the trees', which lie outside of them. */
static struct edge end_of(struct edge edge)
{
    edge.look.seen_ns += 640 * MS;
    edge.look.read_ns += 4000 * (uint64_t)MS;
    edge.tree.kernel_ns += 60 * MS;
    edge.tree.read_ns += 4000 * (uint64_t)MS;
    edge.tasks.cpu_ns += 1500 * MS;
    edge.tasks.user_ns += 300 * MS;
    edge.tasks.system_ns += 900 * MS;
    edge.tasks.run_queue_ns += 36 * MS;
    edge.tasks.voluntary += 600;
    edge.tasks.involuntary += 200;
    edge.machine.read_ns += 2000 * (uint64_t)MS;
    edge.machine.idle_ns += 3200 * (uint64_t)MS;
    edge.machine.steal_ns += 80 * MS;
    edge.machine.throttled_ns += 240 * MS;
    edge.machine.switches += 9000;
    return edge;
}

static struct row row;
static struct verdict_numbers numbers;

static void fill(struct edge before, struct edge after, bool spin)
{
    row = (struct row){0};
    numbers = (struct verdict_numbers){
        .spin = spin, .server_cpu_percent = NAN, .kernel_cpu_percent = NAN};
    edge_row(&before, &after, &window, &cpus, &row, &numbers);
}

static void expect(const char *name, double wanted)
{
    double found = strtod(row_get(&row, name), NULL);
    if (fabs(found - wanted) > 1e-6 * wanted)
        fail_msg("%s is \"%s\" instead of %g", name, row_get(&row, name), wanted);
}

static void expect_empty(const char *name)
{
    if (row_get(&row, name)[0] != '\0') fail_msg("%s is \"%s\"", name, row_get(&row, name));
}

static void each_column_is_its_own_difference(void **state)
{
    (void)state;
    fill(begin, end_of(begin), false);
    expect("switches_voluntary_per_s", 600 / 2.);
    expect("switches_involuntary_per_s", 200 / 2.);
    expect("switches_per_message", 800. / received);
    assert_string_equal(row_get(&row, "switches_method"), "taskstats");
    expect("machine_switches_per_s", 9000 / 2.);
    expect("processes", 3);
    expect("threads", 7);
    expect("server_cpu_percent", 75); /* 1.5 of 2 s; 100 is one CPU. */
    expect("server_user_percent", 75. / 4);
    expect("server_system_percent", 75. * 3 / 4);
    expect("server_cpu_us_per_message", 1.5e6 / received);
    expect("client_cpu_percent", 31.25);              /* 0.5 s of a window of 1.6 s. */
    expect("client_cpu_us_per_message", 0.5e6 / 320); /* 300 there, 340 back. */
    expect("machine_cpu_us_per_message", (4 * 2 - 3.2 - 0.08) * 1e6 / received);
    expect("server_run_queue_percent", 1.8);
    expect("steal_percent", 1);       /* 0.08 s of 2 s on 4 CPUs. */
    expect("foreign_cpu_percent", 4); /* 0.64 s of 4 s on 4 CPUs. */
}

static void the_verdict_is_given_what_the_row_says(void **state)
{
    (void)state;
    fill(begin, end_of(begin), false);
    assert_true(fabs(numbers.run_queue_percent - 1.8) < 1e-9);
    assert_true(fabs(numbers.steal_percent - 1) < 1e-9);
    assert_true(fabs(numbers.foreign_cpu_percent - 4) < 1e-9);
    assert_true(fabs(numbers.kernel_cpu_percent - 1.5) < 1e-9); /* Of one CPU. */
    assert_true(fabs(numbers.wakeups_per_s - 300) < 1e-9);
    assert_true(fabs(numbers.server_cpu_percent - 75. / 2) < 1e-9);
    assert_false(numbers.single_thread);
    assert_true(fabs(numbers.throttled_percent - 3) < 1e-9); /* 0.24 s of 2 s on 4 CPUs. */
    assert_false(numbers.foreign_unknown);
    struct edge one = begin, after = end_of(begin);
    one.tree.threads = after.tree.threads = 1;
    fill(one, after, false);
    assert_true(numbers.single_thread);
}

/* The CPU time of a client that polls is no cost of a message. */
static void a_client_that_polls_has_no_cpu_per_message(void **state)
{
    (void)state;
    fill(begin, end_of(begin), true);
    expect("client_cpu_percent", 31.25);
    expect_empty("client_cpu_us_per_message");
    expect_empty("machine_cpu_us_per_message");
    expect("server_cpu_us_per_message", 1.5e6 / received);
}

static void what_ended_within_the_window_leaves_its_columns_empty(void **state)
{
    (void)state;
    struct edge after = end_of(begin);
    after.tree.threads = 6; /* taskstats keeps its CPU time, but perhaps not its switches. */
    fill(begin, after, false);
    expect("server_cpu_percent", 75);
    expect_empty("switches_per_message");
    expect_empty("switches_voluntary_per_s");
    after.tree.count = 2;
    fill(begin, after, false);
    expect_empty("server_cpu_percent");
    expect_empty("server_cpu_us_per_message");
    assert_true(isnan(numbers.server_cpu_percent));
    expect("machine_switches_per_s", 9000 / 2.); /* The machine's own counts go on. */
    expect("steal_percent", 1);
}

/* A program that ended takes its CPU time along, and the sum falls. */
static void a_sum_that_fell_is_not_known(void **state)
{
    (void)state;
    struct edge after = end_of(begin);
    after.look.seen_ns = begin.look.seen_ns - 1;
    after.tasks.cpu_ns = begin.tasks.cpu_ns - 1;
    fill(begin, after, false);
    assert_true(numbers.foreign_unknown);
    expect_empty("foreign_cpu_percent");
    expect_empty("server_cpu_percent");
    assert_true(isnan(numbers.server_cpu_percent));
}

static void what_cannot_be_looked_into_is_empty_and_no_zero(void **state)
{
    (void)state;
    struct edge after = end_of(begin);
    after.tasks.unknown = true;
    fill(begin, after, false);
    expect_empty("server_cpu_percent");
    expect_empty("switches_per_message");
    assert_true(isnan(numbers.server_cpu_percent));
    struct edge gone = begin;
    after = end_of(begin);
    gone.tree.count = after.tree.count = 0; /* Hidden: hidepid, another user. */
    fill(gone, after, false);
    expect_empty("server_cpu_percent");
    after = end_of(begin);
    after.tree.sees_all = false; /* A container shows no threads of the kernel. */
    fill(begin, after, false);
    assert_true(isnan(numbers.kernel_cpu_percent));
    after.machine.switches = NAN;
    fill(begin, after, false);
    expect_empty("machine_switches_per_s");
}

static void without_an_echo_nothing_is_per_message(void **state)
{
    (void)state;
    static const struct answer none = {
        .line = "window received=0 sent_in_time=0 received_in_time=0 client_cpu_ns=5 window_s=1"};
    struct edge after = end_of(begin);
    row = (struct row){0};
    edge_row(&begin, &after, &none, &cpus, &row, &numbers);
    expect_empty("server_cpu_us_per_message");
    expect_empty("client_cpu_us_per_message");
    expect_empty("switches_per_message");
    expect("switches_voluntary_per_s", 600 / 2.);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_column_is_its_own_difference),
        cmocka_unit_test(the_verdict_is_given_what_the_row_says),
        cmocka_unit_test(a_client_that_polls_has_no_cpu_per_message),
        cmocka_unit_test(what_ended_within_the_window_leaves_its_columns_empty),
        cmocka_unit_test(a_sum_that_fell_is_not_known),
        cmocka_unit_test(what_cannot_be_looked_into_is_empty_and_no_zero),
        cmocka_unit_test(without_an_echo_nothing_is_per_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
