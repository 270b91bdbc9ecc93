/* target.h -- the server under test: one of our models, or any command that serves on a port. */
#ifndef C10K_TARGET_H
#define C10K_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/process.h"

struct target {
    struct process process;
    uint16_t port;
};

/* Starts `program` with port 0 and the words of `options`, watched by `watcher` (NULL: by nobody),
 * and waits until it says "ready port=N".  False with the reason in `why`; whatever was started has
 * ended then. */
bool target_start_model(const char *program, const char *options, const cpu_set_t *cpus,
                        const struct process_watcher *watcher, struct target *target, char *why,
                        size_t why_size);

/* Starts a shell command.  "{port}" in it becomes a free port, and it is ready when that port can
 * be connected to; without "{port}" it must say "ready port=N". */
bool target_start_command(const char *command, const cpu_set_t *cpus,
                          const struct process_watcher *watcher, struct target *target, char *why,
                          size_t why_size);

/* True while the server process runs. */
bool target_is_running(struct target *target);

/* Ends the server with all its children. */
void target_end(struct target *target);

#endif
