/* probe_shares.h -- how evenly the connections of a server lie on its worker processes. */
#ifndef C10K_PROBE_SHARES_H
#define C10K_PROBE_SHARES_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/probes/probe_tree.h"

/* Connections of the worker that has the fewest, and of the one that has the most, in % of an even
 * share: 100 and 100 if all have the same. */
struct shares {
    double min_percent, max_percent;
};

/* Divides `connections` among the processes below the root of the tree: who has more files open
 * than the others has so many more connections.  False if nothing is shared: fewer than two
 * workers, or at most one connection for each.  Reads every open file's entry in /proc: never
 * inside a
 * window. */
bool probe_shares(const struct tree *tree, uint64_t connections, struct shares *shares);

#endif
