/* slow.c -- a lying server: one loop that burns a known CPU time for each piece before it echoes it
 *
 * The yardstick for comparisons: how much slower it is than itself without the burning is known.
 * Not for clients that do not read: a write may block. */
#include <sys/epoll.h>

#include "common/clock.h"
#include "tests/liars/liar.h"

enum { EVENTS_MAX = 256 };

static long extra_ns = 0;

static void watch(int epoll_fd, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl");
}

static void burn(void)
{
    if (extra_ns == 0) return;
    for (uint64_t end_ns = clock_ns() + (uint64_t)extra_ns; clock_ns() < end_ns;) {
    }
}

/* False: the connection is over. */
static bool echo(int fd)
{
    static char buffer[LIAR_BUFFER_B];
    ssize_t size = read(fd, buffer, sizeof buffer);
    if (size <= 0) return false;
    burn();
    return liar_write(fd, buffer, (size_t)size);
}

static void serve(int listen_fd, const struct server_options *options)
{
    (void)options;
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd < 0) die("epoll_create1");
    watch(epoll_fd, listen_fd);
    for (;;) {
        struct epoll_event events[EVENTS_MAX];
        int ready = epoll_wait(epoll_fd, events, EVENTS_MAX, -1);
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == listen_fd) {
                fd = blocking_accept(listen_fd);
                net_no_delay(fd);
                watch(epoll_fd, fd);
            } else if (!echo(fd)) {
                close(fd);
            }
        }
    }
}

const struct server_model server_model = {
    .summary = "liar: burns a known CPU time for each piece before it echoes it",
    .knobs = (const struct server_knob[]){{.name = "extra-ns",
                                           .help = "CPU time burnt for each piece in ns",
                                           .value = &extra_ns,
                                           .max = 1000000000},
                                          {0}},
    .serve = serve,
};
