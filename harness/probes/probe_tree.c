/* probe_tree.c -- the processes that belong to a server: itself, its children, theirs. */
#include "harness/probes/probe_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/die.h"
#include "harness/probes/proc_file.h"

/* PF_KTHREAD of the kernel's sched.h, in the field `flags`.  Their parent is process 2, but only
 * outside of a container: within one, 2 is a program like others. */
static const unsigned KERNEL_THREAD = 0x00200000;

/* What one stat file says. */
struct entry {
    pid_t pid, parent;
    uint64_t threads, user_ticks, system_ticks; /* With children that ended and were waited for, */
    uint64_t reaped_ticks;                      /* and these by themselves. */
    bool of_kernel;                             /* One of its own threads. */
    bool marked;
};

struct listing {
    struct entry *entries;
    size_t count, room;
};

/* Reads /proc/PID/stat; the fields are numbered in proc(5).  The name may hold blanks and brackets,
 * so that counting starts behind its last bracket. */
static bool read_entry(int proc_fd, const char *pid, struct entry *entry)
{
    char path[32], text[1024];
    snprintf(path, sizeof path, "%.10s/stat", pid);
    if (proc_file_read(proc_fd, path, text, sizeof text) < 0) return false;
    const char *rest = strrchr(text, ')');
    unsigned long long user, system, reaped_user, reaped_system, threads;
    unsigned flags;
    int parent;
    if (rest == NULL ||
        /* NOLINTNEXTLINE(cert-err34-c): numbers of the kernel fit their types. */
        sscanf(rest,
               ") %*c %d %*d %*d %*d %*d %u %*u %*u %*u %*u %llu %llu %llu %llu "
               "%*d %*d %llu",
               &parent, &flags, &user, &system, &reaped_user, &reaped_system, &threads) != 7)
        return false;
    *entry = (struct entry){.pid = (pid_t)strtol(pid, NULL, 10),
                            .parent = parent,
                            .threads = threads,
                            .of_kernel = (flags & KERNEL_THREAD) != 0,
                            .reaped_ticks = reaped_user + reaped_system,
                            .user_ticks = user + reaped_user,
                            .system_ticks = system + reaped_system};
    return true;
}

/* Without descriptors or memory a process would be missed, and its CPU time with it.  Any other
 * error is that of one that is gone, or hidden from us. */
static void need_entry(const char *pid)
{
    if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == EIO)
        die_because("read /proc/%s/stat: %s", pid, strerror(errno));
}

static struct listing list_all(void)
{
    struct listing listing = {0};
    DIR *proc = opendir("/proc");
    if (proc == NULL) die("opendir /proc");
    errno = 0;
    for (struct dirent *item; (item = readdir(proc)) != NULL; errno = 0) {
        if (item->d_name[0] < '1' || item->d_name[0] > '9') continue;
        if (listing.count == listing.room) {
            listing.room = listing.room == 0 ? 512 : 2 * listing.room;
            listing.entries = realloc(listing.entries, listing.room * sizeof *listing.entries);
            if (listing.entries == NULL) die("realloc");
        }
        if (read_entry(dirfd(proc), item->d_name, &listing.entries[listing.count]))
            listing.count++;
        else
            need_entry(item->d_name);
    }
    if (errno != 0) die("readdir /proc");
    closedir(proc);
    return listing;
}

static int by_pid(const void *a, const void *b)
{
    const struct entry *one = a, *other = b;
    return (one->pid > other->pid) - (one->pid < other->pid);
}

static struct entry *find(const struct listing *listing, pid_t pid)
{
    struct entry key = {.pid = pid};
    return bsearch(&key, listing->entries, listing->count, sizeof key, by_pid);
}

/* Marks root and who descends from it.  Passes repeat until one finds nobody: a child's number may
 * be smaller than its parent's. */
static size_t mark(const struct listing *listing, pid_t root)
{
    struct entry *first = find(listing, root);
    if (first == NULL) return 0;
    size_t marked = 1;
    first->marked = true;
    for (bool found = true; found;) {
        found = false;
        for (size_t i = 0; i < listing->count; i++) {
            struct entry *entry = &listing->entries[i];
            const struct entry *parent = entry->marked ? NULL : find(listing, entry->parent);
            if (parent == NULL || !parent->marked) continue;
            entry->marked = found = true;
            marked++;
        }
    }
    return marked;
}

static uint64_t tick_ns(void)
{
    return NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);
}

/* True if a kernel thread may run on these CPUs only.  Where it ran last would say less: one that
 * comes from elsewhere would bring along all that it ever did. */
static bool is_bound_to(const struct entry *entry, const cpu_set_t *cpus)
{
    cpu_set_t own, both;
    if (sched_getaffinity(entry->pid, sizeof own, &own) < 0) return false; /* It is gone. */
    CPU_AND(&both, &own, cpus);
    return CPU_EQUAL(&both, &own);
}

/* Adds the kernel's own threads that are bound to the CPUs of `root`: they work for us, or nearly
 * not at all. */
static void add_kernel(const struct listing *listing, pid_t root, struct tree *tree)
{
    cpu_set_t cpus;
    bool runs = sched_getaffinity(root, sizeof cpus, &cpus) == 0;
    for (size_t i = 0; i < listing->count; i++) {
        const struct entry *entry = &listing->entries[i];
        if (!entry->of_kernel) continue;
        tree->sees_all = true;
        if (runs && is_bound_to(entry, &cpus))
            tree->kernel_ns += (entry->user_ticks + entry->system_ticks) * tick_ns();
    }
}

/* The exact CPU time of a process with all its threads, also those that ended; 0 if it is gone. */
static uint64_t cpu_clock_ns(pid_t pid)
{
    clockid_t id;
    struct timespec time;
    if (clock_getcpuclockid(pid, &id) != 0 || clock_gettime(id, &time) < 0) return 0;
    return (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_nsec;
}

static uint64_t entry_cpu_ns(const struct entry *entry)
{
    return cpu_clock_ns(entry->pid) + entry->reaped_ticks * tick_ns();
}

/* Tells programs that belong to this measurement from those that belong neither to it nor to the
 * kernel. */
static void add_ours_and_foreign(const struct listing *listing, struct tree *tree)
{
    mark(listing, getpid());
    for (size_t i = 0; i < listing->count; i++) {
        const struct entry *entry = &listing->entries[i];
        if (entry->marked)
            tree->ours_ns += entry_cpu_ns(entry);
        else if (!entry->of_kernel)
            tree->foreign_ns += (entry->user_ticks + entry->system_ticks) * tick_ns();
    }
}

struct tree probe_tree(pid_t root)
{
    struct listing listing = list_all();
    qsort(listing.entries, listing.count, sizeof *listing.entries, by_pid);
    struct tree tree = {.read_ns = clock_ns()};
    size_t marked = mark(&listing, root);
    tree.pids = calloc(marked + 1, sizeof *tree.pids);
    if (tree.pids == NULL) die("calloc");
    for (size_t i = 0; i < listing.count; i++) {
        const struct entry *entry = &listing.entries[i];
        if (!entry->marked) continue;
        tree.pids[tree.count++] = entry->pid;
        tree.threads += entry->threads;
        tree.user_ns += entry->user_ticks * tick_ns();
        tree.system_ns += entry->system_ticks * tick_ns();
        if (entry->pid != root) continue;
        tree.pids[tree.count - 1] = tree.pids[0];
        tree.pids[0] = root;
    }
    add_kernel(&listing, root, &tree);
    add_ours_and_foreign(&listing, &tree);
    free(listing.entries);
    return tree;
}

void probe_tree_free(struct tree *tree)
{
    free(tree->pids);
    *tree = (struct tree){0};
}

uint64_t probe_tree_cpu_ns(pid_t root)
{
    struct listing listing = list_all();
    uint64_t cpu_ns = 0;
    qsort(listing.entries, listing.count, sizeof *listing.entries, by_pid);
    mark(&listing, root);
    for (size_t i = 0; i < listing.count; i++)
        if (listing.entries[i].marked) cpu_ns += entry_cpu_ns(&listing.entries[i]);
    free(listing.entries);
    return cpu_ns;
}

int probe_tree_children(pid_t parent, pid_t *children, int max)
{
    struct listing listing = list_all();
    int count = 0;
    for (size_t i = 0; i < listing.count && count < max; i++)
        if (listing.entries[i].parent == parent) children[count++] = listing.entries[i].pid;
    free(listing.entries);
    return count;
}
