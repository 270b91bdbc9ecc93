/* peer.c -- the clients of the gate, good and bad ones. */
#include "harness/gate/peer.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/net.h"
#include "harness/gate/trial.h"

enum { PIECE_B = 64 * 1024, PATIENCE_MS = 10000 };

/* The `number`th eight bytes of the stream with this tag: a mix of both (splitmix64's). */
static uint64_t word_at(uint64_t tag, uint64_t number)
{
    uint64_t z = tag * 0x9e3779b97f4a7c15 + number;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z;
}

/* What the stream with this tag has from this position on: `size` bytes, at most PIECE_B, until the
 * next call. */
static const unsigned char *bytes_at(uint64_t tag, uint64_t position, size_t size)
{
    enum { WORD_B = sizeof(uint64_t) };
    static uint64_t words[PIECE_B / WORD_B + 1];
    size_t skipped = position % WORD_B; /* Of the first word. */
    for (size_t i = 0; i * WORD_B < skipped + size; i++)
        words[i] = word_at(tag, position / WORD_B + i);
    return (const unsigned char *)words + skipped;
}

static struct peer new_peer(int family)
{
    static uint64_t tags;
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        trial_skip("the gate itself ran out of sockets: %s; raise the limit of open files "
                   "(ulimit -n)",
                   strerror(errno));
    net_no_delay(fd);
    net_close_with_reset(fd);
    return (struct peer){.fd = fd, .tag = ++tags};
}

bool peer_wait(const struct peer *peer, short events, int wait_ms)
{
    struct pollfd entry = {.fd = peer->fd, .events = events};
    int ready;
    do {
        ready = poll(&entry, 1, wait_ms);
    } while (ready < 0 && errno == EINTR);
    return ready > 0;
}

static bool try_connect(struct peer *peer, const char *host)
{
    struct net_address address;
    if (!net_address_read(host, trial_port(), &address)) trial_fail("%s is no address", host);
    *peer = new_peer(address.storage.ss_family);
    if (net_connect(peer->fd, &address) == 0 || errno == EINPROGRESS) return true;
    trial_call_failed("connect");
    peer_reset(peer);
    return false;
}

bool peer_try_connect(struct peer *peer)
{
    return try_connect(peer, "127.0.0.1");
}

/* Returns the errno of a connection that was under way; 0: it is there. */
static int await_connection(const struct peer *peer)
{
    int error = ETIMEDOUT;
    socklen_t size = sizeof error;
    if (peer_wait(peer, POLLOUT, trial_patience_ms(PATIENCE_MS)) &&
        getsockopt(peer->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
        trial_fail("the gate itself: getsockopt: %s", strerror(errno));
    return error;
}

struct peer peer_connect(void)
{
    struct peer peer;
    if (!peer_try_connect(&peer)) trial_fail("a client was refused");
    int error = await_connection(&peer);
    if (error != 0) {
        trial_check_survived();
        trial_fail("a client could not connect: %s", strerror(error));
    }
    return peer;
}

bool peer_connect_v6(struct peer *peer)
{
    if (!try_connect(peer, "::1")) return false;
    bool connected = await_connection(peer) == 0;
    if (!connected) peer_reset(peer);
    return connected;
}

static unsigned port_of(const struct peer *peer)
{
    struct sockaddr_in address = {0};
    socklen_t size = sizeof address;
    if (getsockname(peer->fd, (struct sockaddr *)&address, &size) < 0)
        trial_fail("the gate itself cannot ask for a socket's port: %s", strerror(errno));
    return ntohs(address.sin_port);
}

/* Bytes in the kernel's queues, by where they go. */
struct queued {
    uint64_t to_server, to_clients;
};

/* /proc/net/tcp: a socket a line, "N: LOCAL:PORT REMOTE:PORT STATE TX_QUEUE:RX_QUEUE ...", in hex.
 * Sent bytes leave the sender's queue when the receiver's kernel has them, so none counts twice
 * once all is quiet. */
static struct queued look_at_queues(const struct peer *peers, int count)
{
    static bool is_of_peer[UINT16_MAX + 1]; /* By port: the table also has all other sockets. */
    char line[256];
    struct queued queued = {0};
    unsigned server = trial_port();
    memset(is_of_peer, 0, sizeof is_of_peer);
    for (int i = 0; i < count; i++)
        is_of_peer[port_of(&peers[i])] = true;
    FILE *table = fopen("/proc/net/tcp", "re");
    if (table == NULL) trial_fail("the gate itself cannot read /proc/net/tcp: %s", strerror(errno));
    while (fgets(line, sizeof line, table) != NULL) {
        unsigned local, remote, sending, received;
        /* NOLINTNEXTLINE(cert-err34-c): numbers of the kernel fit their types. */
        if (sscanf(line, " %*u: %*x:%x %*x:%x %*x %x:%x", &local, &remote, &sending, &received) !=
            4)
            continue;
        if (is_of_peer[(uint16_t)local] && remote == server) {
            queued.to_server += sending;
            queued.to_clients += received;
        } else if (local == server && is_of_peer[(uint16_t)remote]) {
            queued.to_server += received;
            queued.to_clients += sending;
        }
    }
    if (ferror(table)) trial_fail("the gate itself cannot read /proc/net/tcp: %s", strerror(errno));
    (void)fclose(table); /* It was only read. */
    return queued;
}

uint64_t peer_bytes_in_kernel(const struct peer *peers, int count)
{
    struct queued queued = look_at_queues(peers, count);
    return queued.to_server + queued.to_clients;
}

void peer_await_reading(const struct peer *peer, uint64_t unread)
{
    uint64_t deadline_ns = clock_ns() + (uint64_t)trial_patience_ms(PATIENCE_MS) * NS_PER_MS;
    while (look_at_queues(peer, 1).to_server > unread && clock_ns() < deadline_ns)
        clock_sleep_ns(2 * NS_PER_MS);
}

/* After a call that failed: nothing now, or never again. */
static size_t none_or_broken(const char *call)
{
    if (errno == EAGAIN || errno == EINTR) return 0;
    trial_call_failed(call);
    return SIZE_MAX;
}

size_t peer_send_some(struct peer *peer, size_t size)
{
    if (size > PIECE_B) size = PIECE_B;
    ssize_t sent = send(peer->fd, bytes_at(peer->tag, peer->sent, size), size, MSG_NOSIGNAL);
    if (sent < 0) return none_or_broken("send");
    peer->sent += (uint64_t)sent;
    return (size_t)sent;
}

size_t peer_receive_some(struct peer *peer, size_t size)
{
    static unsigned char piece[PIECE_B];
    ssize_t got = recv(peer->fd, piece, size < sizeof piece ? size : sizeof piece, 0);
    if (got == 0) return SIZE_MAX;
    if (got < 0) return none_or_broken("recv");
    const unsigned char *expected = bytes_at(peer->tag, peer->received, (size_t)got);
    for (ssize_t i = 0; i < got; i++, peer->received++) {
        if (peer->received >= peer->sent)
            trial_fail("more came back than the %lu bytes that were sent", peer->sent);
        if (piece[i] != expected[i])
            trial_fail("byte %lu of a client came back wrong", peer->received);
    }
    return (size_t)got;
}

void peer_say(const struct peer *peer, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(peer->fd, text, size, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR) trial_fail("a client cannot send: %s", strerror(errno));
        if (sent < 0) continue;
        text += sent;
        size -= (size_t)sent;
    }
}

bool peer_echoes(struct peer *peer, size_t size, int within_ms)
{
    uint64_t target = peer->sent + size;
    while (peer->received < target) {
        if (peer->sent < target && peer_send_some(peer, target - peer->sent) == SIZE_MAX)
            return false;
        short events = peer->sent < target ? POLLIN | POLLOUT : POLLIN;
        if (!peer_wait(peer, events, trial_patience_ms(within_ms))) return false;
        if (peer_receive_some(peer, PIECE_B) == SIZE_MAX) return false;
    }
    return true;
}

void peer_must_echo(struct peer *peer, size_t size, int within_ms, const char *who)
{
    uint64_t before = peer->received, due = peer->sent + size - before;
    if (peer_echoes(peer, size, within_ms)) return;
    trial_check_survived();
    trial_fail("%s: %lu of %lu bytes came back, then nothing for %d ms", who,
               peer->received - before, due, trial_patience_ms(within_ms));
}

void peer_must_send(struct peer *peer, size_t size, const char *who)
{
    uint64_t end = peer->sent + size;
    while (peer->sent < end) {
        size_t sent = peer_send_some(peer, end - peer->sent); /* Perhaps a part of it. */
        if (sent != SIZE_MAX && (sent > 0 || peer_wait(peer, POLLOUT, PATIENCE_MS))) continue;
        trial_check_survived();
        trial_fail("%s: %zu bytes cannot be sent", who, size);
    }
}

void peer_stuff(struct peer *peer, size_t size, int quiet_ms)
{
    while (peer->sent < size && peer_wait(peer, POLLOUT, quiet_ms))
        if (peer_send_some(peer, size - peer->sent) == SIZE_MAX)
            trial_fail("closed by the server after %lu bytes that nobody read", peer->sent);
}

void peer_drain(struct peer *peer, size_t piece, int pause_us)
{
    while (peer->received < peer->sent) {
        if (!peer_wait(peer, POLLIN, trial_patience_ms(PATIENCE_MS))) {
            trial_check_survived();
            trial_fail("silent after %lu of %lu bytes", peer->received, peer->sent);
        }
        if (peer_receive_some(peer, piece) == SIZE_MAX) {
            trial_check_survived();
            trial_fail("closed after %lu of %lu bytes", peer->received, peer->sent);
        }
        if (pause_us > 0) clock_sleep_ns((uint64_t)pause_us * NS_PER_US);
    }
}

void peer_reset(struct peer *peer)
{
    close(peer->fd);
    peer->fd = -1;
}

void peer_close(struct peer *peer)
{
    struct linger off = {0};
    setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &off, sizeof off);
    close(peer->fd);
    peer->fd = -1;
}

void peer_half_close(struct peer *peer)
{
    /* A second time it fails if the server has closed, too. */
    if (!peer->half_closed && shutdown(peer->fd, SHUT_WR) < 0) trial_call_failed("shutdown");
    peer->half_closed = true;
}

bool peer_part(struct peer *peer)
{
    char byte;
    peer_half_close(peer);
    /* 0 is the end of the stream: a reset would be an error, and more bytes are not the end. */
    ssize_t got;
    do {
        bool ended = peer_wait(peer, POLLIN, trial_patience_ms(5000));
        got = ended ? recv(peer->fd, &byte, 1, 0) : 1;
    } while (got < 0 && errno == EINTR);
    if (got < 0) trial_call_failed("recv");
    peer_close(peer);
    return got == 0;
}
