/* ready_cost.c -- what it costs to ask "who is ready?" on this machine.
 *
 *   many sockets, five of which have something to read:
 *
 *   select, poll   the program hands over all ──▶ the kernel looks at each
 *                  the program looks at each  ◀── and marks those that are ready
 *   epoll          the kernel has a list of those that are ready ──▶ the program reads five entries
 *
 * A call is timed with the program's own search for the five.  Nobody reads what waits, so that
 * each call finds the same.  The sockets are UDP's: a silent one needs no other end. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/die.h"
#include "common/net.h"
#include "common/number.h"
#include "common/program.h"
#include "harness/measure/columns.h"

enum {
    WATCHED_MAX = 10000,
    READY = 5,        /* As the essay has it: "only 5 have data right now". */
    FILES_BESIDE = 8, /* epoll, and some to spare. */
    CALLS = 20,       /* Between two looks at the clock, which takes time, too. */
    REPEATS_MAX = 99,
};

static const uint64_t repeat_ns = 2 * NS_PER_MS; /* So long a measurement makes calls. */

static int sockets[WATCHED_MAX];

/* What one interface needs to ask about the first `watched` sockets. */
struct question {
    size_t watched;
    struct pollfd entries[WATCHED_MAX];
    fd_set set;
    int epoll_fd;
};

/* Each asks once, looks for those that are ready, and returns how many there are. */
typedef size_t ask(struct question *question);

/* After a call that failed: true if a signal did that, so that it is asked again. */
static bool interrupted(const char *call)
{
    if (errno != EINTR) die(call);
    return true;
}

static size_t ask_select(struct question *question)
{
    fd_set readable;
    int last = sockets[question->watched - 1];
    do {
        readable = question->set; /* select(2) overwrites it. */
    } while (select(last + 1, &readable, NULL, NULL, NULL) < 0 && interrupted("select"));
    size_t ready = 0;
    for (size_t i = 0; i < question->watched; i++)
        ready += FD_ISSET(sockets[i], &readable) != 0;
    return ready;
}

static size_t ask_poll(struct question *question)
{
    while (poll(question->entries, question->watched, -1) < 0 && interrupted("poll")) {
    }
    size_t ready = 0;
    for (size_t i = 0; i < question->watched; i++)
        ready += question->entries[i].revents != 0;
    return ready;
}

static size_t ask_epoll(struct question *question)
{
    struct epoll_event events[2 * READY];
    int count;
    do {
        count = epoll_wait(question->epoll_fd, events, 2 * READY, -1);
    } while (count < 0 && interrupted("epoll_wait"));
    size_t ready = 0;
    for (int i = 0; i < count; i++)
        ready += (events[i].events & EPOLLIN) != 0;
    return ready;
}

/* ---- sockets ---- */

static int open_socket(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) die("socket");
    return fd;
}

/* It sends something to itself. */
static void make_ready(int fd)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof here;
    if (bind(fd, (struct sockaddr *)&here, size) < 0) die("bind");
    if (getsockname(fd, (struct sockaddr *)&here, &size) < 0) die("getsockname");
    if (sendto(fd, "!", 1, 0, (struct sockaddr *)&here, size) != 1) die("sendto");
}

/* Watches the first `watched` sockets; those that are ready stand evenly among them. */
static void prepare(struct question *question, size_t watched)
{
    question->watched = watched;
    question->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (question->epoll_fd < 0) die("epoll_create1");
    FD_ZERO(&question->set);
    for (size_t i = 0; i < watched; i++) {
        sockets[i] = open_socket();
        if (i % (watched / READY) == 0) make_ready(sockets[i]);
        question->entries[i] = (struct pollfd){.fd = sockets[i], .events = POLLIN};
        if (sockets[i] < FD_SETSIZE) FD_SET(sockets[i], &question->set);
        struct epoll_event event = {.events = EPOLLIN, .data.fd = sockets[i]};
        if (epoll_ctl(question->epoll_fd, EPOLL_CTL_ADD, sockets[i], &event) < 0) die("epoll_ctl");
    }
}

static void put_away(struct question *question)
{
    close(question->epoll_fd);
    for (size_t i = 0; i < question->watched; i++)
        close(sockets[i]);
}

/* ---- rows ---- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Returns ns per call. */
static double call_ns(ask *ask_once, struct question *question)
{
    uint64_t begin_ns = clock_ns(), spent_ns = 0;
    long calls = 0;
    for (; spent_ns < repeat_ns; spent_ns = clock_ns() - begin_ns, calls += CALLS)
        for (int i = 0; i < CALLS; i++)
            if (ask_once(question) != READY)
                die_because("another number was ready than we made so");
    return (double)spent_ns / (double)calls;
}

static void measure(const char *interface, ask *ask_once, struct question *question, long repeats)
{
    double costs_ns[REPEATS_MAX] = {0};
    for (long i = 0; i < repeats; i++)
        costs_ns[i] = call_ns(ask_once, question);
    qsort(costs_ns, (size_t)repeats, sizeof costs_ns[0], by_value);
    printf("%d,%s,%zu,%d,%ld,%.0f,%.0f,%.0f\n", COLUMNS_SCHEMA, interface, question->watched, READY,
           repeats, costs_ns[repeats / 2], costs_ns[0], costs_ns[repeats - 1]);
    fflush(stdout);
}

static const char help[] =
    "ready_cost -- what it costs to ask who is ready: select, poll and epoll\n"
    "\n"
    "usage: ready_cost [--repeats N]\n"
    "\n"
    "  --repeats N    measurements per row, odd: the median is given [9]\n"
    "  --help         this text\n"
    "\n"
    "Prints CSV: of 10 to 10,000 sockets, or as many as may be open, 5 have something to read; "
    "the\n"
    "time of a call that finds them, in ns: median, smallest, largest.  select ends at 1,024.\n"
    "results/README.md tells the columns.\n"
    "\n"
    "example:\n"
    "  ready_cost | column -s, -t         # a second";

static long parse(int argc, char **argv)
{
    static const struct option known[] = {{"repeats", required_argument, NULL, 'r'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    long repeats = 9;
    opterr = 0; /* Our own line says more. */
    for (int key; (key = getopt_long(argc, argv, ":", known, NULL)) != -1;) {
        if (key == ':') die_usage("%s needs a value; see --help", argv[optind - 1]);
        if (key == '?') die_usage("unknown option %s; see --help", argv[optind - 1]);
        if (key == 'r') repeats = number_option("--repeats", optarg, 1, REPEATS_MAX);
        if (key == 'h') {
            puts(help);
            program_end(0);
        }
    }
    if (optind < argc) die_usage("\"%s\" is not an option; see --help", argv[optind]);
    if (repeats % 2 == 0) die_usage("--repeats takes an odd number, so that one is in the middle");
    return repeats;
}

int main(int argc, char **argv)
{
    static const size_t sizes[] = {10, 100, 1000, WATCHED_MAX};
    static struct question question;
    program_begin();
    long repeats = parse(argc, argv);
    net_raise_file_limit();
    long most = net_free_files() - FILES_BESIDE;
    puts("schema,interface,watched,ready,repeats,call_ns_median,call_ns_min,call_ns_max");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0] && (long)sizes[i] <= most; i++) {
        prepare(&question, sizes[i]);
        if (sockets[sizes[i] - 1] < FD_SETSIZE) measure("select", ask_select, &question, repeats);
        measure("poll", ask_poll, &question, repeats);
        measure("epoll", ask_epoll, &question, repeats);
        put_away(&question);
    }
    program_end(0);
}
