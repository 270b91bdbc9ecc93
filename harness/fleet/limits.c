/* limits.c -- a server that may use less than the machine allows. */
#include "harness/fleet/limits.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/number.h"
#include "harness/fleet/user.h"

enum { COUNT_MAX = 1000000 };

/* Reads NAME=N. */
static bool read_count(const char *word, const char *name, long *count)
{
    size_t size = strlen(name);
    return strncmp(word, name, size) == 0 && number_read(word + size, 1, COUNT_MAX, count);
}

bool limits_read(const char *word, struct limits *limits)
{
    *limits = (struct limits){0};
    return strcmp(word, "machine") == 0 || read_count(word, "files=", &limits->files) ||
           read_count(word, "processes=", &limits->processes);
}

bool limits_prefix(const struct limits *limits, char *prefix, size_t size, const char **why)
{
    int used = 0;
    prefix[0] = '\0';
    /* The limit counts all processes of a user, and not root's. */
    if (limits->processes > 0 && !user_is_own()) {
        *why = "RLIMIT_NPROC counts all of a user's processes: needs root and no --user";
        return false;
    }
    if (limits->processes > 0)
        used = snprintf(prefix, size, "prlimit --nproc=%ld:%ld ", limits->processes,
                        limits->processes);
    if (limits->files > 0)
        snprintf(prefix + used, size - (size_t)used, "prlimit --nofile=%ld:%ld ", limits->files,
                 limits->files);
    return true;
}

bool limits_wrap(const struct limits *limits, const char *command, char *line, size_t size,
                 const char **why)
{
    char prefix[256];
    if (!limits_prefix(limits, prefix, sizeof prefix, why)) return false;
    size_t held = (size_t)snprintf(line, size, "exec %ssh -c '", prefix);
    /* A quote ends the word, stands there by itself, and another one begins. */
    for (; *command != '\0' && held + 6 < size; command++)
        held +=
            (size_t)snprintf(line + held, size - held, *command == '\'' ? "'\\''" : "%c", *command);
    if (*command != '\0' || held + 2 > size) { /* Half of it would be another one. */
        *why = "its command is too long";
        return false;
    }
    snprintf(line + held, size - held, "'");
    return true;
}
