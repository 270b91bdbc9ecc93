/* probe_listener.c -- does a port belong to the server that says so? */
#include "harness/probe_listener.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/proc_file.h"

enum {
    INODES_MAX = 256,      /* Workers with SO_REUSEPORT have a socket each. */
    TEXT_MAX = 256 * 1024, /* The kernel lists listeners first. */
    STATE_LISTEN = 0x0A,   /* TCP_LISTEN of the kernel's tcp_states.h. */
    ADDRESS_MAX = 33,      /* 32 hexadecimal digits of IPv6. */
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

/* All listeners on the port, of both families; -1 where neither table can be read. */
static int find_inodes(uint16_t port, uint64_t *inodes)
{
    static const char *const tables[] = {"/proc/net/tcp", "/proc/net/tcp6"};
    static char text[TEXT_MAX];
    int count = -1;
    for (int i = 0; i < 2; i++) {
        if (proc_file_read(AT_FDCWD, tables[i], text, sizeof text) < 0) continue;
        if (count < 0) count = 0;
        count += probe_listener_inodes(text, port, inodes + count, INODES_MAX - count);
    }
    return count;
}

static bool is_one_of(const char *link, const uint64_t *inodes, int count)
{
    unsigned long long inode;
    /* NOLINTNEXTLINE(cert-err34-c): numbers of the kernel fit their types. */
    if (sscanf(link, "socket:[%llu]", &inode) != 1) return false;
    for (int i = 0; i < count; i++)
        if (inodes[i] == inode) return true;
    return false;
}

/* True if the process holds one of the sockets; *seen is false if it cannot be looked into. */
static bool holds(pid_t pid, const uint64_t *inodes, int count, bool *seen)
{
    char path[32], link[64];
    bool found = false;
    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    DIR *folder = opendir(path);
    *seen = folder != NULL || errno == ENOENT; /* It has ended. */
    if (folder == NULL) return false;
    errno = 0;
    for (struct dirent *entry; !found && (entry = readdir(folder)) != NULL; errno = 0) {
        ssize_t size = readlinkat(dirfd(folder), entry->d_name, link, sizeof link - 1);
        link[size > 0 ? size : 0] = '\0';
        found = is_one_of(link, inodes, count);
    }
    *seen = found || errno == 0 || errno == ENOENT;
    closedir(folder);
    return found;
}

enum listener probe_listener(const struct tree *tree, uint16_t port)
{
    uint64_t inodes[INODES_MAX];
    int count = find_inodes(port, inodes);
    bool all_seen = true;
    if (count <= 0) return count < 0 ? LISTENER_UNKNOWN : LISTENER_NONE;
    for (size_t i = 0; i < tree->count; i++) {
        bool seen;
        if (holds(tree->pids[i], inodes, count, &seen)) return LISTENER_OURS;
        all_seen = all_seen && seen;
    }
    return all_seen ? LISTENER_OTHER : LISTENER_UNKNOWN;
}
