/* limits.h -- a server that may use less than the machine allows.
 *
 * The limit is set by the words that stand before the server's command (prlimit(1), setpriv(1)), so
 * that it holds for the server and its children, and for nobody else. */
#ifndef C10K_LIMITS_H
#define C10K_LIMITS_H

#include <stdbool.h>
#include <stddef.h>

struct limits {
    long files;     /* Of each process; 0: as many as we may. */
    long processes; /* With threads, of all the server's together; 0: as many as we may. */
};

/* Reads "machine" (no limit of its own), "files=N" or "processes=N".  False if it is none. */
bool limits_read(const char *word, struct limits *limits);

/* Writes what has to stand before a command, "" without limits.  False if it cannot be done, with
 * the reason in *why. */
bool limits_prefix(const struct limits *limits, char *prefix, size_t size, const char **why);

/* The same for whatever a shell may be told: writes the line that does it under the limits. */
bool limits_wrap(const struct limits *limits, const char *command, char *line, size_t size,
                 const char **why);

#endif
