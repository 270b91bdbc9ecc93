/* probe_listener.h -- does a port belong to the server that says so? */
#ifndef C10K_PROBE_LISTENER_H
#define C10K_PROBE_LISTENER_H

#include <stdint.h>

#include "harness/probes/probe_tree.h"

enum listener {
    LISTENER_OURS,    /* A process of the tree listens there. */
    LISTENER_NONE,    /* No process listens there. */
    LISTENER_OTHER,   /* Another program does. */
    LISTENER_UNKNOWN, /* /proc does not say. */
};

/* Looks for a listening TCP socket that 127.0.0.1 or ::1 leads to, and for a process of the tree
 * that holds it: by the number of its inode. */
enum listener probe_listener(const struct tree *tree, uint16_t port);

/* Writes the inode numbers of up to `max` sockets that listen on `port` according to the text of
 * /proc/net/tcp or tcp6; returns how many there are. */
int probe_listener_inodes(const char *text, uint16_t port, uint64_t *inodes, int max);

#endif
