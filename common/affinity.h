/* affinity.h -- how many CPUs there are for us: taskset(1) and containers leave fewer than the
 * machine has. */
#ifndef C10K_AFFINITY_H
#define C10K_AFFINITY_H

#include <sched.h>

#include "common/die.h"

/* Returns the number of CPUs that this process may run on. */
static inline long affinity_cpus(void)
{
    cpu_set_t cpus;
    if (sched_getaffinity(0, sizeof cpus, &cpus) < 0) die("sched_getaffinity");
    return CPU_COUNT(&cpus);
}

#endif
