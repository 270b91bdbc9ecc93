/* worker_state.h -- what the four files of a worker share.
 *
 *   worker.c           the event loop: reads, compares, hands on
 *   worker_connect.c   opens connections and ends them
 *   worker_traffic.c   sends on schedule, counts what comes back
 *   worker_herd.c      loses the server, and comes back */
#ifndef C10K_WORKER_STATE_H
#define C10K_WORKER_STATE_H

#include "clients/alarms.h"
#include "clients/connection.h"
#include "clients/schedule.h"
#include "clients/worker.h"

/* Clients that lose their server and come back. */
struct herd {
    const struct worker_command *command;
    struct alarms alarms; /* When those without a connection try again. */
    struct herd_client {
        uint32_t failures; /* Since it lost its connection. */
        bool back;         /* It lost one, and has another. */
    } * clients;           /* One for each place. */
    uint32_t staying;      /* Not lost yet. */
    uint32_t away;         /* Waiting or trying. */
    uint64_t dice;         /* State of the generator behind the pauses. */
};

struct worker {
    struct worker_setup setup;
    struct worker_report *report;
    struct message_kind kind;
    char *scratch;  /* The message being written. */
    char *received; /* RECEIVE_B bytes. */
    int epoll_fd;
    struct connection *connections; /* [0] .. [count - 1]; some may be CLOSED. */
    uint32_t count;
    uint32_t tags; /* Of connections ever opened: a tag comes again after 2^24 others. */
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
    uint64_t middle_ns;   /* Of the window; in a closed loop, of its steady part. */
    uint32_t started;     /* Connections that a closed loop gave their first message. */
    uint64_t outstanding; /* Messages of this window that are not back. */
    uint64_t idle_ns;     /* Who polls: time in which nothing was due and nothing came. */
    struct herd *herd;    /* NULL: who loses its connection stays without. */
};

/* ---- worker.c ---- */

/* Registers connection i with epoll (EPOLL_CTL_ADD), or changes what it is asked for (_MOD). */
void worker_watch(struct worker *worker, uint32_t i, int operation, bool writable);

/* Waits for events until until_ns at most, and handles them.  What falls due meanwhile is sent. */
void worker_handle_events(struct worker *worker, uint64_t now_ns, uint64_t until_ns);

/* ---- worker_connect.c ---- */

/* Holds as many connections as commanded; or lets as many short-lived clients come and go. */
void worker_connect(struct worker *worker, const struct worker_command *command);

/* Starts to connect in place i, which is free.  False if that failed at once; it is counted. */
bool worker_open(struct worker *worker, uint32_t i);

/* Goes on with the handshakes of connection i; when they are done, its first message goes. */
void worker_shake_hands(struct worker *worker, uint32_t i);

/* Ends connection i of a short-lived client: all that came on it was right. */
void worker_part(struct worker *worker, uint32_t i);

/* The first echo of connection i is back: it stands. */
void worker_establish(struct worker *worker, uint32_t i, const struct flight *flight);

/* Ends all connections that do not stand yet: their time is over. */
void worker_end_attempts(struct worker *worker);

/* Ends connection i after `error` (0: its end was ours), and counts what that cost. */
void worker_end_connection(struct worker *worker, uint32_t i, int error);

/* ---- worker_traffic.c ---- */

/* Makes the commanded traffic and waits for what is late. */
void worker_traffic(struct worker *worker, const struct worker_command *command);

/* Sends what the schedule says is due, and returns the time then. */
uint64_t worker_send_due(struct worker *worker, uint64_t now_ns);

/* Writes what is scheduled on connection i, and watches for room if the socket is full. */
void worker_send_scheduled(struct worker *worker, uint32_t i);

/* Counts a message that came back at now_ns. */
void worker_count_echo(struct worker *worker, uint32_t i, const struct flight *flight,
                       uint64_t now_ns);

/* Counts what connection i, which ends, will not bring back any more. */
void worker_lose_outstanding(struct worker *worker, const struct connection *connection);

/* Sets the commanded schedule up, for the first `places` connections.  Nothing is due yet. */
void worker_set_schedule(struct worker *worker, const struct worker_command *command,
                         uint32_t places);

/* Counts as lost what has not come back by now. */
void worker_give_up_outstanding(struct worker *worker);

/* ---- worker_herd.c ---- */

/* Waits for the server's end, and brings all connections back as the command's backoff says. */
void worker_herd(struct worker *worker, const struct worker_command *command);

/* Connection i, which stood or was on its way, ended; `stood` tells which. */
void worker_herd_lost(struct worker *worker, uint32_t i, bool stood);

/* Connection i stands again. */
void worker_herd_back(struct worker *worker, uint32_t i);

#endif
