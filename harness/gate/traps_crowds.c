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
    FEW = 100,            /* Instead of thousands, in front of a sanitized server. */
    LEAK_B_MAX = 128,     /* Of memory for each client that came and went. */
    HEAP_KIB_MAX = 65536, /* node's heap grows by 30 MiB. */
};

static struct peer crowd[BURST];

/* Each sends before any reads, so that the server wakes up once for several of them. */
static void must_echo_all(struct peer *peers, int count, const char *who)
{
    for (int i = 0; i < count; i++)
        peer_must_send(&peers[i], MESSAGE_B, who);
    for (int i = 0; i < count; i++)
        peer_must_echo(&peers[i], 0, CROWD_MS, who);
}

static void come(struct peer *peers, int count)
{
    for (int i = 0; i < count; i++)
        peers[i] = peer_connect();
    must_echo_all(peers, count, "a client that came");
}

/* Of the clients number `first` and on, every other one leaves by a reset, the others by a
 * half-close. */
static void leave(struct peer *peers, int first, int count)
{
    for (int i = 0; i < count; i++)
        if ((first + i) % 2 == 0)
            peer_reset(&peers[i]);
        else
            peer_half_close(&peers[i]);
    for (int i = 0; i < count; i++)
        if ((first + i) % 2 != 0 && !peer_part(&peers[i]))
            trial_fail("after a half-close the server did not close");
}

/* `count` clients come and go, at most TOGETHER at a time, in groups: a server that closes a socket
 * twice closes that of a newcomer, and a client that should be there is not. */
static void cycle(int count)
{
    int together = trial_clients(TOGETHER), group = together > 1 ? together / 2 : 1;
    together -= together % group;
    for (int first = 0; first < count + together; first += group) {
        struct peer *peers = &crowd[first % together];
        int earlier = first - together, left = count - first, gone = count - earlier;
        if (earlier >= 0 && gone > 0) {
            must_echo_all(peers, gone < group ? gone : group, "a client about to go");
            leave(peers, earlier, gone < group ? gone : group);
        }
        if (left > 0) come(peers, left < group ? left : group);
    }
}

/* How many clients come and go. */
struct churning {
    int first, round; /* Until memory is looked at, and in each round after that, */
    int rounds;       /* of which so many are made while it grows. */
};

static const struct churning *choose_churning(void)
{
    static const struct churning of_suite = {1000, 3000, 3};  /* No collector: it grows once. */
    static const struct churning of_others = {2000, 8000, 6}; /* node: after three or four. */
    /* Files, processes and threads only: the sanitizer has memory of its own. */
    static const struct churning of_sanitized = {200, 0, 0};
    if (!trial_judges_memory()) return &of_sanitized;
    return trial_is_of_suite() ? &of_suite : &of_others;
}

static void churn(void)
{
    const struct churning *plan = choose_churning();
    trial_start("", "");
    cycle(1);
    clock_sleep_ns(100 * NS_PER_MS);
    struct trial_usage start = trial_usage();
    uint64_t begin_ns = clock_ns();
    int clients = plan->first, growth_kib_max = plan->round * LEAK_B_MAX / (int)KIB;
    cycle(clients);
    trial_check_back_to(&start);
    long first_kib = (long)trial_usage().rss_kib, end_kib = first_kib, growth_kib = 0;
    /* A leak grows in every round.  A heap that is swept when it is full grows in the first. */
    for (int round = 0; round < plan->rounds; round++) {
        cycle(plan->round);
        clients += plan->round;
        trial_check_back_to(&start);
        growth_kib = (long)trial_usage().rss_kib - end_kib;
        end_kib += growth_kib;
        if (growth_kib <= growth_kib_max) break;
        if (end_kib - first_kib > HEAP_KIB_MAX) break;
    }
    double took_s = clock_seconds_since(begin_ns);
    if (growth_kib > growth_kib_max)
        trial_fail("memory grew from %ld to %ld KiB over %d clients, and did not stop growing",
                   first_kib, end_kib, clients);
    trial_pass("%d clients: files %lu -> %lu, memory %+ld KiB, at last %+ld, %.0f clients/s",
               clients, start.files, trial_usage().files, end_kib - first_kib, growth_kib,
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
        come(crowd, count);
        leave(crowd, 0, count);
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
    for (int i = 0; i < count; i++)
        peer_send_some(&crowd[i], MESSAGE_B); /* One that is refused fails again below. */
    for (int i = 0; i < count; i++) {
        size_t unsent = MESSAGE_B - crowd[i].sent;
        if (peer_echoes(&crowd[i], unsent, inside < INSIDE_MIN ? CROWD_MS : REFUSAL_MS)) {
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
    come(crowd, count);
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
    must_echo_all(crowd, inside, "one that was inside");
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
        for (int i = 0; i < inside; i++)
            peer_must_send(&crowd[i], 100 + (size_t)(i * 7 + round) % 400, "one of many senders");
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
    {"churn", "thousands of clients come and go: files, processes, threads, memory are given back",
     1, churn},
    {"connect-burst", "4,000 connect at once: each is served or refused, nothing hangs", BURST + 1,
     connect_burst},
    {"tagged-payloads", "nobody gets the bytes of somebody else", INSIDE_MIN, tagged_payloads},
    {"past-1024", "more clients than FD_SETSIZE: served, or refused politely", INSIDE_MIN,
     past_1024},
    {"no-zombies", "children are reaped and threads end", 1, no_zombies},
    {"clean-end", "SIGTERM: exit 0, children gone", 1, clean_end},
};
const size_t TRAPS_CROWDS_COUNT = sizeof TRAPS_CROWDS / sizeof TRAPS_CROWDS[0];
