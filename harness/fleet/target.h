/* target.h -- the server under test: one of our models, or any command that serves on a port.
 *
 * A server is ready only if the listener on its port belongs to it or to a process that it started:
 * "ready port=N" alone would let another program's echoes be measured. */
#ifndef C10K_TARGET_H
#define C10K_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/fleet/process.h"

struct target {
    struct process process;
    uint16_t port;
};

/* Starts `program` on `port` (0: any free one) with the words of `options`, watched by `watcher`
 * (NULL: by nobody), and waits until it says "ready port=N".  False with the reason in `why`;
 * whatever was started has ended then. */
bool target_start_model(const char *program, uint16_t port, const char *options,
                        const cpu_set_t *cpus, const struct process_watcher *watcher,
                        struct target *target, char *why, size_t why_size);

/* Starts a shell command.  "{port}" in it becomes `port` (0: a free one), and it is ready when that
 * port can be connected to; without "{port}" it must say "ready port=N", and `port` must be 0. */
bool target_start_command(const char *command, uint16_t port, const cpu_set_t *cpus,
                          const struct process_watcher *watcher, struct target *target, char *why,
                          size_t why_size);

/* The same for a command that serves on `port` in its own way, for example by a file that it reads:
 * {port} need not be in it. */
bool target_start_on_port(const char *command, uint16_t port, const cpu_set_t *cpus,
                          struct target *target, char *why, size_t why_size);

/* True while the server process runs. */
bool target_is_running(struct target *target);

/* Ends the server with all its children. */
void target_end(struct target *target);

#endif
