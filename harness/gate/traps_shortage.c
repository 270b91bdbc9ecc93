/* traps_shortage.c -- when files or processes run out, the server waits; it neither
 * dies nor spins. */
#include <poll.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "harness/gate/peer.h"
#include "harness/gate/traps.h"
#include "harness/gate/trial.h"
#include "harness/fleet/limits.h"

enum {
    FILES = 64,
    PROCESSES = 40,
    PROCESSES_PLENTY = 10000,
    CLIENTS = 100,
    IDLE_MS = 1000,
    SHORT_IDLE_MS = 300,   /* Of a sanitized server. */
    IDLE_PERCENT_MAX = 10, /* Ten tries a second cost far less; a spinning server 100. */
    RECOVERY_MS = 5000,    /* Twice. */
    FIRST_MS = 5000,       /* The first client of all has room. */
    AT_ONCE_MS = 1000,
    MESSAGE_B = 64,
    WAITING_MS = 300, /* Who got no echo for so long waits to be accepted. */
    PREFIX_MAX = 256,
};

/* Whether a client is served, or waits for room.  wait_ms does not depend on a sanitizer: a client
 * that is served a little later counts among those that wait. */
static bool is_served(struct peer *peer, int wait_ms)
{
    *peer = peer_connect();
    if (peer_send_some(peer, MESSAGE_B) == SIZE_MAX || !peer_wait(peer, POLLIN, wait_ms))
        return false;
    return peer_echoes(peer, 0, AT_ONCE_MS);
}

/* Once one waits, the server has no room, and for the others a short look will do.  Returns how
 * many are served. */
static int crowd_in(struct peer *crowd, bool *echoed)
{
    int served = 0;
    for (int i = 0; i < CLIENTS; i++) {
        int wait_ms = i == 0 ? FIRST_MS : served == i ? WAITING_MS : 5;
        echoed[i] = is_served(&crowd[i], wait_ms);
        trial_check_alive();
        served += echoed[i];
    }
    return served;
}

/* What the server uses of a CPU for a while, in percent. */
static double cpu_percent_for(int ms)
{
    uint64_t before_ns = trial_usage().cpu_ns, begin_ns = clock_ns();
    clock_sleep_ns((uint64_t)ms * NS_PER_MS);
    double elapsed_ns = (double)(clock_ns() - begin_ns);
    return (double)(trial_usage().cpu_ns - before_ns) / elapsed_ns * 100;
}

/* The server's CPU in percent while nothing happens; fails if it never rests.  On a busy machine
 * the first spells may still serve clients. */
static double cpu_percent_at_rest(const char *limit, int served)
{
    for (int spells = trial_size(3, 12);; spells--) {
        double cpu_percent = cpu_percent_for(trial_size(IDLE_MS, SHORT_IDLE_MS));
        if (cpu_percent <= (double)IDLE_PERCENT_MAX) return cpu_percent;
        if (spells == 1)
            trial_fail("with %s it served %d of %d and then spun: %.0f %% CPU", limit, served,
                       CLIENTS, cpu_percent);
    }
}

/* CLIENTS come to a server that has no room for so many.  Those with room are served, the CPU is
 * idle, and when some leave others take their place. */
static void overcrowd(const char *limit)
{
    static struct peer crowd[CLIENTS];
    bool echoed[CLIENTS];
    trial_allow_ran_out();
    int served = crowd_in(crowd, echoed);
    if (served == 0) trial_fail("with %s nobody was served", limit);
    double cpu_percent = cpu_percent_at_rest(limit, served);
    for (int i = 0; i < CLIENTS; i++)
        if (echoed[i]) peer_must_echo(&crowd[i], MESSAGE_B, AT_ONCE_MS, "one that had been served");
    for (int i = 0; i < CLIENTS; i++)
        if (echoed[i] && i % 2 == 0) peer_reset(&crowd[i]);
    uint64_t begin_ns = clock_ns();
    struct peer newcomer = peer_connect();
    for (int i = 0; i < CLIENTS; i++)
        if (!echoed[i]) peer_reset(&crowd[i]); /* They may be in front of the newcomer. */
    bool recovered = peer_echoes(&newcomer, MESSAGE_B, RECOVERY_MS);
    if (!recovered) { /* A server that refused while it was full may have refused this one too. */
        newcomer = peer_connect();
        recovered = peer_echoes(&newcomer, MESSAGE_B, RECOVERY_MS);
    }
    if (!recovered) trial_fail("with %s: half of those served left, but nobody new got in", limit);
    double recovery_s = clock_seconds_since(begin_ns);
    trial_pass("%s: %d of %d served, %d waited, CPU %.1f %%, room taken after %.2f s", limit,
               served, CLIENTS, CLIENTS - served, cpu_percent, recovery_s);
}

/* Writes what has to stand before the server's command. */
static void limit_to(struct limits limits, char *before)
{
    const char *why;
    if (!limits_prefix(&limits, before, PREFIX_MAX, &why)) trial_skip("%s", why);
}

static void few_files(void)
{
    char before[PREFIX_MAX];
    limit_to((struct limits){.files = FILES}, before);
    trial_start(before, "");
    overcrowd("64 files");
}

static void few_processes(void)
{
    char before[PREFIX_MAX];
    limit_to((struct limits){.processes = PROCESSES_PLENTY}, before);
    if (!trial_could_start(before, "")) trial_skip("the server cannot be started as another user");
    limit_to((struct limits){.processes = PROCESSES}, before);
    trial_start(before, "");
    overcrowd("40 processes");
}

const struct trap TRAPS_SHORTAGE[] = {
    {"few-files", "out of files: those inside are served, no spinning, then on again", 1,
     few_files},
    {"few-processes", "out of processes: the same", 1, few_processes},
};
const size_t TRAPS_SHORTAGE_COUNT = sizeof TRAPS_SHORTAGE / sizeof TRAPS_SHORTAGE[0];
