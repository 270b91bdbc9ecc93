/* bare_client.c -- the least that can drive an echo server: the yardstick for clients/load.
 *
 * usage: bare_client PORT CONNECTIONS SECONDS
 * Closed loop, 64-byte messages, nothing timed and nothing compared.  Prints
 * messages per second. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/die.h"
#include "common/net.h"
#include "common/number.h"

enum { EVENTS_MAX = 256, MESSAGE_B = 64 };

static void send_message(int fd)
{
    static const char message[MESSAGE_B] = "bare";
    if (send(fd, message, sizeof message, MSG_NOSIGNAL) != sizeof message) die("send");
}

static void open_connections(int epoll_fd, uint16_t port, long connections)
{
    struct net_address address;
    if (!net_address_read("127.0.0.1", port, &address)) die_because("no loopback address");
    for (long i = 0; i < connections; i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *)&address.storage, address.size) < 0)
            die("connect");
        net_no_delay(fd);
        net_close_with_reset(fd);
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) die("epoll_ctl");
        send_message(fd);
    }
}

int main(int argc, char **argv)
{
    if (argc != 4) die_usage("usage: bare_client PORT CONNECTIONS SECONDS");
    int epoll_fd = epoll_create1(0);
    if (epoll_fd < 0) die("epoll_create1");
    net_raise_file_limit();
    open_connections(epoll_fd, (uint16_t)number_option("PORT", argv[1], 1, 65535),
                     number_option("CONNECTIONS", argv[2], 1, 19000));
    double seconds = number_option_decimal("SECONDS", argv[3], 0.1, 60);
    uint64_t begin_ns = clock_ns(), end_ns = begin_ns + (uint64_t)(seconds * NS_PER_S);
    long messages = 0;
    while (clock_ns() < end_ns) {
        struct epoll_event events[EVENTS_MAX];
        int ready = epoll_wait(epoll_fd, events, EVENTS_MAX, 100);
        for (int i = 0; i < ready; i++) {
            char buffer[MESSAGE_B];
            ssize_t size = recv(events[i].data.fd, buffer, sizeof buffer, 0);
            if (size != sizeof buffer) die_because("a message came back in pieces or not at all");
            messages++;
            send_message(events[i].data.fd);
        }
    }
    printf("%.1f\n", (double)messages / ((double)(clock_ns() - begin_ns) / NS_PER_S));
    return 0;
}
