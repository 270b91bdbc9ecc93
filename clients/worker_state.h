/* worker_state.h -- what the three files of a worker share.
 *
 *   worker.c           the event loop: reads, compares, hands on
 *   worker_connect.c   opens connections and ends them
 *   worker_traffic.c   sends on schedule, counts what comes back */
#ifndef C10K_WORKER_STATE_H
#define C10K_WORKER_STATE_H

#include "clients/connection.h"
#include "clients/schedule.h"
#include "clients/worker.h"

struct worker {
    struct worker_setup setup;
    struct worker_report *report;
    struct message_kind kind;
    char *scratch;  /* The message being written. */
    char *received; /* RECEIVE_B bytes. */
    int epoll_fd;
    struct connection *connections; /* [0] .. [count - 1]; some may be CLOSED. */
    uint32_t count;
    uint32_t tags; /* Of connections ever opened: no tag is used twice. */
    uint32_t turn; /* Which connection is next to be opened, or to send. */
    /* While connecting: */
    uint32_t wanted;   /* Still to be opened. */
    uint32_t underway; /* Opened, first echo not back. */
    bool visit;        /* Close after the first echo. */
    uint64_t progress_ns;
    /* While there is traffic: */
    const struct worker_command *command; /* NULL: no traffic, replies are only checked. */
    struct schedule schedule;
    uint64_t dice;   /* State of the generator that picks the messages with a cost. */
    uint32_t places; /* Traffic goes to those of connections[0] .. [places - 1] that are READY. */
    uint64_t middle_ns;   /* Of the window. */
    uint64_t outstanding; /* Messages of this window that are not back. */
};

/* ---- worker.c ---- */

/* Registers connection i with epoll (EPOLL_CTL_ADD), or changes what it is asked for (_MOD). */
void worker_watch(struct worker *worker, uint32_t i, int operation, bool writable);

/* Waits for events until until_ns at most, and handles them.  What falls due meanwhile is sent. */
void worker_handle_events(struct worker *worker, uint64_t now_ns, uint64_t until_ns);

/* ---- worker_connect.c ---- */

/* Holds as many connections as commanded; or lets as many short-lived clients come and go. */
void worker_connect(struct worker *worker, const struct worker_command *command);

/* The first echo of connection i is back: it stands. */
void worker_establish(struct worker *worker, uint32_t i, const struct flight *flight);

/* Ends connection i after `error` (0: its end was ours), and counts what that cost. */
void worker_end_connection(struct worker *worker, uint32_t i, int error);

/* ---- worker_traffic.c ---- */

/* Makes the commanded traffic and waits for what is late. */
void worker_traffic(struct worker *worker, const struct worker_command *command);

/* Sends what the schedule says is due. */
void worker_send_due(struct worker *worker, uint64_t now_ns);

/* Writes what is scheduled on connection i, and watches for room if the socket is full. */
void worker_send_scheduled(struct worker *worker, uint32_t i);

/* Counts a message that came back at now_ns. */
void worker_count_echo(struct worker *worker, uint32_t i, const struct flight *flight,
                       uint64_t now_ns);

/* Counts what connection i, which ends, will not bring back any more. */
void worker_lose_outstanding(struct worker *worker, const struct connection *connection);

#endif
