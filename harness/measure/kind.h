/* kind.h -- the contract between a kind of experiment and the program that measures it.
 *
 * A kind in C is a folder harness/kinds/NAME.  Its measure.c defines `kind`, and the Makefile links
 * all C files of the folder as build/release/measure-NAME, as a model is linked as server-NAME.
 *
 * Promises to a kind: the experiment is read and checked, the table is open, children end with the
 * program, and other programs leave server and client their CPUs.  Promises of a kind: a row for
 * each point of the experiment, also where it failed, with the reason; a line "point ..." for each
 * row; nothing left running.  harness/kinds/README.md tells of the other files of the folder. */
#ifndef C10K_KIND_H
#define C10K_KIND_H

#include <stdbool.h>

#include "harness/measure/conf.h"
#include "harness/measure/session.h"

enum kind_load {
    LOAD_OPEN,   /* The client sends on a schedule, whatever the server does. */
    LOAD_CLOSED, /* The client sends again when its message is back. */
    LOAD_IDLE,   /* Connections that never send after their first message. */
};

struct kind {
    const char *name; /* The folder's. */
    enum kind_load load;
    bool needs_two_cpus; /* On one CPU server and client wait for each other: no latency holds. */
    bool polls;          /* The client never sleeps where it has a CPU to itself: --spin. */
    bool is_uneven;      /* The halves of a window differ on purpose: no verdict "drifting". */
    bool finds_count;    /* How many connections there are is a result, not a setting. */
    const struct columns *columns; /* Of its table. */

    /* What one key demands of another; it may also make points of the kind's own keys.  False with
     * the mistake in *error.  NULL: nothing. */
    bool (*check)(struct conf *conf, struct conf_error *error);

    /* About how many seconds one model takes for one repeat. */
    double (*estimate_s)(const struct conf *conf);

    /* Adds options of the load client to its command line; NULL: none. */
    void (*add_client_options)(const struct session *session, struct arguments *arguments);

    /* Fills in what every row says of the kind's own keys; NULL: nothing. */
    void (*begin_row)(const struct session *session, struct row *row);

    /* Prints " name=value" of what the line of a point shows of the kind alone; NULL: nothing. */
    void (*show_row)(const struct row *row);

    /* Measures all points and writes their rows.  False if our own machinery broke, with a line on
     * stderr. */
    bool (*measure)(struct session *session);
};

extern const struct kind kind;

#endif
