/* test_conf.c -- guards against an experiment that quietly measures something else than its file
 * says, and against files that are no experiments at all. */
#include <stdio.h>
#include <string.h>

#include "clients/message.h"
#include "common/costs.h"
#include "harness/conf.h"
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

static void a_mistake_is_refused_with_its_line(void **state)
{
    (void)state;
    expect_refused("kind = latency\nwindow = 3\n", 2, "unknown key \"window\"");
    expect_refused("kind = latency\nkind = memory\n", 2, "kind is given twice");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_said_has_its_default),
        cmocka_unit_test(a_profile_overrides_in_any_order),
        cmocka_unit_test(captions_come_from_comments),
        cmocka_unit_test(a_mistake_is_refused_with_its_line),
        cmocka_unit_test(what_the_client_would_refuse_is_refused_at_once),
        cmocka_unit_test(a_mistake_in_another_profile_is_refused_too),
        cmocka_unit_test(bytes_that_are_no_text_are_refused),
        cmocka_unit_test(no_damage_to_a_file_does_damage),
        cmocka_unit_test(too_many_points_are_refused),
        cmocka_unit_test(either_connections_or_active_grow),
        cmocka_unit_test(the_estimate_grows_with_the_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
