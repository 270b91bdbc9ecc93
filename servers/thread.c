/* thread.c -- one thread per connection.
 *
 *   main thread    accept ── accept ── accept ──▶
 *                    │         │         │
 *   thread           ▼         ▼         ▼
 *   per client     echo      echo      echo
 *
 * Cost: a stack and a scheduler entry per client, busy or idle.  The stack is
 * mostly promised, not used: the kernel backs a page when it is first touched. */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>

#include "common/blocking_echo.h"
#include "common/die.h"
#include "servers/server.h"

/* 64 KiB holds the buffer with room to spare.  glibc's default of 8 MiB would do as well, and cost
 * little more while it stays untouched: try --stack-kib 8192. */
static long stack_kib = 64;

static bool costs; /* Written before the first thread starts, only read after. */

static void *serve_client(void *argument)
{
    blocking_echo((int)(intptr_t)argument, costs);
    return NULL;
}

//DOC: thread-loop
static void serve(int listen_fd, const struct server_options *options)
{
    costs = options->costs;
    pthread_attr_t detached; /* Nobody waits for a thread: its stack is free when it ends. */
    if (pthread_attr_init(&detached) != 0 ||
        pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED) != 0 ||
        pthread_attr_setstacksize(&detached, (size_t)stack_kib * 1024) != 0)
        die_because("--stack-kib %ld: the thread library refuses such a stack", stack_kib);
    for (;;) {
        int fd = blocking_accept(listen_fd);
        pthread_t thread;
        int error;
        while ((error = pthread_create(&thread, &detached, serve_client, (void *)(intptr_t)fd))) {
            errno = error; /* The client waits, and so do all behind it. */
            server_ran_out("pthread_create");
            blocking_wait_for_room();
        }
    }
}
//DOC-END: thread-loop

static const struct server_knob knobs[] = {
    {.name = "stack-kib",
     .help = "stack of each thread in KiB",
     .value = &stack_kib,
     .min = 32,
     .max = 1024L * 1024},
    {0},
};

const struct server_model server_model = {
    .summary = "one thread per connection",
    .knobs = knobs,
    .serve = serve,
};
