/* conf.c -- an experiment as data: `key = value` lines, one question per file. */
#include "harness/conf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/number.h"
#include "harness/limits.h"

static const char *const kinds[] = {"latency",  "capacity", "memory",  "cold_start",
                                    "omission", "walls",    "counters"};
static const char *const profiles[] = {"quick", "standard", "full"};

enum { KINDS = sizeof kinds / sizeof *kinds, PROFILES = sizeof profiles / sizeof *profiles };

static const struct {
    const char *name;
    const char *fallback; /* NULL: the file must say it. */
} keys[CONF_KEYS] = {
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
};

const char *conf_kind_name(enum conf_kind kind)
{
    return kinds[kind];
}

/* Returns the place of `name` in `names`, or -1. */
static int find(const char *name, const char *const *names, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0) return i;
    return -1;
}

bool conf_is_profile(const char *name)
{
    return find(name, profiles, PROFILES) >= 0;
}

__attribute__((format(printf, 2, 3))) static bool fail(struct conf_error *error, const char *format,
                                                       ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->what, sizeof error->what, format, arguments);
    va_end(arguments);
    return false;
}

/* ---- values ---- */

static bool take_long(enum conf_key key, const char *value, long min, long max, long *into,
                      struct conf_error *error)
{
    if (number_read(value, min, max, into)) return true;
    return fail(error, "%s takes a whole number from %ld to %ld, not \"%.60s\"", keys[key].name,
                min, max, value);
}

static bool take_decimal(enum conf_key key, const char *value, double min, double max, double *into,
                         struct conf_error *error)
{
    if (number_read_decimal(value, min, max, into)) return true;
    return fail(error, "%s takes a number from %g to %g, not \"%.60s\"", keys[key].name, min, max,
                value);
}

static bool take_kind(const char *value, struct conf *conf, struct conf_error *error)
{
    int kind = find(value, kinds, KINDS);
    if (kind < 0)
        return fail(error,
                    "kind is latency, capacity, memory, cold_start, omission, walls or counters, "
                    "not \"%.60s\"",
                    value);
    conf->kind = (enum conf_kind)kind;
    return true;
}

static bool take_arrival(const char *value, struct conf *conf, struct conf_error *error)
{
    conf->poisson = strcmp(value, "poisson") == 0;
    if (conf->poisson || strcmp(value, "constant") == 0) return true;
    return fail(error, "arrival is poisson or constant, not \"%.60s\"", value);
}

static bool take_warmup(const char *value, struct conf *conf, struct conf_error *error)
{
    conf->warm_until_steady = strcmp(value, "steady") == 0;
    if (conf->warm_until_steady || strcmp(value, "fixed") == 0) return true;
    return fail(error, "warmup is fixed or steady, not \"%.60s\"", value);
}

/* Of interest to run.sh only: whether the experiment runs when none is named. */
static bool take_default(const char *value, struct conf_error *error)
{
    if (strcmp(value, "yes") == 0 || strcmp(value, "no") == 0) return true;
    return fail(error, "default is yes or no, not \"%.60s\"", value);
}

/* The counts must rise: the ramp lives inside one server, and a server that once held more
 * connections is not the server that never did. */
static bool take_counts(enum conf_key key, const char *value, long min, long *counts, size_t *count,
                        struct conf_error *error)
{
    char words[CONF_VALUE_MAX], *rest = words;
    const char *name = keys[key].name;
    snprintf(words, sizeof words, "%s", value);
    *count = 0;
    for (char *word; (word = strsep(&rest, " \t")) != NULL;) {
        long number;
        if (*word == '\0') continue;
        if (!number_read(word, min, CONF_CONNECTIONS_MAX, &number))
            return fail(error, "%s takes whole numbers from %ld to %d, not \"%.60s\"", name, min,
                        CONF_CONNECTIONS_MAX, word);
        if (*count == CONF_POINTS_MAX)
            return fail(error, "%s has more than %d numbers", name, CONF_POINTS_MAX);
        if (*count > 0 && counts[*count - 1] >= number)
            return fail(error, "%s must rise, and %ld does not", name, number);
        counts[(*count)++] = number;
    }
    if (*count == 0) return fail(error, "%s needs at least one number", name);
    return true;
}

static bool take_limits(const char *value, struct conf_error *error)
{
    char words[CONF_VALUE_MAX], *rest = words;
    struct limits limits;
    snprintf(words, sizeof words, "%s", value);
    for (char *word; (word = strsep(&rest, " \t")) != NULL;)
        if (*word != '\0' && !limits_read(word, &limits))
            return fail(error, "limits are machine, files=N or processes=N, not \"%.60s\"", word);
    return *value != '\0' || fail(error, "limits names none; machine stands for no limit");
}

/* Names become parts of paths and of CSV fields: nothing but what a file name of ours holds. */
static bool take_models(const char *value, struct conf_error *error)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_- \t";
    if (*value != '\0' && value[strspn(value, allowed)] == '\0') return true;
    return fail(error, "models is all, or names in lower case with blanks between, not \"%.60s\"",
                value);
}

static bool take_cost(const char *value, struct conf *conf, struct conf_error *error)
{
    conf->costs = strcmp(value, "sleep") == 0 || strcmp(value, "spin") == 0;
    if (conf->costs || strcmp(value, "none") == 0) return true;
    return fail(error, "cost is none, sleep or spin, not \"%.60s\"", value);
}

static bool take(enum conf_key key, const char *value, struct conf *conf, struct conf_error *error)
{
    switch (key) {
    case KEY_KIND:
        return take_kind(value, conf, error);
    case KEY_MODELS:
        return take_models(value, error);
    case KEY_CONNECTIONS:
        return take_counts(key, value, 1, conf->connections, &conf->connection_count, error);
    case KEY_ACTIVE:
        return take_counts(key, value, 0, conf->active, &conf->active_count, error);
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
        return take_long(key, value, 1, 1000000, &conf->cost_us, error);
    case KEY_COST_PERCENT:
        return take_decimal(key, value, 0, 100, &conf->cost_percent, error);
    case KEY_DEAF:
        return take_long(key, value, 0, 1000, &conf->deaf, error);
    case KEY_LIMITS:
        return take_limits(value, error);
    case KEY_CONNECTIONS_LIMITED:
        return take_long(key, value, 0, CONF_CONNECTIONS_MAX, &conf->connections_limited, error);
    case KEY_TIME_CAP_S:
        return take_decimal(key, value, 1, 3600, &conf->time_cap_s, error);
    case KEY_SERVER_OPTIONS:
    case CONF_KEYS:
        break;
    }
    return true;
}

/* ---- lines ---- */

/* What the lines so far said. */
struct parse {
    struct conf *conf;
    struct conf_error *error;
    int profile;                        /* The one that is asked for. */
    bool seen[CONF_KEYS][1 + PROFILES]; /* [0]: without profile. */
    struct conf scratch;                /* Where values of other profiles are checked. */
};

/* Removes blanks at both ends, in place. */
static char *trim(char *text)
{
    text += strspn(text, " \t\r");
    size_t size = strlen(text);
    while (size > 0 && strchr(" \t\r", text[size - 1]) != NULL)
        text[--size] = '\0';
    return text;
}

static void take_comment(struct conf *conf, char *comment)
{
    const struct {
        const char *start;
        char *into;
    } captions[] = {{"Question:", conf->question},
                    {"Shows:", conf->shows},
                    {"Does not show:", conf->does_not_show}};
    comment = trim(comment);
    for (size_t i = 0; i < sizeof captions / sizeof *captions; i++) {
        size_t size = strlen(captions[i].start);
        if (strncmp(comment, captions[i].start, size) == 0 && captions[i].into[0] == '\0')
            snprintf(captions[i].into, CONF_VALUE_MAX, "%s", trim(comment + size));
    }
}

/* Splits "key" or "key.profile"; *profile is -1 without one. */
static bool take_key(char *name, int *key, int *profile, struct conf_error *error)
{
    char *dot = strchr(name, '.');
    *profile = -1;
    if (dot != NULL) {
        *dot = '\0';
        *profile = find(dot + 1, profiles, PROFILES);
        if (*profile < 0)
            return fail(error, "unknown profile \"%.40s\"; use quick, standard or full", dot + 1);
    }
    for (*key = 0; *key < CONF_KEYS; ++*key)
        if (strcmp(name, keys[*key].name) == 0) return true;
    return fail(error, "unknown key \"%.40s\"", name);
}

static bool take_line(struct parse *parse, char *line)
{
    line = trim(line);
    if (*line == '\0') return true;
    if (*line == '#') {
        take_comment(parse->conf, line + 1);
        return true;
    }
    char *value = strchr(line, '=');
    if (value == NULL)
        return fail(parse->error, "\"%.60s\" is neither \"key = value\" nor a # comment", line);
    *value++ = '\0';
    char *name = trim(line);
    value = trim(value);
    int key, profile;
    if (!take_key(name, &key, &profile, parse->error)) return false;
    bool *seen = &parse->seen[key][1 + profile];
    if (*seen) return fail(parse->error, "%s is given twice", keys[key].name);
    *seen = true;
    if (!take((enum conf_key)key, value, &parse->scratch, parse->error)) return false;
    bool overruled = profile < 0 && parse->seen[key][1 + parse->profile];
    if (!overruled && (profile < 0 || profile == parse->profile))
        snprintf(parse->conf->text[key], CONF_VALUE_MAX, "%s", value);
    return true;
}

/* Copies the next line out of the text and returns where the one after it starts; NULL if this line
 * cannot be one of ours. */
static const char *next_line(const char *text, const char *end, char *line, size_t size)
{
    const char *stop = memchr(text, '\n', (size_t)(end - text));
    if (stop == NULL) stop = end;
    size_t length = (size_t)(stop - text);
    if (length >= size) return NULL;
    memcpy(line, text, length);
    line[length] = '\0';
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)line[i] < ' ' && line[i] != '\t' && line[i] != '\r') return NULL;
    return stop == end ? end : stop + 1;
}

/* What one value demands of another. */
static bool agree(const struct conf *conf, struct conf_error *error)
{
    double stop_s = (double)conf->stop_ms / 1e3;
    bool stops = conf->kind == CONF_OMISSION;
    if (conf->warm_until_steady && conf->warmup_s <= 0)
        return fail(error, "warmup = steady needs a warmup_s above 0");
    if (!stops && conf->stop_ms > 0) return fail(error, "stop_ms is for kind omission only");
    if (stops && (conf->stop_ms == 0 || stop_s > conf->window_s / 2))
        return fail(error, "kind omission needs a stop_ms of at least 1 ms, and of at most half of "
                           "window_s");
    return true;
}

/* Makes a pair for each point: the list that has one number only holds for all points. */
static bool pair_up(struct conf *conf, struct conf_error *error)
{
    size_t points = conf->connection_count, active = conf->active_count;
    if (active > 1 && (points > 1 || conf->kind == CONF_MEMORY))
        return fail(error, "several numbers in active need kind latency or capacity, and one "
                           "number in connections");
    if (active > 1 && conf->active[0] == 0)
        return fail(error, "active has 0, which stands for all, before other numbers");
    if (active > 1 && conf->active[active - 1] > conf->connections[0])
        return fail(error, "active asks %ld to send of %ld connections", conf->active[active - 1],
                    conf->connections[0]);
    for (size_t i = 1; i < active; i++)
        conf->connections[i] = conf->connections[0];
    for (size_t i = 1; i < points; i++)
        conf->active[i] = conf->active[0];
    conf->connection_count = active > 1 ? active : points;
    return true;
}

/* Fills in defaults, and reads the values that hold for this profile. */
static bool finish(struct parse *parse)
{
    parse->error->line = 0;
    for (int key = 0; key < CONF_KEYS; key++) {
        char *text = parse->conf->text[key];
        bool said = parse->seen[key][0] || parse->seen[key][1 + parse->profile];
        if (!said && keys[key].fallback != NULL)
            snprintf(text, CONF_VALUE_MAX, "%s", keys[key].fallback);
        if (!said && keys[key].fallback == NULL) {
            if (key == KEY_CONNECTIONS && parse->conf->kind == CONF_COLD_START) continue;
            return fail(parse->error, "%s is missing", keys[key].name);
        }
        if (!take((enum conf_key)key, text, parse->conf, parse->error)) return false;
    }
    return agree(parse->conf, parse->error) && pair_up(parse->conf, parse->error);
}

bool conf_parse(const char *text, size_t size, const char *profile, struct conf *conf,
                struct conf_error *error)
{
    struct parse parse = {
        .conf = conf, .error = error, .profile = find(profile, profiles, PROFILES)};
    *conf = (struct conf){0};
    *error = (struct conf_error){0};
    if (parse.profile < 0)
        return fail(error, "unknown profile \"%.40s\"; use quick, standard or full", profile);
    const char *end = text + size;
    while (text < end) {
        char line[CONF_VALUE_MAX];
        error->line++;
        text = next_line(text, end, line, sizeof line);
        if (text == NULL)
            return fail(error, "the line is longer than %d bytes or holds a control character",
                        CONF_VALUE_MAX - 1);
        if (!take_line(&parse, line)) return false;
    }
    return finish(&parse);
}

/* ---- answers ---- */

bool conf_print(const struct conf *conf, const char *key, char *value, size_t size)
{
    if (strcmp(key, "question") == 0) return snprintf(value, size, "%s", conf->question) >= 0;
    if (strcmp(key, "shows") == 0) return snprintf(value, size, "%s", conf->shows) >= 0;
    if (strcmp(key, "does_not_show") == 0)
        return snprintf(value, size, "%s", conf->does_not_show) >= 0;
    if (strcmp(key, "estimate_s") == 0)
        return snprintf(value, size, "%.1f", conf_estimate_s(conf)) >= 0;
    for (int i = 0; i < CONF_KEYS; i++)
        if (strcmp(key, keys[i].name) == 0) return snprintf(value, size, "%s", conf->text[i]) >= 0;
    return false;
}
