/* conf_keys.c -- the keys of an experiment and what each of them takes. */
#include "harness/measure/conf_keys.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/number.h"

const struct conf_key conf_keys[] = {
#include "harness/measure/conf_keys.inc" /* Made by the Makefile from the tables of keys. */
    {0}};

const char *const conf_kinds[] = {
#include "harness/measure/conf_kinds.inc" /* And this from the folders in harness/kinds. */
    NULL};

static const char lower[] = "abcdefghijklmnopqrstuvwxyz0123456789_-:=+ \t";

/* "{workers}" is among them. */
static const char options[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                              "_-=:+.,/{} \t";

bool conf_fail(struct conf_error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->what, sizeof error->what, format, arguments);
    va_end(arguments);
    return false;
}

const struct conf_key *conf_find_key(const char *kind, const char *name)
{
    const struct conf_key *any = NULL;
    for (const struct conf_key *key = conf_keys; key->name != NULL; key++) {
        if (strcmp(key->name, name) != 0) continue;
        if (key->kind == NULL) return key; /* They come last: the kind has none of its own. */
        if (kind != NULL && strcmp(key->kind, kind) == 0) return key;
        if (any == NULL) any = key;
    }
    return kind == NULL ? any : NULL;
}

void conf_list(const char *const *words, char *text, size_t size)
{
    size_t held = 0;
    text[0] = '\0';
    for (size_t i = 0; words[i] != NULL && held < size; i++) {
        const char *between = i == 0 ? "" : words[i + 1] == NULL ? " or " : ", ";
        held += (size_t)snprintf(text + held, size - held, "%s%s", between, words[i]);
    }
}

/* ---- numbers ---- */

static bool takes_whole(const struct conf_key *key, const char *value, struct conf_error *error)
{
    long number, min = (long)key->min, max = (long)key->max;
    if (number_read(value, min, max, &number)) return true;
    return conf_fail(error, "%s takes a whole number from %ld to %ld, not \"%.60s\"", key->name,
                     min, max, value);
}

static bool takes_decimal(const struct conf_key *key, const char *value, struct conf_error *error)
{
    double number;
    if (number_read_decimal(value, key->min, key->max, &number)) return true;
    return conf_fail(error, "%s takes a number from %g to %g, not \"%.60s\"", key->name, key->min,
                     key->max, value);
}

/* The counts must rise: the ramp lives inside one server, and a server that once held more
 * connections is not the server that never did. */
bool conf_read_counts(const struct conf_key *key, const char *value, long *counts, size_t *count,
                      struct conf_error *error)
{
    char words[CONF_VALUE_MAX], *rest = words;
    long min = (long)key->min, max = (long)key->max;
    snprintf(words, sizeof words, "%s", value);
    *count = 0;
    for (char *word; (word = strsep(&rest, " \t")) != NULL;) {
        long number;
        if (*word == '\0') continue;
        if (!number_read(word, min, max, &number))
            return conf_fail(error, "%s takes whole numbers from %ld to %ld, not \"%.60s\"",
                             key->name, min, max, word);
        if (*count == CONF_POINTS_MAX)
            return conf_fail(error, "%s has more than %d numbers", key->name, CONF_POINTS_MAX);
        if (*count > 0 && counts[*count - 1] >= number)
            return conf_fail(error, "%s must rise, and %ld does not", key->name, number);
        counts[(*count)++] = number;
    }
    if (*count == 0) return conf_fail(error, "%s needs at least one number", key->name);
    return true;
}

/* ---- words ---- */

/* Names become parts of paths and of CSV fields: nothing but what a file name of ours holds. */
static bool takes_models(const struct conf_key *key, const char *value, struct conf_error *error)
{
    if (*value != '\0' && value[strspn(value, lower)] == '\0') return true;
    return conf_fail(error, "%s is all, or names in lower case with blanks between, not \"%.60s\"",
                     key->name, value);
}

/* They become words of a command line that a shell reads: nothing that a shell acts on. */
static bool takes_options(const struct conf_key *key, const char *value, struct conf_error *error)
{
    if (value[strspn(value, options)] == '\0') return true;
    return conf_fail(error,
                     "%s are letters, digits and _-=:+.,/{} with blanks between, not \"%.60s\"",
                     key->name, value);
}

static bool takes_kind(const struct conf_key *key, const char *value, struct conf_error *error)
{
    char kinds[160];
    for (size_t i = 0; conf_kinds[i] != NULL; i++)
        if (strcmp(conf_kinds[i], value) == 0) return true;
    conf_list(conf_kinds, kinds, sizeof kinds);
    return conf_fail(error, "%s is %s, not \"%.40s\"", key->name, kinds, value);
}

enum { CHOICES_MAX = 16, TYPE_MAX = 128 };

/* The words of a type like "files=N|machine", with their end as a list has it. */
struct choices {
    char text[TYPE_MAX];
    const char *words[CHOICES_MAX + 1];
    bool several; /* " ..." is behind them. */
};

static void read_choices(const struct conf_key *key, struct choices *choices)
{
    static const char more[] = " ...";
    size_t count = 0;
    snprintf(choices->text, sizeof choices->text, "%s", key->type);
    char *rest = choices->text, *end = strstr(rest, more);
    choices->several = end != NULL;
    if (end != NULL) *end = '\0';
    for (char *word; count < CHOICES_MAX && (word = strsep(&rest, "|")) != NULL;)
        choices->words[count++] = word;
    choices->words[count] = NULL;
}

/* A choice that ends in "=N" takes a whole number there. */
static bool is_choice(const struct conf_key *key, const char *choice, const char *word)
{
    size_t size = strlen(choice);
    long number;
    bool counts = size > 2 && strcmp(choice + size - 2, "=N") == 0;
    if (!counts) return strcmp(choice, word) == 0;
    return strncmp(choice, word, size - 1) == 0 &&
           number_read(word + size - 1, (long)key->min, (long)key->max, &number);
}

static bool takes_choice(const struct conf_key *key, const struct choices *choices,
                         const char *word, struct conf_error *error)
{
    char list[TYPE_MAX * 2];
    for (size_t i = 0; choices->words[i] != NULL; i++)
        if (is_choice(key, choices->words[i], word)) return true;
    conf_list(choices->words, list, sizeof list);
    return conf_fail(error, "%s %s %.120s, not \"%.60s\"", key->name,
                     choices->several ? "are" : "is", list, word);
}

static bool takes_choices(const struct conf_key *key, const char *value, struct conf_error *error)
{
    char words[CONF_VALUE_MAX], *rest = words;
    struct choices choices;
    read_choices(key, &choices);
    if (!choices.several) return takes_choice(key, &choices, value, error);
    snprintf(words, sizeof words, "%s", value);
    for (char *word; (word = strsep(&rest, " \t")) != NULL;)
        if (*word != '\0' && !takes_choice(key, &choices, word, error)) return false;
    return *value != '\0' || conf_fail(error, "%s names none", key->name);
}

bool conf_takes(const struct conf_key *key, const char *value, struct conf_error *error)
{
    static const struct {
        const char *type;
        bool (*takes)(const struct conf_key *, const char *, struct conf_error *);
    } types[] = {{"whole", takes_whole},
                 {"decimal", takes_decimal},
                 {"models", takes_models},
                 {"options", takes_options},
                 {"kind", takes_kind}};
    long counts[CONF_POINTS_MAX];
    size_t count;
    if (strcmp(key->type, "counts") == 0)
        return conf_read_counts(key, value, counts, &count, error);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(key->type, types[i].type) == 0) return types[i].takes(key, value, error);
    return takes_choices(key, value, error);
}
