/* job_traffic.h -- the job of sending messages on schedule, and counting them when they return.
 *
 * Other jobs that send, too, have a struct traffic inside and hand its callbacks on. */
#ifndef C10K_JOB_TRAFFIC_H
#define C10K_JOB_TRAFFIC_H

#include "clients/pool.h"

struct traffic {
    struct job job; /* Its schedule is that of the messages. */
    const struct worker_command *command;
    struct worker_traffic *found; /* In the pool's report. */
    uint64_t dice;                /* State of the generator that picks the messages with a cost. */
    uint32_t turn;                /* The place that sends next. */
    uint32_t places;              /* Traffic goes to those of the first `places` that are READY. */
    /* Of each place: may it send?  Then no other place sends in its stead.  NULL: all may. */
    const bool *may_send;
    uint64_t middle_ns;   /* Of the window; in a closed loop, of its steady part. */
    uint32_t started;     /* Connections that a closed loop gave their first message. */
    uint64_t outstanding; /* Messages of this window that are not back. */
};

/* Makes the commanded traffic and waits for what is late. */
void job_traffic(struct pool *pool, const struct worker_command *command);

/* Makes *traffic the pool's job.  Its counts begin at 0, and nothing is due yet. */
void traffic_begin(struct traffic *traffic, struct pool *pool,
                   const struct worker_command *command);

/* Sets the commanded schedule up, for the first `places` connections; then schedule_next(). */
void traffic_set_schedule(struct traffic *traffic, uint32_t places);

/* Sends what is due by now_ns, up to 64 messages, and returns the time then. */
uint64_t traffic_send_due(struct job *job, uint64_t now_ns);

/* Counts a message of connection i that was back at now_ns; in a closed loop, sends the next. */
void traffic_count_echo(struct job *job, uint32_t i, const struct flight *flight, uint64_t now_ns);

/* Counts as lost what connection i, which ends, will not bring back. */
void traffic_count_end(struct job *job, uint32_t i, bool stood);

/* Counts as lost what has not come back by now. */
void traffic_give_up_outstanding(struct traffic *traffic);

#endif
