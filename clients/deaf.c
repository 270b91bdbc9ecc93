/* deaf.c -- clients that talk and never listen: they send what the server takes,
 * and read nothing. */
#include "clients/deaf.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "clients/connection.h"
#include "common/clock.h"

enum {
    QUIET_MS = 50,       /* Nothing taken for so long: the pipe is full. */
    AT_MOST_MS = 1000,   /* A server that drops what it gets would take for ever. */
    EACH_MS = 50,        /* Longer for each: the kernel takes some MiB of every one. */
    PIECE_B = 64 * 1024, /* A line, so that a server with --costs sees no cost in it. */
};

static char piece[PIECE_B];
static struct connection clients[DEAF_CLIENTS_MAX];
static uint32_t count;

/* Sends what the socket of `client` takes until deadline_ns; returns how much.  A client that is
 * refused or reset is closed. */
static uint64_t stuff(struct connection *client, uint64_t deadline_ns)
{
    uint64_t sent = 0;
    while (clock_ns() < deadline_ns) {
        ssize_t size = send(client->fd, piece, sizeof piece, MSG_NOSIGNAL);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0 && errno != EAGAIN && errno != ENOTCONN) connection_close(client);
        if (size < 0) return sent;
        client->state = READY;
        sent += (uint64_t)size;
    }
    return sent;
}

/* Waits until a socket takes more.  False if none does for QUIET_MS. */
static bool any_takes_more(void)
{
    struct pollfd sockets[DEAF_CLIENTS_MAX];
    for (uint32_t i = 0; i < count; i++)
        sockets[i] = (struct pollfd){.fd = clients[i].fd, .events = POLLOUT};
    return poll(sockets, count, QUIET_MS) > 0;
}

struct deaf_report deaf_clients(const struct net_address *address, uint32_t wanted)
{
    struct deaf_report report = {0};
    memset(piece, '.', sizeof piece);
    piece[PIECE_B - 1] = '\n';
    for (uint32_t i = 0; i < count; i++)
        connection_close(&clients[i]);
    for (count = 0; count < wanted && count < DEAF_CLIENTS_MAX; count++)
        connection_open(&clients[count], address, 0, count); /* If not, it is CLOSED. */
    uint64_t deadline_ns = clock_ns() + (AT_MOST_MS + (uint64_t)count * EACH_MS) * NS_PER_MS;
    while (count > 0 && any_takes_more() && clock_ns() < deadline_ns)
        for (uint32_t i = 0; i < count; i++)
            if (clients[i].state != CLOSED) report.stuck_b += stuff(&clients[i], deadline_ns);
    for (uint32_t i = 0; i < count; i++)
        report.connected += clients[i].state == READY;
    return report;
}
