/* idle_acceptor.h -- the cheapest server there can be: accepts, echoes each connection's first
 * message, and then does nothing.
 *
 * What the machine loses to N clients of it is the clients' share and the sockets', and none of a
 * model's. */
#ifndef C10K_ACCEPTOR_H
#define C10K_ACCEPTOR_H

#include <stdint.h>

#include "harness/fleet/process.h"

struct acceptor {
    struct process process;
    uint16_t port;
};

/* Starts it on `cpus`; end it with process_end(). */
struct acceptor acceptor_start(const cpu_set_t *cpus);

#endif
