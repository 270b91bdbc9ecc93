/* figures.h -- what the demo shows of a model: numbers now, and how they were before. */
#ifndef C10K_DEMO_FIGURES_H
#define C10K_DEMO_FIGURES_H

#include <stddef.h>

#include "harness/measure/columns.h"
#include "harness/fleet/load_link.h"
#include "harness/probes/probe_memory.h"

enum figure {
    FIGURE_CONNECTIONS,
    FIGURE_OPENED_NS, /* From the first connect to the last first echo, last time. */
    FIGURE_MESSAGES_PER_S,
    FIGURE_P50_NS,
    FIGURE_P99_NS,
    FIGURE_SLOW_P50_NS, /* Of the messages with a cost. */
    FIGURE_UNREAD_KIB,  /* That a client which never reads has in its pipe. */
    FIGURE_CPU_PERCENT,
    FIGURE_SWITCHES_PER_S,
    FIGURE_MEMORY_KIB, /* The next three together. */
    FIGURE_PROGRAMS_KIB,
    FIGURE_PAGE_TABLES_KIB,
    FIGURE_STACKS_KIB,
    FIGURE_PROCESSES,
    FIGURE_THREADS,
    FIGURE_WAITING, /* Messages on their way, on average. */
    FIGURES
};

enum { FIGURES_HISTORY_MAX = 64 };

struct figures {
    double now[FIGURES]; /* NAN: not known. */
    double before[FIGURES][FIGURES_HISTORY_MAX];
    size_t remembered; /* Times that figures_remember() was called. */
};

/* Forgets what is now, but not how it was. */
void figures_clear(struct figures *figures);

/* Takes what the client found in a window, and what `row` holds of CPU and switches. */
void figures_take_window(struct figures *figures, const struct answer *window,
                         const struct row *row);

/* Takes the memory of a server with so many threads, of stack_kib each.  Its files count as much as
 * they did while it was the only server: a page of the C library that other models map, too, is no
 * cheaper for that. */
void figures_take_memory(struct figures *figures, const struct memory *memory,
                         double files_alone_kib, double threads, double stack_kib);

/* Makes what is now the newest point of the history. */
void figures_remember(struct figures *figures);

/* The value `ago` points before the newest one; NAN if there is none. */
double figures_ago(const struct figures *figures, enum figure figure, size_t ago);

/* The largest value among the newest `points` of a figure, 0 if there is none. */
double figures_largest(const struct figures *figures, enum figure figure, size_t points);

#endif
