/* probe_shares.c -- how evenly the connections of a server lie on its worker processes. */
#include "harness/probes/probe_shares.h"

#include <math.h>
#include <stdio.h>

#include "harness/probes/proc_file.h"

bool probe_shares(const struct tree *tree, uint64_t connections, struct shares *shares)
{
    size_t workers = tree->count - 1; /* The root only looks after them. */
    if (tree->count < 3 || connections <= workers) return false;
    uint64_t sum = 0, fewest = UINT64_MAX, most = 0;
    for (size_t i = 1; i < tree->count; i++) {
        long open = proc_file_open_files(tree->pids[i]);
        if (open < 0) return false; /* One that cannot be looked into is not one without any. */
        uint64_t files = (uint64_t)open;
        sum += files;
        if (files < fewest) fewest = files;
        if (files > most) most = files;
    }
    if (sum < connections) return false; /* They lie elsewhere. */
    /* Listeners, epoll and the like: as many in each, for all do the same. */
    double even = (double)connections / (double)workers;
    double beside = (double)(sum - connections) / (double)workers;
    shares->min_percent = fmax((double)fewest - beside, 0) / even * 100;
    shares->max_percent = ((double)most - beside) / even * 100;
    return true;
}
