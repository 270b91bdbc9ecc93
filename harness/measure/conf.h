/* conf.h -- an experiment as data: `key = value` lines, one question per file.
 *
 * `key.PROFILE = value` overrides a key for one profile.  Unknown keys, duplicate keys and values
 * out of range are errors, wherever they stand: a typo must not quietly measure something else. */
#ifndef C10K_CONF_H
#define C10K_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum {
    CONF_VALUE_MAX = 512,           /* Bytes of one value, with its end. */
    CONF_POINTS_MAX = 64,           /* Connection counts of one experiment. */
    CONF_DEAF_MAX = 1000,           /* As clients/deaf.h has it. */
    CONF_CONNECTIONS_MAX = 2000000, /* Twice the million that this suite is heading for. */
};

enum conf_kind {
    CONF_LATENCY,
    CONF_CAPACITY,
    CONF_MEMORY,
    CONF_COLD_START,
    CONF_OMISSION,
    CONF_WALLS,
    CONF_COUNTERS,
    CONF_HERD,
    CONF_HANDSHAKES,
    CONF_CHAT
};

enum {
    CONF_MANY = 50000 /* Connections: opening so many takes one or two seconds, after which progress
                       * is told; only models hold more that take little for each. */
};

enum conf_key {
    KEY_KIND,
    KEY_DEFAULT,
    KEY_MODELS,
    KEY_CONNECTIONS,
    KEY_ACTIVE,
    KEY_RATE_PER_S,
    KEY_ARRIVAL,
    KEY_MESSAGE_B,
    KEY_WARMUP,
    KEY_WARMUP_S,
    KEY_WINDOW_S,
    KEY_REPEATS,
    KEY_SETTLE_S,
    KEY_REQUESTS,
    KEY_SERVER_OPTIONS,
    KEY_COST,
    KEY_COST_US,
    KEY_COST_PERCENT,
    KEY_DEAF,
    KEY_TIMEOUT_MS,
    KEY_RERUNS,
    KEY_STOP_MS,
    KEY_LIMITS,
    KEY_CONNECTIONS_LIMITED,
    KEY_TIME_CAP_S,
    KEY_OUTAGE_S,
    KEY_BASE_MS,
    KEY_CAP_MS,
    CONF_KEYS
};

/* One experiment as one profile sees it. */
struct conf {
    /* From the comments "# Question:", "# Shows:" and "# Does not show:"; "" if there is none. */
    char question[CONF_VALUE_MAX], shows[CONF_VALUE_MAX], does_not_show[CONF_VALUE_MAX];
    char text[CONF_KEYS][CONF_VALUE_MAX]; /* Each value as it was written, or its default. */
    enum conf_kind kind;
    /* One pair for each point; at least one of the two rises. */
    long connections[CONF_POINTS_MAX];
    long active[CONF_POINTS_MAX]; /* Connections that send; 0 = all. */
    bool rest_is_deaf; /* Who is not active sends, too, and never reads; else he is silent. */
    long deaf[CONF_POINTS_MAX]; /* As written; pair_up() makes points of them. */
    /* Points; numbers in `active` and `deaf` as written. */
    size_t connection_count, active_count, deaf_count;
    double rate_per_s;
    bool poisson, warm_until_steady;
    long message_b, repeats, requests, timeout_ms;
    long reruns;  /* Windows measured again: of one ramp in all; kind counters: of each pass. */
    long stop_ms; /* Of each window the server stands still; kind omission only. */
    double warmup_s, window_s, settle_s;
    bool costs;               /* Some messages cost the server time; how is text[KEY_COST]. */
    long cost_us;             /* Each of them. */
    double cost_percent;      /* Of all messages. */
    long connections_limited; /* Where a ramp under a limit of its own ends; 0: as the others. */
    double time_cap_s;        /* Of one ramp of kind walls, of one herd. */
    double outage_s;          /* Herd: from the server's end until its next start, at least. */
    long base_ms, cap_ms;     /* Herd: spans of the clients' backoff. */
};

struct conf_error {
    int line; /* 0: the file as a whole. */
    char what[200];
};

/* Reads an experiment from `size` bytes of `text`, whatever they hold, for a profile that
 * conf_is_profile() accepts.  Returns false and fills *error with the first mistake. */
bool conf_parse(const char *text, size_t size, const char *profile, struct conf *conf,
                struct conf_error *error);

/* Reads the experiment in the file `path`, or dies with the file, the line and what is wrong there.
 */
void conf_read(const char *path, const char *profile, struct conf *conf);

/* True for "quick", "standard" and "full". */
bool conf_is_profile(const char *name);

/* Writes the value called `key` (a key, "question", "shows", "does_not_show" or "estimate_s") into
 * `value`.  False if there is no such key. */
bool conf_print(const struct conf *conf, const char *key, char *value, size_t size);

/* Writes "key=value" of each key and of estimate_s to a file, a line each. */
void conf_print_all(const struct conf *conf, FILE *file);

/* About how many seconds one model takes for one repeat. */
double conf_estimate_s(const struct conf *conf);

/* "latency", "capacity", "memory", "cold_start", "omission", "walls", "counters", "herd",
 * "handshakes" or "chat". */
const char *conf_kind_name(enum conf_kind kind);

#endif
