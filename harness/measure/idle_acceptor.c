/* idle_acceptor.c -- the cheapest server there can be. */
#include "harness/measure/idle_acceptor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/die.h"
#include "common/net.h"
#include "common/whole.h"

enum { MESSAGE_MAX_B = 64 * 1024, BACKLOG = 4096, PATIENCE_S = 2 };

/* The client sends right after connecting, so that waiting for one connection at a time is enough;
 * one that stays silent is given up and must not hold up the others for long. */
static void echo_once(int fd)
{
    static char message[MESSAGE_MAX_B];
    struct timeval patience = {.tv_sec = PATIENCE_S};
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0) die("SO_RCVTIMEO");
    ssize_t size;
    do {
        size = recv(fd, message, sizeof message, 0);
    } while (size < 0 && errno == EINTR);
    if (size < 0 && errno != EAGAIN) complain("idle acceptor: recv: %s", strerror(errno));
    if (size > 0 && !whole_write(fd, message, (size_t)size))
        complain("idle acceptor: write: %s", strerror(errno));
}

static void serve(void *argument)
{
    int listen_fd = *(int *)argument;
    for (;;) {
        int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            echo_once(fd); /* And it stays open until we end. */
        else
            usleep(1000); /* Out of files: what cannot be accepted is missed by the client. */
    }
}

struct acceptor acceptor_start(const cpu_set_t *cpus)
{
    struct net_address address;
    if (!net_address_read("127.0.0.1", 0, &address)) die_because("127.0.0.1 is no address");
    int listen_fd = net_listen(&address, BACKLOG);
    if (listen_fd < 0) die("listen for the idle acceptor");
    struct acceptor acceptor = {.port = net_port(listen_fd)};
    acceptor.process = process_fork(serve, &listen_fd, cpus);
    close(listen_fd);
    return acceptor;
}
