/* switch_cost.c -- what one context switch costs on this machine, and how cold it leaves the
 * caches.
 *
 *   on one CPU:     task A  ── a byte ──▶  pipe  ──▶  task B
 *                           ◀── pipe ◀── a byte ──
 *
 * Two tasks (threads, or processes) pass a byte to and fro; each pass is one switch, waking the
 * other included.  The same calls made by one task alone, through a pipe to itself, cost no switch:
 * the difference is the switch.
 *
 * Each task also walks over a working set of its own at every turn.  While both sets fit into the
 * caches together the walk costs what it costs alone.  When they do not, the task that comes back
 * finds its cache cold, and filling it again is counted as part of the switch.  The walk jumps
 * about: each line of the set names the next one, so that the CPU cannot fetch ahead.
 *
 * And one task alone walks over sets of the same sizes, and over one that no cache holds: what a
 * touch costs from the caches, and from memory. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/die.h"
#include "common/number.h"
#include "common/program.h"
#include "harness/measure/columns.h"
#include "harness/machine/switch/pass.h"

enum {
    LINE_B = 64, /* A cache line, or half of one: one touch of each is enough. */
    KIB = 1024,
    MEMORY_KIB = 64 * KIB, /* Several times what the caches of most CPUs hold. */
    TOUCHES = 100000,      /* Of one measurement. */
    WARM_TURNS = 10,       /* Before the clock runs: a forked child first has to map its pages. */
    TURNS_MIN = 50,
    TURNS_MAX = 10000000,
    REPEATS_MAX = 99,
};

/* Below this the tasks did not take turns, and the figure would be of something else. */
static const double switches_per_pass_min = 0.9;

/* One cache line of a working set. */
struct line {
    _Alignas(LINE_B) uint32_t next; /* Number of the line to touch after this one. */
    uint32_t touched;
};

/* What a row of the table is about. */
struct workload {
    bool processes; /* B is a child of A; else a thread. */
    size_t set_kib;
    volatile struct line *set_a, *set_b; /* The working sets. */
    long turns;
};

/* One side of the game. */
struct player {
    const struct workload *work;
    volatile struct line *set;
    int from_fd, to_fd;
};

/* The two sides: A is this task. */
struct game {
    struct player a, b;
    pthread_t thread;
    pid_t child;
};

/* ---- a turn ---- */

static size_t lines_of(size_t set_kib)
{
    return set_kib * KIB / LINE_B;
}

/* Touches so many lines, from line `at` on; returns the one that comes next. */
static uint32_t touch(volatile struct line *set, uint32_t at, size_t lines)
{
    for (size_t i = 0; i < lines; i++) {
        set[at].touched++;
        at = set[at].next;
    }
    return at;
}

static void walk(const struct player *player)
{
    touch(player->set, 0, lines_of(player->work->set_kib));
}

static void pass(const struct player *player)
{
    char byte = 0;
    while (write(player->to_fd, &byte, 1) != 1)
        if (errno != EINTR) die("write to the other task");
}

static void take(const struct player *player)
{
    char byte;
    ssize_t size;
    do {
        size = read(player->from_fd, &byte, 1);
    } while (size < 0 && errno == EINTR);
    if (size < 0) die("read from the other task");
    if (size == 0) die_because("the other task ended");
}

static void play(const struct player *player, long turns)
{
    for (long i = 0; i < turns; i++) {
        pass(player);
        walk(player);
        take(player);
    }
}

static void *answer(void *argument)
{
    const struct player *player = argument;
    for (long i = 0; i < WARM_TURNS + player->work->turns; i++) {
        take(player);
        walk(player);
        pass(player);
    }
    return NULL;
}

static void make_pipe(int fds[2])
{
    if (pipe2(fds, O_CLOEXEC) < 0) die("pipe2");
}

/* ---- one measurement ---- */

/* Returns ns per turn of one task that passes the byte to itself. */
static double alone_ns(const struct workload *work, volatile struct line *set)
{
    int fds[2];
    make_pipe(fds);
    struct player self = {.work = work, .set = set, .from_fd = fds[0], .to_fd = fds[1]};
    play(&self, WARM_TURNS);
    uint64_t begin_ns = clock_ns();
    play(&self, work->turns);
    uint64_t end_ns = clock_ns();
    close(fds[0]);
    close(fds[1]);
    return (double)(end_ns - begin_ns) / (double)work->turns;
}

static void start_other(struct game *game)
{
    pid_t parent = getpid();
    if (!game->a.work->processes) {
        errno = pthread_create(&game->thread, NULL, answer, &game->b);
        if (errno != 0) die("pthread_create");
        return;
    }
    game->child = fork();
    if (game->child < 0) die("fork");
    if (game->child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) _exit(1); /* It ended before prctl could tell. */
        close(game->a.from_fd);
        close(game->a.to_fd);
        answer(&game->b);
        _exit(0);
    }
    /* They are the child's: should it end, we read the end. */
    close(game->b.from_fd);
    close(game->b.to_fd);
}

static void end_other(struct game *game)
{
    if (game->a.work->processes) {
        while (waitpid(game->child, NULL, 0) < 0)
            if (errno != EINTR) die("waitpid");
    } else {
        pthread_join(game->thread, NULL);
        close(game->b.from_fd);
        close(game->b.to_fd);
    }
    close(game->a.from_fd);
    close(game->a.to_fd);
}

/* How often the calling thread was taken off its CPU.  Whether it slept or was pushed aside by the
 * one it woke does not matter. */
static long times_away(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_THREAD, &usage) < 0) die("getrusage");
    return usage.ru_nvcsw + usage.ru_nivcsw;
}

/* Returns ns per pass between two tasks. */
static double between_ns(const struct workload *work)
{
    int there[2], back[2];
    make_pipe(there);
    make_pipe(back);
    struct game game = {
        .a = {.work = work, .set = work->set_a, .from_fd = back[0], .to_fd = there[1]},
        .b = {.work = work, .set = work->set_b, .from_fd = there[0], .to_fd = back[1]}};
    start_other(&game);
    play(&game.a, WARM_TURNS);
    long away_before = times_away();
    uint64_t begin_ns = clock_ns();
    play(&game.a, work->turns);
    uint64_t end_ns = clock_ns();
    double switches = (double)(times_away() - away_before) / (double)work->turns;
    end_other(&game);
    if (switches < switches_per_pass_min)
        die_because("the tasks did not take turns (%.2f switches a pass): is this one CPU?",
                    switches);
    return pass_ns(begin_ns, end_ns, work->turns);
}

/* ---- rows ---- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Makes one round trip through all lines out of their order (Sattolo's shuffle). */
static void lead_about(volatile struct line *set, size_t lines)
{
    uint64_t random = 1;
    for (size_t i = 0; i < lines; i++)
        set[i].next = (uint32_t)i;
    for (size_t i = lines; i-- > 1;) {
        random = random * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX. */
        size_t j = (size_t)(random >> 33) % i;
        uint32_t held = set[i].next;
        set[i].next = set[j].next;
        set[j].next = held;
    }
}

/* The same pages for A and B, alone and together, in a thread and in a child: whether a page falls
 * on a cache line that is taken already differs from page to page by more than a switch costs. */
static volatile struct line *working_set(size_t set_kib)
{
    void *set = mmap(NULL, (set_kib + 1) * KIB, PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (set == MAP_FAILED) die("mmap");
    lead_about(set, lines_of(set_kib));
    return set;
}

static void print_spread(double *values_ns, long count, const char *format)
{
    qsort(values_ns, (size_t)count, sizeof values_ns[0], by_value);
    const double spread_ns[] = {values_ns[count / 2], values_ns[0], values_ns[count - 1]};
    for (int i = 0; i < 3; i++)
        printf(format, spread_ns[i]);
}

/* Measures one kind of task with one size of working set, and prints its row.  Each difference is
 * taken within a few ms, so that both sides of it see the same weather. */
static void measure_switch(const struct workload *work, long repeats)
{
    double costs_ns[REPEATS_MAX] = {0};
    for (long i = 0; i < repeats; i++) {
        double before_ns = alone_ns(work, work->set_a);
        double between = between_ns(work);
        double after_ns = alone_ns(work, work->set_b);
        costs_ns[i] = pass_cost_ns(between, before_ns, after_ns);
    }
    printf("%d,%s,%zu,%ld,%ld", COLUMNS_SCHEMA, work->processes ? "process" : "thread",
           work->set_kib, work->turns, repeats);
    print_spread(costs_ns, repeats, ",%.0f");
    puts(",,,");
    fflush(stdout);
}

/* Measures what a touch costs a task that walks over its set round and round. */
static void measure_touch(volatile struct line *set, size_t set_kib, long repeats)
{
    double costs_ns[REPEATS_MAX] = {0};
    uint32_t at = touch(set, 0, TOUCHES);
    for (long i = 0; i < repeats; i++) {
        uint64_t begin_ns = clock_ns();
        at = touch(set, at, TOUCHES);
        costs_ns[i] = (double)(clock_ns() - begin_ns) / (double)TOUCHES;
    }
    printf("%d,nobody,%zu,,%ld,,,", COLUMNS_SCHEMA, set_kib, repeats);
    print_spread(costs_ns, repeats, ",%.3g");
    puts("");
    fflush(stdout);
}

/* A large set takes long to walk: fewer turns, so that each row takes about as long. */
static long turns_with(size_t set_kib, long turns)
{
    return 10 + turns * 16 / (16 + (long)set_kib);
}

/* The last CPU that we may use: the first one serves most interrupts. */
static void pin_to_one_cpu(void)
{
    cpu_set_t allowed, one;
    if (sched_getaffinity(0, sizeof allowed, &allowed) < 0) die("sched_getaffinity");
    CPU_ZERO(&one);
    for (size_t cpu = CPU_SETSIZE; cpu-- > 0 && CPU_COUNT(&one) == 0;)
        if (CPU_ISSET(cpu, &allowed)) CPU_SET(cpu, &one);
    if (sched_setaffinity(0, sizeof one, &one) < 0) die("sched_setaffinity");
}

static const char help[] =
    "switch_cost -- what one context switch costs on this machine\n"
    "\n"
    "usage: switch_cost [--turns N] [--repeats N]\n"
    "\n"
    "  --turns N      passes to and fro in one measurement; fewer with a working set [2000]\n"
    "  --repeats N    measurements per row, odd: the median is given [9]\n"
    "  --help         this text\n"
    "\n"
    "Prints CSV: between two threads and between two processes on one CPU, with working sets of\n"
    "several sizes (KiB that each task touches at every turn), the cost of one switch in ns; and\n"
    "between nobody, what a touch of a line costs one task alone: median, smallest, largest.\n"
    "results/README.md tells the columns.\n"
    "\n"
    "example:\n"
    "  switch_cost | column -s, -t        # about four seconds";

static void parse(int argc, char **argv, long *turns, long *repeats)
{
    static const struct option known[] = {{"turns", required_argument, NULL, 't'},
                                          {"repeats", required_argument, NULL, 'r'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    opterr = 0; /* Our own line says more. */
    for (int key; (key = getopt_long(argc, argv, ":", known, NULL)) != -1;) {
        if (key == ':') die_usage("%s needs a value; see --help", argv[optind - 1]);
        if (key == '?') die_usage("unknown option %s; see --help", argv[optind - 1]);
        if (key == 't') *turns = number_option("--turns", optarg, TURNS_MIN, TURNS_MAX);
        if (key == 'r') *repeats = number_option("--repeats", optarg, 1, REPEATS_MAX);
        if (key == 'h') {
            puts(help);
            program_end(0);
        }
    }
    if (optind < argc) die_usage("\"%s\" is not an option; see --help", argv[optind]);
    if (*repeats % 2 == 0) die_usage("--repeats takes an odd number, so that one is in the middle");
}

int main(int argc, char **argv)
{
    /* From "fits into every cache, twice" to "fits into no cache of one core". */
    static const size_t sets_kib[] = {0, 16, 512, 1024};
    long turns = 2000, repeats = 9;
    program_begin();
    parse(argc, argv, &turns, &repeats);
    pin_to_one_cpu();
    puts("schema,between,working_set_kib,turns,repeats,switch_ns_median,switch_ns_min,switch_ns_"
         "max,touch_ns_median,touch_ns_min,touch_ns_max");
    for (size_t i = 0; i < sizeof sets_kib / sizeof sets_kib[0]; i++) {
        struct workload work = {.set_kib = sets_kib[i],
                                .set_a = working_set(sets_kib[i]),
                                .set_b = working_set(sets_kib[i]),
                                .turns = turns_with(sets_kib[i], turns)};
        for (int processes = 0; processes < 2; processes++) {
            work.processes = processes == 1;
            measure_switch(&work, repeats);
        }
        if (work.set_kib > 0) measure_touch(work.set_a, work.set_kib, repeats);
    }
    measure_touch(working_set(MEMORY_KIB), MEMORY_KIB, repeats);
    program_end(0);
}
