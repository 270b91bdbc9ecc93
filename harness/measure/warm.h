/* warm.h -- traffic that does not count, until the numbers that follow are those of a steady state.
 *
 * Two ways.  `fixed`: so many seconds, which is short and may be too short.  `steady`: until the
 * throughput of the last five spells of warmup_s seconds varies by less than 2 %, the rule of
 * Georges, Buytaert and Eeckhout (2007), but at most 10 s.  Both go on until each connection had
 * some messages; where the offered rate would take long for that, 20,000 messages/s do it first. */
#ifndef C10K_WARM_H
#define C10K_WARM_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/measure/session.h"

enum {
    WARM_SPELLS = 5,
    /* At least so many on each connection before the window: the first ones find cold caches, and
     * pages that fork(2) has not copied yet.  With one, p99 of 10,000 children was 20 ms; with
     * three 0.3 ms. */
    WARM_MESSAGES = 3,
    WARM_BRISK_PER_S = 20000, /* What every model here can do, 10,000 processes included. */
};

/* How long that rate takes to make `messages`, and a few more because arrivals are random. */
double warm_brisk_s(double messages);

/* True if the last WARM_SPELLS of `count` throughputs, each of spells of `spell_s` seconds, vary by
 * less than 2 %: their standard deviation over their mean.  Random arrivals vary by themselves, by
 * one over the root of their number, which is allowed on top. */
bool warm_is_steady(const double *rates, size_t count, double spell_s, bool random_arrivals);

/* Warms up at least until `messages` came back, and fills in what the row says of it.  False if the
 * client did not answer. */
bool warm_up(const struct session *session, struct process *load, double messages, struct row *row,
             struct answer *answer);

#endif
