/* conf.c -- an experiment as data: `key = value` lines, one question per file. */
#include "harness/measure/conf.h"

#include <stdio.h>
#include <string.h>

#include "common/herd.h"
#include "common/plain.h"
#include "harness/measure/conf_values.h"

static const char *const profiles[] = {"quick", "standard", "full"};

enum { PROFILES = sizeof profiles / sizeof *profiles };

bool conf_is_profile(const char *name)
{
    return conf_find(name, profiles, PROFILES) >= 0;
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
        *profile = conf_find(dot + 1, profiles, PROFILES);
        if (*profile < 0)
            return conf_fail(error, "unknown profile \"%.40s\"; use quick, standard or full",
                             dot + 1);
    }
    for (*key = 0; *key < CONF_KEYS; ++*key)
        if (strcmp(name, conf_keys[*key].name) == 0) return true;
    return conf_fail(error, "unknown key \"%.40s\"", name);
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
        return conf_fail(parse->error, "\"%.60s\" is neither \"key = value\" nor a # comment",
                         line);
    *value++ = '\0';
    char *name = trim(line);
    value = trim(value);
    int key = 0, profile = -1;
    if (!take_key(name, &key, &profile, parse->error)) return false;
    bool *seen = &parse->seen[key][1 + profile];
    if (*seen) return conf_fail(parse->error, "%s is given twice", conf_keys[key].name);
    *seen = true;
    if (!conf_take((enum conf_key)key, value, &parse->scratch, parse->error)) return false;
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
    for (char *cr = line; (cr = strchr(cr, '\r')) != NULL;)
        *cr = ' ';            /* Blank, not unreadable. */
    plain_text(line, length); /* Messages and reports quote it. */
    return stop == end ? end : stop + 1;
}

/* What the load client would refuse when half of the run is over. */
static bool agree_with_client(const struct conf *conf, struct conf_error *error)
{
    enum { COSTLY_MESSAGE_B_MIN = 36 };    /* As in clients/message.h; test_conf.c compares them. */
    static const double warm_min_s = 0.01; /* As in clients/commands.c. */
    if (conf->kind == CONF_COUNTERS && conf->warmup_s <= 0)
        return conf_fail(error, "kind counters needs a warmup_s above 0");
    if (conf->warmup_s > 0 && conf->warmup_s < warm_min_s)
        return conf_fail(error, "warmup_s is 0 or at least %g", warm_min_s);
    if (conf->costs && conf->message_b < COSTLY_MESSAGE_B_MIN)
        return conf_fail(error, "cost needs a message_b of at least %d", COSTLY_MESSAGE_B_MIN);
    return true;
}

/* What one value demands of another. */
static bool agree(const struct conf *conf, struct conf_error *error)
{
    double stop_s = (double)conf->stop_ms / 1e3;
    bool stops = conf->kind == CONF_OMISSION;
    if (conf->warm_until_steady && conf->warmup_s <= 0)
        return conf_fail(error, "warmup = steady needs a warmup_s above 0");
    if (conf->kind == CONF_HERD && conf->time_cap_s > (double)HERD_S_MAX)
        return conf_fail(error, "kind herd needs a time_cap_s of at most %d", HERD_S_MAX);
    if (conf->kind == CONF_HERD && conf->connection_count != 1)
        return conf_fail(error, "kind herd needs one number in connections");
    if (conf->kind == CONF_HANDSHAKES && conf->connection_count != 1)
        return conf_fail(error,
                         "kind handshakes needs one number in connections: how many at once");
    if (!stops && conf->stop_ms > 0) return conf_fail(error, "stop_ms is for kind omission only");
    if (stops && (conf->stop_ms == 0 || stop_s > conf->window_s / 2))
        return conf_fail(error,
                         "kind omission needs a stop_ms of at least 1 ms, and of at most half of "
                         "window_s");
    return agree_with_client(conf, error);
}

/* Makes a pair for each point: the list that has one number only holds for all points. */
static bool pair_up(struct conf *conf, struct conf_error *error)
{
    size_t points = conf->connection_count, active = conf->active_count;
    if (active > 1 && (points > 1 || conf->kind == CONF_MEMORY))
        return conf_fail(error, "several numbers in active need kind latency or capacity, and one "
                                "number in connections");
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

/* Makes a point of each number of clients that never read: they come on top of the others, which
 * are the active ones. */
static bool add_deaf(struct conf *conf, struct conf_error *error)
{
    long reading = conf->connections[0];
    conf->rest_is_deaf = conf->deaf[conf->deaf_count - 1] > 0;
    if (!conf->rest_is_deaf) return true;
    if (conf->kind != CONF_LATENCY || conf->connection_count > 1 || conf->active[0] > 0)
        return conf_fail(error, "deaf needs kind latency, one number in connections and no active");
    for (size_t i = 0; i < conf->deaf_count; i++) {
        conf->connections[i] = reading + conf->deaf[i];
        conf->active[i] = conf->deaf[i] > 0 ? reading : 0;
    }
    conf->connection_count = conf->deaf_count;
    return true;
}

/* Fills in defaults, and reads the values that hold for this profile. */
static bool finish(struct parse *parse)
{
    parse->error->line = 0;
    for (int key = 0; key < CONF_KEYS; key++) {
        char *text = parse->conf->text[key];
        bool said = parse->seen[key][0] || parse->seen[key][1 + parse->profile];
        if (!said && conf_keys[key].fallback != NULL)
            snprintf(text, CONF_VALUE_MAX, "%s", conf_keys[key].fallback);
        if (!said && conf_keys[key].fallback == NULL) {
            if (key == KEY_CONNECTIONS && parse->conf->kind == CONF_COLD_START) continue;
            return conf_fail(parse->error, "%s is missing", conf_keys[key].name);
        }
        if (!conf_take((enum conf_key)key, text, parse->conf, parse->error)) return false;
    }
    return agree(parse->conf, parse->error) && pair_up(parse->conf, parse->error) &&
           add_deaf(parse->conf, parse->error);
}

bool conf_parse(const char *text, size_t size, const char *profile, struct conf *conf,
                struct conf_error *error)
{
    struct parse parse = {
        .conf = conf, .error = error, .profile = conf_find(profile, profiles, PROFILES)};
    *conf = (struct conf){0};
    *error = (struct conf_error){0};
    if (parse.profile < 0)
        return conf_fail(error, "unknown profile \"%.40s\"; use quick, standard or full", profile);
    const char *end = text + size;
    while (text < end) {
        char line[CONF_VALUE_MAX];
        error->line++;
        text = next_line(text, end, line, sizeof line);
        if (text == NULL)
            return conf_fail(error, "the line is longer than %d bytes or holds a control character",
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
        if (strcmp(key, conf_keys[i].name) == 0)
            return snprintf(value, size, "%s", conf->text[i]) >= 0;
    return false;
}

void conf_print_all(const struct conf *conf, FILE *file)
{
    for (int i = 0; i < CONF_KEYS; i++)
        fprintf(file, "%s=%s\n", conf_keys[i].name, conf->text[i]);
    fprintf(file, "estimate_s=%.1f\n", conf_estimate_s(conf));
}
