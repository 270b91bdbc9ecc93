/* worker_protocol.h -- what the coordinator (crew.h) commands a worker, and what the worker
 * reports.
 *
 * Commands pass through a pipe.  A report lies in memory that the coordinator shares with the
 * worker; the coordinator merges the reports of all workers. */
#ifndef C10K_WORKER_PROTOCOL_H
#define C10K_WORKER_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clients/backoff.h"
#include "clients/message.h"
#include "clients/tls.h"
#include "common/herd.h"
#include "common/histogram.h"
#include "common/net.h"

enum worker_command_kind { WORKER_CONNECT, WORKER_VISIT, WORKER_TRAFFIC, WORKER_RECONNECT };

struct worker_command {
    enum worker_command_kind kind;
    /* WORKER_CONNECT: hold this many connections.  WORKER_VISIT: this many short-lived clients. */
    uint32_t connections;
    uint32_t in_flight_max; /* Connects under way at once. */
    /* WORKER_TRAFFIC, on the first `active` connections: */
    uint32_t active;
    bool closed;       /* Each connection sends when its echo is back; else by the schedule. */
    bool poisson;      /* Of the schedule. */
    bool spin;         /* Poll instead of sleeping just before a message is due. */
    double rate_per_s; /* Of this worker's share of the schedule. */
    struct message_cost cost; /* Of `cost_percent` of the messages, picked at random. */
    double cost_percent;
    uint64_t begin_ns, end_ns; /* The window, on clock_ns(). */
    uint64_t seed;
    /* WORKER_RECONNECT, from begin_ns to end_ns at most, with rate_per_s, poisson and seed: */
    struct backoff backoff;
    uint32_t attempts_max; /* Of one client; then it gives up. */
};

/* What WORKER_CONNECT and WORKER_VISIT found. */
struct worker_connects {
    uint64_t asked;                             /* New connections tried. */
    uint64_t established;                       /* Of those, connected and echoed once. */
    uint64_t refused, reset, timed_out, failed; /* The others, by what happened. */
    /* Besides, `reset` and `corrupt` count connections that stood before. */
    uint64_t corrupt;
    int first_errno;             /* Of the first that was not established, 0 if none. */
    struct histogram connect_ns; /* From connect(2) to the first echo complete. */
    /* Of those whose handshakes were done, so that their first byte could be sent: */
    struct histogram handshake_ns;                   /* From connect(2) until then. */
    struct histogram round_trips;                    /* Before it, TCP's own among them. */
    uint64_t handshake_sent_b, handshake_received_b; /* By TLS, on the wire; sums. */
    uint64_t resumed;                                /* Took up an earlier session of TLS. */
    uint64_t begin_ns, end_ns;                       /* Of all this, on clock_ns(); 0 in a herd. */
    uint64_t cpu_ns;                                 /* This process, from begin_ns to end_ns. */
};

/* What WORKER_TRAFFIC found.  sent = received + lost.  All counts are of messages due in the
 * window. */
struct worker_traffic {
    uint64_t sent, received, lost;
    uint64_t sent_in_time;     /* Picked up for sending before the window's end. */
    uint64_t received_in_time; /* Returned before it. */
    /* From when on throughput counts: the window's begin; in a closed loop, which first has to be
     * filled, when as many had returned as there are connections.  0: that never was. */
    uint64_t steady_begin_ns;
    uint64_t received_half[2]; /* Returned in the first and second half from then to the end. */
    uint64_t steady_spent_ns;  /* Under way between then and the end: all messages together. */
    uint64_t corrupt;          /* Connections on which a wrong byte came back; they are closed. */
    uint64_t reset;            /* Connections that the server ended. */
    uint64_t cpu_ns, user_ns, system_ns; /* This process, from the window's begin to its end. */
    uint64_t busy_ns; /* The same less what polling burnt in vain; meaningless without `spin`. */
    /* From the intended time, lost ones included: of ordinary messages, by half of the window, and
     * of those with a cost. */
    struct histogram latency_half_ns[2], slow_ns;
    struct histogram from_sent_ns; /* From the moment of writing. */
    struct histogram send_lag_ns;  /* From the intended time to being picked up. */
};

/* What WORKER_RECONNECT found.  Its attempts are in struct worker_connects (asked).  Its messages,
 * which only connections that are back send, are in struct worker_traffic. */
struct worker_herd {
    uint64_t held;          /* Connections at its begin. */
    uint64_t lost;          /* How often the server ended one. */
    uint64_t lost_in_order; /* Of those, with an end of stream; the others were reset. */
    uint64_t gave_up;       /* Clients that tried attempts_max times in vain. */
    uint64_t first_lost_ns, last_back_ns; /* On clock_ns(); 0: none. */
    struct herd_bin {
        uint32_t lost, attempts, failed, back;
    } bins[HERD_BINS]; /* From begin_ns on. */
};

struct worker_report {
    uint64_t open; /* Connections held now. */
    struct worker_connects connects;
    struct worker_traffic traffic;
    struct worker_herd herd;
};

/* What stays the same all the time. */
struct worker_setup {
    struct net_address address;
    struct tls_client *tls; /* NULL: TCP alone. */
    uint32_t number;        /* 0, 1, 2, ... */
    uint32_t capacity;      /* Connections that this process may hold. */
    size_t message_b;
    uint64_t timeout_ns;  /* After the window's end. */
    uint64_t patience_ns; /* After the last connect that made progress. */
};

#endif
