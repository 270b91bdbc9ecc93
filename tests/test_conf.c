/* test_conf.c -- guards against an experiment that quietly measures something else than its file
 * says, and against files that are no experiments at all. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/message.h"
#include "common/costs.h"
#include "harness/measure/conf_keys.h"
#include "harness/measure/estimate.h"
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
    assert_string_equal(conf.kind, "latency");
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
    assert_true(parse("kind = latency\nconnections = 2 3\nactive = 1\nrate_per_s = 4\n"
                      "arrival = constant\nmessage_b = 65\nwarmup = steady\nwarmup_s = 6\n"
                      "window_s = 7\nrepeats = 8\nsettle_s = 9\ncost = spin\n"
                      "cost_us = 11\ncost_percent = 12\ntimeout_ms = 13\nreruns = 14\n",
                      "quick"));
    assert_true(conf.connection_count == 2 && conf.connections[0] == 2 && conf.connections[1] == 3);
    assert_true(conf.active[0] == 1 && conf.active[1] == 1);
    assert_true(conf.rate_per_s == 4 && !conf.poisson && conf.message_b == 65);
    assert_true(conf.warm_until_steady && conf.warmup_s == 6 && conf.window_s == 7);
    assert_true(conf.repeats == 8 && conf.settle_s == 9 && conf.costs && conf.timeout_ms == 13);
    assert_true(conf.cost_us == 11 && conf.cost_percent == 12 && conf.reruns == 14);
}

/* As programs that measure no kind of experiment read them: without its keys. */
static void settings_without_a_kind_have_the_keys_of_all_kinds(void **state)
{
    (void)state;
    static const char text[] = "connections = 3\nwindow_s = 5\n";
    char value[CONF_VALUE_MAX];
    assert_true(conf_parse_without_kind(text, strlen(text), "standard", &conf, &error));
    assert_true(conf.window_s == 5 && conf.rate_per_s == 20000 && conf.connections[0] == 3);
    assert_string_equal(conf.kind, "");
    for (const struct conf_key *key = conf_keys; key->name != NULL; key++)
        if (key->kind != NULL && conf_find_key(NULL, key->name) == key)
            assert_false(conf_print(&conf, key->name, value, sizeof value));
}

/* A text with this value in line 2, behind a kind that has the key. */
static bool line_takes(const struct conf_key *key, double number)
{
    char text[160];
    const char *kind = key->kind != NULL ? key->kind : conf_kinds[0];
    if (conf_find_key(kind, key->name) != key) kind = "latency";
    bool decimal = strcmp(key->type, "decimal") == 0;
    snprintf(text, sizeof text, "kind = %s\n%s = %.*f\n", kind, key->name, decimal ? 4 : 0, number);
    parse(text, "standard"); /* What is within is refused later, for what is missing. */
    return error.line != 2;
}

/* Those of the tables, which CONTRIBUTING.md and the folders of the kinds have. */
static void each_range_ends_where_its_table_says(void **state)
{
    (void)state;
    int ranges = 0;
    for (const struct conf_key *key = conf_keys; key->name != NULL; key++) {
        bool decimal = strcmp(key->type, "decimal") == 0;
        double step = decimal ? 0.001 : 1;
        if (!decimal && strcmp(key->type, "whole") != 0 && strcmp(key->type, "counts") != 0)
            continue;
        ranges++;
        if (!line_takes(key, key->min) || !line_takes(key, key->max) ||
            line_takes(key, key->min - step) || line_takes(key, key->max + step))
            fail_msg("%s of %s: %s", key->name, key->kind != NULL ? key->kind : "all", error.what);
    }
    assert_true(ranges >= 12);
}

/* What the program relies on, however the tables are edited. */
static void the_keys_of_all_kinds_have_their_ranges(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double min, max;
    } ranges[] = {
        {"connections", 1, 2000000}, {"active", 0, 2000000},    {"rate_per_s", 1, 1e7},
        {"message_b", 32, 1048576},  {"warmup_s", 0, 3600},     {"window_s", 0.1, 3600},
        {"repeats", 1, 100},         {"settle_s", 0, 600},      {"cost_us", 1, COSTS_US_MAX},
        {"cost_percent", 0, 100},    {"timeout_ms", 1, 600000}, {"reruns", 0, 1000},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        const struct conf_key *key = conf_find_key("latency", ranges[i].name);
        assert_non_null(key);
        if (key->min != ranges[i].min || key->max != ranges[i].max)
            fail_msg("%s: %g to %g", key->name, key->min, key->max);
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
    assert_int_equal(lines, conf.value_count);
    assert_true(conf.value_count >= 19);
    assert_non_null(strstr(text, "\nconnections=5 17\n"));
    assert_non_null(strstr(text, "\nsettle_s=4\n"));
    assert_non_null(strstr(text, "\nserver_options=\n"));
    free(text);
}

static void a_mistake_is_refused_with_its_line(void **state)
{
    (void)state;
    expect_refused("kind = latency\nwindow = 3\n", 2, "unknown key \"window\"");
    expect_refused("kind = latency\nkind = memory\n", 2, "kind is given twice");
    expect_refused("ke\302\233y\377 = 3\n", 1, "unknown key \"ke??y?\""); /* C1, and no UTF-8. */
    expect_refused("kind = speed\n", 1, ", not \"speed\"");
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
    expect_refused("kind = latency\nconnections = 1\nstop_ms = 5\n", 3,
                   "stop_ms is for kind omission only, not for kind latency");
    expect_refused("requests = 5\nkind = latency\nconnections = 1\n", 1,
                   "requests is for kind cold_start or handshakes only");
    expect_refused("kind = omission\nconnections = 1\n", 0, "stop_ms is missing");
    expect_refused("kind = omission\nconnections = 1\nstop_ms = 0\n", 3, "from 1 to 60000");
    expect_refused("time_cap_s = 61\nkind = herd\nconnections = 1\n", 1, "from 1 to 60, not");
    assert_true(parse("kind = walls\nconnections = 1\ntime_cap_s = 61\n", "quick"));
    expect_refused("kind = herd\nconnections = 1 2\ntime_cap_s = 60\n", 2, "a whole number");
    expect_refused("kind = handshakes\nconnections = 1 2\n", 2, "a whole number");
    expect_refused("kind = herd\nconnections = 1\nbase_ms = 0\n", 3, "base_ms takes");
    expect_refused("kind = walls\nkind.quick = herd\n", 2, "the same in all profiles");
}

static void a_word_that_is_none_of_those_is_refused(void **state)
{
    (void)state;
    expect_refused("default = maybe\n", 1, "default is yes or no");
    expect_refused("cost = nap\n", 1, "cost is none, sleep or spin");
    expect_refused("cost_us = 0\n", 1, "cost_us takes a whole number");
    expect_refused("cost_percent = 101\n", 1, "cost_percent takes a number");
    expect_refused("deaf = -1\n", 1, "deaf takes whole numbers from 0");
    expect_refused("limits = files\n", 1, "limits are machine, files=N or processes=N, not");
    expect_refused("limits = machine files=0\n", 1, "not \"files=0\"");
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
    expect_refused("kind = counters\nconnections = 1\nwarmup_s = 0\n", 3, "from 0.01 to 3600");
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
    expect_refused("kind = memory\nconnections = 9\nactive = 1 2\n", 3, "a whole number");
    expect_refused("kind = latency\nconnections = 9\nactive = 1 10\n", 0, "10 to send of 9");
    expect_refused("kind = latency\nconnections = 9\nactive = 0 1\n", 0, "stands for all");
    expect_refused("active = 1 1\n", 1, "active must rise");
    expect_refused("active = -1\n", 1, "active takes whole numbers from 0");
}

/* A ramp: half a second to begin with, 0.1 s around each window, 0.3 ms for each connection to come
 * and to go; a million are only held by models that are quicker. */
static void the_estimate_of_a_ramp_is_worked_out_by_hand(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int windows;
        double seconds;
    } ramps[] = {
        {"connections = 10 1000\nwarmup_s = 1\nwindow_s = 2\n", 1,
         0.5 + 2 * (1 + 2 + 0.1) + 2 * 0.3},
        {"connections = 10 1000\nwarmup_s = 1\nwindow_s = 2\nwarmup = steady\n", 1,
         0.5 + 2 * (5 * 1 + 2 + 0.1) + 2 * 0.3},
        {"connections = 1000\nwarmup_s = 1\nwindow_s = 2\n", 3, 0.5 + 3 * (1 + 2 + 0.1) + 2 * 0.3},
        {"connections = 1000000\nwarmup_s = 1\nwindow_s = 2\n", 1, 0.5 + (1 + 2 + 0.1) + 2 * 50}};
    for (size_t i = 0; i < sizeof ramps / sizeof *ramps; i++) {
        size_t size = strlen(ramps[i].text);
        assert_true(conf_parse_without_kind(ramps[i].text, size, "standard", &conf, &error));
        double found = estimate_ramp_s(&conf, ramps[i].windows);
        if (found < ramps[i].seconds - 1e-6 || found > ramps[i].seconds + 1e-6)
            fail_msg("%.6f s instead of %.6f s for\n%s", found, ramps[i].seconds, ramps[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_said_has_its_default),
        cmocka_unit_test(each_key_sets_its_own_value),
        cmocka_unit_test(settings_without_a_kind_have_the_keys_of_all_kinds),
        cmocka_unit_test(each_range_ends_where_its_table_says),
        cmocka_unit_test(the_keys_of_all_kinds_have_their_ranges),
        cmocka_unit_test(a_profile_overrides_in_any_order),
        cmocka_unit_test(captions_come_from_comments),
        cmocka_unit_test(all_values_are_printed_a_line_each),
        cmocka_unit_test(a_mistake_is_refused_with_its_line),
        cmocka_unit_test(a_word_that_is_none_of_those_is_refused),
        cmocka_unit_test(what_the_client_would_refuse_is_refused_at_once),
        cmocka_unit_test(a_mistake_in_another_profile_is_refused_too),
        cmocka_unit_test(bytes_that_are_no_text_are_refused),
        cmocka_unit_test(no_damage_to_a_file_does_damage),
        cmocka_unit_test(too_many_points_are_refused),
        cmocka_unit_test(either_connections_or_active_grow),
        cmocka_unit_test(the_estimate_of_a_ramp_is_worked_out_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
