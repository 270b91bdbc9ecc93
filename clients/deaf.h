/* deaf.h -- clients that talk and never listen: they send what the server takes, and read nothing.
 *
 * A server that keeps their echoes for them without a bound fills its memory. */
#ifndef C10K_DEAF_H
#define C10K_DEAF_H

#include <stdint.h>

#include "common/net.h"

enum { DEAF_CLIENTS_MAX = 1000 };

/* What became of them. */
struct deaf_report {
    uint32_t connected;
    uint64_t stuck_b; /* Bytes sent that the server did not read. */
};

/* Ends those that there are, lets `wanted` new ones connect, and sends until no socket has taken
 * anything for a while, for 1 s and 50 ms of each of them at most.  Those that the server does not
 * accept, or resets, do not count. */
struct deaf_report deaf_clients(const struct net_address *address, uint32_t wanted);

#endif
