/* probe_memory.c -- the memory of a process tree, as the kernel accounts it to processes. */
#include "harness/probes/probe_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "common/die.h"
#include "harness/probes/proc_file.h"

/* Adds a process.  False if it runs and cannot be looked into. */
static bool add_process(int proc_fd, pid_t pid, struct memory *memory)
{
    char path[48], text[4096];
    snprintf(path, sizeof path, "%d/smaps_rollup", pid);
    bool seen = proc_file_read(proc_fd, path, text, sizeof text) >= 0;
    if (!seen && errno == ESRCH) return true; /* It has ended. */
    if (seen) {
        memory->rss_kib += proc_file_real(text, "Rss:");
        memory->pss_kib += proc_file_real(text, "Pss:");
        memory->pss_file_kib += proc_file_real(text, "Pss_File:");
        memory->private_kib += proc_file_real(text, "Private_Clean:");
        memory->private_kib += proc_file_real(text, "Private_Dirty:");
    }
    snprintf(path, sizeof path, "%d/status", pid);
    if (proc_file_read(proc_fd, path, text, sizeof text) < 0) /* Perhaps it has ended meanwhile. */
        return errno == ESRCH || errno == ENOENT;
    memory->page_tables_kib += proc_file_real(text, "VmPTE:");
    memory->page_tables_kib += (double)sysconf(_SC_PAGESIZE) / 1024;
    return seen;
}

struct memory probe_memory(const struct tree *tree)
{
    static const struct memory unknown = {NAN, NAN, NAN, NAN, NAN};
    struct memory memory = {0};
    int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (proc_fd < 0) die("open /proc");
    bool all_seen = tree->count > 0;
    for (size_t i = 0; i < tree->count && all_seen; i++)
        all_seen = add_process(proc_fd, tree->pids[i], &memory);
    close(proc_fd);
    return all_seen ? memory : unknown;
}
