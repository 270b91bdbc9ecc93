/* conf.c -- an experiment as data: `key = value` lines, one question per file. */
#include "harness/measure/conf.h"

#include <stdio.h>
#include <string.h>

#include "common/plain.h"
#include "harness/measure/conf_keys.h"

static const char *const profiles[] = {"quick", "standard", "full"};

enum { PROFILES = sizeof profiles / sizeof *profiles };

static int find_profile(const char *name)
{
    for (int i = 0; i < PROFILES; i++)
        if (strcmp(name, profiles[i]) == 0) return i;
    return -1;
}

bool conf_is_profile(const char *name)
{
    return find_profile(name) >= 0;
}

/* ---- lines ---- */

/* What the lines so far said of one key. */
struct said {
    const struct conf_key *key;
    bool seen[1 + PROFILES]; /* [0]: without profile. */
    char text[CONF_VALUE_MAX];
    bool holds; /* For the profile that is asked for; else the default does. */
};

struct parse {
    struct conf *conf;
    struct conf_error *error;
    int profile;      /* The one that is asked for. */
    const char *kind; /* NULL: none is given, or no kind is called so. */
    struct said said[CONF_KEYS_MAX];
    size_t said_count;
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

/* Why a kind has no such key: it is another kind's, or no kind's. */
static bool refuse_key(const struct parse *parse, const char *name)
{
    char kinds[160];
    const char *others[CONF_KEYS_MAX];
    size_t count = 0;
    for (const struct conf_key *key = conf_keys; key->name != NULL && count + 1 < CONF_KEYS_MAX;
         key++)
        if (key->kind != NULL && strcmp(key->name, name) == 0) others[count++] = key->kind;
    others[count] = NULL;
    conf_list(others, kinds, sizeof kinds);
    if (count == 0 || parse->kind == NULL)
        return conf_fail(parse->error, "unknown key \"%.40s\"", name);
    return conf_fail(parse->error, "%.40s is for kind %s only, not for kind %s", name, kinds,
                     parse->kind);
}

/* Splits "key" or "key.profile" and finds what was said of the key; *profile is -1 without one. */
static struct said *take_key(struct parse *parse, char *name, int *profile)
{
    char *dot = strchr(name, '.');
    *profile = -1;
    if (dot != NULL) {
        *dot = '\0';
        *profile = find_profile(dot + 1);
        if (*profile < 0)
            conf_fail(parse->error, "unknown profile \"%.40s\"; use quick, standard or full",
                      dot + 1);
        if (*profile < 0) return NULL;
    }
    for (size_t i = 0; i < parse->said_count; i++)
        if (strcmp(parse->said[i].key->name, name) == 0) return &parse->said[i];
    const struct conf_key *key = conf_find_key(parse->kind, name);
    if (key == NULL || parse->said_count == CONF_KEYS_MAX) {
        refuse_key(parse, name);
        return NULL;
    }
    struct said *said = &parse->said[parse->said_count++];
    *said = (struct said){.key = key};
    return said;
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
    value = trim(value);
    int profile = -1;
    struct said *said = take_key(parse, trim(line), &profile);
    if (said == NULL) return false;
    if (profile >= 0 && strcmp(said->key->type, "kind") == 0)
        return conf_fail(parse->error, "kind is the same in all profiles");
    bool *seen = &said->seen[1 + profile];
    if (*seen) return conf_fail(parse->error, "%s is given twice", said->key->name);
    *seen = true;
    if (!conf_takes(said->key, value, parse->error)) return false;
    bool overruled = profile < 0 && said->seen[1 + parse->profile];
    if (!overruled && (profile < 0 || profile == parse->profile)) {
        snprintf(said->text, sizeof said->text, "%s", value);
        said->holds = true;
    }
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

/* Which kind the text gives, before any other line is read: what a key takes depends on it.  A
 * mistake in that line is found later. */
static const char *find_kind(const char *text, size_t size)
{
    const char *end = text + size;
    char line[CONF_VALUE_MAX];
    while (text < end && (text = next_line(text, end, line, sizeof line)) != NULL) {
        char *value = strchr(line, '=');
        if (value == NULL) continue;
        *value++ = '\0';
        if (strcmp(trim(line), "kind") != 0) continue;
        value = trim(value);
        for (size_t i = 0; conf_kinds[i] != NULL; i++)
            if (strcmp(conf_kinds[i], value) == 0) return conf_kinds[i];
        return NULL;
    }
    return NULL;
}

/* ---- the experiment as a whole ---- */

/* Takes what was said of a key of this kind, or its default.  False where it must be said. */
static bool add_value(struct parse *parse, const struct conf_key *key, bool needed)
{
    struct conf *conf = parse->conf;
    const char *text = key->fallback;
    for (size_t i = 0; i < parse->said_count; i++)
        if (parse->said[i].key == key && parse->said[i].holds) text = parse->said[i].text;
    if (text == NULL && needed) return conf_fail(parse->error, "%s is missing", key->name);
    if (conf->value_count == CONF_KEYS_MAX)
        return conf_fail(parse->error, "kind %s has more than %d keys", conf->kind, CONF_KEYS_MAX);
    struct conf_value *value = &conf->values[conf->value_count++];
    value->key = key;
    snprintf(value->text, sizeof value->text, "%s", text != NULL ? text : "");
    return true;
}

/* Fills in defaults, and reads the values that hold for this profile. */
static bool finish(struct parse *parse, bool of_a_kind)
{
    struct conf *conf = parse->conf;
    parse->error->line = 0;
    if (of_a_kind && parse->kind == NULL) return conf_fail(parse->error, "kind is missing");
    snprintf(conf->kind, sizeof conf->kind, "%s", of_a_kind ? parse->kind : "");
    /* First the keys of all kinds, or what this kind has in their place. */
    for (const struct conf_key *key = conf_keys; key->name != NULL; key++)
        if (key->kind == NULL &&
            !add_value(parse, conf_find_key(parse->kind, key->name), of_a_kind))
            return false;
    for (const struct conf_key *key = conf_keys; of_a_kind && key->name != NULL; key++)
        if (conf_find_key(parse->kind, key->name) == key &&
            conf_find_value(conf, key->name) == NULL && !add_value(parse, key, true))
            return false;
    return conf_complete(conf, parse->error);
}

static bool parse_text(const char *text, size_t size, const char *profile, bool of_a_kind,
                       struct conf *conf, struct conf_error *error)
{
    static struct parse parse; /* Too large for a small stack. */
    memset(&parse, 0, sizeof parse);
    memset(conf, 0, sizeof *conf);
    parse.conf = conf;
    parse.error = error;
    parse.profile = find_profile(profile);
    *error = (struct conf_error){0};
    if (parse.profile < 0)
        return conf_fail(error, "unknown profile \"%.40s\"; use quick, standard or full", profile);
    parse.kind = find_kind(text, size);
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
    return finish(&parse, of_a_kind);
}

bool conf_parse(const char *text, size_t size, const char *profile, struct conf *conf,
                struct conf_error *error)
{
    return parse_text(text, size, profile, true, conf, error);
}

bool conf_parse_without_kind(const char *text, size_t size, const char *profile, struct conf *conf,
                             struct conf_error *error)
{
    return parse_text(text, size, profile, false, conf, error);
}
