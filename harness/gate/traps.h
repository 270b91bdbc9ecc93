/* traps.h -- the traps of the conformance gate; each caught a published server. docs/conformance.md
 * tells what was seen. */
#ifndef C10K_GATE_TRAPS_H
#define C10K_GATE_TRAPS_H

#include <stddef.h>

/* A trap starts its server and ends with trial_pass(), trial_fail() or trial_skip(). */
struct trap {
    const char *name;    /* Short, kebab-case. */
    const char *summary; /* What a server must do, for --list. */
    long clients;        /* That a server must serve at once: with fewer it makes no sense. */
    void (*run)(void);
};

extern const struct trap TRAPS_BYTES[], TRAPS_PEERS[], TRAPS_CROWDS[], TRAPS_MIXED[],
    TRAPS_SHORTAGE[];
extern const size_t TRAPS_BYTES_COUNT, TRAPS_PEERS_COUNT, TRAPS_CROWDS_COUNT, TRAPS_MIXED_COUNT,
    TRAPS_SHORTAGE_COUNT;

/* Of what a trap leaves to chance. */
extern unsigned long traps_seed;

#endif
