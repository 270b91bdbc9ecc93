/* job_herd.h -- the job of losing the server and coming back: each connection by its backoff. */
#ifndef C10K_JOB_HERD_H
#define C10K_JOB_HERD_H

#include "clients/alarms.h"
#include "clients/job_traffic.h"

/* Connections that lose their server and come back. */
struct herd {
    struct traffic traffic;    /* Of those that are back. */
    struct worker_herd *found; /* In the pool's report. */
    struct alarms alarms;      /* When those without a connection try again. */
    uint32_t *failures;        /* Of each place, since it lost its connection. */
    bool *back;                /* Of each place: it lost a connection, and has another. */
    uint32_t staying;          /* Not lost yet. */
    uint32_t away;             /* Waiting or trying. */
    uint64_t dice;             /* State of the generator behind the pauses. */
    bool over;                 /* A connection that ends from now on does not try again. */
};

/* Waits for the server's end, and brings all connections back as the command's backoff says. */
void job_herd(struct pool *pool, const struct worker_command *command);

/* Makes *herd the pool's job, with all connections staying.  Dies without memory. */
void herd_begin(struct herd *herd, struct pool *pool, const struct worker_command *command);

/* Takes the job from the pool and frees what herd_begin() made. */
void herd_end(struct herd *herd);

#endif
