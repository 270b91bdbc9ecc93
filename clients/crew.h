/* crew.h -- the load client's processes: as many as its connections need, commanded as one.
 *
 *   load (coordinator)  ── command pipe ──▶  worker 0   holds up to the fd limit
 *      merges           ── command pipe ──▶  worker 1   ...
 *      reports      ◀── shared memory ─────
 *
 * Workers are started when they are needed, and end when the coordinator does. */
#ifndef C10K_CREW_H
#define C10K_CREW_H

#include <stdbool.h>
#include <stdint.h>

#include "clients/worker_protocol.h"

struct crew;

/* How the traffic of a window looks. */
struct crew_traffic {
    bool closed, poisson;
    bool spin;         /* Poll shortly before a message is due, where each process has a CPU. */
    double rate_per_s; /* Of all connections together, open loop. */
    uint32_t active;   /* Only so many connections have traffic; 0: all. */
    struct message_cost cost; /* Of cost_percent of the messages. */
    double cost_percent;
    double duration_s;
    uint64_t seed;
};

/* What a window of traffic was, beside the counts of its messages. */
struct crew_window {
    uint32_t active;         /* Connections that had traffic. */
    bool spin;               /* The processes polled. */
    uint64_t busiest_cpu_ns; /* CPU time of the process that used most. */
    uint64_t busiest_ns;     /* If they polled: time of the one that had most to do. */
    double achieved_per_s;   /* Echoes per second; NAN: too few came to tell. */
    double under_way;        /* Messages at a time, the mean; NAN as well. */
};

/* How clients come back that lose their server. */
struct crew_return {
    struct backoff backoff;
    uint32_t attempts_max; /* Of each client. */
    double limit_s;        /* For all of it, the server's absence included. */
};

/* Prepares a crew; setup's number and capacity are filled in for each worker, the capacity from
 * `files_free`, how many more files this process may open.  processes_min: use at least so many
 * processes. Never returns NULL: dies. */
struct crew *crew_new(const struct worker_setup *setup, uint32_t processes_min, long files_free);

/* Grows (or shrinks) to `connections` in all, and fills in the merged report of those opened. */
void crew_connect(struct crew *crew, uint32_t connections, struct worker_connects *connects);

/* Lets `visits` short-lived clients connect, echo one message and close, `at_once` at a time. */
void crew_visit(struct crew *crew, uint32_t visits, uint32_t at_once,
                struct worker_connects *connects);

/* Runs traffic and fills in the merged report. */
struct crew_window crew_run(struct crew *crew, const struct crew_traffic *traffic,
                            struct worker_traffic *merged);

/* Waits until every connection was ended by the server and stands again, or has given up, or the
 * limit is over; a connection that is back sends its share of traffic->rate_per_s.  Fills in the
 * merged reports.  Returns when it began, on clock_ns(). */
uint64_t crew_reconnect(struct crew *crew, const struct crew_return *policy,
                        const struct crew_traffic *traffic, struct worker_connects *connects,
                        struct worker_traffic *merged, struct worker_herd *herd);

uint32_t crew_open(const struct crew *crew);      /* Connections held now. */
uint32_t crew_processes(const struct crew *crew); /* Workers started so far. */

/* Ends all connections, waits for the workers, so that their CPU time is ours, and frees. */
void crew_end(struct crew *crew);

#endif
