/* conf_values.c -- the keys of an experiment and what each of them takes. */
#include "harness/measure/conf_values.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/costs.h"
#include "common/number.h"
#include "harness/fleet/limits.h"

static const char *const kinds[] = {"latency", "capacity", "memory", "cold_start", "omission",
                                    "walls",   "counters", "herd",   "handshakes", "chat"};

enum { KINDS = sizeof kinds / sizeof *kinds };

const struct conf_key_info conf_keys[CONF_KEYS] = {
    [KEY_KIND] = {"kind", NULL},
    [KEY_DEFAULT] = {"default", "yes"},
    [KEY_MODELS] = {"models", "all"},
    [KEY_CONNECTIONS] = {"connections", NULL},
    [KEY_ACTIVE] = {"active", "0"},
    [KEY_RATE_PER_S] = {"rate_per_s", "20000"},
    [KEY_ARRIVAL] = {"arrival", "poisson"},
    [KEY_MESSAGE_B] = {"message_b", "64"},
    [KEY_WARMUP] = {"warmup", "fixed"},
    [KEY_WARMUP_S] = {"warmup_s", "1"},
    [KEY_WINDOW_S] = {"window_s", "2"},
    [KEY_REPEATS] = {"repeats", "3"},
    [KEY_SETTLE_S] = {"settle_s", "3"},
    [KEY_REQUESTS] = {"requests", "1000"},
    [KEY_SERVER_OPTIONS] = {"server_options", ""},
    [KEY_COST] = {"cost", "none"},
    [KEY_COST_US] = {"cost_us", "1000"},
    [KEY_COST_PERCENT] = {"cost_percent", "1"},
    [KEY_DEAF] = {"deaf", "0"},
    [KEY_TIMEOUT_MS] = {"timeout_ms", "1000"},
    [KEY_RERUNS] = {"reruns", "3"},
    [KEY_STOP_MS] = {"stop_ms", "0"},
    [KEY_LIMITS] = {"limits", "machine"},
    [KEY_CONNECTIONS_LIMITED] = {"connections_limited", "0"},
    [KEY_TIME_CAP_S] = {"time_cap_s", "120"},
    [KEY_OUTAGE_S] = {"outage_s", "1"},
    [KEY_BASE_MS] = {"base_ms", "100"},
    [KEY_CAP_MS] = {"cap_ms", "5000"},
};

const char *conf_kind_name(enum conf_kind kind)
{
    return kinds[kind];
}

int conf_find(const char *name, const char *const *names, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0) return i;
    return -1;
}

bool conf_fail(struct conf_error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->what, sizeof error->what, format, arguments);
    va_end(arguments);
    return false;
}

static bool take_long(enum conf_key key, const char *value, long min, long max, long *into,
                      struct conf_error *error)
{
    if (number_read(value, min, max, into)) return true;
    return conf_fail(error, "%s takes a whole number from %ld to %ld, not \"%.60s\"",
                     conf_keys[key].name, min, max, value);
}

static bool take_decimal(enum conf_key key, const char *value, double min, double max, double *into,
                         struct conf_error *error)
{
    if (number_read_decimal(value, min, max, into)) return true;
    return conf_fail(error, "%s takes a number from %g to %g, not \"%.60s\"", conf_keys[key].name,
                     min, max, value);
}

static bool take_kind(const char *value, struct conf *conf, struct conf_error *error)
{
    int kind = conf_find(value, kinds, KINDS);
    if (kind < 0)
        return conf_fail(
            error,
            "kind is latency, capacity, memory, cold_start, omission, walls, counters, herd, "
            "handshakes or chat, not \"%.60s\"",
            value);
    conf->kind = (enum conf_kind)kind;
    return true;
}

static bool take_arrival(const char *value, struct conf *conf, struct conf_error *error)
{
    conf->poisson = strcmp(value, "poisson") == 0;
    if (conf->poisson || strcmp(value, "constant") == 0) return true;
    return conf_fail(error, "arrival is poisson or constant, not \"%.60s\"", value);
}

static bool take_warmup(const char *value, struct conf *conf, struct conf_error *error)
{
    conf->warm_until_steady = strcmp(value, "steady") == 0;
    if (conf->warm_until_steady || strcmp(value, "fixed") == 0) return true;
    return conf_fail(error, "warmup is fixed or steady, not \"%.60s\"", value);
}

/* Of interest to run.sh only: whether the experiment runs when none is named. */
static bool take_default(const char *value, struct conf_error *error)
{
    if (strcmp(value, "yes") == 0 || strcmp(value, "no") == 0) return true;
    return conf_fail(error, "default is yes or no, not \"%.60s\"", value);
}

/* The counts must rise: the ramp lives inside one server, and a server that once held more
 * connections is not the server that never did. */
static bool take_counts(enum conf_key key, const char *value, long min, long max, long *counts,
                        size_t *count, struct conf_error *error)
{
    char words[CONF_VALUE_MAX], *rest = words;
    const char *name = conf_keys[key].name;
    snprintf(words, sizeof words, "%s", value);
    *count = 0;
    for (char *word; (word = strsep(&rest, " \t")) != NULL;) {
        long number;
        if (*word == '\0') continue;
        if (!number_read(word, min, max, &number))
            return conf_fail(error, "%s takes whole numbers from %ld to %ld, not \"%.60s\"", name,
                             min, max, word);
        if (*count == CONF_POINTS_MAX)
            return conf_fail(error, "%s has more than %d numbers", name, CONF_POINTS_MAX);
        if (*count > 0 && counts[*count - 1] >= number)
            return conf_fail(error, "%s must rise, and %ld does not", name, number);
        counts[(*count)++] = number;
    }
    if (*count == 0) return conf_fail(error, "%s needs at least one number", name);
    return true;
}

static bool take_limits(const char *value, struct conf_error *error)
{
    char words[CONF_VALUE_MAX], *rest = words;
    struct limits limits;
    snprintf(words, sizeof words, "%s", value);
    for (char *word; (word = strsep(&rest, " \t")) != NULL;)
        if (*word != '\0' && !limits_read(word, &limits))
            return conf_fail(error, "limits are machine, files=N or processes=N, not \"%.60s\"",
                             word);
    return *value != '\0' || conf_fail(error, "limits names none; machine stands for no limit");
}

/* Names become parts of paths and of CSV fields: nothing but what a file name of ours holds. */
static bool take_models(const char *value, struct conf_error *error)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_-:=+ \t";
    if (*value != '\0' && value[strspn(value, allowed)] == '\0') return true;
    return conf_fail(
        error, "models is all, or names in lower case with blanks between, not \"%.60s\"", value);
}

/* They become words of a command line that a shell reads: nothing but what such words are made of,
 * "{workers}" among them. */
static bool take_server_options(const char *value, struct conf_error *error)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "_-=:+.,/{} \t";
    if (value[strspn(value, allowed)] == '\0') return true;
    return conf_fail(error,
                     "server_options are letters, digits and _-=:+.,/{} with blanks between, "
                     "not \"%.60s\"",
                     value);
}

static bool take_cost(const char *value, struct conf *conf, struct conf_error *error)
{
    conf->costs = strcmp(value, "sleep") == 0 || strcmp(value, "spin") == 0;
    if (conf->costs || strcmp(value, "none") == 0) return true;
    return conf_fail(error, "cost is none, sleep or spin, not \"%.60s\"", value);
}

bool conf_take(enum conf_key key, const char *value, struct conf *conf, struct conf_error *error)
{
    switch (key) {
    case KEY_KIND:
        return take_kind(value, conf, error);
    case KEY_MODELS:
        return take_models(value, error);
    case KEY_CONNECTIONS:
        return take_counts(key, value, 1, CONF_CONNECTIONS_MAX, conf->connections,
                           &conf->connection_count, error);
    case KEY_ACTIVE:
        return take_counts(key, value, 0, CONF_CONNECTIONS_MAX, conf->active, &conf->active_count,
                           error);
    case KEY_RATE_PER_S:
        return take_decimal(key, value, 1, 1e7, &conf->rate_per_s, error);
    case KEY_ARRIVAL:
        return take_arrival(value, conf, error);
    case KEY_MESSAGE_B:
        return take_long(key, value, 32, 1 << 20, &conf->message_b, error);
    case KEY_WARMUP:
        return take_warmup(value, conf, error);
    case KEY_WARMUP_S:
        return take_decimal(key, value, 0, 3600, &conf->warmup_s, error);
    case KEY_WINDOW_S:
        return take_decimal(key, value, 0.1, 3600, &conf->window_s, error);
    case KEY_REPEATS:
        return take_long(key, value, 1, 100, &conf->repeats, error);
    case KEY_SETTLE_S:
        return take_decimal(key, value, 0, 600, &conf->settle_s, error);
    case KEY_REQUESTS:
        return take_long(key, value, 1, 1000000, &conf->requests, error);
    case KEY_TIMEOUT_MS:
        return take_long(key, value, 1, 600000, &conf->timeout_ms, error);
    case KEY_RERUNS:
        return take_long(key, value, 0, 1000, &conf->reruns, error);
    case KEY_STOP_MS:
        return take_long(key, value, 0, 60000, &conf->stop_ms, error);
    case KEY_DEFAULT:
        return take_default(value, error);
    case KEY_COST:
        return take_cost(value, conf, error);
    case KEY_COST_US:
        return take_long(key, value, 1, COSTS_US_MAX, &conf->cost_us, error);
    case KEY_COST_PERCENT:
        return take_decimal(key, value, 0, 100, &conf->cost_percent, error);
    case KEY_DEAF:
        return take_counts(key, value, 0, CONF_DEAF_MAX, conf->deaf, &conf->deaf_count, error);
    case KEY_LIMITS:
        return take_limits(value, error);
    case KEY_CONNECTIONS_LIMITED:
        return take_long(key, value, 0, CONF_CONNECTIONS_MAX, &conf->connections_limited, error);
    case KEY_TIME_CAP_S:
        return take_decimal(key, value, 1, 3600, &conf->time_cap_s, error);
    case KEY_OUTAGE_S:
        return take_decimal(key, value, 0, 60, &conf->outage_s, error);
    case KEY_BASE_MS:
        return take_long(key, value, 1, 60000, &conf->base_ms, error);
    case KEY_CAP_MS:
        return take_long(key, value, 1, 60000, &conf->cap_ms, error);
    case KEY_SERVER_OPTIONS:
        return take_server_options(value, error);
    case CONF_KEYS:
        break;
    }
    return true;
}
