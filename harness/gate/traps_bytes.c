/* traps_bytes.c -- every byte comes back, in order, however slowly it is sent or read. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "harness/gate/peer.h"
#include "harness/gate/traps.h"
#include "harness/gate/trial.h"

enum {
    SILENCE_MS = 5000, /* Nothing at all moves for so long: it never will. */
    PATIENCE_MS = 15000,
    STALL_MS = 2000,
    SHORT_STALL_MS = 200,
    AT_ONCE_MS = 1000, /* What a client on loopback may wait at most, on a busy machine too. */
    TRIES = 3,
    COST_MS = 150,
    SMALL_COST_MS = 30,     /* Of a sanitized server: how often it pays, the plain one shows. */
    PAID_ONCE_MS_MAX = 290, /* Twice COST_MS would be 300. */
    UNPAID_MS_MAX = 500,    /* A cost of 0.6 s or more: none of it. */
    TURNS_MS = 8000,        /* Three turns of a second, on a busy machine too. */
};

static void start_and_end(void)
{
    uint64_t begin_ns = clock_ns();
    trial_start("", "");
    double ready_s = clock_seconds_since(begin_ns);
    struct peer peer = peer_connect(); /* Who is ready serves. */
    peer_must_echo(&peer, 64, AT_ONCE_MS, "a first client");
    trial_pass("ready after %.0f ms, and ended on SIGTERM", ready_s * 1000);
}

static void large_message(void)
{
    trial_start("", "");
    struct peer peer = peer_connect();
    uint64_t begin_ns = clock_ns();
    peer_must_echo(&peer, (size_t)trial_size(64, 8) * MIB, SILENCE_MS, "a message of many MiB");
    trial_pass("%lu bytes back, byte-exact, %.2f s", peer.received, clock_seconds_since(begin_ns));
}

static void byte_by_byte(void)
{
    enum { BYTES = 300 };
    trial_start("", "");
    struct peer peer = peer_connect();
    for (int i = 0; i < BYTES; i++)
        peer_must_echo(&peer, 1, AT_ONCE_MS, "a single byte, which is passed on as it comes");
    trial_pass("%d single bytes, each echoed before the next was sent", BYTES);
}

/* Small buffers at the client, so that the server's writes come up short. */
static struct peer connect_with_small_buffer(void)
{
    struct peer peer = peer_connect();
    int size = 64 * 1024;
    setsockopt(peer.fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    return peer;
}

static void slow_reader(void)
{
    trial_start("", "");
    struct peer peer = connect_with_small_buffer();
    uint64_t begin_ns = clock_ns();
    /* At first nothing is read: else a server that runs rarely has room for each of its writes. */
    peer_stuff(&peer, 8 * MIB, SHORT_STALL_MS);
    uint64_t all = peer.sent + 8 * MIB;
    while (peer.sent < all) { /* Sends as fast as it can, reads a little at a time. */
        peer_wait(&peer, POLLIN | POLLOUT, 1000);
        if (peer_send_some(&peer, all - peer.sent) == SIZE_MAX)
            trial_fail("closed after %lu of %lu bytes", peer.sent, all);
        if (peer_receive_some(&peer, 16 * KIB) == SIZE_MAX)
            trial_fail("closed after %lu bytes came back", peer.received);
        if (clock_seconds_since(begin_ns) > trial_patience_ms(PATIENCE_MS) / 1000.0)
            trial_fail("stuck: %lu of %lu bytes sent, %lu back", peer.sent, all, peer.received);
    }
    peer_drain(&peer, 16 * KIB, 200);
    trial_pass("%lu bytes back, byte-exact, %.2f s", peer.received, clock_seconds_since(begin_ns));
}

static void stalled_reader(void)
{
    trial_start("", "");
    struct peer peer = peer_connect();
    /* A server that loses patience loses it without a sanitizer, too. */
    int stall_ms = trial_size(STALL_MS, SHORT_STALL_MS);
    peer_stuff(&peer, 64 * MIB, stall_ms);
    /* A server whose queue has no bound took all of it without a pause: it is stalled
     * all the same. */
    if (peer.sent == 64 * MIB) clock_sleep_ns((uint64_t)stall_ms * NS_PER_MS);
    peer_drain(&peer, 64 * KIB, 0);
    uint64_t stuffed = peer.sent;
    peer_must_echo(&peer, MIB, SILENCE_MS, "1 MiB after the stall");
    trial_pass("%lu bytes unread for %.1f s, then all came back, and 1 MiB more", stuffed,
               (double)stall_ms / 1000);
}

/* A burst that fills the server's way out, with a pause: its EAGAIN is not the end. */
static void unread_burst(void)
{
    trial_start("", "");
    struct peer peer = connect_with_small_buffer();
    int bursts = trial_size(5, 2);
    for (int i = 0; i < bursts; i++) {
        peer_stuff(&peer, peer.sent + 8 * MIB, 100);
        peer_drain(&peer, 64 * KIB, 0);
    }
    peer_must_echo(&peer, 64, AT_ONCE_MS, "64 bytes after unread bursts");
    trial_pass("%d bursts, %lu bytes, the connection lives", bursts, peer.received);
}

static void half_close(void)
{
    static const size_t sizes[] = {1, 64, 100000, 4 * MIB};
    trial_start("", "");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct peer peer = peer_connect();
        uint64_t begin_ns = clock_ns();
        while (peer.sent < sizes[i]) {
            peer_wait(&peer, POLLIN | POLLOUT, 1000);
            if (peer_send_some(&peer, sizes[i] - peer.sent) == SIZE_MAX)
                trial_fail("closed after %lu of %zu bytes", peer.sent, sizes[i]);
            peer_receive_some(&peer, 16 * KIB); /* Slower than it sends: something is left. */
            if (clock_seconds_since(begin_ns) > trial_patience_ms(PATIENCE_MS) / 1000.0)
                trial_fail("stuck after %lu of %zu bytes", peer.sent, sizes[i]);
        }
        peer_half_close(&peer);
        peer_drain(&peer, 64 * KIB, 0);
        if (!peer_part(&peer))
            trial_fail("after the half-close of %zu bytes the server did not close", sizes[i]);
    }
    trial_pass("1 B to 4 MiB, then SHUT_WR: every byte, then the end");
}

static void ipv6(void)
{
    struct peer peer;
    if (!trial_start_if_known("--host ::1")) trial_skip("the server does not take --host ::1");
    if (!peer_connect_v6(&peer)) trial_fail("started with --host ::1, but nobody listens there");
    peer_must_echo(&peer, MIB, SILENCE_MS, "1 MiB through ::1");
    if (!peer_part(&peer)) trial_fail("after the half-close the server did not close");
    trial_pass("--host ::1: %lu bytes back, byte-exact, then the end", peer.received);
}

/* ---- costs ---- */

/* Sends a text in two pieces and reads it back; returns how long that took, in ms. */
static double time_line_ms(const struct peer *peer, const char *text, size_t first)
{
    char back[256] = "";
    size_t size = strlen(text), got = 0;
    uint64_t begin_ns = clock_ns();
    peer_say(peer, text, first);
    if (first < size) clock_sleep_ns(20 * NS_PER_MS); /* A look at the queues takes longer. */
    peer_say(peer, text + first, size - first);
    while (got < size) {
        if (!peer_wait(peer, POLLIN, PATIENCE_MS)) trial_fail("a line with a cost: silence");
        ssize_t piece = recv(peer->fd, back + got, sizeof back - got, 0);
        if (piece < 0 && errno == EINTR) continue;
        if (piece < 0) trial_call_failed("recv");
        if (piece <= 0) trial_fail("a line with a cost: closed");
        got += (size_t)piece;
    }
    double took_ms = (double)(clock_ns() - begin_ns) / NS_PER_MS;
    if (got != size || memcmp(back, text, size) != 0) trial_fail("a line with a cost: changed");
    return took_ms;
}

/* The least of up to three tries, or the first within enough_ms: what a busy machine adds, it adds
 * now and then; what a server pays, it pays every time. */
static double least_line_ms(const struct peer *peer, const char *text, size_t first,
                            double enough_ms)
{
    double least_ms = time_line_ms(peer, text, first);
    for (int i = 1; i < TRIES && least_ms > enough_ms; i++) {
        double took_ms = time_line_ms(peer, text, first);
        if (took_ms < least_ms) least_ms = took_ms;
    }
    return least_ms;
}

static void costs_paid(void)
{
    enum { LINE_MAX_B = 64 };
    char sleep[LINE_MAX_B], spin[LINE_MAX_B], split[LINE_MAX_B];
    int cost_ms = trial_size(COST_MS, SMALL_COST_MS);
    snprintf(sleep, sizeof sleep, "!sleep %06d one\n", cost_ms * 1000);
    snprintf(spin, sizeof spin, "!spin %06d two\n", cost_ms * 1000);
    snprintf(split, sizeof split, "!sleep %06d three\n", cost_ms * 1000);
    if (!trial_start_if_known("--costs")) trial_skip("the server does not know --costs");
    struct peer peer = peer_connect();
    double plain_ms = least_line_ms(&peer, "no !sleep 1000000\n", 18, UNPAID_MS_MAX);
    double sleep_ms = least_line_ms(&peer, sleep, 18, PAID_ONCE_MS_MAX);
    struct trial_usage before = trial_usage();
    double spin_ms = time_line_ms(&peer, spin, 17);
    double cpu_ms = (double)(trial_usage().cpu_ns - before.cpu_ns) / NS_PER_MS;
    double split_ms = least_line_ms(&peer, split, 9, PAID_ONCE_MS_MAX);
    if (sleep_ms < cost_ms || spin_ms < cost_ms || split_ms < cost_ms)
        trial_fail("%s not paid: sleep %.0f, spin %.0f, split %.0f ms instead of %d",
                   sleep_ms < cost_ms  ? "sleep"
                   : spin_ms < cost_ms ? "spin"
                                       : "split",
                   sleep_ms, spin_ms, split_ms, cost_ms);
    if (cpu_ms < cost_ms - 1 || cpu_ms > (double)PAID_ONCE_MS_MAX)
        trial_fail("!spin %d burnt %.0f ms of CPU", cost_ms * 1000, cpu_ms);
    if (sleep_ms > (double)PAID_ONCE_MS_MAX || split_ms > (double)PAID_ONCE_MS_MAX)
        trial_fail("paid twice: %.0f ms at once, %.0f ms split, for %d", sleep_ms, split_ms,
                   cost_ms);
    if (plain_ms > (double)UNPAID_MS_MAX)
        trial_fail("paid %.0f ms for a line that is no cost", plain_ms);
    trial_pass("%d ms: sleep %.0f, spin %.0f (CPU %.0f), split in two %.0f; no cost %.1f ms",
               cost_ms, sleep_ms, spin_ms, cpu_ms, split_ms, plain_ms);
}

/* A thousand lines, a second each, in one read: the others are not kept waiting for all of them. */
static void costs_in_turns(void)
{
    enum { LINES = 1000 };
    static const char line[] = "!sleep 1000000\n";
    static char text[LINES * (sizeof line - 1)];
    if (!trial_start_if_known("--costs")) trial_skip("the server does not know --costs");
    struct peer greedy = peer_connect();
    for (size_t at = 0; at < sizeof text; at += sizeof line - 1)
        memcpy(text + at, line, sizeof line - 1);
    peer_say(&greedy, text, sizeof text);
    peer_await_reading(&greedy, sizeof text - 1);
    uint64_t begin_ns = clock_ns();
    struct peer other = peer_connect();
    peer_must_echo(&other, 64, TURNS_MS, "a client beside one that sent costs of 1,000 s");
    trial_pass("beside 1,000 lines of a second each another client was served within %.1f s",
               clock_seconds_since(begin_ns));
}

static void costs_off(void)
{
    trial_start("", "");
    struct peer peer = peer_connect();
    double took_ms = least_line_ms(&peer, "!sleep 1000000\n!spin 600000\n", 28, UNPAID_MS_MAX);
    if (took_ms > (double)UNPAID_MS_MAX) trial_fail("without --costs a line took %.0f ms", took_ms);
    trial_pass("without --costs the lines are just bytes: %.1f ms", took_ms);
}

const struct trap TRAPS_BYTES[] = {
    {"start", "gets ready, and ends when asked to; without this nothing else is tried", 1,
     start_and_end},
    {"large-message", "64 MiB through one connection come back byte for byte", 1, large_message},
    {"byte-by-byte", "a byte is passed on as it comes, not when a line is complete", 1,
     byte_by_byte},
    {"slow-reader", "a client that reads slowly gets every byte", 1, slow_reader},
    {"stalled-reader", "a client that stops reading for 2 s gets every byte after", 1,
     stalled_reader},
    {"unread-burst", "a burst that nobody reads for a while does not end the connection", 1,
     unread_burst},
    {"half-close", "after SHUT_WR the rest comes, then the end", 1, half_close},
    {"ipv6", "the same bytes come back over IPv6", 1, ipv6},
    {"costs-paid", "with --costs, lines that cost are paid once, also when split", 1, costs_paid},
    {"costs-in-turns", "a read full of costs does not keep the other clients waiting for all of it",
     2, costs_in_turns},
    {"costs-off", "without --costs, such lines are just bytes", 1, costs_off},
};
const size_t TRAPS_BYTES_COUNT = sizeof TRAPS_BYTES / sizeof TRAPS_BYTES[0];
