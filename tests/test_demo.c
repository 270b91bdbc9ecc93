/* test_demo.c -- guards against a demo that shows nonsense before a class: a number cut off or
 * misread, a column over the edge, a script that presses other keys than it says. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/demo/page.h"
#include "harness/demo/script.h"
#include "harness/demo/words.h"
#include "tests/unit.h"

/* ---- words ---- */

static void expect(struct words words, const char *text)
{
    assert_string_equal(words.text, text);
}

static void numbers_have_three_digits_and_a_unit(void **state)
{
    (void)state;
    expect(words_count(0), "0");
    expect(words_count(999), "999");
    expect(words_count(10000), "10,000");
    expect(words_count(1234567), "1,234,567");
    expect(words_duration(300), "0 us");
    expect(words_duration(999499), "999 us");
    expect(words_duration(999500), "1.00 ms");
    expect(words_duration(12.34e6), "12.3 ms");
    expect(words_duration(99.96e6), "100 ms");
    expect(words_duration(1.5e9), "1.50 s");
    expect(words_memory(999), "999 KiB");
    expect(words_memory(1000), "0.98 MiB");
    expect(words_memory(1.16 * 1024 * 1024), "1.16 GiB");
    expect(words_percent(3.44), "3.4 %");
    expect(words_percent(99.6), "100 %");
    expect(words_small(0.254), "0.25");
    expect(words_small(1.04), "1.0");
    expect(words_small(37.2), "37");
    expect(words_small(1234), "1,234");
    expect(words_stopwatch(62.55), "1:02.5");
    expect(words_stopwatch(59.99), "0:59.9");
}

static void what_is_not_known_is_a_dash(void **state)
{
    (void)state;
    struct words (*const all[])(double) = {words_count, words_small, words_duration, words_memory,
                                           words_percent};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        expect(all[i](NAN), "-");
}

/* ---- scripts ---- */

static struct script script;
static struct script_error error;

static bool parse(const char *text)
{
    return script_parse(text, strlen(text), &script, &error);
}

static void expect_refused(const char *text, int line, const char *part)
{
    assert_false(parse(text));
    if (error.line != line || strstr(error.what, part) == NULL)
        print_error("%s\n  -> line %d: %s\n", text, error.line, error.what);
    assert_int_equal(error.line, line);
    assert_non_null(strstr(error.what, part));
}

static void a_script_is_played_in_time(void **state)
{
    (void)state;
    assert_true(parse("# ten times more, twice\n\n 0.5\tsay  Ten, then # a hundred.\r\n"
                      "2 + # first\n2 +\n3 q"));
    assert_int_equal(script.count, 4);
    assert_null(script_due(&script, 0.4));
    assert_true(fabs(script_wait_s(&script, 0.4) - 0.1) < 1e-9);
    const struct script_event *event = script_due(&script, 2.5);
    assert_int_equal(event->key, 0);
    assert_string_equal(event->words, "Ten, then # a hundred.");
    assert_int_equal(script_due(&script, 2.5)->key, '+');
    assert_int_equal(script_due(&script, 2.5)->key, '+');
    assert_null(script_due(&script, 2.5));
    assert_int_equal(script_due(&script, 3)->key, 'q');
    assert_null(script_due(&script, 1e9));
    assert_true(script_wait_s(&script, 1e9) > 1000);
    assert_true(parse(""));
}

static void a_wrong_script_is_told_with_its_line(void **state)
{
    (void)state;
    expect_refused("1 +\nsoon -\n", 2, "\"soon\"");
    expect_refused("1 x", 1, "\"x\"");
    expect_refused("1 ++", 1, "\"++\"");
    expect_refused("\n\n1", 3, "which key");
    expect_refused("2 +\n1 -", 2, "before the line above");
    expect_refused("-1 +", 1, "\"-1\"");
    expect_refused("1 + -", 1, "what is \"-\"");
    expect_refused("1 \033]0;x\a\302\233", 1, "\"?]0;x???\"");
    assert_false(script_parse("1 \0", 3, &script, &error));
    static char endless[2000];
    memset(endless, 'x', sizeof endless - 1);
    expect_refused(endless, 1, "256 bytes");
    static char many[6 * (SCRIPT_EVENTS_MAX + 1)];
    for (int i = 0; i <= SCRIPT_EVENTS_MAX; i++)
        snprintf(many + 4L * i, sizeof "1 +\n", "1 +\n");
    expect_refused(many, SCRIPT_EVENTS_MAX + 1, "more than");
}

static void the_script_that_comes_along_is_a_script(void **state)
{
    (void)state;
    char text[16384];
    FILE *file = fopen("harness/demo/lecture.txt", "r");
    assert_non_null(file);
    size_t size = fread(text, 1, sizeof text, file);
    assert_int_equal(fclose(file), 0);
    if (!script_parse(text, size, &script, &error)) fail_msg("%d: %s", error.line, error.what);
    assert_true(script.count > 10 && script.events[script.count - 1].key == 'q');
}

/* The load at `at_s` of the script that was parsed last. */
static struct wish wish_at(double at_s)
{
    struct wish wish = {.connections = 100, .rate_per_s = 5000};
    for (const struct script_event *event; (event = script_due(&script, at_s)) != NULL;)
        if (event->key != 0) keys_change(event->key, &wish);
    script.next = 0;
    return wish;
}

static void the_script_does_what_its_words_say(void **state)
{
    the_script_that_comes_along_is_a_script(state);
    assert_int_equal(wish_at(43).idle_percent, 0);
    assert_int_equal(wish_at(50).idle_percent, 99); /* "99 of 100 customers fall asleep" */
    assert_int_equal(wish_at(62).idle_percent, 0);  /* "all are awake again" */
    assert_int_equal(wish_at(66).slow, SLOW_SLEEP);
    assert_int_equal(wish_at(95).slow, SLOW_SPIN);
    assert_int_equal(wish_at(109).slow, SLOW_NONE);
    assert_true(wish_at(113).deaf && !wish_at(125).deaf);
    assert_int_equal(wish_at(149).connections, 1000);
}

/* ---- keys ---- */

static struct wish wish_after(const char *keys)
{
    struct wish wish = {.connections = 100, .rate_per_s = 1000};
    for (; *keys != '\0'; keys++)
        keys_change(*keys, &wish);
    return wish;
}

static void keys_go_in_steps_and_stop_at_the_ends(void **state)
{
    (void)state;
    assert_int_equal(wish_after("+").connections, 1000);
    assert_int_equal(wish_after("+++++").connections, 10000);
    assert_int_equal(wish_after("-----").connections, 1);
    assert_true(wish_after(">>").rate_per_s == 4000 && wish_after("<").rate_per_s == 500);
    assert_int_equal(wish_after("i").idle_percent, 90);
    assert_int_equal(wish_after("iii").idle_percent, 0);
    assert_int_equal(wish_after("s").slow, SLOW_SLEEP);
    assert_int_equal(wish_after("sss").slow, SLOW_NONE);
    assert_true(wish_after("n").deaf && !wish_after("nn").deaf);
}

static void idle_connections_leave_at_least_one_that_sends(void **state)
{
    (void)state;
    struct wish wish = {.connections = 1000};
    assert_int_equal(keys_active(&wish), 0); /* All. */
    wish.idle_percent = 99;
    assert_int_equal(keys_active(&wish), 10);
    wish.connections = 10;
    assert_int_equal(keys_active(&wish), 1);
}

static void no_two_keys_are_the_same(void **state)
{
    (void)state;
    for (const struct key *key = KEYS; key->key != 0; key++)
        assert_ptr_equal(keys_find(key->key), key);
    assert_null(keys_find('x'));
    assert_null(keys_find(0));
}

/* ---- the page ---- */

static struct canvas canvas;
static struct cast cast;

/* A cast of `count` that has every figure. */
static struct page page_of(int count)
{
    static const char *const names[] = {"fork", "epoll_workers", "poll", "libuv"};
    cast = (struct cast){.count = count, .in_turns = true, .chosen = CAST_ALL};
    for (int i = 0; i < count; i++) {
        struct stage *stage = &cast.stages[i];
        stage->session.model = names[i];
        stage->wanted = (struct wish){.connections = 10000, .rate_per_s = 5000};
        stage->step = STEP_WINDOW;
        snprintf(stage->word, sizeof stage->word, "client_limited");
        for (int k = 0; k < FIGURES; k++)
            stage->figures.now[k] = 10001;
        stage->figures.now[FIGURE_P99_NS] = 123e6;
        stage->figures.now[FIGURE_CPU_PERCENT] = 190;
        stage->figures.now[FIGURE_WAITING] = 1234;
        if (i == 1) stage->figures.now[FIGURE_THREADS] = 3; /* The longest name has few of them. */
        for (int k = 0; k < 100; k++)
            figures_remember(&stage->figures);
    }
    return (struct page){.cast = &cast, .cpus = 2, .elapsed_s = 599.9};
}

/* True if the text stands somewhere on the canvas. */
static bool shows(const char *text)
{
    for (int row = 0; row < canvas.rows; row++) {
        char line[CANVAS_COLS_MAX + 1];
        memcpy(line, canvas.letters[row], (size_t)canvas.cols);
        line[canvas.cols] = '\0';
        if (strstr(line, text) != NULL) return true;
    }
    return false;
}

static void assert_shows(const char *text)
{
    if (!shows(text))
        fail_msg("\"%s\" is not on a screen of %d x %d", text, canvas.cols, canvas.rows);
}

static void every_figure_and_key_is_shown_at_any_size(void **state)
{
    (void)state;
    static const int sizes[][2] = {{24, 80}, {24, 200}, {33, 80}, {50, 132}, {50, 200}, {200, 500}};
    static const char *const texts[] = {
        "connections",   "messages/s",     "latency p50", "latency p99",   "CPU",
        "switches/s",    "memory",         "page tables", "stacks",        "10,001 baristas",
        "9:59.9 ",       "client_limited", "4>libuv",     "never fetched", " q quit",
        "one at a time", "10,000 clients", "1,234 wait",  "whole machine", "coffee shop",
        "epoll_workers"};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct page page = page_of(4);
        page_draw(&page, sizes[i][0], sizes[i][1], &canvas);
        for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++)
            assert_shows(texts[k]);
    }
}

/* A blank column before each column but the first, so that no value runs into its neighbour. */
static void columns_do_not_touch(void **state)
{
    (void)state;
    for (int count = 2; count <= 4; count++) {
        struct page page = page_of(count);
        page_draw(&page, 24, 80, &canvas);
        int width = (80 - 13) / count;
        for (int i = 1; i < count; i++)
            for (int row = 4; row < 17; row++)
                assert_int_equal(canvas.letters[row][13 + i * width - 1], ' ');
    }
}

static void large_letters_stand_where_there_is_room(void **state)
{
    (void)state;
    struct page page = page_of(4);
    page_draw(&page, 24, 80, &canvas);
    assert_shows("123 ms");
    page_draw(&page, 50, 200, &canvas);
    assert_false(shows("123 ms"));
    assert_shows("  | _| _|"); /* The middle row of 123. */
}

static void a_small_screen_says_what_it_needs(void **state)
{
    (void)state;
    struct page page = page_of(4);
    page_draw(&page, 23, 80, &canvas);
    assert_shows("80 x 24 letters are needed, here are 80 x 23");
    page_draw(&page, 1, 1, &canvas);
    page_draw(&page, 24, 79, &canvas);
    assert_shows("79 x 24");
}

static void a_closed_shop_and_different_wishes_are_told(void **state)
{
    (void)state;
    struct page page = page_of(2);
    cast.stages[1].state = STAGE_KILLED;
    cast.stages[1].wanted.connections = 10;
    page_draw(&page, 24, 80, &canvas);
    assert_shows("closed. 10 customers wait in the street");
    assert_shows("different load for each");
    cast.chosen = 1;
    page_draw(&page, 24, 80, &canvas);
    assert_shows("epoll_workers: 10 clients");
    page.help = true;
    page_draw(&page, 24, 80, &canvas);
    assert_shows("kill the server");
    assert_shows("its right end is now");
}

static void text_from_elsewhere_cannot_move_the_cursor(void **state)
{
    (void)state;
    canvas_clear(&canvas, 24, 80);
    canvas_put(&canvas, 0, 76, LOOK_PLAIN, "\033[2J\001 and over the edge");
    assert_memory_equal(canvas.letters[0] + 76, "?[2J", 4);
    assert_int_equal(canvas.letters[0][80], ' ');
    canvas_put(&canvas, -1, -5, LOOK_PLAIN, "nowhere");
    canvas_bar(&canvas, 0, 0, 3, 5, 5); /* Two of its three rows are above the edge. */
    assert_int_equal(canvas.letters[0][0], CANVAS_LEVELS);
}

static void bars_are_as_high_as_their_values(void **state)
{
    (void)state;
    canvas_clear(&canvas, 24, 80);
    canvas_bar(&canvas, 5, 0, 1, 50, 100);
    canvas_bar(&canvas, 5, 1, 3, 50, 100);
    canvas_bar(&canvas, 5, 2, 1, 1e-6, 100);
    canvas_bar(&canvas, 5, 3, 1, NAN, 100);
    canvas_bar(&canvas, 5, 4, 1, 0, 0);
    assert_int_equal(canvas.letters[5][0], 4);
    assert_int_equal(canvas.letters[5][1], 8);
    assert_int_equal(canvas.letters[4][1], 4);
    assert_int_equal(canvas.letters[5][2], 1);
    assert_memory_equal(canvas.letters[5] + 3, "  ", 2);
}

/* ---- figures ---- */

static void figures_come_from_the_answer_and_the_row(void **state)
{
    (void)state;
    static struct row row;
    struct figures figures = {0};
    struct answer window = {"window connections_established=7 achieved_per_s=99.5 merged_ns_p50=10 "
                            "merged_ns_p99=- latency_ns_p99=5 waiting_mean=0.5"};
    row_set_real(&row, "switches_voluntary_per_s", 3);
    row_set_real(&row, "switches_involuntary_per_s", 4);
    figures_take_window(&figures, &window, &row);
    assert_true(figures.now[FIGURE_CONNECTIONS] == 7 && figures.now[FIGURE_SWITCHES_PER_S] == 7);
    assert_true(figures.now[FIGURE_P50_NS] == 10 && isnan(figures.now[FIGURE_P99_NS]));
    assert_true(isnan(figures.now[FIGURE_CPU_PERCENT]));
}

static void shared_files_count_as_if_no_other_model_ran(void **state)
{
    (void)state;
    struct figures figures = {0};
    struct memory memory = {
        .pss_kib = 10, .pss_file_kib = 6, .page_tables_kib = 20, .rss_kib = 1000};
    figures_take_memory(&figures, &memory, 0, 3, 16); /* Not known. */
    assert_true(figures.now[FIGURE_MEMORY_KIB] == 78);
    figures_take_memory(&figures, &memory, 9, 3, 16);
    assert_true(figures.now[FIGURE_PROGRAMS_KIB] == 13 && figures.now[FIGURE_MEMORY_KIB] == 81);
    figures_take_memory(&figures, &memory, 5, 3, 16); /* It has more children than it had alone. */
    assert_true(figures.now[FIGURE_MEMORY_KIB] == 78);
}

/* Each figure is of its own name: all numbers are unequal. */
static void each_figure_is_of_its_own_name(void **state)
{
    (void)state;
    static struct row row;
    struct figures figures = {0};
    const struct answer window = {"window connections_established=1 achieved_per_s=2 "
                                  "merged_ns_p50=3 merged_ns_p99=4 merged_slow_ns_p50=5 "
                                  "waiting_mean=6 latency_ns_p50=98 latency_ns_p99=99"};
    row_set_real(&row, "server_cpu_percent", 7);
    row_set_real(&row, "server_user_percent", 97);
    row_set_real(&row, "switches_voluntary_per_s", 8);
    row_set_real(&row, "switches_involuntary_per_s", 9);
    row_set_real(&row, "processes", 10);
    row_set_real(&row, "threads", 11);
    figures_take_window(&figures, &window, &row);
    static const struct {
        enum figure figure;
        double value;
    } wanted[] = {{FIGURE_CONNECTIONS, 1}, {FIGURE_MESSAGES_PER_S, 2},  {FIGURE_P50_NS, 3},
                  {FIGURE_P99_NS, 4},      {FIGURE_SLOW_P50_NS, 5},     {FIGURE_WAITING, 6},
                  {FIGURE_CPU_PERCENT, 7}, {FIGURE_SWITCHES_PER_S, 17}, {FIGURE_PROCESSES, 10},
                  {FIGURE_THREADS, 11}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        assert_true(figures.now[wanted[i].figure] == wanted[i].value);
}

/* Each line has its own figure, in its own words. */
static void each_line_shows_its_own_figure(void **state)
{
    (void)state;
    static const struct {
        enum figure figure;
        double value;
        const char *line;
    } lines[] = {
        {FIGURE_CONNECTIONS, 21, "connections         21"},
        {FIGURE_OPENED_NS, 22e6, "opened within  22.0 ms"},
        {FIGURE_MESSAGES_PER_S, 23, "messages/s          23"},
        {FIGURE_P50_NS, 24e6, "latency p50    24.0 ms"},
        {FIGURE_P99_NS, 25e6, "latency p99    25.0 ms"},
        {FIGURE_SLOW_P50_NS, 26e6, "slow ones p50  26.0 ms"},
        {FIGURE_UNREAD_KIB, 27, "never fetched   27 KiB"},
        {FIGURE_CPU_PERCENT, 28, "CPU               28 %"},
        {FIGURE_SWITCHES_PER_S, 29, "switches/s          29"},
        {FIGURE_MEMORY_KIB, 30, "memory          30 KiB"},
        {FIGURE_PROGRAMS_KIB, 31, "  programs      31 KiB"},
        {FIGURE_PAGE_TABLES_KIB, 32, "  page tables   32 KiB"},
        {FIGURE_STACKS_KIB, 33, "  stacks        33 KiB"},
    };
    struct page page = page_of(1);
    double *now = cast.stages[0].figures.now;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        now[lines[i].figure] = lines[i].value;
    now[FIGURE_THREADS] = now[FIGURE_PROCESSES] = 1;
    now[FIGURE_CPU_PERCENT] = 28;
    now[FIGURE_WAITING] = 3.5;
    page_draw(&page, 24, 80, &canvas);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        assert_shows(lines[i].line);
    assert_shows("1 barista, 0.28 at work; of 21 customers 3.5 wait");
}

static void the_history_is_the_newest_points(void **state)
{
    (void)state;
    struct figures figures = {0};
    assert_true(isnan(figures_ago(&figures, FIGURE_CPU_PERCENT, 0)));
    for (int i = 0; i < FIGURES_HISTORY_MAX + 10; i++) {
        figures.now[FIGURE_CPU_PERCENT] = i == 70 ? NAN : (double)i;
        figures_remember(&figures);
    }
    assert_true(figures_ago(&figures, FIGURE_CPU_PERCENT, 0) == FIGURES_HISTORY_MAX + 9);
    assert_true(figures_ago(&figures, FIGURE_CPU_PERCENT, FIGURES_HISTORY_MAX - 1) == 10);
    assert_true(isnan(figures_ago(&figures, FIGURE_CPU_PERCENT, FIGURES_HISTORY_MAX)));
    assert_true(figures_largest(&figures, FIGURE_CPU_PERCENT, 64) == FIGURES_HISTORY_MAX + 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_have_three_digits_and_a_unit),
        cmocka_unit_test(what_is_not_known_is_a_dash),
        cmocka_unit_test(a_script_is_played_in_time),
        cmocka_unit_test(a_wrong_script_is_told_with_its_line),
        cmocka_unit_test(the_script_that_comes_along_is_a_script),
        cmocka_unit_test(the_script_does_what_its_words_say),
        cmocka_unit_test(keys_go_in_steps_and_stop_at_the_ends),
        cmocka_unit_test(idle_connections_leave_at_least_one_that_sends),
        cmocka_unit_test(no_two_keys_are_the_same),
        cmocka_unit_test(every_figure_and_key_is_shown_at_any_size),
        cmocka_unit_test(columns_do_not_touch),
        cmocka_unit_test(large_letters_stand_where_there_is_room),
        cmocka_unit_test(a_small_screen_says_what_it_needs),
        cmocka_unit_test(a_closed_shop_and_different_wishes_are_told),
        cmocka_unit_test(text_from_elsewhere_cannot_move_the_cursor),
        cmocka_unit_test(bars_are_as_high_as_their_values),
        cmocka_unit_test(figures_come_from_the_answer_and_the_row),
        cmocka_unit_test(shared_files_count_as_if_no_other_model_ran),
        cmocka_unit_test(each_figure_is_of_its_own_name),
        cmocka_unit_test(each_line_shows_its_own_figure),
        cmocka_unit_test(the_history_is_the_newest_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
