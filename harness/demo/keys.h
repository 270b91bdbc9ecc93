/* keys.h -- the keys of the demo: what the teacher can ask for, one key each. */
#ifndef C10K_DEMO_KEYS_H
#define C10K_DEMO_KEYS_H

#include <stdbool.h>
#include <stddef.h>

enum {
    KEYS_CONNECTIONS_MAX = 10000,
    KEYS_SLOW_US = 10000, /* What a slow request costs: a slow database's 10 ms, */
    KEYS_SLOW_PERCENT = 1 /* and how many of the requests are slow. */
};

enum wish_slow { SLOW_NONE, SLOW_SLEEP, SLOW_SPIN };

/* What load a model is to get. */
struct wish {
    long connections;
    int idle_percent; /* Of the connections, which then send nothing. */
    double rate_per_s;
    enum wish_slow slow;
    bool deaf; /* Besides, a client that sends and never reads. */
};

enum keys_act {
    KEYS_WISH, /* Changes a wish, with keys_change(). */
    KEYS_CHOOSE,
    KEYS_KILL,
    KEYS_RESTART,
    KEYS_PAUSE,
    KEYS_HELP,
    KEYS_QUIT
};

struct key {
    int key;
    enum keys_act act;
    const char *shown; /* In the last line of the screen; NULL: not there. */
    const char *help;  /* What it does, for the help and the line that answers the key. */
};

/* All keys, in the order of the help; ends with key 0. */
extern const struct key KEYS[];

/* Finds a key, NULL if it means nothing. */
const struct key *keys_find(int key);

/* Changes a wish as the key (of act KEYS_WISH) says. */
void keys_change(int key, struct wish *wish);

/* How many of the connections send: 0 for all. */
long keys_active(const struct wish *wish);

#endif
