/* probe_limits.c -- the limits that a server may run into: how much of each is used, and how much
 * there is. */
#include "harness/probes/probe_limits.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/probes/control_group.h"
#include "harness/probes/probe_kernel.h"
#include "harness/probes/proc_file.h"

enum {
    TEXT_MAX = 8192,
    PROCESSES_MAX = 64, /* Looked at for open files: workers are few, a process per client alike. */
    RESERVED_PIDS = 300, /* Never given out again after the first round: kernel/pid.c. */
};

/* Reads a file of /proc/PID into `text`; false if there is none. */
static bool read_of(pid_t pid, const char *name, char *text, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    return proc_file_read(AT_FDCWD, path, text, size) >= 0;
}

/* The number at the start of a file; 0 if it says "max" or cannot be read. */
static uint64_t number_in(const char *path)
{
    char text[64];
    return proc_file_read(AT_FDCWD, path, text, sizeof text) < 0 ? 0 : strtoull(text, NULL, 10);
}

/* The soft limit called `name` in /proc/PID/limits; 0: unlimited. */
static uint64_t soft_limit(pid_t pid, const char *name)
{
    char text[TEXT_MAX];
    if (!read_of(pid, "limits", text, sizeof text)) return 0;
    return proc_file_number(text, name, 0);
}

/* Mappings of one process, a line each. */
static void probe_maps(pid_t pid, struct limit *limit)
{
    char path[64], text[TEXT_MAX];
    uint64_t count = 0;
    snprintf(path, sizeof path, "/proc/%d/maps", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    for (ssize_t got; (got = read(fd, text, sizeof text)) > 0;)
        for (ssize_t i = 0; i < got; i++)
            count += text[i] == '\n';
    close(fd);
    *limit = (struct limit){.used = count, .max = number_in("/proc/sys/vm/max_map_count")};
}

/* True if one leaves less room than the other, or if there is no other. */
static bool is_tighter(const struct limit *one, const struct limit *other)
{
    return other->max == 0 || one->used + other->max > other->used + one->max;
}

static void probe_files(const struct tree *tree, struct limit *limit)
{
    for (size_t i = 0; i < tree->count && i < PROCESSES_MAX; i++) {
        long open = proc_file_open_files(tree->pids[i]);
        struct limit own = {.used = (uint64_t)open,
                            .max = soft_limit(tree->pids[i], "Max open files")};
        if (open >= 0 && own.max > 0 && is_tighter(&own, limit)) *limit = own;
    }
}

static void probe_files_of_all(struct limit *limit)
{
    char text[128];
    unsigned long long used, max;
    if (proc_file_read(AT_FDCWD, "/proc/sys/fs/file-nr", text, sizeof text) < 0) return;
    /* NOLINTNEXTLINE(cert-err34-c): numbers of the kernel fit their types. */
    if (sscanf(text, "%llu %*u %llu", &used, &max) == 2)
        *limit = (struct limit){.used = used, .max = max};
}

/* True if the kernel counts this process's user: root and two capabilities are above it. */
static bool is_counted(const char *status)
{
    enum { CAP_SYS_ADMIN = 21, CAP_SYS_RESOURCE = 24 };
    const char *effective = strstr(status, "CapEff:");
    uint64_t held = effective == NULL ? 0 : strtoull(effective + strlen("CapEff:"), NULL, 16);
    return proc_file_number(status, "Uid:", 0) != 0 && !(held >> CAP_SYS_ADMIN & 1) &&
           !(held >> CAP_SYS_RESOURCE & 1);
}

/* Counts processes and threads of a user; false if not all of them can be seen. */
static bool tasks_of_user(uint64_t user, uint64_t *tasks)
{
    uint64_t count = 0;
    DIR *proc = opendir("/proc");
    if (proc == NULL) return false;
    errno = 0;
    for (struct dirent *item; (item = readdir(proc)) != NULL; errno = 0) {
        char text[TEXT_MAX];
        if (item->d_name[0] < '1' || item->d_name[0] > '9') continue;
        if (!read_of((pid_t)strtol(item->d_name, NULL, 10), "status", text, sizeof text)) continue;
        if (proc_file_number(text, "Uid:", UINT64_MAX) == user)
            count += proc_file_number(text, "Threads:", 0);
    }
    bool all = errno == 0;
    closedir(proc);
    *tasks = count;
    return all;
}

static void probe_tasks_of_user(pid_t server, struct limit *limit)
{
    char status[TEXT_MAX];
    uint64_t used, max = soft_limit(server, "Max processes");
    if (max == 0 || !read_of(server, "status", status, sizeof status) || !is_counted(status))
        return;
    if (tasks_of_user(proc_file_number(status, "Uid:", 0), &used))
        *limit = (struct limit){.used = used, .max = max};
}

/* The files of a control group that limits, in version 2 and in version 1. */
struct group_files {
    const char *controller;
    uint64_t unit;
    const char *max[2], *used[2];
    const char *reclaimable[2]; /* In memory.stat: what is used, but would be given back. */
};

static uint64_t smaller(uint64_t one, uint64_t other)
{
    return one < other ? one : other;
}

/* Reads what a group's file says; max is 0 if this group has none. */
static struct limit read_group(const char *folder, const struct group_files *files, int version)
{
    struct limit limit = {0};
    char path[sizeof limit.path + 128], text[TEXT_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, files->used[version]);
    if (proc_file_read(AT_FDCWD, path, text, sizeof text) < 0) return limit;
    limit.used = strtoull(text, NULL, 10);
    snprintf(path, sizeof path, "%s/memory.stat", folder);
    if (files->reclaimable[version] != NULL &&
        proc_file_read(AT_FDCWD, path, text, sizeof text) >= 0)
        limit.used -= smaller(limit.used, proc_file_number(text, files->reclaimable[version], 0));
    snprintf(path, sizeof path, "%s/%s", folder, files->max[version]);
    limit.max = number_in(path) / files->unit;
    limit.used /= files->unit;
    snprintf(limit.path, sizeof limit.path, "%.*s", (int)sizeof limit.path - 1, path);
    return limit;
}

/* Reads the tightest of a group's limit and those of the groups above it. */
static void probe_group(pid_t pid, const struct group_files *files, struct limit *limit)
{
    char folder[512];
    size_t top = control_group_folder(pid, files->controller, folder, sizeof folder);
    for (; top > 0; top = control_group_above(folder, top)) {
        for (int version = 0; version < 2; version++) {
            struct limit own = read_group(folder, files, version);
            if (own.max > 0 && is_tighter(&own, limit)) *limit = own;
        }
    }
}

static void probe_memory_of_all(struct limit *limit)
{
    char text[TEXT_MAX];
    if (proc_file_read(AT_FDCWD, "/proc/meminfo", text, sizeof text) < 0) return;
    double total = proc_file_real(text, "MemTotal:");
    double available = proc_file_real(text, "MemAvailable:");
    if (isnan(total) || isnan(available)) return;
    *limit = (struct limit){.used = (uint64_t)(total - available), .max = (uint64_t)total};
}

void probe_limits(const struct tree *tree, struct limit limits[LIMITS])
{
    static const struct group_files tasks_of_group = {
        "pids", 1, {"pids.max", "pids.max"}, {"pids.current", "pids.current"}, {NULL, NULL}};
    static const struct group_files memory_of_group = {"memory",
                                                       1024,
                                                       {"memory.max", "memory.limit_in_bytes"},
                                                       {"memory.current", "memory.usage_in_bytes"},
                                                       {"inactive_file ", "total_inactive_file "}};
    memset(limits, 0, LIMITS * sizeof *limits);
    if (tree->count == 0) return;
    pid_t server = tree->pids[0];
    double tasks = probe_kernel().tasks;
    probe_files(tree, &limits[LIMIT_FILES]);
    probe_files_of_all(&limits[LIMIT_FILES_ALL]);
    probe_tasks_of_user(server, &limits[LIMIT_USER_TASKS]);
    if (!isnan(tasks)) {
        limits[LIMIT_PIDS].used = (uint64_t)tasks + RESERVED_PIDS;
        limits[LIMIT_PIDS].max = number_in("/proc/sys/kernel/pid_max");
        limits[LIMIT_THREADS].used = (uint64_t)tasks;
        limits[LIMIT_THREADS].max = number_in("/proc/sys/kernel/threads-max");
    }
    probe_group(server, &tasks_of_group, &limits[LIMIT_GROUP_TASKS]);
    probe_maps(server, &limits[LIMIT_MAPS]);
    probe_memory_of_all(&limits[LIMIT_MEMORY]);
    probe_group(server, &memory_of_group, &limits[LIMIT_GROUP_MEMORY]);
}
