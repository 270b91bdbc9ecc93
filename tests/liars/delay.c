/* delay.c -- a lying server: echoes each piece a known time after it came, however close they come
 *
 * The yardstick for latencies.  Fixed by default; some pieces later than the others, so that a
 * percentile is known; or later and later, so that no window is like the one before. */
#include <math.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/prctl.h>

#include "common/clock.h"
#include "tests/liars/liar.h"

enum { PIECES = 64 };

static long delay_us = 5000, late_every = 0, late_us = 20000, double_ms = 0;
static uint64_t begin_ns;     /* Of serving. */
static atomic_ulong received; /* Pieces, by all threads together. */

/* What came at one time. */
struct piece {
    uint64_t due_ns;
    size_t size;
    char bytes[256];
};

/* The delay of the piece that came just now.  Of all pieces together exactly one in late_every is
 * late: counted per client, few messages would be none. */
static uint64_t delay_ns(uint64_t now_ns)
{
    unsigned long number = atomic_fetch_add(&received, 1);
    if (late_every > 0 && number % (unsigned long)late_every == 0)
        return (uint64_t)late_us * NS_PER_US;
    double grown = 1;
    if (double_ms > 0) grown = exp2((double)(now_ns - begin_ns) / ((double)double_ms * NS_PER_MS));
    return (uint64_t)((double)delay_us * grown * NS_PER_US);
}

/* Waits until something can be read, at most until `due_ns`; true if so. */
static bool readable_before(int fd, uint64_t due_ns)
{
    uint64_t now_ns = clock_ns();
    if (now_ns >= due_ns) return false;
    struct timespec left = {.tv_sec = (time_t)((due_ns - now_ns) / NS_PER_S),
                            .tv_nsec = (long)((due_ns - now_ns) % NS_PER_S)};
    return ppoll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, &left, NULL) > 0;
}

static void *serve_client(void *argument)
{
    int fd = (int)(intptr_t)argument;
    struct piece pieces[PIECES];
    bool ended = false;
    for (uint64_t first = 0, next = 0; !ended || first < next;) {
        struct piece *oldest = &pieces[first % PIECES], *newest = &pieces[next % PIECES];
        bool full = ended || next - first == PIECES;
        if (!full && (first == next || readable_before(fd, oldest->due_ns))) {
            ssize_t size = read(fd, newest->bytes, sizeof newest->bytes);
            ended = size <= 0;
            if (ended) continue;
            uint64_t now_ns = clock_ns();
            newest->due_ns = now_ns + delay_ns(now_ns);
            newest->size = (size_t)size;
            next++;
        } else {
            uint64_t now_ns = clock_ns();
            if (oldest->due_ns > now_ns) clock_sleep_ns(oldest->due_ns - now_ns);
            if (!liar_write(fd, oldest->bytes, oldest->size)) break;
            first++;
        }
    }
    close(fd);
    return NULL;
}

static void serve(int listen_fd, const struct server_options *options)
{
    (void)options;
    begin_ns = clock_ns();
    prctl(PR_SET_TIMERSLACK, 1); /* Threads inherit it: wake up to the microsecond. */
    liar_serve(listen_fd, serve_client);
}

const struct server_model server_model = {
    .summary = "liar: echoes each piece a known time after it came",
    .knobs =
        (const struct server_knob[]){
            {.name = "delay-us", .help = "delay in us", .value = &delay_us, .max = 1000000},
            {.name = "late-every",
             .help = "one piece in so many is late; 0: none",
             .value = &late_every,
             .max = 1000000},
            {.name = "late-us",
             .help = "delay of a late piece in us",
             .value = &late_us,
             .max = 5000000},
            {.name = "double-ms",
             .help = "the delay doubles in so many ms; 0: never",
             .value = &double_ms,
             .max = 1000000},
            {0}},
    .serve = serve,
};
