/* clock.h -- the one clock of the suite. */
#ifndef C10K_CLOCK_H
#define C10K_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Of 64 bits: an int holds no more than 2 s.  No enumerators: clang 19 warns of one that meets
 * floating point. */
#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

/* Returns the time of `clock` (see clock_gettime(2)) in ns. */
static inline uint64_t clock_read_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now); /* Cannot fail for the clocks that Linux always has. */
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* Returns ns since some fixed point in the past.  Never steps back, the same in all processes. */
static inline uint64_t clock_ns(void)
{
    return clock_read_ns(CLOCK_MONOTONIC);
}

/* Returns how many seconds ago clock_ns() was `begin_ns`. */
static inline double clock_seconds_since(uint64_t begin_ns)
{
    return (double)(clock_ns() - begin_ns) / NS_PER_S;
}

/* Sleeps for `duration_ns`, also when signals interrupt it. */
static inline void clock_sleep_ns(uint64_t duration_ns)
{
    uint64_t end = clock_ns() + duration_ns;
    struct timespec until = {.tv_sec = (time_t)(end / NS_PER_S), .tv_nsec = (long)(end % NS_PER_S)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) != 0) {
    }
}

#endif
