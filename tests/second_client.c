/* second_client.c -- a second opinion on latency: nothing of clients/load is in it.
 *
 * usage: second_client PORT MESSAGES_PER_S SECONDS
 *
 *   one thread   sleep until due ─▶ send ─▶ read all of the echo ─▶ note the time ─▶ ...
 *
 * One connection, blocking calls, equal gaps, every sample kept and sorted.  Latency counts from
 * the moment the message was due.  Prints "p50 p99 max" in ns. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MESSAGE_B = 64, SECOND_NS = 1000000000 };

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static long long now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * SECOND_NS + now.tv_nsec;
}

static void sleep_until(long long due_ns)
{
    struct timespec due = {.tv_sec = due_ns / SECOND_NS, .tv_nsec = due_ns % SECOND_NS};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
}

static int open_connection(const char *port)
{
    struct sockaddr_in server = {.sin_family = AF_INET,
                                 .sin_port = htons((in_port_t)strtol(port, NULL, 10)),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    if (fd < 0 || connect(fd, (struct sockaddr *)&server, sizeof server) < 0) fail("connect");
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0) fail("TCP_NODELAY");
    return fd;
}

/* Returns how long after it was due the message was back. */
static long long echo_one(int fd, long long due_ns)
{
    char message[MESSAGE_B], echo[MESSAGE_B];
    memset(message, 'a' + (int)(due_ns % 26), sizeof message);
    sleep_until(due_ns);
    if (write(fd, message, sizeof message) != sizeof message) fail("write");
    if (recv(fd, echo, sizeof echo, MSG_WAITALL) != sizeof echo) fail("recv");
    long long latency_ns = now_ns() - due_ns;
    if (memcmp(message, echo, sizeof echo) == 0) return latency_ns;
    fprintf(stderr, "second_client: a wrong byte came back\n");
    exit(1);
}

static int by_value(const void *a, const void *b)
{
    long long x = *(const long long *)a, y = *(const long long *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: second_client PORT MESSAGES_PER_S SECONDS\n");
        return 2;
    }
    double rate = strtod(argv[2], NULL);
    int count = (int)(rate * strtod(argv[3], NULL)), fd = open_connection(argv[1]);
    if (count < 100) fail("fewer than 100 messages");
    prctl(PR_SET_TIMERSLACK, 1);
    long long *latencies = calloc((size_t)count, sizeof *latencies), begin_ns = now_ns();
    if (latencies == NULL) fail("calloc");
    for (int i = 0; i < count; i++)
        latencies[i] = echo_one(fd, begin_ns + (long long)((i + 1) * ((double)SECOND_NS / rate)));
    qsort(latencies, (size_t)count, sizeof *latencies, by_value);
    printf("%lld %lld %lld\n", latencies[count / 2], latencies[count * 99 / 100],
           latencies[count - 1]);
    free(latencies);
    return 0;
}
