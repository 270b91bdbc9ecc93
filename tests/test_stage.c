/* test_stage.c -- guards against a demo whose client gets another load than the keys asked for, or
 * that shows another number than the client answered.  The client is a pair of pipes. */
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "harness/demo/stage.h"
#include "harness/measure/warm.h"
#include "tests/unit.h"

static struct stage stage;
static int told_fd, answer_fd; /* The client's ends. */

static int begin(void **state)
{
    (void)state;
    int input[2], output[2];
    if (pipe(input) < 0 || pipe(output) < 0) return -1;
    memset(&stage, 0, sizeof stage);
    stage.load = (struct process){
        .pid = getpid(), .input_fd = input[1], .output_fd = output[0], .error_fd = -1};
    stage.target.process = (struct process){.pid = getpid(), .error_fd = open("/dev/null", O_RDWR)};
    figures_clear(&stage.figures);
    told_fd = input[0];
    answer_fd = output[1];
    return 0;
}

static int end(void **state)
{
    (void)state;
    const int fds[] = {told_fd, answer_fd, stage.load.input_fd, stage.load.output_fd,
                       stage.target.process.error_fd};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        close(fds[i]);
    edge_free(&stage.before);
    return 0;
}

/* The next command that the client gets is this. */
static void assert_told(const char *command)
{
    char line[128];
    ssize_t size = read(told_fd, line, sizeof line - 1);
    assert_true(size > 0 && line[size - 1] == '\n');
    line[size - 1] = '\0';
    assert_string_equal(line, command);
}

static void answer(const char *line)
{
    assert_true(dprintf(answer_fd, "%s\n", line) > 0);
    stage_answer(&stage);
}

static void assert_order(const char *command, const char *line)
{
    assert_true(stage_has_orders(&stage));
    stage_begin_order(&stage);
    assert_told(command);
    answer(line);
}

static bool is(double a, double b)
{
    return fabs(a - b) < 1e-6;
}

/* ---- tests ---- */

static void the_client_is_told_what_the_keys_said_each_once(void **state)
{
    (void)state;
    stage.wanted = (struct wish){
        .connections = 40, .idle_percent = 75, .rate_per_s = 700, .slow = SLOW_SPIN, .deaf = true};
    assert_order("rate 700.0", "rate rate_per_s=700");
    assert_order("cost spin 10000 1", "cost cost_us=10000");
    assert_order("connect 40", "connect connections_asked=40 connections_established=40");
    assert_order("active 10", "active connections_active=10");
    assert_order("deaf 1", "deaf deaf_clients=1 deaf_stuck_b=20480");
    assert_true(is(stage.figures.now[FIGURE_UNREAD_KIB], 20));
    assert_order("merge 3", "merge windows=3");
    assert_false(stage_has_orders(&stage));
    stage.wanted.slow = SLOW_NONE;
    stage.wanted.deaf = false;
    stage.wanted.connections = 60;
    assert_order("cost none", "cost cost_us=0");
    assert_order("connect 60", "connect connections_asked=60 connections_established=60");
    assert_order("active 15", "active connections_active=15"); /* Of another number of them. */
    assert_order("deaf 0", "deaf deaf_clients=0 deaf_stuck_b=0");
    assert_true(isnan(stage.figures.now[FIGURE_UNREAD_KIB]));
}

static void connections_that_are_missing_are_said(void **state)
{
    (void)state;
    stage.wanted = (struct wish){.connections = 50};
    assert_order("connect 50", "connect connections_asked=50 connections_established=41 "
                               "connect_error=EMFILE connect_s=0.25");
    assert_true(is(stage.figures.now[FIGURE_CONNECTIONS], 41));
    assert_true(is(stage.figures.now[FIGURE_OPENED_NS], 0.25e9));
    assert_true(stage.incomplete);
    assert_true(strncmp(stage.trouble, "only 41 of 50 connections: EMFILE", 33) == 0);
}

/* Three messages for each connection that sends, at its rate: 0.1 to 1 s of them. */
static void warming_takes_as_long_as_what_is_missing(void **state)
{
    (void)state;
    stage.told = (struct wish){.connections = 40, .idle_percent = 50, .rate_per_s = 100};
    stage.wanted = stage.told;
    stage.wanted.idle_percent = 75;
    stage.figures.now[FIGURE_CONNECTIONS] = 8; /* Fewer than were asked for. */
    assert_order("active 10", "active connections_active=10");
    assert_true(is(stage.warm_missing, WARM_MESSAGES * 8));
    stage_begin_turn(&stage);
    assert_told("warm 0.240");
    answer("warm received=17");
    assert_true(is(stage.warm_missing, 7));
    assert_true(stage.cold);
    assert_told("window 2.000");
}

static void one_model_alone_is_warmed_at_a_brisk_rate_and_measured_at_its_own(void **state)
{
    (void)state;
    stage.told = (struct wish){.connections = 40, .rate_per_s = 1000};
    stage.alone = true;
    stage.figures.now[FIGURE_CONNECTIONS] = 40;
    stage.warm_missing = 300;
    char brisk[32];
    snprintf(brisk, sizeof brisk, "warm %.3f", warm_brisk_s(300));
    stage_begin_turn(&stage);
    assert_told("rate 20000");
    answer("rate rate_per_s=20000");
    assert_told(brisk);
    answer("warm received=290");
    assert_told("rate 1000.0");
    answer("rate rate_per_s=1000");
    assert_told("warm 0.100");
    answer("warm received=100");
    assert_false(stage.cold);
    assert_told("window 1.150"); /* 1,150 messages. */
}

static void a_window_with_slow_requests_is_longer_and_is_never_hurried(void **state)
{
    (void)state;
    stage.told = (struct wish){.connections = 40, .rate_per_s = 2000, .slow = SLOW_SLEEP};
    stage.alone = true;
    stage.figures.now[FIGURE_CONNECTIONS] = 40;
    stage.warm_missing = 300;
    stage_begin_turn(&stage);
    assert_told("warm 0.150");
    answer("warm received=300");
    assert_told("window 1.500"); /* 3,000 messages. */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_client_is_told_what_the_keys_said_each_once, begin,
                                        end),
        cmocka_unit_test_setup_teardown(connections_that_are_missing_are_said, begin, end),
        cmocka_unit_test_setup_teardown(warming_takes_as_long_as_what_is_missing, begin, end),
        cmocka_unit_test_setup_teardown(
            one_model_alone_is_warmed_at_a_brisk_rate_and_measured_at_its_own, begin, end),
        cmocka_unit_test_setup_teardown(a_window_with_slow_requests_is_longer_and_is_never_hurried,
                                        begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
