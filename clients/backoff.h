/* backoff.h -- how long a client that lost its server waits before it tries again.
 *
 *   now      not at all
 *   jitter   a random part of a span that doubles with each failure, up to a cap ("full jitter":
 *            Brooker, Exponential Backoff And Jitter, 2015)
 *
 * The span grows so that a server that stays away is asked less and less; the random part is what
 * keeps clients that lost it together from coming back together. */
#ifndef C10K_BACKOFF_H
#define C10K_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

#include "clients/schedule.h"

struct backoff {
    bool jitter;
    uint64_t base_ns; /* The span before the first try. */
    uint64_t cap_ns;  /* The longest span. */
};

/* Returns the pause before the next try of a client that failed `failures` times since it lost its
 * server.  *dice is the state of the generator. */
static inline uint64_t backoff_pause_ns(const struct backoff *backoff, uint32_t failures,
                                        uint64_t *dice)
{
    if (!backoff->jitter) return 0;
    uint64_t span_ns = backoff->base_ns;
    while (failures-- > 0 && span_ns < backoff->cap_ns)
        span_ns *= 2;
    if (span_ns > backoff->cap_ns) span_ns = backoff->cap_ns;
    return (uint64_t)((double)(schedule_random(dice) >> 11) * 0x1p-53 * (double)span_ns);
}

#endif
