/* bare_server.c -- the least that can echo: the yardstick for servers/epoll.c.
 *
 * usage: bare_server
 * Prints "ready port=N".  Trusts that clients read what they sent and that nothing
 * ever runs out. */
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/die.h"
#include "common/net.h"

enum { EVENTS_MAX = 256, BUFFER_B = 16 * 1024, BACKLOG = 4096 };

static void watch(int epoll_fd, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) die("epoll_ctl");
}

int main(void)
{
    struct net_address address;
    if (!net_address_read("127.0.0.1", 0, &address)) die_because("no loopback address");
    int listen_fd = net_listen(&address, BACKLOG), epoll_fd = epoll_create1(0);
    if (listen_fd < 0 || epoll_fd < 0) die("listen");
    net_raise_file_limit();
    net_no_delay(listen_fd);
    watch(epoll_fd, listen_fd);
    printf("ready port=%u\n", net_port(listen_fd));
    fflush(stdout);
    for (;;) {
        struct epoll_event events[EVENTS_MAX];
        int ready = epoll_wait(epoll_fd, events, EVENTS_MAX, -1);
        for (int i = 0; i < ready; i++) {
            char buffer[BUFFER_B];
            int fd = events[i].data.fd;
            if (fd == listen_fd) {
                watch(epoll_fd, accept(listen_fd, NULL, NULL));
                continue;
            }
            ssize_t size = read(fd, buffer, sizeof buffer);
            if (size <= 0 || write(fd, buffer, (size_t)size) != size) close(fd);
        }
    }
}
