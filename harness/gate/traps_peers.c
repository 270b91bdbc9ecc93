/* traps_peers.c -- what one client does wrong must not hurt the others. */
#include <poll.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "harness/gate/peer.h"
#include "harness/gate/traps.h"
#include "harness/gate/trial.h"

enum {
    AT_ONCE_MS = 1000,
    GREEDY = 20,
    GREEDY_FEW = 6,        /* In front of a sanitized server. */
    HELD_KIB_MAX = 1024,   /* Of a non-reading client's bytes, in the server's memory; */
    ONE_KIB_MAX = 512,     /* of one that is alone. */
    MEMORY_KIB_MAX = 4096, /* That such a client may cost, with the garbage of a collector. */
    QUIET_MS = 250,        /* The kernel acknowledges within 200 ms. */
    REST_MS = 5000,        /* After which all is quiet on a busy machine, too. */
    ENDLESS_B = 64 * MIB,  /* More than both ends' queues in the kernel can have. */
};

/* Fills a server with `count` clients that send as much as it takes and read nothing. */
static void start_non_readers(struct peer *greedy, int count)
{
    for (int i = 0; i < count; i++)
        greedy[i] = peer_connect();
    for (int i = 0; i < count; i++)
        peer_stuff(&greedy[i], 8 * MIB, 20);
    for (int i = 0; i < count; i++) {
        peer_stuff(&greedy[i], ENDLESS_B, 5);    /* What fits by now. */
        if (greedy[i].sent == ENDLESS_B) return; /* One without a bound is enough. */
    }
}

/* What a client sent and did not get back, less what is still on its way in the kernel, is in the
 * server's own memory: told exactly, however much garbage a collector leaves lying beside it. Until
 * a byte is acknowledged, the kernel counts it at both ends: two looks must agree. */
static double held_kib(const struct peer *greedy, int count)
{
    uint64_t owed = 0, in_kernel = 0, before;
    uint64_t deadline_ns = clock_ns() + (uint64_t)trial_patience_ms(REST_MS) * NS_PER_MS;
    for (int i = 0; i < count; i++)
        owed += greedy[i].sent - greedy[i].received;
    do {
        before = in_kernel;
        clock_sleep_ns(QUIET_MS * NS_PER_MS);
        in_kernel = peer_bytes_in_kernel(greedy, count);
    } while ((in_kernel != before || in_kernel > owed) && clock_ns() < deadline_ns);
    return ((double)owed - (double)in_kernel) / (double)KIB / count;
}

static void never_reading(void)
{
    struct peer greedy[GREEDY], warm;
    int count = trial_size(GREEDY, GREEDY_FEW);
    trial_start("", "");
    warm = peer_connect(); /* So that buffers made once are there already. */
    peer_must_echo(&warm, MIB, 10000, "a first client");
    struct trial_usage before = trial_usage();
    start_non_readers(greedy, count);
    /* Not RSS: a process for each client shares most of what its RSS says. */
    double own_kib = ((double)trial_usage().private_kib - (double)before.private_kib) / count;
    double held = held_kib(greedy, count);
    if (held > (double)HELD_KIB_MAX)
        trial_fail("of each client that never reads it holds %.0f KiB, and more", held);
    if (trial_judges_memory() && own_kib > (double)MEMORY_KIB_MAX)
        trial_fail("each client that never reads costs %.0f KiB and more", own_kib);
    struct peer polite = peer_connect();
    peer_must_echo(&polite, 64, AT_ONCE_MS, "a newcomer beside clients that never read");
    peer_must_echo(&warm, 64, AT_ONCE_MS, "an old client beside clients that never read");
    trial_pass("%d clients never read: %.0f KiB held of each (private %+.0f), others served", count,
               held, own_kib);
}

/* One alone must not get more than its share of what all clients have in common, such as a pool of
 * buffers; nor may it cost much that another one would cost again. */
static void one_non_reader(void)
{
    struct peer greedy, warm;
    trial_start("", "");
    warm = peer_connect();
    peer_must_echo(&warm, MIB, 10000, "a first client");
    double before_kib = (double)trial_usage().private_kib;
    start_non_readers(&greedy, 1);
    double own_kib = (double)trial_usage().private_kib - before_kib, held = held_kib(&greedy, 1);
    if (held > (double)ONE_KIB_MAX)
        trial_fail("of one client that never reads it holds %.0f KiB, and more", held);
    if (trial_judges_memory() && trial_is_of_suite() && own_kib > (double)ONE_KIB_MAX)
        trial_fail("one client that never reads costs %.0f KiB and more", own_kib);
    trial_pass("one client never reads: %.0f KiB held of it (private %+.0f)", held, own_kib);
}

static void four_non_readers(void)
{
    struct peer greedy[4];
    trial_start("", "");
    struct peer fifth = peer_connect();
    start_non_readers(greedy, 4);
    for (int i = 0; i < 50; i++)
        peer_must_echo(&fifth, 64, AT_ONCE_MS, "a fifth beside four that never read");
    trial_pass("50 messages of a fifth client beside four that never read");
}

/* The server has read a message's beginning when it comes back.  A server that echoes whole
 * messages only gets some time to read it. */
static void await_reading(const struct peer *peer)
{
    enum { READING_MS = 200 };
    peer_wait(peer, POLLIN, trial_patience_ms(READING_MS));
}

static void half_message(void)
{
    trial_start("", "");
    struct peer silent = peer_connect(), others[5];
    peer_send_some(&silent, 5);
    await_reading(&silent);
    double slowest_ms = 0;
    for (int i = 0; i < 5; i++) {
        uint64_t begin_ns = clock_ns();
        others[i] = peer_connect();
        peer_must_echo(&others[i], 64, AT_ONCE_MS, "another client, while one is silent");
        double took_ms = (double)(clock_ns() - begin_ns) / NS_PER_MS;
        if (took_ms > slowest_ms) slowest_ms = took_ms;
    }
    trial_pass("half a message, then silence: five others served within %.1f ms", slowest_ms);
}

enum { LIVE = 20, NEWCOMERS = 5 };

static int live_count; /* LIVE, or less if a newcomer beside so many has no place by design. */
static int newcomers_count;

static void start_live(struct peer *live)
{
    trial_start("", "");
    live_count = trial_clients(LIVE + 1) - 1;
    newcomers_count = trial_clients(live_count + NEWCOMERS) - live_count;
    for (int i = 0; i < live_count; i++) {
        live[i] = peer_connect();
        peer_must_echo(&live[i], 64, AT_ONCE_MS, "a client at the start");
    }
}

static void check_live(struct peer *live)
{
    trial_check_alive();
    for (int i = 0; i < live_count; i++)
        peer_must_echo(&live[i], 1000, AT_ONCE_MS, "a client that did nothing wrong");
    struct peer newcomers[NEWCOMERS]; /* Together: they get the sockets of several that are gone. */
    for (int i = 0; i < newcomers_count; i++) {
        newcomers[i] = peer_connect();
        peer_must_echo(&newcomers[i], 64, AT_ONCE_MS, "a newcomer");
    }
    for (int i = 0; i < newcomers_count; i++)
        peer_reset(&newcomers[i]);
}

static void reset_mid_message(void)
{
    struct peer live[LIVE];
    start_live(live);
    for (int i = 0; i < 50; i++) {
        struct peer bad = peer_connect();
        peer_send_some(&bad, 1 + (size_t)i * 997);
        if (i % 2) clock_sleep_ns(NS_PER_MS); /* Half of them after the server has answered. */
        peer_reset(&bad);
    }
    check_live(live);
    trial_pass("50 resets in the middle of a message, %d others live on", live_count);
}

/* The server is still writing when the client is gone: EPIPE, and SIGPIPE if nobody cared. */
static void closed_peer(void)
{
    struct peer live[LIVE];
    start_live(live);
    int gone = trial_size(20, 8);
    for (int i = 0; i < gone; i++) {
        struct peer bad = peer_connect();
        peer_stuff(&bad, 4 * MIB, 10);
        if (i % 2)
            peer_reset(&bad);
        else
            peer_close(&bad);
    }
    check_live(live);
    trial_pass("%d clients gone with megabytes unread, %d others live on", gone, live_count);
}

/* Clients that reset before they could be accepted. */
static void reset_at_once(void)
{
    struct peer live[LIVE];
    start_live(live);
    int resets = trial_size(200, 60);
    for (int i = 0; i < resets; i++) {
        struct peer bad;
        if (peer_try_connect(&bad)) peer_reset(&bad);
    }
    check_live(live);
    trial_pass("%d resets right after connect, %d others live on", resets, live_count);
}

const struct trap TRAPS_PEERS[] = {
    {"reset-mid-message", "a reset ends that connection only", 1, reset_mid_message},
    {"reset-at-once", "a reset before accept ends nothing", 1, reset_at_once},
    {"closed-peer", "writing to a client that is gone does not end the server", 1, closed_peer},
    {"half-message", "half a message, then silence: others are served at once", 6, half_message},
    {"never-reading", "clients that never read cost bounded memory; others are served", GREEDY + 2,
     never_reading},
    {"one-non-reader", "one that never reads gets 512 KiB of memory at most", 2, one_non_reader},
    {"four-non-readers", "four that never read do not keep a fifth from being served", 5,
     four_non_readers},
};
const size_t TRAPS_PEERS_COUNT = sizeof TRAPS_PEERS / sizeof TRAPS_PEERS[0];
