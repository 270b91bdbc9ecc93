/* handshake_run.h -- N short visits to an echo server, K of them at a time: connect, shake hands,
 * send a message, compare its echo, close. */
#ifndef C10K_HANDSHAKE_RUN_H
#define C10K_HANDSHAKE_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/histogram.h"
#include "common/net.h"

enum { HANDSHAKE_AT_ONCE_MAX = 1000, HANDSHAKE_MESSAGE_B_MAX = 16 * 1024 };

struct handshake_request {
    struct net_address address;
    uint32_t connections; /* In all, 1 at least. */
    uint32_t at_once;     /* 1 .. connections, at most HANDSHAKE_AT_ONCE_MAX. */
    const char *tls;      /* "1.2" or "1.3"; NULL: plain TCP. */
    const char *ca;       /* PEM file with the only authority that is trusted; needed for TLS. */
    bool resume;          /* Each connection takes up the session of the one before in its place. */
    size_t message_b;     /* MESSAGE_B_MIN .. HANDSHAKE_MESSAGE_B_MAX */
    uint64_t timeout_ns;  /* For all connections together. */
};

/* Of the connections that were echoed all their bytes, if nothing else is said. */
struct handshake_found {
    uint64_t done, failed;        /* Their sum is the connections asked for. */
    uint64_t resumed;             /* Took up an earlier session, as the server agreed. */
    struct histogram round_trips; /* Before the first byte can be sent, TCP's own among them. */
    struct histogram time_ns;     /* From connect(2) until the first byte can be sent. */
    uint64_t sent_b, received_b;  /* By the handshakes of TLS, on the wire; sums. */
    uint64_t window_ns, cpu_ns;   /* Of the whole run; CPU of this process. */
    char why[200];                /* Of the first failure; "" if there was none. */
};

/* Makes the visits, and fills in *found.  Ends when the timeout is over at the latest.  Exits as
 * link_context() and link_shake() do. */
void handshake_run(const struct handshake_request *request, struct handshake_found *found);

#endif
