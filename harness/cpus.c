/* cpus.c -- which CPUs the server and the client run on: never the same, where there are two. */
#include "harness/cpus.h"

#include "common/die.h"

struct cpus cpus_split(const cpu_set_t *allowed)
{
    struct cpus cpus = {0};
    int all = CPU_COUNT(allowed);
    if (all < 2) {
        cpus.server = cpus.client = *allowed;
        cpus.server_count = cpus.client_count = all;
        return cpus;
    }
    for (size_t i = 0; i < CPU_SETSIZE; i++) {
        if (!CPU_ISSET(i, allowed)) continue;
        if (cpus.server_count < all / 2) {
            CPU_SET(i, &cpus.server);
            cpus.server_count++;
        } else {
            CPU_SET(i, &cpus.client);
            cpus.client_count++;
        }
    }
    cpus.apart = true;
    return cpus;
}

struct cpus cpus_of_this_process(void)
{
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) < 0) die("sched_getaffinity");
    return cpus_split(&allowed);
}
