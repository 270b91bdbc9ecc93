/* script.h -- key presses with times, for a lecture without hands.
 *
 *     # seconds since the start   key, or words for the screen
 *     0.5   say Four shops, ten customers each.
 *     6     +
 *     20
 *   q */
#ifndef C10K_DEMO_SCRIPT_H
#define C10K_DEMO_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

enum { SCRIPT_EVENTS_MAX = 500, SCRIPT_WORDS_MAX = 120 };

struct script_event {
    double at_s;
    int key;                      /* 0: the words are to be shown. */
    char words[SCRIPT_WORDS_MAX]; /* Longer ones are cut. */
};

struct script {
    struct script_event events[SCRIPT_EVENTS_MAX]; /* Times never fall. */
    size_t count, next;                            /* next: the first that is not over. */
};

struct script_error {
    int line;
    char what[160];
};

/* Reads a script from `size` bytes of `text`, whatever they hold.  Returns false and fills *error
 * with the first mistake. */
bool script_parse(const char *text, size_t size, struct script *script, struct script_error *error);

/* Returns the next event that is due at now_s and moves on; NULL if none is. */
const struct script_event *script_due(struct script *script, double now_s);

/* Seconds until the next event, a large number if there is none. */
double script_wait_s(const struct script *script, double now_s);

#endif
