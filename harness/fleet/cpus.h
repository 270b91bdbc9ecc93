/* cpus.h -- which CPUs the server and the client run on: never the same, where there are two.
 *
 * What the kernel calls a CPU may be half of one: two that share a core (SMT) take turns within it,
 * and each is slower while the other works.  So whole cores are dealt out. */
#ifndef C10K_CPUS_H
#define C10K_CPUS_H

#include <sched.h>
#include <stdbool.h>

struct cpus {
    cpu_set_t server, client;
    int server_count, client_count; /* CPUs as the kernel counts them. */
    bool apart; /* False on one core: the two share it, and no latency can be claimed. */
};

/* Where the kernel tells which CPUs share a core, in files such as cpu0/topology/... */
extern const char CPUS_FOLDER[];

/* Deals out the cores of `allowed`: the first half to the server, the rest to the client.  A CPU of
 * which `folder` tells nothing is a core of its own. */
struct cpus cpus_split(const cpu_set_t *allowed, const char *folder);

/* The same for the CPUs that this process may use. */
struct cpus cpus_of_this_process(void);

/* Takes the client's last core for somebody else, if at least `needed` CPUs are left to the client.
 * False, and nothing is changed, if not. */
bool cpus_spare(struct cpus *cpus, int needed, const char *folder, cpu_set_t *spare);

#endif
