/* conf.h -- an experiment as data: `key = value` lines, one question per file.
 *
 * `key.PROFILE = value` overrides a key for one profile.  Unknown keys, keys of another kind,
 * duplicate keys and values out of range are errors, wherever they are: a typo must not quietly
 * measure something else.  conf_keys.h says where the keys come from. */
#ifndef C10K_CONF_H
#define C10K_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct conf_key;

enum {
    CONF_VALUE_MAX = 512, /* Bytes of one value, with its end. */
    CONF_KEYS_MAX = 48,   /* Keys of one kind, with those of all kinds. */
    CONF_KIND_MAX = 64,   /* Bytes of a kind's name, with its end. */
    CONF_POINTS_MAX = 64, /* Connection counts of one experiment. */
};

enum {
    CONF_MANY = 50000 /* Connections: opening so many takes one or two seconds, after which progress
                       * is shown; only models hold more that take little for each. */
};

/* The value of one key as it was written, or its default. */
struct conf_value {
    const struct conf_key *key;
    char text[CONF_VALUE_MAX];
};

/* One experiment as one profile sees it.  The members below `values` are those of the keys that all
 * kinds have; conf_long() and its like read the keys of one kind. */
struct conf {
    /* From the comments "# Question:", "# Shows:" and "# Does not show:"; "" if there is none. */
    char question[CONF_VALUE_MAX], shows[CONF_VALUE_MAX], does_not_show[CONF_VALUE_MAX];
    struct conf_value values[CONF_KEYS_MAX];
    size_t value_count;
    char kind[CONF_KIND_MAX];
    /* One pair for each point; at least one of the two rises. */
    long connections[CONF_POINTS_MAX];
    long active[CONF_POINTS_MAX]; /* Connections that send; 0 = all. */
    bool rest_is_deaf;            /* The others send and never read; else they idle. */
    size_t connection_count;      /* Points. */
    double rate_per_s;
    bool poisson, warm_until_steady;
    long message_b, repeats, timeout_ms;
    long reruns; /* Windows measured again: of one server in all. */
    double warmup_s, window_s, settle_s;
    bool costs;          /* Some messages cost the server time; the key `cost` says how. */
    long cost_us;        /* Each of them. */
    double cost_percent; /* Of all messages. */
};

struct conf_error {
    int line; /* 0: the file as a whole. */
    char what[240];
};

/* Reads an experiment from `size` bytes of `text`, whatever they hold, for a profile that
 * conf_is_profile() accepts.  Returns false and fills *error with the first mistake. */
bool conf_parse(const char *text, size_t size, const char *profile, struct conf *conf,
                struct conf_error *error);

/* The same for programs that measure no kind of experiment: no kind is given, and there are only
 * the keys that all kinds have. */
bool conf_parse_without_kind(const char *text, size_t size, const char *profile, struct conf *conf,
                             struct conf_error *error);

/* Reads the experiment in the file `path`, or dies with file, line and what is wrong there. */
void conf_read(const char *path, const char *profile, struct conf *conf);

/* Dies with the file and what is wrong there. */
_Noreturn void conf_refuse(const char *path, const struct conf_error *error);

/* Notes a mistake; returns false.  Text as printf(3). */
__attribute__((format(printf, 2, 3))) bool conf_fail(struct conf_error *error, const char *format,
                                                     ...);

/* True for "quick", "standard" and "full". */
bool conf_is_profile(const char *name);

/* The value of a key of this kind: its text; as a whole number; as a number.  Dies if the kind has
 * no such key, or another type of it: a mistake of ours. */
const char *conf_text(const struct conf *conf, const char *key);
long conf_long(const struct conf *conf, const char *key);
double conf_real(const struct conf *conf, const char *key);

/* Reads the rising whole numbers of a key into `counts`, which has room for CONF_POINTS_MAX;
 * returns how many there are. */
size_t conf_counts(const struct conf *conf, const char *key, long *counts);

/* Writes the value called `key` (a key, "question", "shows" or "does_not_show") into `value`.
 * False if there is no such key. */
bool conf_print(const struct conf *conf, const char *key, char *value, size_t size);

/* Writes "key=value" of each key to a file, a line each. */
void conf_print_all(const struct conf *conf, FILE *file);

#endif
