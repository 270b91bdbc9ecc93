/* edge.h -- everything that is read at the two edges of a window, and the difference.
 *
 *     tree, tasks, machine │ window │ machine, tasks, tree
 *
 * What is slow to read lies outside, where the server has nothing to do; /proc/stat, which counts
 * all that happens, lies innermost. */
#ifndef C10K_EDGE_H
#define C10K_EDGE_H

#include <stdbool.h>

#include "harness/columns.h"
#include "harness/cpus.h"
#include "harness/load_link.h"
#include "harness/probe_machine.h"
#include "harness/probe_tasks.h"
#include "harness/probe_tree.h"
#include "harness/verdict.h"

struct edge {
    struct tree tree;
    struct tasks tasks;
    struct machine machine;
};

/* Reads the state of the server `root` just before, and just after, a window. */
struct edge edge_before(pid_t root);
struct edge edge_after(pid_t root);
void edge_free(struct edge *edge);

/* Fills the CPU and switch columns of a row from both edges and the client's answer for the
 * window, and gives the verdict what it needs of them. */
void edge_row(const struct edge *before, const struct edge *after, const struct answer *window,
              const struct cpus *cpus, bool spin, struct row *row, struct verdict_numbers *numbers);

#endif
