/* traps_crowds.c -- many clients at once, and many one after the other. */
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "harness/gate/peer.h"
#include "harness/gate/traps.h"
#include "harness/gate/trial.h"

enum {
    AT_ONCE_MS = 1000,
    CROWD_MS = 20000,  /* For thousands, also where each is a process and sanitized. */
    REFUSAL_MS = 5000, /* For one more, when thousands were served. */
    TOGETHER = 8,
    LIVE = 50,
    CROWD = 200,
    INSIDE_MIN = 900, /* A server with a wall of its own may refuse who comes after these. */
    BURST = 4000,
    MESSAGE_B = 64,
    TAGGED = 2000,
    CYCLES = 10000,
    CYCLES_WARM = 2000,
    FEW = 100,             /* Instead of thousands, in front of a sanitized server. */
    GROWTH_KIB_MAX = 1024, /* Over 8,000 cycles: 128 bytes each would show. */
    ROUNDS_MAX = 6,        /* Of 8,000: node's heap has its size after three or four, */
    HEAP_KIB_MAX = 65536,  /* which is 30 MiB more than at the start. */
    ROUNDS_OF_SUITE = 2,   /* No collector of garbage: the heap has its size after the first. */
};

static struct peer crowd[BURST];

/* Every other client leaves by a reset, the others by a half-close. */
static void leave(struct peer *peer, int number)
{
    if (number % 2 == 0)
        peer_reset(peer);
    else if (!peer_part(peer))
        trial_fail("after a half-close the server did not close");
}

/* `count` clients come and go, some at a time: whoever closes a socket twice closes that of a
 * newcomer, and one who should be there is not. */
static void cycle(int count)
{
    int together = trial_clients(TOGETHER);
    for (int i = 0; i < count + together; i++) {
        struct peer *peer = &crowd[i % together];
        if (i >= together) {
            peer_must_echo(peer, MESSAGE_B, CROWD_MS, "a client about to go");
            leave(peer, i);
        }
        if (i >= count) continue;
        *peer = peer_connect();
        peer_must_echo(peer, MESSAGE_B, CROWD_MS, "a client that came");
    }
}

static void churn(void)
{
    trial_start("", "");
    cycle(1);
    clock_sleep_ns(100 * NS_PER_MS);
    struct trial_usage start = trial_usage();
    uint64_t begin_ns = clock_ns();
    int clients = trial_size(CYCLES_WARM, 2 * FEW);
    cycle(clients);
    trial_check_back_to(&start);
    long warm_kib = (long)trial_usage().rss_kib, end_kib = warm_kib, growth_kib = 0;
    /* A leak grows in every round.  A heap that is swept when it is full grows in the first.  What
     * memory is not asked for, the first clients have shown: files, processes, threads. */
    int rounds = !trial_judges_memory() ? 0 : trial_is_of_suite() ? ROUNDS_OF_SUITE : ROUNDS_MAX;
    for (int round = 0; round < rounds; round++) {
        cycle(CYCLES - CYCLES_WARM);
        clients += CYCLES - CYCLES_WARM;
        trial_check_back_to(&start);
        growth_kib = (long)trial_usage().rss_kib - end_kib;
        end_kib += growth_kib;
        if (growth_kib <= GROWTH_KIB_MAX) break;
        if (end_kib - warm_kib > HEAP_KIB_MAX) break;
    }
    double took_s = clock_seconds_since(begin_ns);
    if (growth_kib > GROWTH_KIB_MAX)
        trial_fail("memory grew from %ld to %ld KiB over %d clients, and did not stop growing",
                   warm_kib, end_kib, clients);
    trial_pass("%d clients: files %lu -> %lu, memory %+ld KiB, at last %+ld, %.0f clients/s",
               clients, start.files, trial_usage().files, end_kib - warm_kib, growth_kib,
               clients / took_s);
}

static void no_zombies(void)
{
    int count = trial_clients(trial_size(CROWD, CROWD / 4));
    trial_start("", "");
    cycle(1); /* What a server starts for its first client may stay. */
    clock_sleep_ns(100 * NS_PER_MS);
    struct trial_usage start = trial_usage();
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < count; i++)
            crowd[i] = peer_connect();
        for (int i = 0; i < count; i++)
            peer_must_echo(&crowd[i], MESSAGE_B, CROWD_MS, "one of a crowd");
        for (int i = 0; i < count; i++)
            leave(&crowd[i], i);
    }
    trial_check_back_to(&start);
    trial_pass("3 x %d clients left: processes %lu, threads %lu, zombies 0", count, start.processes,
               start.threads);
}

/* Brings `count` clients in and sees that each is served or, once INSIDE_MIN are inside, refused.
 * crowd[0] .. are then those inside.  Returns how many. */
static int gather(int count)
{
    int inside = 0;
    trial_allow_ran_out();
    for (int i = 0; i < count; i++)
        crowd[i] = peer_connect();
    for (int i = 0; i < count; i++) {
        if (peer_echoes(&crowd[i], MESSAGE_B, inside < INSIDE_MIN ? CROWD_MS : REFUSAL_MS)) {
            crowd[inside++] = crowd[i];
            continue;
        }
        trial_check_alive();
        if (inside < INSIDE_MIN) trial_fail("client %d was not served", i + 1);
        if (peer_receive_some(&crowd[i], 1) != SIZE_MAX)
            trial_fail("client %d was neither served nor refused", i + 1);
        peer_reset(&crowd[i]);
    }
    return inside;
}

/* Whether the server starts a process for each of `count` clients, which come and go. */
static bool is_process_per_client(int count)
{
    for (int i = 0; i < count; i++) {
        crowd[i] = peer_connect();
        peer_must_echo(&crowd[i], MESSAGE_B, CROWD_MS, "one of the first clients");
    }
    bool is = trial_usage().processes > (uint64_t)count;
    for (int i = 0; i < count; i++)
        peer_reset(&crowd[i]);
    return is;
}

/* Past FD_SETSIZE, 1,024: every client is served, or refused while the others are served. */
static void past_1024(void)
{
    enum { CLIENTS = 1100 };
    int room = trial_room(CLIENTS);
    if (room < CLIENTS)
        trial_skip("takes %d open files, and there is room for %d; raise the limit (ulimit -n)",
                   CLIENTS, room);
    trial_start("", "");
    /* A thousand processes with a sanitizer cost seconds, and no descriptor in them is high. */
    int first = trial_size(0, FEW);
    if (first > 0 && is_process_per_client(first))
        trial_pass("each of %d clients has a process: no descriptor comes past 1,024", first);
    int inside = gather(CLIENTS);
    for (int i = 0; i < inside; i++)
        peer_must_echo(&crowd[i], MESSAGE_B, CROWD_MS, "one that was inside");
    if (inside < CLIENTS) trial_pass("%d of %d served, the others refused", inside, CLIENTS);
    trial_pass("%d clients at once, all served", CLIENTS);
}

/* All send while the server stands still, and read afterwards: whoever mixes up buffers hands one
 * client another's bytes, and who has fewer buffers than senders must do without for a while. */
static void tagged_payloads(void)
{
    trial_start("", "");
    int inside = gather(trial_room(trial_size(TAGGED, FEW)));
    for (int round = 0; round < 3; round++) {
        trial_freeze(true);
        for (int i = 0; i < inside; i++) {
            size_t size = 100 + (size_t)(i * 7 + round) % 400;
            if (peer_send_some(&crowd[i], size) != size) trial_fail("client %d cannot send", i);
        }
        trial_freeze(false);
        for (int i = inside - 1; i >= 0; i--)
            peer_drain(&crowd[i], 4096, 0);
    }
    trial_pass("%d clients sent before any read, three times: each got its own bytes", inside);
}

/* Waits for client `number` of the burst to be connected and sends its message; false if it was
 * refused. */
static bool enter(struct peer *peer, int number)
{
    if (!peer_wait(peer, POLLOUT, CROWD_MS))
        trial_fail("client %d of the burst was neither served nor refused", number);
    return peer_send_some(peer, MESSAGE_B) == MESSAGE_B;
}

/* All connect while the server stands still, and all send before any reads: it finds them at its
 * door all at once. */
static void connect_burst(void)
{
    int count = trial_room(trial_size(BURST, FEW)), refused = 0;
    trial_start("", "");
    trial_allow_ran_out();
    struct peer old = peer_connect();
    peer_must_echo(&old, MESSAGE_B, AT_ONCE_MS, "a client from before the burst");
    uint64_t begin_ns = clock_ns();
    trial_freeze(true);
    for (int i = 0; i < count; i++)
        refused += !peer_try_connect(&crowd[i]);
    trial_freeze(false);
    for (int i = 0; i < count; i++) {
        if (crowd[i].fd < 0) continue;
        if (enter(&crowd[i], i + 1)) continue;
        peer_reset(&crowd[i]);
        refused++;
    }
    for (int i = 0; i < count; i++) {
        if (crowd[i].fd < 0) continue;
        bool echoed = peer_echoes(&crowd[i], 0, CROWD_MS);
        /* Who was refused sees his connection end; silence is no refusal. */
        if (!echoed && peer_receive_some(&crowd[i], 1) != SIZE_MAX)
            trial_fail("client %d of the burst hangs", i + 1);
        refused += !echoed;
    }
    double took_s = clock_seconds_since(begin_ns);
    peer_must_echo(&old, MESSAGE_B, AT_ONCE_MS, "a client from before the burst");
    for (int i = 0; i < count; i++)
        if (crowd[i].fd >= 0) peer_reset(&crowd[i]);
    struct peer newcomer = peer_connect();
    peer_must_echo(&newcomer, MESSAGE_B, CROWD_MS, "a newcomer after the burst");
    trial_pass("%d at once: %d served, %d refused, %.2f s", count, count - refused, refused,
               took_s);
}

static void clean_end(void)
{
    int count = trial_clients(LIVE);
    trial_start("", "");
    for (int i = 0; i < count; i++) {
        crowd[i] = peer_connect();
        peer_must_echo(&crowd[i], MESSAGE_B, AT_ONCE_MS, "a client");
    }
    uint64_t begin_ns = clock_ns();
    trial_stop();
    trial_pass("SIGTERM with %d clients: exit 0 after %.0f ms, no process left", count,
               (double)(clock_ns() - begin_ns) / NS_PER_MS);
}

const struct trap TRAPS_CROWDS[] = {
    {"churn", "10,000 clients come and go: files, processes, threads, memory are given back", 1,
     churn},
    {"connect-burst", "4,000 connect at once: each is served or refused, nothing hangs", BURST + 1,
     connect_burst},
    {"tagged-payloads", "nobody gets the bytes of somebody else", INSIDE_MIN, tagged_payloads},
    {"past-1024", "more clients than FD_SETSIZE: served, or refused politely", INSIDE_MIN,
     past_1024},
    {"no-zombies", "children are reaped and threads end", 1, no_zombies},
    {"clean-end", "SIGTERM: exit 0, children gone", 1, clean_end},
};
const size_t TRAPS_CROWDS_COUNT = sizeof TRAPS_CROWDS / sizeof TRAPS_CROWDS[0];
