/* blocking_echo.c -- one connection served from start to end by calls that wait. */
#include "common/blocking_echo.h"

#include <errno.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/costs.h"
#include "common/die.h"
#include "common/net.h"
#include "common/serving.h"
#include "common/signals.h"

/* With the C library's own data this leaves a thread at two touched pages. */
enum { SMALL_B = 2 * 1024 };

//DOC: blocking-echo
/* Writes all `size` bytes, however few the kernel takes at a time.  False if the peer is gone. */
static bool write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written < 0 && errno != EINTR) return false;
        if (written > 0) {
            bytes += written;
            size -= (size_t)written;
        }
    }
    return true;
}

/* Reads once and echoes it.  Returns how many bytes that was; 0 when the client half-closed or
 * broke: either way nothing more will come.  line: NULL if lines cost nothing. */
static size_t pass_on(int fd, char *buffer, size_t room, struct costs *line)
{
    ssize_t size;
    do {
        size = read(fd, buffer, room);
    } while (size < 0 && errno == EINTR);
    if (size <= 0) return 0;
    for (size_t sent = 0, piece; sent < (size_t)size; sent += piece) {
        piece = (size_t)size - sent;
        if (line != NULL) piece = costs_pay_turn(line, buffer + sent, piece);
        if (!write_all(fd, buffer + sent, piece)) return 0;
    }
    return (size_t)size;
}

/* The same for a client with much to say.  Not inlined: a page of a stack that was touched once
 * stays, so only such a client should pay for the large buffer. */
__attribute__((noinline)) static size_t pass_on_much(int fd, struct costs *line)
{
    char buffer[SERVER_BUFFER_B];
    size_t size;
    do {
        size = pass_on(fd, buffer, sizeof buffer, line);
    } while (size == sizeof buffer);
    return size;
}

void blocking_echo(int fd, bool costs)
{
    char buffer[SMALL_B];
    struct costs line = {0}, *priced = costs ? &line : NULL;
    net_no_delay(fd);
    size_t size;
    do {
        size = pass_on(fd, buffer, sizeof buffer, priced);
        if (size == sizeof buffer) size = pass_on_much(fd, priced);
    } while (size > 0);
    close(fd);
}
//DOC-END: blocking-echo

void blocking_wait_for_room(void)
{
    nanosleep(&(struct timespec){.tv_nsec = SERVER_RETRY_MS * NS_PER_MS}, NULL);
}

int blocking_try_accept(int listen_fd)
{
    for (;;) {
        int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0 || server_is_shortage(errno)) return fd;
        if (errno == EBADF || errno == EINVAL || errno == ENOTSOCK || errno == EFAULT)
            die("accept");
    } /* Else the client is gone already, or a signal came: accept(2). */
}

int blocking_accept(int listen_fd)
{
    int fd;
    signals_await(listen_fd);
    while ((fd = blocking_try_accept(listen_fd)) < 0) {
        server_ran_out("accept");
        blocking_wait_for_room();
    }
    return fd;
}
