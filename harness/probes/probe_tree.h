/* probe_tree.h -- the processes that belong to a server: itself, its children, theirs.
 *
 * One pass over /proc reads every stat file once, because a file that lists children is not in
 * every kernel.  About 10 us a process. */
#ifndef C10K_PROBE_TREE_H
#define C10K_PROBE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct tree {
    pid_t *pids; /* The root first; then in no special order. */
    size_t count;
    uint64_t threads;
    /* CPU time in whole ticks (10 ms), cut off per process: good for few processes. */
    uint64_t user_ns, system_ns;
    /* CPU time of all programs that are neither ours nor the kernel's own threads, reaped children
     * included, so that a short-lived one is seen when its parent is.  It falls when one ends whose
     * parent ignores SIGCHLD. */
    uint64_t foreign_ns;
    /* CPU time of the root's tree and of all processes below us, exact; of children that ended and
     * were waited for in whole ticks. */
    uint64_t ours_ns;
    /* CPU time of the kernel's own threads that run on CPUs of the root only, in whole ticks. */
    uint64_t kernel_ns;
    /* The kernel's own threads were seen.  Within a container, and where /proc is mounted with
     * hidepid, they are not: then there may be any number of other programs, too. */
    bool sees_all;
    uint64_t read_ns; /* When, on clock_ns(). */
};

/* Reads the tree below `root`; count is 0 if it is gone.  Give it to probe_tree_free(). */
struct tree probe_tree(pid_t root);

/* Frees the list; the tree is all zero then, and may be freed again. */
void probe_tree_free(struct tree *tree);

/* CPU time of `root` and all processes below it, in ns: exact, with that of threads that have
 * ended; of children that have ended and were waited for, user and system time in whole ticks (10
 * ms).  0 if it is gone. */
uint64_t probe_tree_cpu_ns(pid_t root);

/* Writes up to `max` direct children of `parent`; returns how many were written. */
int probe_tree_children(pid_t parent, pid_t *children, int max);

#endif
