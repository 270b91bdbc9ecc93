/* cpus.c -- which CPUs the server and the client run on: never the same, where there are two. */
#include "harness/fleet/cpus.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/die.h"
#include "harness/probes/proc_file.h"

enum { PATH_MAX_B = 4096 };

const char CPUS_FOLDER[] = "/sys/devices/system/cpu";

/* Adds the CPUs of a list such as "0,4" or "0-1". */
static void add_list(const char *text, cpu_set_t *cpus)
{
    for (char *rest; *text >= '0' && *text <= '9'; text = *rest == ',' ? rest + 1 : rest) {
        unsigned long first = strtoul(text, &rest, 10), last = first;
        if (*rest == '-') last = strtoul(rest + 1, &rest, 10);
        for (; first <= last && first < CPU_SETSIZE; first++)
            CPU_SET(first, cpus);
    }
}

/* The CPUs of `allowed` that share a core with this one, which is one of them. */
static cpu_set_t core_of(size_t cpu, const cpu_set_t *allowed, const char *folder)
{
    char path[PATH_MAX_B], text[1024];
    cpu_set_t core;
    CPU_ZERO(&core);
    snprintf(path, sizeof path, "%s/cpu%zu/topology/thread_siblings_list", folder, cpu);
    if (proc_file_read(AT_FDCWD, path, text, sizeof text) > 0) add_list(text, &core);
    CPU_AND(&core, &core, allowed);
    CPU_SET(cpu, &core);
    return core;
}

/* Writes the cores of `allowed` in the order of their first CPUs; returns how many there are. */
static int list_cores(const cpu_set_t *allowed, const char *folder, cpu_set_t *cores)
{
    int count = 0;
    cpu_set_t left = *allowed;
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &left)) continue;
        cores[count] = core_of(cpu, &left, folder);
        CPU_XOR(&left, &left, &cores[count]);
        count++;
    }
    return count;
}

struct cpus cpus_split(const cpu_set_t *allowed, const char *folder)
{
    static cpu_set_t cores[CPU_SETSIZE]; /* Too large for a small stack. */
    struct cpus cpus = {0};
    int count = list_cores(allowed, folder, cores);
    cpus.apart = count > 1;
    if (!cpus.apart) cpus.server = cpus.client = *allowed;
    for (int i = 0; cpus.apart && i < count; i++) {
        cpu_set_t *side = i < count / 2 ? &cpus.server : &cpus.client;
        CPU_OR(side, side, &cores[i]);
    }
    cpus.server_count = CPU_COUNT(&cpus.server);
    cpus.client_count = CPU_COUNT(&cpus.client);
    return cpus;
}

struct cpus cpus_of_this_process(void)
{
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) < 0) die("sched_getaffinity");
    return cpus_split(&allowed, CPUS_FOLDER);
}

bool cpus_spare(struct cpus *cpus, int needed, const char *folder, cpu_set_t *spare)
{
    static cpu_set_t cores[CPU_SETSIZE];
    if (!cpus->apart) return false;
    *spare = cores[list_cores(&cpus->client, folder, cores) - 1];
    if (cpus->client_count - CPU_COUNT(spare) < needed) return false;
    CPU_XOR(&cpus->client, &cpus->client, spare);
    cpus->client_count -= CPU_COUNT(spare);
    return true;
}
