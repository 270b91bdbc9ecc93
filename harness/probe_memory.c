/* probe_memory.c -- the memory of a process tree, as the kernel accounts it to processes. */
#include "harness/probe_memory.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "common/die.h"
#include "harness/proc_file.h"

static void add_process(int proc_fd, pid_t pid, struct memory *memory)
{
    char path[48], text[4096];
    snprintf(path, sizeof path, "%d/smaps_rollup", pid);
    if (proc_file_read(proc_fd, path, text, sizeof text) < 0) return;
    memory->rss_kib += proc_file_number(text, "Rss:", 0);
    memory->pss_kib += proc_file_number(text, "Pss:", 0);
    memory->pss_file_kib += proc_file_number(text, "Pss_File:", 0);
    memory->private_kib += proc_file_number(text, "Private_Clean:", 0);
    memory->private_kib += proc_file_number(text, "Private_Dirty:", 0);
    snprintf(path, sizeof path, "%d/status", pid);
    if (proc_file_read(proc_fd, path, text, sizeof text) < 0) return;
    memory->page_tables_kib += proc_file_number(text, "VmPTE:", 0);
    memory->page_tables_kib += (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
}

struct memory probe_memory(const struct tree *tree)
{
    struct memory memory = {0};
    int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (proc_fd < 0) die("open /proc");
    for (size_t i = 0; i < tree->count; i++)
        add_process(proc_fd, tree->pids[i], &memory);
    close(proc_fd);
    return memory;
}
