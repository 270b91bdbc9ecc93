/* process.h -- starts the programs that a measurement needs, and ends every one of them.
 *
 * Whichever way this program ends, by return, die() or a signal, it leaves no child behind: each
 * started process is listed here, and the list is emptied at exit.  Should we be killed outright,
 * the keeper of each program ends it with all that it started: see keeper.h. */
#ifndef C10K_PROCESS_H
#define C10K_PROCESS_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct process {
    pid_t pid;                /* 0: not running. */
    int pidfd;                /* Of it; 0: none. */
    pid_t child;              /* Our child: its keeper, or itself where it has none. */
    struct keeper_news *news; /* Of its keeper, or NULL. */
    int input_fd;             /* To its stdin, or -1. */
    int output_fd;            /* From its stdout, or -1. */
    int error_fd;             /* A file in memory that holds what it said on stderr: said.h. */
    int status;               /* As from waitpid(2), once it ended. */
};

/* Installs the handlers of SIGINT and SIGTERM and the clean-up at exit.  Call once, first. */
void process_prepare(void);

/* Exits with 130 or 143 if SIGINT or SIGTERM came, ending all children.  Every wait in the harness
 * calls it; those of the gate's traps do not, which end with their gate. */
void process_stop_if_asked(void);

/* The number of the signal that came, SIGINT or SIGTERM; 0: none. */
int process_asked_to_stop(void);

/* Who wants to watch a program from its first instruction on: `attach` is called while the child is
 * held back right before exec, so that whatever its own children inherit is there before it has
 * any. */
struct process_watcher {
    void (*attach)(pid_t pid, void *argument);
    void *argument;
};

/* Starts a program of ours, argv[0] (a path, or found in PATH), on `cpus` (NULL: wherever).  Its
 * stdin and stdout are pipes to us.  Dies if it cannot. */
struct process process_start(char *const argv[], const cpu_set_t *cpus);

/* Starts a server, watched from before its exec; `watcher` may be NULL.  A server is a
 * third-party program: its stdin is /dev/null, its stdout a pipe to us that never fills up, its
 * user is that of user.h, and nothing of its state is inherited from us: see child.h. */
struct process process_start_server(char *const argv[], const cpu_set_t *cpus,
                                    const struct process_watcher *watcher);

/* Starts `work(argument)` in a child of ours; it ends when work returns. */
struct process process_fork(void (*work)(void *), void *argument, const cpu_set_t *cpus);

/* Sends a signal to the process, if it runs; never to another one with its number. */
void process_signal(const struct process *process, int signal_number);

/* True if the process still runs; when it has ended, `status` holds how. */
bool process_is_running(struct process *process);

/* Sends SIGTERM, waits up to `patience_ms`, then SIGKILL, and ends every process that it started
 * and that still runs.  Closes the pipes but not error_fd. */
void process_end(struct process *process, int patience_ms);

/* Closes error_fd: what it said is forgotten. */
void process_forget(struct process *process);

enum process_line {
    LINE_READ,
    LINE_LATE,     /* The deadline came first. */
    LINE_ENDED,    /* The process closed its stdout, or ended. */
    LINE_TOO_LONG, /* There was no room for all of it. */
};

/* Reads a line from the process's stdout until `deadline_ns` of clock_ns(), without its newline.
 * Otherwise `line` holds the beginning that came.  What a server writes after it is discarded. */
enum process_line process_read_line(struct process *process, char *line, size_t size,
                                    uint64_t deadline_ns);

/* What a server writes on stdout is discarded from now on.  Before this, and before its first line
 * was read, its output waits in the pipe, and the server waits when that is full. */
void process_discard_output(struct process *process);

/* Writes how an ended process ended and the last line of its stderr into `text`: "exit 1: out of
 * memory", "signal 9 (Killed)". */
void process_last_words(const struct process *process, char *text, size_t size);

/* Writes the last line of its stderr, "" if it said nothing; also while it runs. */
void process_last_line(const struct process *process, char *line, size_t size);

/* How many bytes it wrote on stderr, and on stdout after what was read of it. */
uint64_t process_wrote_b(const struct process *process);

/* A process that it had started and that still ran when it ended; 0: none. */
pid_t process_left_behind(const struct process *process);

/* Sleeps, but leaves when SIGINT or SIGTERM comes. */
void process_sleep_ns(uint64_t duration_ns);

#endif
