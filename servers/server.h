/* server.h -- the contract between a server model and the rest of the suite.
 *
 * One model is one file in this folder.  It defines `server_model`, and
 * nothing else in it is visible outside.  The Makefile finds the file by its
 * name; no list has to be edited to add a model.
 *
 * Promises of a model: it echoes every byte of every connection in order until
 * the client half-closes, then sends what is left and closes.  A broken peer
 * ends that connection only.  Memory per connection is bounded: who does not
 * read is not read from.  Where files, memory or processes run out it serves those it has, and
 * newcomers wait: common/serving.h.  `./run_all.sh check MODEL` tests all of it.
 *
 * Promises to a model (common/server_main.c keeps them): `listen_fd` listens
 * and blocks; SIGPIPE is ignored; SIGTERM ends the process and its children. */
#ifndef C10K_SERVER_H
#define C10K_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/serving.h"

struct server_options {
    bool costs;  /* Pay for lines "!spin N" and "!sleep N" before they are echoed. */
    int backlog; /* That listen_fd has, for a model that listens on more. */
};

/* An option that only this model has: --NAME NUMBER, or --NAME WORD. */
struct server_knob {
    const char *name;  /* "stack-kib"; NULL ends a list of knobs. */
    const char *help;  /* What it does and its unit, for --help. */
    long *value;       /* Holds the default, and later what the user said. */
    long min, max;     /* The range that is accepted. */
    const char *words; /* NULL: a number.  "one|other": words that stand for 0, 1, ... */
};

struct server_model {
    const char *summary;             /* One line, for --help and for figure legends. */
    const struct server_knob *knobs; /* NULL: no options of its own. */
    void (*serve)(int listen_fd, const struct server_options *options);
    /* Accepts and echoes; never returns. */
    long clients_max; /* Served at once, by design; 0: as many as the machine lets it.  The gate
                       * skips traps that bring more: see `--clients-max` of a server. */
};

extern const struct server_model server_model;

/* Forks a worker that ends when the server does.  Returns as fork(2). */
pid_t server_fork(void);

#endif
