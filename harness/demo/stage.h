/* stage.h -- one model on the stage: its server, its client, and what is shown of them.
 *
 * A stage does one thing at a time.  Orders make the client do what the keys said; a turn is
 * traffic, measured as an experiment of kind latency measures it:
 *
 *     tree │ warm │ tasks, machine │ window │ machine, tree, tasks │ memory, if it is time
 *
 * Warming is brisk first, then as the window's traffic: reading the tree goes through /proc of all
 * models and leaves cold caches, which many connections at a low rate would warm for seconds.
 *
 * Nothing waits but for a server that starts or ends: stage_begin_...() sends the client a command,
 * and stage_answer() takes the answer when it is there. */
#ifndef C10K_DEMO_STAGE_H
#define C10K_DEMO_STAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/demo/figures.h"
#include "harness/demo/keys.h"
#include "harness/measure/window_edges.h"
#include "harness/measure/session.h"

enum stage_state {
    STAGE_UP,
    STAGE_KILLED, /* By us. */
    STAGE_ENDED,  /* By itself, or it never got ready. */
    STAGE_BROKEN, /* Its client ended. */
};

enum stage_step {
    STEP_NONE,
    STEP_ORDER,
    STEP_CONNECT,
    STEP_BRISK_RATE, /* The client is told to be brisk, */
    STEP_BRISK,      /* is, */
    STEP_OWN_RATE,   /* and is told its own rate again. */
    STEP_WARM,
    STEP_WINDOW,
    STEP_MEMORY
};

struct stage {
    struct session session;
    struct target target;
    struct process load;
    struct wish wanted, told; /* What the keys said, and what the client knows of it. */
    bool alone;               /* Nobody else is measured while it has its turn. */
    bool merge_anew;          /* Latencies so far are not to be merged with those that follow. */
    enum stage_state state;
    enum stage_step step;
    char command[64]; /* That the client has not answered yet. */
    char word[32];    /* Verdict of the windows shown, or what keeps them from having one. */
    char trouble[160];
    bool incomplete;     /* Not all connections could be opened; trouble says why. */
    double warm_missing; /* Messages before the figures are those of a steady state. */
    bool cold;           /* Some were missing when the window began. */
    struct edge before;
    struct memory memory; /* Being read: of the first memory_read processes of before.tree. */
    size_t memory_read;
    uint64_t memory_spent_ns, memory_due_ns;
    double files_alone_kib; /* From stage_files_alone_kib(). */
    struct figures figures;
};

/* Runs server and client of session->model for a moment and returns which part of the files that
 * programs share (itself, the C library) is the server's while no other model runs: side by side,
 * each is given a smaller part.  0 if they cannot run; stage_start() will say why. */
double stage_files_alone_kib(const struct session *session);

/* Starts server and client of session->model for the first time.  On failure the state tells. */
void stage_start(struct stage *stage, const struct session *session, const struct wish *wish,
                 double files_alone_kib);

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

/* Sends the client the next thing that it does not know yet. */
void stage_begin_order(struct stage *stage);

/* Begins to warm up for the next window. */
void stage_begin_turn(struct stage *stage);

/* Takes the answer, and begins what follows within the same turn. */
void stage_answer(struct stage *stage);

/* Notices a server that has ended, and reads on in its memory. */
void stage_go_on(struct stage *stage);

#endif
