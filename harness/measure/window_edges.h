/* window_edges.h -- everything that is read at the two edges of a window, and the difference.
 *
 *     tree │ warm-up │ tasks, machine │ window │ machine, tree, tasks
 *
 * Reading the tree costs 10 us a process and leaves the caches full of /proc: a window that began
 * right after it was up to 80 times slower at p99 (fork, 10,000 clients).  The warm-up lies
 * between. /proc/stat, which counts all that happens, is read innermost. */
#ifndef C10K_EDGE_H
#define C10K_EDGE_H

#include <stdbool.h>

#include "harness/measure/columns.h"
#include "harness/fleet/cpus.h"
#include "harness/measure/foreign.h"
#include "harness/fleet/load_link.h"
#include "harness/probes/probe_machine.h"
#include "harness/probes/probe_tasks.h"
#include "harness/probes/probe_tree.h"
#include "harness/measure/verdict.h"

struct edge {
    struct tree tree;
    struct foreign_look look; /* Right after the tree was read. */
    struct tasks tasks;
    struct machine machine;
};

/* Reads the state of the server `root`: who belongs to it before the warm-up, and what they used
 * just before the window; and all of it just after the window. */
struct edge edge_prepare(pid_t root);
void edge_before(struct edge *edge);
struct edge edge_after(pid_t root);

/* Frees the tree; twice is harmless. */
void edge_free(struct edge *edge);

/* True if a process, or a thread where nothing else counts it, ended within the window and took its
 * counts along, or cannot be looked into: then nothing is better than too little.  Of threads that
 * ended, taskstats keeps the CPU time, but their switches not in every kernel: those may be missing
 * where CPU is not. */
bool edge_is_incomplete(const struct edge *before, const struct edge *after);
bool edge_misses_switches(const struct edge *before, const struct edge *after);

/* Fills the CPU and switch columns of a row from both edges and the client's answer for the
 * window, and gives the verdict what it needs of them. */
void edge_row(const struct edge *before, const struct edge *after, const struct answer *window,
              const struct cpus *cpus, struct row *row, struct verdict_numbers *numbers);

#endif
