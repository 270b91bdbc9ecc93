/* probe_memory.h -- the memory of a process tree, as the kernel accounts it to processes.
 *
 * About 70 us a process: never inside a window. */
#ifndef C10K_PROBE_MEMORY_H
#define C10K_PROBE_MEMORY_H

#include "harness/probes/probe_tree.h"

/* Summed over the processes of the tree. */
struct memory {
    double rss_kib;         /* Every mapped page, counted once per process that maps it. */
    double pss_kib;         /* Each page divided by how many map it: adds up to real memory. */
    double pss_file_kib;    /* Of that, pages of files: the program, its libraries. */
    double private_kib;     /* Pages that no other process maps. */
    double page_tables_kib; /* VmPTE, and a page for the top level, which VmPTE leaves out. */
};

/* Reads the tree.  Processes that ended meanwhile count nothing; all is NAN if one that runs cannot
 * be looked into, and if there is none. */
struct memory probe_memory(const struct tree *tree);

#endif
