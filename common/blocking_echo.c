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
#include "servers/server.h"

// DOC: blocking-echo
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

void blocking_echo(int fd, bool costs)
{
    char buffer[SERVER_BUFFER_B];
    struct costs line = {0};
    net_no_delay(fd);
    for (;;) {
        ssize_t size = read(fd, buffer, sizeof buffer);
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) break; /* Half-closed or broken: either way nothing more will come. */
        if (costs) costs_pay(costs_scan(&line, buffer, (size_t)size));
        if (!write_all(fd, buffer, (size_t)size)) break;
    }
    close(fd);
}
// DOC-END: blocking-echo

void blocking_wait_for_room(void)
{
    nanosleep(&(struct timespec){.tv_nsec = SERVER_RETRY_MS * NS_PER_MS}, NULL);
}

int blocking_accept(int listen_fd)
{
    for (;;) {
        int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0) return fd;
        if (server_is_shortage(errno)) {
            server_ran_out("accept");
            blocking_wait_for_room();
        } else if (errno == EBADF || errno == EINVAL || errno == ENOTSOCK || errno == EFAULT) {
            die("accept");
        } /* Else the client is gone already, or a signal came: accept(2). */
    }
}
