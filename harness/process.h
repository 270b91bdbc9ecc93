/* process.h -- starts the programs that a measurement needs, and ends every one of them.
 *
 * Whoever leaves this program, by return, die() or a signal, leaves no child behind: each started
 * process is listed here, and the list is emptied at exit.  Should we be killed outright, the
 * kernel kills the children (PR_SET_PDEATHSIG). */
#ifndef C10K_PROCESS_H
#define C10K_PROCESS_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct process {
    pid_t pid;     /* 0: not running. */
    int input_fd;  /* To its stdin, or -1. */
    int output_fd; /* From its stdout, or -1. */
    int error_fd;  /* A file in memory that holds what it said on stderr. */
    int status;    /* As from waitpid(2), once it ended. */
};

/* Installs the handlers of SIGINT and SIGTERM and the clean-up at exit.  Call once, first. */
void process_prepare(void);

/* Exits with 130 or 143 if SIGINT or SIGTERM came, ending all children.  Every wait in the harness
 * calls it; those of the gate's traps do not, which end with their gate. */
void process_stop_if_asked(void);

/* Who wants to watch a program from its first instruction on: `attach` is called while the child is
 * held back right before exec, so that whatever its own children inherit is there before it has
 * any. */
struct process_watcher {
    void (*attach)(pid_t pid, void *argument);
    void *argument;
};

/* Starts argv[0] (a path, or found in PATH) on `cpus` (NULL: wherever).  Its stdin and stdout are
 * pipes to us if `talks`, else stdin is /dev/null and only stdout is a pipe.  Dies if it cannot. */
struct process process_start(char *const argv[], const cpu_set_t *cpus, bool talks);

/* The same, watched from before its exec; nobody watches if `watcher` is NULL. */
struct process process_start_watched(char *const argv[], const cpu_set_t *cpus, bool talks,
                                     const struct process_watcher *watcher);

/* Starts `work(argument)` in a child of ours; it ends when work returns. */
struct process process_fork(void (*work)(void *), void *argument, const cpu_set_t *cpus);

/* True if the process still runs; when it has ended, `status` holds how. */
bool process_is_running(struct process *process);

/* Sends SIGTERM, waits up to `patience_ms`, then SIGKILL.  Closes the pipes but not error_fd. */
void process_end(struct process *process, int patience_ms);

/* Ends what processes left behind that have ended: their orphans come to us, because we are their
 * subreaper (PR_SET_CHILD_SUBREAPER).  For a minute at most. */
void process_end_orphans(void);

/* Closes error_fd: what it said is forgotten. */
void process_forget(struct process *process);

/* Reads a line from the process's stdout until `deadline_ns` of clock_ns(), without its newline.
 * False if there is none (deadline, or it ended). */
bool process_read_line(struct process *process, char *line, size_t size, uint64_t deadline_ns);

/* Writes how an ended process ended and the last line of its stderr into `text`: "exit 1: out of
 * memory", "signal 9 (Killed)". */
void process_last_words(const struct process *process, char *text, size_t size);

/* Writes the last line of its stderr, "" if it said nothing; also while it runs. */
void process_last_line(const struct process *process, char *line, size_t size);

/* Sleeps, but leaves when SIGINT or SIGTERM comes. */
void process_sleep_ns(uint64_t duration_ns);

#endif
