/* schedule.h -- when the next message is due: one schedule for all connections of a process.
 *
 * One schedule dealt out over the connections costs the same whatever their number.  Schedules of
 * several processes need no common clock hand: Poisson streams add up to a Poisson stream. */
#ifndef C10K_SCHEDULE_H
#define C10K_SCHEDULE_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

/* An open-loop schedule.  Set up the first four, then call schedule_next() once. */
struct schedule {
    uint64_t begin_ns; /* Messages are due from here on. */
    double gap_ns;     /* Mean time between two messages. */
    bool poisson;      /* Exponential gaps; else all gaps equal, the first a random part of one. */
    uint64_t random;   /* State of the generator, from the seed. */
    double offset_ns;  /* Of the next message, from begin_ns. */
    uint64_t next_ns;  /* When the next message is due. */
};

/* splitmix64 (Steele, Lea, Flood 2014): 64 bits of state, passes the usual test batteries. */
static inline uint64_t schedule_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

/* The seed of the i-th of several generators.  Not `seed` plus a multiple of the step above: that
 * generator would draw the numbers of the first, i draws later. */
static inline uint64_t schedule_seed(uint64_t seed, uint32_t i)
{
    uint64_t seeds = seed + i * 0x9e3779b97f4a7c15;
    return schedule_random(&seeds);
}

/* Moves on to the next message. */
static inline void schedule_next(struct schedule *schedule)
{
    bool first = schedule->next_ns == 0;
    double gap = schedule->gap_ns;
    if (schedule->poisson || first) {
        /* 53 random bits: (0, 1], so that the logarithm exists. */
        double u = ((double)(schedule_random(&schedule->random) >> 11) + 1) * 0x1p-53;
        gap *= schedule->poisson ? -log(u) : u;
    }
    schedule->offset_ns += gap;
    schedule->next_ns = schedule->begin_ns + (uint64_t)schedule->offset_ns;
}

#endif
