/* handshake_link.h -- one connection, plain TCP or with TLS on top, that counts what its handshake
 * puts on the wire.
 *
 *   handshake_run.c    stages of a connection, and when it may go on
 *   this               the same calls for both kinds of connection
 *   OpenSSL            what TLS says to the other end
 *   socket             every byte of TLS passes here, and is counted
 *
 * Nothing here waits: a call that cannot go on returns LINK_WAITS, and says for what. */
#ifndef C10K_HANDSHAKE_LINK_H
#define C10K_HANDSHAKE_LINK_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/net.h"

/* What a call came to. */
enum link_state {
    LINK_DONE,
    LINK_WAITS,  /* For what `waits_for` says; then the same call again. */
    LINK_FAILED, /* The connection is of no more use; `why` says why. */
};

/* Bytes of TLS on the wire until the handshake was done; all 0 for plain TCP. */
struct wire {
    size_t sent_b, received_b;
    unsigned turns;      /* How often bytes came after bytes had gone: each is a round trip. */
    bool sent_last;      /* The last bytes went out. */
    bool handshake_over; /* What passes from now on does not count. */
};

struct link {
    int fd;          /* -1: none is open. */
    SSL *ssl;        /* NULL: plain TCP. */
    short waits_for; /* POLLIN or POLLOUT. */
    struct wire wire;
    char why[160]; /* After LINK_FAILED, on one line. */
};

/* Returns what all connections share: TLS `version` ("1.2" or "1.3") and nothing else is spoken,
 * and `ca` (a PEM file) is the only authority that is trusted.  Exits with 2 if it cannot be read.
 */
SSL_CTX *link_context(const char *version, const char *ca);

/* Begins to connect; the first call for every connection.  LINK_WAITS or LINK_FAILED. */
enum link_state link_open(struct link *link, const struct net_address *address);

/* Has the socket connected? */
enum link_state link_connected(struct link *link);

/* Puts TLS on top of the connected socket.  `session` is taken up again if the server agrees; NULL
 * asks for a full handshake.  Dies if there is no memory. */
void link_start_tls(struct link *link, SSL_CTX *context, SSL_SESSION *session);

/* Goes on with the handshake.  Exits with 1 if the server's certificate does not verify: nothing
 * that is measured with such a server has a meaning. */
enum link_state link_shake(struct link *link);

/* True if the handshake took up the session of an earlier one. */
bool link_resumed(const struct link *link);

/* Sends from `bytes`, or receives into it, and adds what passed to *moved.  LINK_DONE when *moved
 * has come to `size`. */
enum link_state link_send(struct link *link, const char *bytes, size_t size, size_t *moved);
enum link_state link_receive(struct link *link, char *bytes, size_t size, size_t *moved);

/* Returns the session that a later connection may take up, NULL if the server gave none.  The
 * caller frees it with SSL_SESSION_free(). */
SSL_SESSION *link_session(const struct link *link);

/* Says good-bye in TLS, and ends the connection at once (RST), also one that failed. */
void link_close(struct link *link);

#endif
