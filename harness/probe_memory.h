/* probe_memory.h -- the memory of a process tree, as the kernel accounts it to processes.
 *
 * About 70 us a process: never inside a window. */
#ifndef C10K_PROBE_MEMORY_H
#define C10K_PROBE_MEMORY_H

#include <stdint.h>

#include "harness/probe_tree.h"

/* Summed over the processes of the tree. */
struct memory {
    uint64_t rss_kib;         /* Every mapped page, counted once per process that maps it. */
    uint64_t pss_kib;         /* Each page divided by how many map it: adds up to real memory. */
    uint64_t pss_file_kib;    /* Of that, pages of files: the program, its libraries. */
    uint64_t private_kib;     /* Pages that nobody else maps. */
    uint64_t page_tables_kib; /* VmPTE, and a page for the top level, which VmPTE leaves out. */
};

/* Reads the tree.  Processes that ended meanwhile count nothing. */
struct memory probe_memory(const struct tree *tree);

#endif
