/* test_conf.c -- guards against an experiment that quietly measures something else than its file
 * says, and against files that are no experiments at all. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/message.h"
#include "common/costs.h"
#include "harness/measure/conf.h"
#include "tests/unit.h"

static const char minimal[] = "kind = latency\nconnections = 1 10\n";

static struct conf conf;
static struct conf_error error;

static bool parse(const char *text, const char *profile)
{
    return conf_parse(text, strlen(text), profile, &conf, &error);
}

/* Expects `text` to be refused at `line` with a message that holds `part`. */
static void expect_refused(const char *text, int line, const char *part)
{
    assert_false(parse(text, "standard"));
    if (error.line != line || strstr(error.what, part) == NULL)
        print_error("%s\n  -> line %d: %s\n", text, error.line, error.what);
    assert_int_equal(error.line, line);
    assert_non_null(strstr(error.what, part));
}

static void what_is_not_said_has_its_default(void **state)
{
    (void)state;
    assert_true(parse(minimal, "standard"));
    assert_int_equal(conf.kind, CONF_LATENCY);
    assert_int_equal(conf.connection_count, 2);
    assert_int_equal(conf.connections[1], 10);
    assert_true(conf.rate_per_s == 20000 && conf.poisson && conf.message_b == 64);
    assert_true(conf.warmup_s == 1 && conf.window_s == 2 && conf.repeats == 3);
    assert_true(conf.active[0] == 0 && conf.active[1] == 0 && conf.timeout_ms == 1000 &&
                conf.settle_s == 3);
    assert_int_equal(conf.reruns, 3);
}

static void each_key_sets_its_own_value(void **state)
{
    (void)state;
    assert_true(parse("kind = walls\nconnections = 2 3\nactive = 1\nrate_per_s = 4\n"
                      "arrival = constant\nmessage_b = 65\nwarmup = steady\nwarmup_s = 6\n"
                      "window_s = 7\nrepeats = 8\nsettle_s = 9\nrequests = 10\ncost = spin\n"
                      "cost_us = 11\ncost_percent = 12\ntimeout_ms = 13\nreruns = 14\n"
                      "limits = files=15\nconnections_limited = 16\ntime_cap_s = 17\n"
                      "outage_s = 18\nbase_ms = 19\ncap_ms = 20\n",
                      "quick"));
    assert_true(conf.kind == CONF_WALLS && conf.connection_count == 2);
    assert_true(conf.connections[0] == 2 && conf.connections[1] == 3 && conf.active[1] == 1);
    assert_true(conf.rate_per_s == 4 && !conf.poisson && conf.message_b == 65);
    assert_true(conf.warm_until_steady && conf.warmup_s == 6 && conf.window_s == 7);
    assert_true(conf.repeats == 8 && conf.settle_s == 9 && conf.requests == 10 && conf.costs);
    assert_true(conf.cost_us == 11 && conf.cost_percent == 12 && conf.timeout_ms == 13);
    assert_true(conf.reruns == 14 && conf.connections_limited == 16 && conf.time_cap_s == 17);
    assert_true(conf.outage_s == 18 && conf.base_ms == 19 && conf.cap_ms == 20);
    assert_true(parse("kind = omission\nconnections = 1\nstop_ms = 21\n", "quick"));
    assert_int_equal(conf.stop_ms, 21);
    assert_true(parse("kind = latency\nconnections = 5\ndeaf = 0 3\n", "quick"));
    assert_true(conf.connection_count == 2 && conf.connections[1] == 8 && conf.active[1] == 5);
    assert_true(conf.rest_is_deaf && conf.active[0] == 0 && conf.connections[0] == 5);
}

/* As CONTRIBUTING.md has them. */
static void each_range_ends_where_it_says(void **state)
{
    (void)state;
    static const struct {
        const char *key, *least, *below, *most, *above;
    } ranges[] = {
        {"connections", "1", "0", "2000000", "2000001"},
        {"active", "0", "-1", "2000000", "2000001"},
        {"rate_per_s", "1", "0.9", "10000000", "10000001"},
        {"message_b", "32", "31", "1048576", "1048577"},
        {"warmup_s", "0", "-1", "3600", "3601"},
        {"window_s", "0.1", "0.09", "3600", "3601"},
        {"repeats", "1", "0", "100", "101"},
        {"settle_s", "0", "-1", "600", "601"},
        {"requests", "1", "0", "1000000", "1000001"},
        {"cost_us", "1", "0", "1000000", "1000001"},
        {"cost_percent", "0", "-1", "100", "101"},
        {"deaf", "0", "-1", "1000", "1001"},
        {"timeout_ms", "1", "0", "600000", "600001"},
        {"reruns", "0", "-1", "1000", "1001"},
        {"stop_ms", "0", "-1", "60000", "60001"},
        {"connections_limited", "0", "-1", "2000000", "2000001"},
        {"time_cap_s", "1", "0", "3600", "3601"},
        {"outage_s", "0", "-1", "60", "61"},
        {"base_ms", "1", "0", "60000", "60001"},
        {"cap_ms", "1", "0", "60000", "60001"},
    };
    char text[64];
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        const char *const values[] = {ranges[i].least, ranges[i].most, ranges[i].below,
                                      ranges[i].above};
        for (int k = 0; k < 4; k++) {
            snprintf(text, sizeof text, "%s = %s\n", ranges[i].key, values[k]);
            parse(text, "standard"); /* What is within is refused later, for what is missing. */
            if ((error.line == 1) != (k >= 2)) fail_msg("%s -> %s", text, error.what);
        }
    }
}

static void a_profile_overrides_in_any_order(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "kind = latency\nconnections = 1\nwindow_s = 3\nwindow_s.quick = 0.5\n",
        "window_s.quick = 0.5\nwindow_s = 3\nkind = latency\nconnections = 1\n"};
    for (int i = 0; i < 2; i++) {
        assert_true(parse(texts[i], "quick"));
        assert_true(conf.window_s == 0.5);
        assert_true(parse(texts[i], "full"));
        assert_true(conf.window_s == 3);
    }
}

static void captions_come_from_comments(void **state)
{
    (void)state;
    assert_true(parse("# Question: how fast?\n#Shows: a.\n# Does not show:  b.\n# Shows: later\n"
                      "kind=memory\nconnections=5\r\n",
                      "quick"));
    assert_string_equal(conf.question, "how fast?");
    assert_string_equal(conf.shows, "a.");
    assert_string_equal(conf.does_not_show, "b.");
    char value[CONF_VALUE_MAX];
    assert_true(conf_print(&conf, "question", value, sizeof value));
    assert_string_equal(value, "how fast?");
    assert_true(conf_print(&conf, "connections", value, sizeof value));
    assert_string_equal(value, "5");
    assert_false(conf_print(&conf, "colour", value, sizeof value));
}

static void all_values_are_printed_a_line_each(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    assert_true(
        parse("kind=memory\nconnections = 5 17\nsettle_s = 3\nsettle_s.quick = 4\n", "quick"));
    FILE *file = open_memstream(&text, &size);
    conf_print_all(&conf, file);
    assert_int_equal(fclose(file), 0);
    int lines = 0;
    for (const char *at = text; *at != '\0'; at++)
        lines += *at == '\n';
    assert_int_equal(lines, CONF_KEYS + 1);
    assert_non_null(strstr(text, "\nconnections=5 17\n"));
    assert_non_null(strstr(text, "\nsettle_s=4\n"));
    assert_non_null(strstr(text, "\nserver_options=\n"));
    char last[64];
    snprintf(last, sizeof last, "\nestimate_s=%.1f\n", conf_estimate_s(&conf));
    assert_string_equal(text + size - strlen(last), last);
    free(text);
}

static void a_mistake_is_refused_with_its_line(void **state)
{
    (void)state;
    expect_refused("kind = latency\nwindow = 3\n", 2, "unknown key \"window\"");
    expect_refused("kind = latency\nkind = memory\n", 2, "kind is given twice");
    expect_refused("ke\302\233y\377 = 3\n", 1, "unknown key \"ke??y?\""); /* C1, and no UTF-8. */
    expect_refused("kind = speed\n", 1, "kind is latency");
    expect_refused("\n\nwindow_s = -1\n", 3, "window_s takes a number");
    expect_refused("window_s = \n", 1, "window_s takes a number");
    expect_refused("rate_per_s = 1e3\n", 1, "rate_per_s takes a number");
    expect_refused("repeats = 0\n", 1, "repeats takes a whole number");
    expect_refused("message_b = 19\n", 1, "message_b");
    expect_refused("connections = 1 x\n", 1, "connections takes whole numbers");
    expect_refused("connections = 10 10\n", 1, "must rise");
    expect_refused("connections = \n", 1, "at least one");
    expect_refused("models = ../fork\n", 1, "models");
    expect_refused("arrival = random\n", 1, "arrival");
    expect_refused("server_options = --a; touch b\n", 1, "server_options");
    expect_refused("server_options = $(touch b)\n", 1, "server_options");
    expect_refused("connections\n", 1, "neither");
    expect_refused("kind = latency\nconnections = 1\nstop_ms = 5\n", 0, "kind omission only");
    expect_refused("kind = omission\nconnections = 1\n", 0, "needs a stop_ms");
    expect_refused("kind = herd\nconnections = 1\ntime_cap_s = 61\n", 0, "at most 60");
    expect_refused("kind = herd\nconnections = 1 2\ntime_cap_s = 60\n", 0, "one number");
    expect_refused("kind = handshakes\nconnections = 1 2\n", 0, "one number");
    expect_refused("kind = talk\nconnections = 1\n", 1, "handshakes or chat, not");
    expect_refused("kind = herd\nconnections = 1\nbase_ms = 0\n", 3, "base_ms takes");
    expect_refused("kind = omission\nconnections = 1\nwindow_s = 1\nstop_ms = 501\n", 0,
                   "half of window_s");
    expect_refused("default = maybe\n", 1, "default is yes or no");
    expect_refused("cost = nap\n", 1, "cost is none, sleep or spin");
    expect_refused("cost_us = 0\n", 1, "cost_us takes a whole number");
    expect_refused("cost_percent = 101\n", 1, "cost_percent takes a number");
    expect_refused("deaf = -1\n", 1, "deaf takes whole numbers from 0");
    expect_refused("kind = latency\nmodels = poll\nconnections = 1 10\ndeaf = 0 5\n", 0,
                   "deaf needs kind latency, one number in connections");
    expect_refused("limits = files\n", 1, "limits are machine, files=N");
    expect_refused("limits =\n", 1, "limits names none");
    expect_refused("warmup = long\n", 1, "warmup is fixed or steady");
    expect_refused("kind = latency\nconnections = 1\nwarmup = steady\nwarmup_s = 0\n", 0,
                   "warmup_s above 0");
    expect_refused("window_s.fast = 3\n", 1, "unknown profile \"fast\"");
    expect_refused("kind = latency\n", 0, "connections is missing");
    expect_refused("connections = 1\n", 0, "kind is missing");
    expect_refused("", 0, "kind is missing");
}

/* It would end a run that has begun. */
static void what_the_client_would_refuse_is_refused_at_once(void **state)
{
    (void)state;
    char text[128];
    expect_refused("kind = latency\nconnections = 1\nwarmup_s = 0.009\n", 0, "at least 0.01");
    expect_refused("kind = counters\nconnections = 1\nwarmup_s = 0\n", 0, "warmup_s above 0");
    assert_true(parse("kind = latency\nconnections = 1\nwarmup_s = 0\n", "quick"));
    assert_true(parse("kind = counters\nconnections = 1\nwarmup_s = 0.01\n", "quick"));
    for (int fits = 0; fits < 2; fits++) {
        snprintf(text, sizeof text,
                 "kind = latency\nconnections = 1\ncost = spin\nmessage_b = %d\n",
                 MESSAGE_COSTLY_B_MIN - 1 + fits);
        assert_int_equal(parse(text, "quick"), fits);
    }
    assert_non_null(strstr(text, "36")); /* As the reason says. */
    snprintf(text, sizeof text, "cost_us = %d\n", COSTS_US_MAX + 1);
    expect_refused(text, 1, "cost_us takes a whole number");
}

static void a_mistake_in_another_profile_is_refused_too(void **state)
{
    (void)state;
    expect_refused("kind = latency\nwindow_s.full = x\n", 2, "window_s takes");
    expect_refused("window_s.full = 1\nwindow_s.full = 2\n", 2, "given twice");
}

static void bytes_that_are_no_text_are_refused(void **state)
{
    (void)state;
    static const char zero[] = "kind = latency\0\nconnections = 1\n";
    assert_false(conf_parse(zero, sizeof zero - 1, "quick", &conf, &error));
    assert_int_equal(error.line, 1);
    char line[3 * CONF_VALUE_MAX];
    memset(line, 'a', sizeof line);
    assert_false(conf_parse(line, sizeof line, "quick", &conf, &error));
    /* NOLINTNEXTLINE(bugprone-not-null-terminated-result): the line goes on. */
    memcpy(line, "kind = latency\nmodels = ", 24);
    assert_false(conf_parse(line, sizeof line, "quick", &conf, &error));
    assert_int_equal(error.line, 2);
}

/* A cheap stand-in for a fuzzer: every prefix and every single wrong byte gives an answer. */
static void no_damage_to_a_file_does_damage(void **state)
{
    (void)state;
    static const char whole[] = "# Question: q\nkind = latency\nconnections.quick = 1 2\n"
                                "connections = 1 10 100\nserver_options = --stack-kib 64\n";
    for (size_t size = 0; size < sizeof whole; size++)
        conf_parse(whole, size, "quick", &conf, &error);
    for (size_t i = 0; i < sizeof whole - 1; i++) {
        for (int byte = 0; byte < 256; byte++) {
            char text[sizeof whole];
            memcpy(text, whole, sizeof whole);
            text[i] = (char)byte;
            if (conf_parse(text, sizeof whole - 1, "quick", &conf, &error)) continue;
            assert_true(error.what[0] != '\0');
        }
    }
}

static void too_many_points_are_refused(void **state)
{
    (void)state;
    char text[CONF_VALUE_MAX] = "connections =";
    size_t held = strlen(text);
    for (int i = 1; i <= CONF_POINTS_MAX + 1; i++)
        held += (size_t)snprintf(text + held, sizeof text - held, " %d", i);
    expect_refused(text, 1, "more than");
}

/* The list with one number holds for every point of the other. */
static void either_connections_or_active_grow(void **state)
{
    (void)state;
    assert_true(parse("kind = latency\nconnections = 500\nactive = 1 10 500\n", "quick"));
    assert_int_equal(conf.connection_count, 3);
    assert_true(conf.connections[2] == 500 && conf.active[2] == 500 && conf.active[1] == 10);
    assert_true(parse("kind = latency\nconnections = 100 5000\nactive = 100\n", "quick"));
    assert_int_equal(conf.connection_count, 2);
    assert_true(conf.connections[1] == 5000 && conf.active[1] == 100);
    expect_refused("kind = latency\nconnections = 1 2\nactive = 1 2\n", 0, "several numbers");
    expect_refused("kind = memory\nconnections = 9\nactive = 1 2\n", 0, "several numbers");
    expect_refused("kind = latency\nconnections = 9\nactive = 1 10\n", 0, "10 to send of 9");
    expect_refused("kind = latency\nconnections = 9\nactive = 0 1\n", 0, "stands for all");
    expect_refused("active = 1 1\n", 1, "active must rise");
    expect_refused("active = -1\n", 1, "active takes whole numbers from 0");
}

static void the_estimate_grows_with_the_work(void **state)
{
    (void)state;
    assert_true(parse(minimal, "standard"));
    double one = conf_estimate_s(&conf);
    assert_true(one >= 2 * (1 + 2)); /* Two points of warm-up and window. */
    conf.window_s = 20;
    assert_true(conf_estimate_s(&conf) >= one + 36);
    conf.kind = CONF_OMISSION; /* Each point twice. */
    assert_true(conf_estimate_s(&conf) >= 2 * (one + 36) - 1);
    conf.kind = CONF_LATENCY;
    conf.warm_until_steady = true;
    assert_true(conf_estimate_s(&conf) >= one + 36 + 8);
}

static void expect_estimate(const char *text, double seconds)
{
    assert_true(parse(text, "standard"));
    double found = conf_estimate_s(&conf);
    if (found < seconds - 1e-6 || found > seconds + 1e-6)
        fail_msg("%.6f s instead of %.6f s for\n%s", found, seconds, text);
}

/* Half a second to begin with, 0.1 s around each window, 0.3 ms for each connection to come and to
 * go. */
static void the_estimate_of_each_kind_is_worked_out_by_hand(void **state)
{
    (void)state;
    expect_estimate("kind = latency\nconnections = 10 1000\nwarmup_s = 1\nwindow_s = 2\n",
                    0.5 + 2 * (1 + 2 + 0.1) + 2 * 0.3);
    expect_estimate("kind = capacity\nconnections = 10 1000\nwarmup_s = 1\nwindow_s = 2\n"
                    "warmup = steady\n",
                    0.5 + 2 * (5 * 1 + 2 + 0.1) + 2 * 0.3);
    expect_estimate("kind = omission\nconnections = 1000\nwarmup_s = 1\nwindow_s = 2\n"
                    "stop_ms = 200\n",
                    0.5 + 2 * (1 + 2 + 0.1) + 2 * 0.3); /* Both loops. */
    expect_estimate("kind = counters\nconnections = 1000\nwarmup_s = 1\nwindow_s = 2\n",
                    0.5 + 3 * (1 + 2 + 0.1) + 2 * 0.3); /* Three passes. */
    expect_estimate("kind = latency\nconnections = 1000000\nwarmup_s = 1\nwindow_s = 2\n",
                    0.5 + (1 + 2 + 0.1) + 2 * 50); /* Models that hold so many are quicker. */
    expect_estimate("kind = memory\nconnections = 100 1000\nsettle_s = 3\n",
                    0.5 + 2 * (0.03 + 3) + 2 * (0.3 + 3));
    expect_estimate("kind = cold_start\nrequests = 500\n", 1 + 10 * 0.1);
    expect_estimate("kind = handshakes\nconnections = 5\nrequests = 2000\n", 10 * (0.5 + 1));
    expect_estimate("kind = walls\nconnections = 100 1000\nwindow_s = 2\n"
                    "limits = machine files=64\n",
                    2 * (1 + 0.3 + 2 * 2.1));
    expect_estimate("kind = walls\nconnections = 100 1000\nwindow_s = 2\n"
                    "limits = machine files=64 processes=5\nconnections_limited = 200\n",
                    3 * (1 + 2 * 2.1) + 0.3 + 2 * 0.06);
    expect_estimate("kind = herd\nconnections = 1000\nsettle_s = 3\noutage_s = 2\ncap_ms = 4000\n"
                    "time_cap_s = 60\n",
                    2 * (0.5 + 0.3 + 3 + 2 + 1 + 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_said_has_its_default),
        cmocka_unit_test(each_key_sets_its_own_value),
        cmocka_unit_test(each_range_ends_where_it_says),
        cmocka_unit_test(a_profile_overrides_in_any_order),
        cmocka_unit_test(captions_come_from_comments),
        cmocka_unit_test(all_values_are_printed_a_line_each),
        cmocka_unit_test(a_mistake_is_refused_with_its_line),
        cmocka_unit_test(what_the_client_would_refuse_is_refused_at_once),
        cmocka_unit_test(a_mistake_in_another_profile_is_refused_too),
        cmocka_unit_test(bytes_that_are_no_text_are_refused),
        cmocka_unit_test(no_damage_to_a_file_does_damage),
        cmocka_unit_test(too_many_points_are_refused),
        cmocka_unit_test(either_connections_or_active_grow),
        cmocka_unit_test(the_estimate_grows_with_the_work),
        cmocka_unit_test(the_estimate_of_each_kind_is_worked_out_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
