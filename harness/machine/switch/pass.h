/* pass.h -- what a switch costs, from the times of tasks that pass a byte to each other. */
#ifndef C10K_SWITCH_PASS_H
#define C10K_SWITCH_PASS_H

#include <stdint.h>

/* Returns ns per pass of `turns` turns between two tasks: a turn is a pass there and
 * a pass back. */
static inline double pass_ns(uint64_t begin_ns, uint64_t end_ns, long turns)
{
    return (double)(end_ns - begin_ns) / (2 * (double)turns);
}

/* Returns what a pass of `between_ns` takes beyond a turn of one task alone, measured before and
 * after it. */
static inline double pass_cost_ns(double between_ns, double before_ns, double after_ns)
{
    return between_ns - (before_ns + after_ns) / 2;
}

#endif
