/* conf_limits.c -- the limits that an experiment names. */
#include <string.h>

#include "common/number.h"
#include "harness/fleet/limits.h"

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
