/* fit.h -- how many connections this machine can hold, asked before it is tried. */
#ifndef C10K_ROOM_H
#define C10K_ROOM_H

#include <stddef.h>

#include "harness/probes/probe_limits.h"

/* Returns about how many connections fit with both their ends into free memory and into the
 * kernel's table of open files; the one that is shorter stands in `limit`, with its figures. */
long room_for_connections(char *limit, size_t size);

/* Free memory in KiB: of the machine, or of a control group that leaves less. */
double room_memory_kib(const struct limit *machine, const struct limit *group);

/* The same as the first from given figures, for tests: free memory in KiB, files that may still be
 * opened. */
long room_from(double available_kib, double files, char *limit, size_t size);

#endif
