/* probe_task_frag.c -- memory that the kernel keeps for each thread that has sent something.
 *
 *     threads wait ─▶ look ─▶ each echoes a message ─▶ look ─▶ they end */
#include "harness/probes/probe_task_frag.h"

#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/net.h"
#include "harness/probes/probe_kernel.h"
#include "harness/fleet/process.h"

enum {
    THREADS = 512, /* 16 MiB: beside what else moves, a MiB or so. */
    ROUNDS = 5,
    REST_MS = 20, /* For sockets and slab to be given back. */
    MESSAGE_B = 64,
    STACK_B = 64 * 1024,
};

/* A client, and the thread that serves it as a server's would. */
struct pair {
    int client, server;
    pthread_t thread;
    bool started;
};

static void *serve(void *argument)
{
    struct pair *pair = argument;
    char message[MESSAGE_B];
    ssize_t size; /* Until the client closes. */
    while ((size = recv(pair->server, message, sizeof message, 0)) > 0)
        if (send(pair->server, message, (size_t)size, MSG_NOSIGNAL) != size) break;
    close(pair->server);
    return NULL;
}

/* Over TCP, as the servers: other sockets cut their packets elsewhere. */
static bool connect_one(int listener, const struct net_address *address, struct pair *pair)
{
    pair->client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (pair->client < 0) return false;
    if (net_connect(pair->client, address) == 0)
        pair->server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    return pair->server >= 0;
}

static bool start_one(struct pair *pair)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_B);
    pair->started = pthread_create(&pair->thread, &attributes, serve, pair) == 0;
    pthread_attr_destroy(&attributes);
    return pair->started;
}

static bool start_all(struct pair *pairs)
{
    struct net_address address;
    net_address_read("127.0.0.1", 0, &address);
    int listener = net_listen(&address, THREADS);
    if (listener < 0) return false;
    net_address_read("127.0.0.1", net_port(listener), &address);
    bool all = true;
    for (int i = 0; i < THREADS && all; i++)
        all = connect_one(listener, &address, &pairs[i]) && start_one(&pairs[i]);
    close(listener);
    return all;
}

static void end_all(struct pair *pairs)
{
    for (int i = 0; i < THREADS; i++) {
        struct pair *pair = &pairs[i];
        if (pair->client >= 0) {
            net_close_with_reset(pair->client);
            close(pair->client);
        }
        if (pair->started)
            pthread_join(pair->thread, NULL); /* It closes its end. */
        else if (pair->server >= 0)
            close(pair->server);
    }
}

static bool echo_each(const struct pair *pairs)
{
    char message[MESSAGE_B] = {0};
    for (int i = 0; i < THREADS; i++) {
        if (send(pairs[i].client, message, sizeof message, MSG_NOSIGNAL) != sizeof message ||
            recv(pairs[i].client, message, sizeof message, MSG_WAITALL) != sizeof message)
            return false;
    }
    return true;
}

static double free_kib_at_rest(void)
{
    process_sleep_ns(REST_MS * NS_PER_MS);
    return (double)probe_kernel().free_kib;
}

/* KiB for each thread that free memory fell by; NAN if not all could be started. */
static double measure_round(struct pair *pairs)
{
    double fell_kib = NAN;
    for (int i = 0; i < THREADS; i++)
        pairs[i] = (struct pair){.client = -1, .server = -1};
    if (start_all(pairs)) {
        double before_kib = free_kib_at_rest();
        if (echo_each(pairs)) fell_kib = before_kib - free_kib_at_rest();
    }
    end_all(pairs);
    return fell_kib / (double)THREADS;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double probe_task_frag_kib(void)
{
    static struct pair pairs[THREADS];
    double kib[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        kib[round] = measure_round(pairs);
        if (isnan(kib[round])) return NAN;
    }
    qsort(kib, ROUNDS, sizeof *kib, by_size);
    return kib[ROUNDS / 2];
}
