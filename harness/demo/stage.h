/* stage.h -- one model on the stage: its server, its client, and what is shown of them.
 *
 * A stage does one thing at a time.  Orders make the client do what the keys said; a turn is
 * traffic, measured as an experiment of kind latency measures it:
 *
 *     tree │ warm │ tasks, machine │ window │ machine, tasks, tree │ memory, if it is time
 *
 * Nothing here waits: stage_begin_...() sends the client a command, and stage_answer() takes the
 * answer when it is there. */
#ifndef C10K_DEMO_STAGE_H
#define C10K_DEMO_STAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/demo/figures.h"
#include "harness/demo/keys.h"
#include "harness/edge.h"
#include "harness/session.h"

enum stage_state {
    STAGE_UP,
    STAGE_KILLED, /* By us. */
    STAGE_ENDED,  /* By itself, or it never got ready. */
    STAGE_BROKEN, /* Its client ended. */
};

enum stage_step { STEP_NONE, STEP_ORDER, STEP_CONNECT, STEP_WARM, STEP_WINDOW, STEP_MEMORY };

struct stage {
    struct session session;
    struct target target;
    struct process load;
    struct wish wanted, told; /* What the keys said, and what the client knows of it. */
    bool told_changed;        /* Since latencies were merged last. */
    enum stage_state state;
    enum stage_step step;
    char command[64]; /* That the client has not answered yet. */
    char word[32];    /* Verdict of the last window, or what keeps it from having one. */
    char trouble[160];
    bool incomplete;     /* Not all connections could be opened; trouble says why. */
    double warm_missing; /* Messages before the figures are those of a steady state. */
    struct edge before;
    struct memory memory; /* Being read: of the first memory_read processes of before.tree. */
    size_t memory_read;
    uint64_t memory_spent_ns, memory_due_ns;
    struct figures figures;
};

/* Starts server and client of `model` for the first time.  On failure the state tells. */
void stage_start(struct stage *stage, const struct session *session, const struct wish *wish);

/* Starts the server again, after killing one that runs, and a client if there is none: it will open
 * all its connections at once. */
void stage_restart(struct stage *stage);

/* Ends the server as a crash would: no goodbye to its clients. */
void stage_kill(struct stage *stage);

/* True while it waits for an answer, or has memory left to read. */
bool stage_is_busy(const struct stage *stage);

/* True if there is an answer to wait for, on load.output_fd. */
bool stage_awaits_answer(const struct stage *stage);

/* True if the client does not know yet what the keys said last. */
bool stage_has_orders(const struct stage *stage);

/* True if it has somebody to send to. */
bool stage_can_play(const struct stage *stage);

void stage_begin_order(struct stage *stage);
void stage_begin_turn(struct stage *stage);

/* Takes the answer, and begins what follows within the same turn. */
void stage_answer(struct stage *stage);

/* Notices a server that has ended, and reads on in its memory. */
void stage_go_on(struct stage *stage);

#endif
