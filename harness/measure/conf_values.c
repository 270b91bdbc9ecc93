/* conf_values.c -- the values of an experiment: one by its name, and what those that all kinds have
 * demand of each other. */
#include <stdio.h>
#include <string.h>

#include "common/die.h"
#include "common/number.h"
#include "harness/measure/conf_keys.h"

const struct conf_value *conf_find_value(const struct conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->value_count; i++)
        if (strcmp(conf->values[i].key->name, name) == 0) return &conf->values[i];
    return NULL;
}

const char *conf_text(const struct conf *conf, const char *key)
{
    const struct conf_value *value = conf_find_value(conf, key);
    if (value == NULL) die_because("an experiment of kind %s has no key %s", conf->kind, key);
    return value->text;
}

long conf_long(const struct conf *conf, const char *key)
{
    long number = 0;
    const struct conf_value *value = conf_find_value(conf, key);
    const char *text = conf_text(conf, key);
    if (!number_read(text, (long)value->key->min, (long)value->key->max, &number))
        die_because("%s is no whole number: %s", key, text);
    return number;
}

double conf_real(const struct conf *conf, const char *key)
{
    double number = 0;
    const struct conf_value *value = conf_find_value(conf, key);
    const char *text = conf_text(conf, key);
    if (!number_read_decimal(text, value->key->min, value->key->max, &number))
        die_because("%s is no number: %s", key, text);
    return number;
}

size_t conf_counts(const struct conf *conf, const char *key, long *counts)
{
    struct conf_error error;
    size_t count = 0;
    const char *text = conf_text(conf, key);
    if (*text != '\0' &&
        !conf_read_counts(conf_find_value(conf, key)->key, text, counts, &count, &error))
        die_because("%s", error.what);
    return count;
}

bool conf_print(const struct conf *conf, const char *key, char *value, size_t size)
{
    const struct conf_value *found = conf_find_value(conf, key);
    const char *text = strcmp(key, "question") == 0        ? conf->question
                       : strcmp(key, "shows") == 0         ? conf->shows
                       : strcmp(key, "does_not_show") == 0 ? conf->does_not_show
                       : found != NULL                     ? found->text
                                                           : NULL;
    return text != NULL && snprintf(value, size, "%s", text) >= 0;
}

void conf_print_all(const struct conf *conf, FILE *file)
{
    for (size_t i = 0; i < conf->value_count; i++)
        fprintf(file, "%s=%s\n", conf->values[i].key->name, conf->values[i].text);
}

/* ---- the experiment as a whole ---- */

/* What the load client would refuse when half of the run is over. */
static bool agree_with_client(const struct conf *conf, struct conf_error *error)
{
    enum { COSTLY_MESSAGE_B_MIN = 36 };    /* As in clients/message.h; test_conf.c compares them. */
    static const double warm_min_s = 0.01; /* As in clients/commands.c. */
    if (conf->warmup_s > 0 && conf->warmup_s < warm_min_s)
        return conf_fail(error, "warmup_s is 0 or at least %g", warm_min_s);
    if (conf->warm_until_steady && conf->warmup_s <= 0)
        return conf_fail(error, "warmup = steady needs a warmup_s above 0");
    if (conf->costs && conf->message_b < COSTLY_MESSAGE_B_MIN)
        return conf_fail(error, "cost needs a message_b of at least %d", COSTLY_MESSAGE_B_MIN);
    return true;
}

/* Makes a pair for each point: the list that has one number only holds for all points. */
static bool pair_up(struct conf *conf, struct conf_error *error)
{
    size_t points = conf_counts(conf, "connections", conf->connections);
    size_t active = conf_counts(conf, "active", conf->active);
    if (active > 1 && points > 1)
        return conf_fail(error, "several numbers in active need one number in connections");
    if (active > 1 && conf->active[0] == 0)
        return conf_fail(error, "active has 0, which stands for all, before other numbers");
    if (active > 1 && conf->active[active - 1] > conf->connections[0])
        return conf_fail(error, "active asks %ld to send of %ld connections",
                         conf->active[active - 1], conf->connections[0]);
    for (size_t i = 1; i < active; i++)
        conf->connections[i] = conf->connections[0];
    for (size_t i = 1; i < points; i++)
        conf->active[i] = conf->active[0];
    conf->connection_count = active > 1 ? active : points;
    return true;
}

/* Reads the values that all kinds have. */
static void read_values(struct conf *conf)
{
    conf->rate_per_s = conf_real(conf, "rate_per_s");
    conf->poisson = strcmp(conf_text(conf, "arrival"), "poisson") == 0;
    conf->message_b = conf_long(conf, "message_b");
    conf->warm_until_steady = strcmp(conf_text(conf, "warmup"), "steady") == 0;
    conf->warmup_s = conf_real(conf, "warmup_s");
    conf->window_s = conf_real(conf, "window_s");
    conf->repeats = conf_long(conf, "repeats");
    conf->settle_s = conf_real(conf, "settle_s");
    conf->costs = strcmp(conf_text(conf, "cost"), "none") != 0;
    conf->cost_us = conf_long(conf, "cost_us");
    conf->cost_percent = conf_real(conf, "cost_percent");
    conf->timeout_ms = conf_long(conf, "timeout_ms");
    conf->reruns = conf_long(conf, "reruns");
}

bool conf_complete(struct conf *conf, struct conf_error *error)
{
    read_values(conf);
    return pair_up(conf, error) && agree_with_client(conf, error);
}
