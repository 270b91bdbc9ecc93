/* weather.c -- other programs at work: burns a part of the CPUs for a while.
 *
 * usage: weather BURN_MS PERIOD_MS SECONDS [PROGRAMS [SEED]]
 *
 *   PROGRAMS processes, each of which burns BURN_MS of every PERIOD_MS for SECONDS; by default one
 * for each CPU that this process may use.  SEED decides where in its period each of them burns.
 *
 * Ends with the last of them, and they end with it. */
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/die.h"
#include "common/number.h"
#include "common/program.h"

enum { PERIOD_MS_MAX = 10000, SECONDS_MAX = 3600, PROGRAMS_MAX = 256, SEED_MAX = 1000000 };

static void burn_ns(uint64_t duration_ns)
{
    uint64_t end_ns = clock_ns() + duration_ns;
    while (clock_ns() < end_ns) {
    }
}

/* Each period has its burst at another place, so that the programs are now together and now
 * alternate. */
static void work(uint64_t burst_ns, uint64_t period_ns, uint64_t end_ns)
{
    for (uint64_t begin_ns = clock_ns(); begin_ns < end_ns; begin_ns += period_ns) {
        uint64_t idle_ns = period_ns - burst_ns;
        uint64_t before_ns = idle_ns / 1000 * (uint64_t)(random() % 1000);
        clock_sleep_ns(before_ns);
        burn_ns(burst_ns);
        uint64_t now_ns = clock_ns();
        if (now_ns < begin_ns + period_ns) clock_sleep_ns(begin_ns + period_ns - now_ns);
    }
}

static long usable_cpus(void)
{
    cpu_set_t cpus;
    if (sched_getaffinity(0, sizeof cpus, &cpus) < 0) die("sched_getaffinity");
    return CPU_COUNT(&cpus);
}

int main(int argc, char **argv)
{
    program_begin();
    if (argc < 4 || argc > 6)
        die_usage("usage: weather BURN_MS PERIOD_MS SECONDS [PROGRAMS [SEED]]");
    long period_ms = number_option("PERIOD_MS", argv[2], 1, PERIOD_MS_MAX);
    long burst_ms = number_option("BURN_MS", argv[1], 0, period_ms);
    long duration_s = number_option("SECONDS", argv[3], 1, SECONDS_MAX);
    long programs = argc > 4 ? number_option("PROGRAMS", argv[4], 1, PROGRAMS_MAX) : usable_cpus();
    long seed = argc > 5 ? number_option("SEED", argv[5], 0, SEED_MAX) : 1;
    uint64_t end_ns = clock_ns() + (uint64_t)duration_s * NS_PER_S;
    pid_t weather = getpid();
    for (long i = 0; i < programs; i++) {
        pid_t pid = fork();
        if (pid < 0) die("fork");
        if (pid > 0) continue;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != weather) return 1; /* It ended before that. */
        srandom((unsigned)(seed + i));
        work((uint64_t)burst_ms * NS_PER_MS, (uint64_t)period_ms * NS_PER_MS, end_ns);
        return 0;
    }
    while (wait(NULL) > 0) {
    }
    return 0;
}
