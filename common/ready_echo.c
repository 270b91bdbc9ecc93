/* ready_echo.c -- one connection served in small steps, each when the kernel says that
 * it is ready. */
#include "common/ready_echo.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/die.h"
#include "common/serving.h"

struct ready_held {
    size_t sent, paid, size; /* With --costs, bytes from `paid` on still have to be paid for. */
    char bytes[];
};

/* Sends what the socket takes now of `size` bytes; adds it to *sent.  False: the peer is gone. */
static bool send_some(int fd, const char *bytes, size_t size, size_t *sent)
{
    while (*sent < size) {
        ssize_t written = write(fd, bytes + *sent, size - *sent);
        if (written < 0) return errno == EAGAIN || errno == EINTR;
        *sent += (size_t)written;
    }
    return true;
}

//DOC: ready-echo
static enum ready_for read_and_echo(int fd, struct ready_echo *echo, bool costs, char *buffer,
                                    size_t room)
{
    ssize_t size = read(fd, buffer, room);
    if (size < 0) return errno == EAGAIN || errno == EINTR ? READY_TO_READ : READY_FOR_NOTHING;
    if (size == 0) return READY_FOR_NOTHING; /* Half-closed, and nothing is held: all was echoed. */
    size_t sent = 0, paid = (size_t)size;
    if (costs) paid = costs_pay_turn(&echo->line, buffer, (size_t)size);
    if (!send_some(fd, buffer, paid, &sent)) return READY_FOR_NOTHING;
    if (sent == (size_t)size) return READY_TO_READ;
    struct ready_held *held = malloc(sizeof *held + (size_t)size - sent);
    if (held == NULL) return READY_FOR_NOTHING; /* Better no echo than a wrong one. */
    *held = (struct ready_held){.paid = paid - sent, .size = (size_t)size - sent};
    memcpy(held->bytes, buffer + sent, held->size);
    echo->held = held;
    return READY_TO_WRITE;
}

static enum ready_for send_held(int fd, struct ready_echo *echo)
{
    struct ready_held *held = echo->held;
    if (held->sent == held->paid)
        held->paid +=
            costs_pay_turn(&echo->line, held->bytes + held->paid, held->size - held->paid);
    if (!send_some(fd, held->bytes, held->paid, &held->sent)) return READY_FOR_NOTHING;
    if (held->sent < held->size) return READY_TO_WRITE;
    ready_echo_end(echo);
    return READY_TO_READ;
}

enum ready_for ready_echo_through(int fd, struct ready_echo *echo, bool costs, char *buffer,
                                  size_t size)
{
    return echo->held == NULL ? read_and_echo(fd, echo, costs, buffer, size) : send_held(fd, echo);
}

enum ready_for ready_echo(int fd, struct ready_echo *echo, bool costs)
{
    char buffer[SERVER_BUFFER_B];
    return ready_echo_through(fd, echo, costs, buffer, sizeof buffer);
}
//DOC-END: ready-echo

void ready_echo_end(struct ready_echo *echo)
{
    free(echo->held);
    echo->held = NULL;
}

int ready_accept(int listen_fd)
{
    for (;;) {
        int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) return fd;
        if (errno == EAGAIN) return READY_NOBODY;
        if (server_is_shortage(errno)) {
            server_ran_out("accept");
            return READY_NO_ROOM;
        }
        if (errno == EBADF || errno == EINVAL || errno == ENOTSOCK) die("accept");
    } /* Else that client is gone already, or a signal came: accept(2). */
}
