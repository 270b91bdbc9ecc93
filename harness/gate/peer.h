/* peer.h -- the clients of the gate, good and bad ones.
 *
 * What they send is told by a tag and the position, so that any byte can be checked wherever it
 * turns up.  Every wait has an end; whatever goes wrong fails the trap. */
#ifndef C10K_GATE_PEER_H
#define C10K_GATE_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In bytes, of the type that sizes have. */
#define KIB ((size_t)1024)
#define MIB (1024 * KIB)

struct peer {
    int fd;
    uint64_t tag;
    uint64_t sent, received; /* Bytes. */
    bool half_closed;
};

/* Connects to the server of this trial; the socket does not block.  Closing it sends a reset. */
struct peer peer_connect(void);

/* Sends a text that the socket takes at once, or fails the trap. */
void peer_say(const struct peer *peer, const char *text, size_t size);

/* The same as peer_connect() by IPv6; false if no socket listens at ::1. */
bool peer_connect_v6(struct peer *peer);

/* Starts to connect and does not wait for it; false if the kernel refused at once. */
bool peer_try_connect(struct peer *peer);

/* Sends up to `size` further bytes, as many as the socket takes at once; returns how many.
 * SIZE_MAX if the server has closed. */
size_t peer_send_some(struct peer *peer, size_t size);

/* Reads what is there, up to `size`, and compares it; returns how many bytes.  SIZE_MAX at the end
 * of the stream or after a reset. */
size_t peer_receive_some(struct peer *peer, size_t size);

/* Sends `size` further bytes, few enough for the socket to take them at once, or fails the trap,
 * saying which `who` could not. */
void peer_must_send(struct peer *peer, size_t size, const char *who);

/* Sends `size` further bytes and receives all that were sent, both at once.  False if nothing moves
 * for `within_ms` (longer for a sanitized server) or the server closes. */
bool peer_echoes(struct peer *peer, size_t size, int within_ms);

/* peer_echoes() or the trap fails, saying which `who` was not served. */
void peer_must_echo(struct peer *peer, size_t size, int within_ms, const char *who);

/* Sends until the server takes no more for `quiet_ms`, or `size` bytes went; reads nothing. */
void peer_stuff(struct peer *peer, size_t size, int quiet_ms);

/* Receives until `received` == `sent`, at most `piece` bytes at a time with `pause_us` between. */
void peer_drain(struct peer *peer, size_t piece, int pause_us);

/* How many bytes lie in the kernel's queues, at both ends of these connections: sent and not yet
 * received, but in no program's memory. */
uint64_t peer_bytes_in_kernel(const struct peer *peers, int count);

/* Waits until the server has read all but `unread` bytes of what this client sent, as long as
 * patience goes.  A sleep instead is too short on a busy machine; but a look at the kernel's table
 * takes long beside thousands of connections, so nothing may be timed meanwhile. */
void peer_await_reading(const struct peer *peer, uint64_t unread);

/* Waits up to wait_ms for events (poll(2)) on the socket; false if there are none. */
bool peer_wait(const struct peer *peer, short events, int wait_ms);

void peer_reset(struct peer *peer); /* Closes with a reset. */
void peer_close(struct peer *peer); /* Closes with a FIN. */

/* Ends sending, with a FIN; receiving goes on.  Once is enough. */
void peer_half_close(struct peer *peer);

/* Half-closes, and closes when the server has; false if it does not within 5 s, or with a reset. */
bool peer_part(struct peer *peer);

#endif
