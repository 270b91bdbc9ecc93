/* pool.h -- a worker's sockets: opened, watched by epoll, compared with what was sent, ended.
 *
 * The pool knows how a connection lives, and a job (struct job) decides what it is for.  A job
 * calls the pool; the pool calls the job only through its four callbacks. */
#ifndef C10K_POOL_H
#define C10K_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "clients/connection.h"
#include "clients/message.h"
#include "clients/schedule.h"
#include "clients/worker_protocol.h"

struct pool;

/* What is done with the connections of a pool.  A job is the first member of a larger struct. */
struct job {
    struct pool *pool;
    /* The first echo of connection i is back: pool_keep() or pool_part() it.  `more`: further bytes
     * came with it; they are compared next.  NULL where no connection is opened. */
    void (*stands)(struct job *job, uint32_t i, const struct flight *flight, bool more);
    /* Another echo was complete at now_ns. */
    void (*echo)(struct job *job, uint32_t i, const struct flight *flight, uint64_t now_ns);
    /* Connection i ends; `stood`: its first echo had come.  Its flights are still there. */
    void (*ended)(struct job *job, uint32_t i, bool stood);
    /* schedule.next_ns has been reached.  Returns the time then. */
    uint64_t (*due)(struct job *job, uint64_t now_ns);
    struct schedule schedule; /* next_ns is UINT64_MAX where nothing is ever due. */
    bool spin;                /* Poll instead of sleeping just before something is due. */
};

struct pool {
    struct worker_setup setup;
    struct worker_report *report;
    struct message_kind kind;
    char *scratch;  /* The message being written. */
    char *received; /* POOL_RECEIVE_B bytes. */
    int epoll_fd;
    struct connection *connections; /* [0] .. [count - 1]; some may be CLOSED. */
    uint32_t count;
    uint32_t tags;     /* Of connections ever opened: a tag comes again after 2^24 others. */
    uint32_t underway; /* Opened, first echo not back. */
    uint64_t idle_ns;  /* A job that spins: time in which nothing was due and nothing came. */
    struct job *job;   /* Of now. */
};

enum { POOL_RECEIVE_B = 64 * 1024 };

/* Returns a pool without connections that counts in *report.  Dies without memory or epoll. */
struct pool pool_new(const struct worker_setup *setup, struct worker_report *report);

/* Frees what pool_new() made; the connections end with their process. */
void pool_free(struct pool *pool);

/* Makes room for `places` connections; new places are CLOSED, those beyond must be.  Dies without
 * memory. */
void pool_resize(struct pool *pool, uint32_t places);

/* Registers connection i with epoll (EPOLL_CTL_ADD), or changes what it is asked for (_MOD). */
void pool_watch(struct pool *pool, uint32_t i, int operation, bool writable);

/* Starts to connect in place i, which is CLOSED.  False if that failed at once; it is counted. */
bool pool_open(struct pool *pool, uint32_t i);

/* Counts how long a connection took whose first echo is back; returns the time now. */
uint64_t pool_count_connect(struct pool *pool, const struct flight *first);

/* Connection i, whose first echo is back, stands: it is READY. */
void pool_keep(struct pool *pool, uint32_t i);

/* Closes connection i, whose first echo is back: it is established and over, without ended(). */
void pool_part(struct pool *pool, uint32_t i);

/* Counts a connection that could not be established, by errno value. */
void pool_count_failure(struct pool *pool, int error);

/* Writes what is scheduled on connection i, and watches for room if the socket is full.  Ends the
 * connection if it is broken. */
void pool_send(struct pool *pool, uint32_t i);

/* Ends connection i after `error` (an errno value; 0: the worker chose to), counts that, and calls
 * ended(). */
void pool_end(struct pool *pool, uint32_t i, int error);

/* Ends all connections that do not stand yet: their time is over. */
void pool_end_attempts(struct pool *pool);

/* Waits for events until until_ns at most, and handles them; calls due() between two events where
 * something has fallen due.  now_ns is the time on clock_ns(). */
void pool_handle_events(struct pool *pool, uint64_t now_ns, uint64_t until_ns);

#endif
