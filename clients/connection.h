/* connection.h -- one client connection: messages on their way, and the comparing of what returns.
 *
 *   0 ........ received ........ sent ........ scheduled
 *     returned           in flight     wait for the socket to take them
 *
 * An echo keeps the order, so these three counters tell all about the messages. */
#ifndef C10K_CONNECTION_H
#define C10K_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "clients/message.h"
#include "clients/tls.h"
#include "common/net.h"

/* SHAKING: TCP stands, TLS does not yet.  PARTING: half-closed, only the end may still come. */
enum connection_state { CLOSED, CONNECTING, SHAKING, FIRST_ECHO, READY, PARTING };

/* When a message was due, when it was written, and what it costs the server. */
struct flight {
    uint64_t intended_ns, sent_ns;
    struct message_cost cost;
};

struct connection {
    int fd;
    uint32_t tag;
    uint8_t state;                      /* enum connection_state */
    bool asks_writable;                 /* Registered with epoll for writing, too. */
    uint32_t received, sent, scheduled; /* Messages; they wrap, only differences count. */
    uint32_t in_b, out_b; /* Bytes of message `received` that came, of message `sent` that went. */
    uint32_t capacity;    /* Of flights: a power of two, or 0. */
    struct flight *flights; /* Ring, by sequence number; owned. */
    struct tls *tls;        /* NULL: the bytes go as they are; owned. */
};

/* Starts to connect from the source-th loopback address (0: the kernel chooses).
 * False with errno; then the connection is CLOSED. */
bool connection_open(struct connection *connection, const struct net_address *address,
                     uint32_t source, uint32_t tag);

/* Closes with a reset and frees; the counters stay, so that what was lost can be counted. */
void connection_close(struct connection *connection);

/* Adds a message that was due at intended_ns. */
void connection_schedule(struct connection *connection, uint64_t intended_ns,
                         struct message_cost cost);

/* Writes what the socket takes of the scheduled messages; `scratch` has room for one message.
 * False if the connection is broken.  Some may remain: wait until it is writable. */
bool connection_send(struct connection *connection, const struct message_kind *kind, char *scratch);

enum connection_taken { TAKEN_ALL, TAKEN_MESSAGE, TAKEN_WRONG };

/* Reads once, as recv(2). */
ssize_t connection_receive(struct connection *connection, void *bytes, size_t size);

/* When the oldest message was due that is not back; one must be on its way. */
uint64_t connection_due_ns(const struct connection *connection);

/* Compares received bytes up to the end of the next message and moves *bytes and *size on.
 * TAKEN_MESSAGE: a message is complete, *flight is its record, call again.  TAKEN_ALL: nothing is
 * left.  TAKEN_WRONG: the bytes are not what was sent, or more than was sent. */
enum connection_taken connection_take(struct connection *connection,
                                      const struct message_kind *kind, const char **bytes,
                                      size_t *size, struct flight *flight);

#endif
