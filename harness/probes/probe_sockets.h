/* probe_sockets.h -- how many connections the kernel holds towards a port: the client's count, told
 * by somebody who has no reason to flatter it; and how many of them wait for their server. */
#ifndef C10K_PROBE_SOCKETS_H
#define C10K_PROBE_SOCKETS_H

#include <stdint.h>

/* Returns the number of IPv4 sockets of this machine that are connected (ESTABLISHED) to
 * 127.0.0.1, `port`; -1 if this kernel does not tell (no netlink sock_diag).
 * /proc/net/sockstat only has the sum of all programs, so that a stranger's connection would look
 * like one of ours. */
long probe_sockets(uint16_t port);

/* Returns how many connections to `port` (IPv4) wait to be accepted: the length of the listener's
 * accept queue, of several listeners the longest.  -1: nobody listens, or the kernel
 * does not tell. */
long probe_sockets_waiting(uint16_t port);

#endif
