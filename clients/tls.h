/* tls.h -- TLS on a connection of the load client: OpenSSL speaks it, we count what it says.
 *
 *   connection.c       messages, over the socket or over this
 *   tls.c              the calls of a socket, for a connection with TLS
 *   OpenSSL            what TLS says to the other end
 *   socket             every byte passes here, and is counted until the handshake is over
 *
 * Nothing here waits: what cannot go on says so.  Where OpenSSL is not installed, tls_none.c is
 * built in place of tls.c, and there is no TLS. */
#ifndef C10K_TLS_H
#define C10K_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct tls_client; /* What all connections share; its sessions belong to one process. */
struct tls;        /* One connection. */

/* Returns what all connections share: TLS `version` ("1.2" or "1.3") and nothing else is spoken,
 * and `ca` (a PEM file) is the only authority that is trusted, for a server named localhost.  With
 * `resume`, each connection takes up the session that an earlier one left, if there is one.  Exits
 * with 2 if `ca` cannot be read, or if this program was built without OpenSSL.  The
 * process must ignore SIGPIPE: OpenSSL uses write(2). */
struct tls_client *tls_client_new(const char *version, const char *ca, bool resume);

/* Frees it, when no connection uses it any more; NULL is none. */
void tls_client_free(struct tls_client *client);

/* Puts TLS on the connected, non-blocking socket.  Dies if there is no memory.  Give it back with
 * tls_end(). */
struct tls *tls_begin(struct tls_client *client, int fd);

enum tls_shaken {
    TLS_SHAKEN,         /* The first byte can be sent. */
    TLS_WAITS_TO_READ,  /* Call again when the socket is readable, ... */
    TLS_WAITS_TO_WRITE, /* ... or writable. */
    TLS_BROKEN,         /* errno says why: EKEYREJECTED if the server's certificate is refused. */
};

/* Goes on with the handshake. */
enum tls_shaken tls_shake(struct tls *tls);

/* As send(2) and recv(2) on a non-blocking socket: -1 with errno (EAGAIN: later), 0 from
 * tls_receive() when the server has ended the connection.  EPROTO: it broke the protocol.  What
 * tls_send() could not send must be offered again, the same bytes. */
ssize_t tls_send(struct tls *tls, const void *bytes, size_t size);
ssize_t tls_receive(struct tls *tls, void *bytes, size_t size);

/* Why the last call failed, in OpenSSL's words, on one line; "" if it did not.  Valid until the
 * next call. */
const char *tls_why(const struct tls *tls);

/* What the handshake was. */
struct tls_handshake {
    bool resumed;              /* It took up an earlier session. */
    unsigned round_trips;      /* How often bytes came after bytes had gone. */
    size_t sent_b, received_b; /* On the wire. */
};

/* Fills in what the handshake was, which is over. */
struct tls_handshake tls_handshake(const struct tls *tls);

/* Says good-bye, keeps the session if there is one to keep, and frees.  The socket stays open. */
void tls_end(struct tls *tls);

#endif
