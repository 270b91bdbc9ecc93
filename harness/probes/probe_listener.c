/* probe_listener.c -- does a port belong to the server that says so? */
#include "harness/probes/probe_listener.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    LINES_MAX = 2000,    /* The kernel lists listeners first. */
    LINE_MAX_B = 256,    /* A line of tcp6 has 180 bytes. */
    STATE_LISTEN = 0x0A, /* TCP_LISTEN of the kernel's tcp_states.h. */
    ADDRESS_MAX = 33,    /* 32 hexadecimal digits of IPv6. */
    /* Less than a line: a larger read makes the kernel walk through its whole table of connections,
     * which takes milliseconds, for lines that are not needed. */
    READ_B = 128,
};

/* True for addresses at which a connection to the loopback interface may arrive. */
static bool is_reached(const char *address)
{
    static const char *const reached[] = {
        "0100007F",                         /* 127.0.0.1 */
        "00000000",                         /* 0.0.0.0 */
        "00000000000000000000000000000000", /* :: */
        "00000000000000000000000001000000", /* ::1 */
        "0000000000000000FFFF00000100007F", /* ::ffff:127.0.0.1 */
    };
    for (size_t i = 0; i < sizeof reached / sizeof *reached; i++)
        if (strcmp(address, reached[i]) == 0) return true;
    return false;
}

int probe_listener_inodes(const char *text, uint16_t port, uint64_t *inodes, int max)
{
    int count = 0;
    for (const char *line = text; line != NULL && count < max; line = strchr(line, '\n')) {
        char address[ADDRESS_MAX];
        unsigned local, state;
        unsigned long long inode;
        if (*line == '\n') line++;
        /* NOLINTNEXTLINE(cert-err34-c): numbers of the kernel fit their types. */
        if (sscanf(line, " %*d: %32[0-9A-F]:%x %*s %x %*s %*s %*s %*u %*u %llu", address, &local,
                   &state, &inode) != 4)
            continue;
        if (state == STATE_LISTEN && local == port && is_reached(address)) inodes[count++] = inode;
    }
    return count;
}

/* True if the process holds the socket; *seen is false if it cannot be looked into. */
static bool holds(pid_t pid, uint64_t inode, bool *seen)
{
    char path[32], link[64], wanted[64];
    bool found = false;
    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    snprintf(wanted, sizeof wanted, "socket:[%lu]", inode);
    DIR *folder = opendir(path);
    *seen = folder != NULL || errno == ENOENT; /* It has ended. */
    if (folder == NULL) return false;
    errno = 0;
    for (struct dirent *entry; !found && (entry = readdir(folder)) != NULL; errno = 0) {
        ssize_t size = readlinkat(dirfd(folder), entry->d_name, link, sizeof link - 1);
        link[size > 0 ? size : 0] = '\0';
        found = strcmp(link, wanted) == 0;
    }
    *seen = found || errno == 0 || errno == ENOENT;
    closedir(folder);
    return found;
}

/* What the kernel's tables say about a port. */
struct search {
    int tables, listeners; /* Tables that could be read, listeners on the port. */
    bool ours, unseen;     /* A process of the tree holds one; a process cannot be looked into. */
};

static void look_for_holder(const struct tree *tree, uint64_t inode, struct search *search)
{
    for (size_t i = 0; i < tree->count && !search->ours; i++) {
        bool seen;
        search->ours = holds(tree->pids[i], inode, &seen);
        search->unseen = search->unseen || !seen;
    }
}

/* Reads the table up to a listener that a process of the tree holds. */
static void search_table(const char *path, const struct tree *tree, uint16_t port,
                         struct search *search)
{
    char buffer[READ_B], line[LINE_MAX_B];
    uint64_t inode;
    FILE *table = fopen(path, "re");
    if (table == NULL) return;
    (void)setvbuf(table, buffer, _IOFBF, sizeof buffer);
    for (int i = 0; i < LINES_MAX && !search->ours; i++) {
        if (fgets(line, sizeof line, table) == NULL) break;
        if (probe_listener_inodes(line, port, &inode, 1) == 0) continue;
        search->listeners++;
        look_for_holder(tree, inode, search);
    }
    search->tables += ferror(table) == 0;
    (void)fclose(table); /* It was only read. */
}

enum listener probe_listener(const struct tree *tree, uint16_t port)
{
    struct search search = {0};
    search_table("/proc/net/tcp", tree, port, &search);
    if (!search.ours) search_table("/proc/net/tcp6", tree, port, &search);
    if (search.ours) return LISTENER_OURS;
    if (search.listeners > 0) return search.unseen ? LISTENER_UNKNOWN : LISTENER_OTHER;
    return search.tables > 0 ? LISTENER_NONE : LISTENER_UNKNOWN;
}
