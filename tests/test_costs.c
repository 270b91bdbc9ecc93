/* test_costs.c -- guards against costs that are paid twice, never, or by bytes that are no cost. */
#include <string.h>

#include "common/clock.h"
#include "common/costs.h"
#include "tests/unit.h"

/* Sums what `text` costs when it arrives in pieces of `piece` bytes. */
static struct costs_due scan(const char *text, size_t piece)
{
    struct costs costs = {0};
    struct costs_due sum = {0};
    for (size_t at = 0, size = strlen(text), walked; at < size; at += walked) {
        struct costs_due due = costs_scan(&costs, text + at, size - at < piece ? size - at : piece);
        walked = due.size;
        sum.spin_us += due.spin_us;
        sum.sleep_us += due.sleep_us;
    }
    return sum;
}

static void costs_count_once_however_they_are_cut(void **state)
{
    (void)state;
    const char *text = "hello\n!spin 250\n!sleep 1000000 and more\n!spin 50 x\nbye\n!sleep 7\n";
    for (size_t piece = 1; piece <= strlen(text); piece++) {
        struct costs_due due = scan(text, piece);
        assert_int_equal(due.spin_us, 300);
        assert_int_equal(due.sleep_us, 1000007);
    }
}

static void other_lines_are_just_bytes(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "spin 5\n",     " !spin 5\n",      "!spin\n",      "!spin \n",   "!spin x\n",
        "!spinner 5\n", "!spin 1000001\n", "!spin 5x\n",   "!spin -5\n", "!sleep 99999999999999\n",
        "a !spin 5\n",  "!Spin 5\n",       "!sl\neep 5\n", "!spin\t5\n", "!spleep 5\n",
        "!spin  5\n",   "!spin 5",         "\n\n!\n",      "!!spin 5\n", "!spin 4294967301\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        for (size_t piece = 1; piece < 4; piece++) {
            struct costs_due due = scan(lines[i], piece);
            assert_int_equal(due.spin_us + due.sleep_us, 0);
        }
    }
}

static void a_wrong_line_does_not_hide_the_next(void **state)
{
    (void)state;
    struct costs_due first = scan("!spin 3 !spin 5\n", 100); /* One a line. */
    assert_int_equal(first.spin_us, 3);
    struct costs_due due = scan("!spin 9999999\n!spin 5\n!sl\n!sleep 6\r\n", 3);
    assert_int_equal(due.spin_us, 5);
    assert_int_equal(due.sleep_us, 6);
}

/* Two lines of half a second make a turn; what is behind them is for the next one. */
static void a_turn_ends_with_the_cost_that_fills_it(void **state)
{
    (void)state;
    static const char text[] = "!sleep 600000 a\n!spin 399999\nplain\n!sleep 1\n!spin 1000000\nz";
    const size_t ends[] = {
        strlen("!sleep 600000 a\n!spin 399999\nplain\n!sleep 1\n"),
        strlen("!sleep 600000 a\n!spin 399999\nplain\n!sleep 1\n!spin 1000000\n"), strlen(text)};
    const struct costs_due expected[] = {
        {.sleep_us = 600001, .spin_us = 399999}, {.spin_us = 1000000}, {0}};
    struct costs costs = {0};
    size_t at = 0;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct costs_due due = costs_scan(&costs, text + at, strlen(text) - at);
        assert_int_equal(due.sleep_us, expected[i].sleep_us);
        assert_int_equal(due.spin_us, expected[i].spin_us);
        assert_int_equal(at += due.size, ends[i]);
    }
}

/* Spinning burns this thread's CPU time, sleeping burns none. */
static void paying_takes_the_time_it_says(void **state)
{
    (void)state;
    uint64_t cpu_ns = clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
    costs_pay((struct costs_due){.spin_us = 20000});
    uint64_t spun_ns = clock_read_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_ns;
    assert_in_range(spun_ns, 20 * NS_PER_MS, 22 * NS_PER_MS);
    uint64_t begin_ns = clock_ns();
    cpu_ns = clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
    costs_pay((struct costs_due){.sleep_us = 20000});
    assert_true(clock_ns() - begin_ns >= 20 * NS_PER_MS);
    assert_true(clock_read_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_ns < 2 * NS_PER_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(costs_count_once_however_they_are_cut),
        cmocka_unit_test(other_lines_are_just_bytes),
        cmocka_unit_test(a_wrong_line_does_not_hide_the_next),
        cmocka_unit_test(a_turn_ends_with_the_cost_that_fills_it),
        cmocka_unit_test(paying_takes_the_time_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
