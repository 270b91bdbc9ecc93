/* cpus.h -- which CPUs the server and the client run on: never the same, where there are two. */
#ifndef C10K_CPUS_H
#define C10K_CPUS_H

#include <sched.h>
#include <stdbool.h>

struct cpus {
    cpu_set_t server, client;
    int server_count, client_count;
    bool apart; /* False on one CPU: the two share it, and no latency can be claimed. */
};

/* Deals out the CPUs of `allowed`: the first half to the server, the rest to the client. */
struct cpus cpus_split(const cpu_set_t *allowed);

/* The same for the CPUs that this process may use. */
struct cpus cpus_of_this_process(void);

#endif
