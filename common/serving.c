/* serving.c -- what every server says and does when files, memory or processes ran out. */
#include "common/serving.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

bool server_is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS ||
           error == EAGAIN;
}

/* Whoever runs a full server wants to know why, but not for each client that comes. */
static bool is_first_word(void)
{
    static atomic_flag said = ATOMIC_FLAG_INIT; /* Any thread may be the one that runs out. */
    return !atomic_flag_test_and_set(&said);
}

void server_ran_out(const char *call)
{
    if (is_first_word())
        fprintf(stderr, "%s: %s: %s: new clients wait until something frees\n",
                program_invocation_short_name, call, strerror(errno));
}

void server_is_full(const char *limit)
{
    if (is_first_word())
        fprintf(stderr, "%s: %s: further clients are refused\n", program_invocation_short_name,
                limit);
}
