/* session.h -- one call of measure: one experiment, one model, one repeat. */
#ifndef C10K_SESSION_H
#define C10K_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/measure/columns.h"
#include "harness/measure/conf.h"
#include "harness/fleet/cpus.h"
#include "harness/fleet/load_link.h"
#include "harness/probes/probe_kernel.h"
#include "harness/probes/probe_tree.h"
#include "harness/fleet/target.h"
#include "harness/measure/verdict.h"

enum { SESSION_FOLDER_MAX = 4096 };

struct arguments;
struct kind;

struct session {
    const struct kind *kind; /* How it is measured: kind.h. */
    struct conf conf;
    struct cpus cpus;
    const char *experiment; /* Name of the conf file, without folder and ".conf". */
    const char *profile, *model, *bin_dir;
    const char *command; /* NULL: the model is BIN_DIR/server-MODEL. */
    long repeat, seed;
    const char *out_path;                  /* The table that rows are appended to. */
    int out_fd;                            /* The same, for appending. */
    const struct process_watcher *watcher; /* Of the server, or NULL. */
    char beside[SESSION_FOLDER_MAX];       /* What the kind itself writes, beside the table. */
};

/* Starts the server of this session on `port`, 0: any free one.  As target_start_model(). */
bool session_start_target(const struct session *session, uint16_t port, struct target *target,
                          char *why, size_t why_size);

/* Writes the line that tells a shell to start this server on any free port.  False if there is no
 * room for all of it. */
bool session_command(const struct session *session, char *line, size_t size);

/* How many processes hold so many connections, each within its limit of files (negative: none), and
 * an eighth more, because the kernel deals connections out unevenly.  At least one a CPU. */
long session_workers(long connections, long files_max, long cpus);

/* Starts the load client against `port`.  Dies if it cannot; a client that ends at once is found
 * by the first load_ask(). */
struct process session_start_load(const struct session *session, int port);

/* For kinds that tell the client more than their load says: how messages arrive. */
void session_add_arrival(const struct session *session, struct arguments *arguments);

/* Ends the client. */
void session_end_load(struct process *load);

/* How a client grows. */
struct connecting {
    long held, wanted;    /* Connections: before, and after it. */
    long active;          /* So many of them send; 0: all. */
    double earlier_s;     /* What all steps but the last took; 0: there was only one. */
    double deaf, stuck_b; /* Of the wanted those that never read, and what they could send. */
};

/* Tells the client to hold what is wanted, and how many of them send; if the experiment wants those
 * deaf that do not, they come first.  Where many are wanted, in steps, each with a line of
 * progress; the answer is that of the last step.  As load_ask(). */
bool session_connect(const struct session *session, struct process *load,
                     struct connecting *connecting, struct answer *answer);

/* Tells the client which messages cost the server time, as the experiment says.  As load_ask(). */
bool session_prepare_traffic(const struct session *session, struct process *load,
                             struct answer *answer);

/* Tells the client how many messages to send a second from now on.  As load_ask(). */
bool session_rate(struct process *load, double rate_per_s, struct answer *answer);

/* Tells the client to send again on a connection when its message is back.  As load_ask(). */
bool session_close_loop(struct process *load, struct answer *answer);

/* Tells the client to make traffic for `duration_s`: `word` is "warm" or "window". */
bool session_traffic(const struct session *session, struct process *load, const char *word,
                     double duration_s, struct answer *answer);

/* The two halves of it, for kinds that act in between; as load_tell(), load_hear(). */
bool session_tell_traffic(struct process *load, const char *word, double duration_s);
bool session_hear_traffic(const struct session *session, struct process *load, const char *word,
                          double duration_s, struct answer *answer);

/* What the answer for a window, of a closed loop or not, says that the verdict needs; the rest is
 * not measured yet. */
struct verdict_numbers session_numbers(const struct session *session, bool closed,
                                       const struct answer *window);

/* How many of the connections send: `active` of a point, 0: all. */
long session_active(long connections, long active);

/* Fills in which point the row is about. */
void session_begin_row(const struct session *session, long connections, long active,
                       struct row *row);

/* Copies what connecting gave into the row; false if not all were established, or if the kernel
 * holds another number of them, with the reason. */
bool session_row_connects(const struct connecting *connecting, const struct answer *answer,
                          struct target *target, struct row *row, char *reason, size_t size);

/* Adds to the reason of a row that the server wrote much on stderr or stdout: that takes CPU time
 * which no message needs.  A few lines are no matter. */
void session_note_words(const struct target *target, char *reason, size_t size);

/* Fills in what the kernel dropped since `begin`, which is before the point's first connect. */
void session_row_drops(const struct kernel *begin, struct row *row);

/* Fills in how many the server's processes and threads are and what memory they and TCP hold. */
void session_row_memory(const struct tree *tree, const struct kernel *kernel, struct row *row);

/* Writes the row of a try that will be followed by another one of the same point. */
void session_keep_try(const struct session *session, struct row *row, const char *status,
                      const char *reason);

/* Writes the row with its verdict to the table, and the point's line to stdout.  Dies if the file
 * cannot be written: nothing measured after that would be kept. */
void session_finish_row(const struct session *session, struct row *row, const char *status,
                        const char *reason);

/* A row for each of the connection counts from `first` on that were not reached. */
void session_not_reached(const struct session *session, size_t first, const char *reason);

#endif
