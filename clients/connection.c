/* connection.c -- one client connection: messages on their way, and the comparing
 * of what returns. */
#include "clients/connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/die.h"

/* Binds to 127.0.0.1 + source without choosing a port yet: with IP_BIND_ADDRESS_NO_PORT the kernel
 * chooses at connect(2), when it may use a port again that is taken towards another address. */
static bool bind_source(int fd, uint32_t source)
{
    int on = 1;
    struct sockaddr_in from = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK + source)};
    return setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) == 0 &&
           bind(fd, (struct sockaddr *)&from, sizeof from) == 0;
}

bool connection_open(struct connection *connection, const struct net_address *address,
                     uint32_t source, uint32_t tag)
{
    *connection = (struct connection){.tag = tag};
    int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    connection->fd = fd;
    if (fd < 0) return false;
    net_no_delay(fd);
    net_close_with_reset(fd);
    connection->state = CONNECTING;
    if ((source == 0 || bind_source(fd, source)) &&
        (net_connect(fd, address) == 0 || errno == EINPROGRESS))
        return true;
    int error = errno;
    connection_close(connection);
    errno = error;
    return false;
}

void connection_close(struct connection *connection)
{
    if (connection->tls != NULL) tls_end(connection->tls);
    connection->tls = NULL;
    if (connection->state != CLOSED) close(connection->fd);
    free(connection->flights);
    connection->flights = NULL;
    connection->capacity = 0;
    connection->fd = -1;
    connection->state = CLOSED;
}

/* Doubles the ring; each flight moves to the place that its number has in the larger one. */
static void grow(struct connection *connection)
{
    uint32_t capacity = connection->capacity ? connection->capacity * 2 : 2;
    struct flight *flights = malloc(capacity * sizeof *flights);
    if (flights == NULL) die("malloc");
    for (uint32_t i = connection->received; i != connection->scheduled; i++)
        flights[i & (capacity - 1)] = connection->flights[i & (connection->capacity - 1)];
    free(connection->flights);
    connection->flights = flights;
    connection->capacity = capacity;
}

static struct flight *flight_of(const struct connection *connection, uint32_t number)
{
    return &connection->flights[number & (connection->capacity - 1)];
}

uint64_t connection_due_ns(const struct connection *connection)
{
    return flight_of(connection, connection->received)->intended_ns;
}

void connection_schedule(struct connection *connection, uint64_t intended_ns,
                         struct message_cost cost)
{
    if (connection->scheduled - connection->received == connection->capacity) grow(connection);
    /* Until it is written, a message counts as sent when it was due. */
    *flight_of(connection, connection->scheduled++) =
        (struct flight){.intended_ns = intended_ns, .sent_ns = intended_ns, .cost = cost};
}

static ssize_t send_bytes(struct connection *connection, const char *bytes, size_t size)
{
    if (connection->tls != NULL) return tls_send(connection->tls, bytes, size);
    return send(connection->fd, bytes, size, MSG_NOSIGNAL);
}

ssize_t connection_receive(struct connection *connection, void *bytes, size_t size)
{
    if (connection->tls != NULL) return tls_receive(connection->tls, bytes, size);
    return recv(connection->fd, bytes, size, 0);
}

bool connection_send(struct connection *connection, const struct message_kind *kind, char *scratch)
{
    while (connection->sent != connection->scheduled) {
        struct flight *flight = flight_of(connection, connection->sent);
        message_write(kind, connection->tag, connection->sent, flight->cost, scratch);
        uint64_t now_ns = clock_ns();
        while (connection->out_b < kind->size_b) { /* TLS takes 16 KiB at a time. */
            ssize_t size = send_bytes(connection, scratch + connection->out_b,
                                      kind->size_b - connection->out_b);
            if (size < 0) return errno == EAGAIN || errno == EINTR || errno == ENOBUFS;
            if (connection->out_b == 0) flight->sent_ns = now_ns;
            connection->out_b += (uint32_t)size;
        }
        connection->out_b = 0;
        connection->sent++;
    }
    return true;
}

enum connection_taken connection_take(struct connection *connection,
                                      const struct message_kind *kind, const char **bytes,
                                      size_t *size, struct flight *flight)
{
    if (*size == 0) return TAKEN_ALL;
    size_t on_the_way = connection->received != connection->sent ? kind->size_b : connection->out_b;
    size_t piece = kind->size_b - connection->in_b;
    if (*size < piece) piece = *size;
    if (connection->in_b + piece > on_the_way) return TAKEN_WRONG;
    const struct flight *next = flight_of(connection, connection->received);
    if (!message_matches(kind, connection->tag, connection->received, next->cost, connection->in_b,
                         *bytes, piece))
        return TAKEN_WRONG;
    *bytes += piece;
    *size -= piece;
    connection->in_b += (uint32_t)piece;
    if (connection->in_b < kind->size_b) return TAKEN_ALL;
    connection->in_b = 0;
    *flight = *next;
    connection->received++;
    return TAKEN_MESSAGE;
}
