/* pay_wrong.c -- a lying server: with --costs it pays, but not what was asked for */
#include <string.h>

#include "common/costs.h"
#include "tests/liars/liar.h"

enum how { NEVER = 1, SLEEPS_ALWAYS, NOT_SPLIT, ANYWHERE };

static long how = NEVER;
static bool costs;

/* What is paid for the bytes of one read. */
static void pay(struct costs *line, const char *bytes, size_t size)
{
    const char *word = memchr(bytes, '!', size);
    if (how == NOT_SPLIT) *line = (struct costs){0}; /* Forgets what the read before brought. */
    if (how == ANYWHERE && word != NULL && word > bytes) {
        *line = (struct costs){0};
        size -= (size_t)(word - bytes);
        bytes = word;
    }
    struct costs_due due = costs_scan(line, bytes, size);
    if (how == SLEEPS_ALWAYS) due.sleep_us += due.spin_us;
    if (how == SLEEPS_ALWAYS) due.spin_us = 0;
    if (how != NEVER) costs_pay(due);
}

static void *serve_client(void *argument)
{
    int fd = (int)(intptr_t)argument;
    char buffer[LIAR_BUFFER_B];
    struct costs line = {0};
    for (ssize_t size; (size = read(fd, buffer, sizeof buffer)) > 0;) {
        if (costs) pay(&line, buffer, (size_t)size);
        if (!liar_write(fd, buffer, (size_t)size)) break;
    }
    close(fd);
    return NULL;
}

static void serve(int listen_fd, const struct server_options *options)
{
    costs = options->costs;
    liar_serve(listen_fd, serve_client);
}

static const struct server_knob knobs[] = {
    {.name = "how",
     .help = "1 never, 2 only sleeps, 3 not if split, 4 anywhere in a line",
     .value = &how,
     .min = NEVER,
     .max = ANYWHERE},
    {0},
};

const struct server_model server_model = {
    .summary = "liar: pays other costs than it was asked for",
    .knobs = knobs,
    .serve = serve,
};
