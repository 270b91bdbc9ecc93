/* quiet.h -- waits until the machine has cleared away what ran before.
 *
 * The kernel gives sockets and memory back lazily, up to seconds after a program ended: what begins
 * at once shares its CPUs with the clearing away, or counts what is given back as its own gain. */
#ifndef C10K_QUIET_H
#define C10K_QUIET_H

#include <stdbool.h>

#include "harness/probes/probe_kernel.h"

/* How long to wait for quiet. */
struct quiet_patience {
    double min_s, max_s;
    int look_ms; /* Between two looks, of which the second must find nothing moved. */
};

/* True if between two looks slab and free memory moved by less than 1 MiB each, and TCP sockets by
 * less than 50.  What is not known (NAN) is never still. */
bool quiet_is_still(const struct kernel *before, const struct kernel *now);

/* Waits until free memory, slab and the number of sockets stand still.  Returns the last look. */
struct kernel quiet_settle(const struct quiet_patience *patience);

/* The same, but first waits until the sockets of what ran before are gone, also up to max_s. */
struct kernel quiet_without_sockets(const struct quiet_patience *patience);

#endif
