/* probe_events.c -- counters of the kernel and the CPU for a process and all its descendants. */
#include "harness/probes/probe_events.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/probes/proc_file.h"

enum {
    PARANOID_MAX = 1
}; /* Above it the kernel's part is not for everybody: perf_event_open(2). */

static const struct {
    const char *name;
    uint32_t type;
    uint64_t config;
} table[EVENTS] = {
    [EVENT_TASK_CLOCK] = {"task_clock_ns", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK},
    [EVENT_CONTEXT_SWITCHES] = {"context_switches", PERF_TYPE_SOFTWARE,
                                PERF_COUNT_SW_CONTEXT_SWITCHES},
    [EVENT_MIGRATIONS] = {"cpu_migrations", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS},
    [EVENT_PAGE_FAULTS] = {"page_faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS},
    [EVENT_CYCLES] = {"cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES},
    [EVENT_INSTRUCTIONS] = {"instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS},
    [EVENT_CACHE_MISSES] = {"cache_misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES},
    [EVENT_TLB_MISSES] = {"dtlb_load_misses", PERF_TYPE_HW_CACHE,
                          PERF_COUNT_HW_CACHE_DTLB | PERF_COUNT_HW_CACHE_OP_READ << 8 |
                              PERF_COUNT_HW_CACHE_RESULT_MISS << 16},
};

const char *events_name(enum event event)
{
    return table[event].name;
}

/* The kernel's part is never excluded: an echo is nearly all kernel, and software events happen
 * nowhere else. */
static int open_event(enum event event, pid_t pid)
{
    struct perf_event_attr attributes = {
        .type = table[event].type,
        .size = sizeof attributes,
        .config = table[event].config,
        .read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
        .inherit = 1,
    };
    return (int)syscall(SYS_perf_event_open, &attributes, pid, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

struct events events_none(void)
{
    struct events events = {0};
    for (enum event event = 0; event < EVENTS; event++)
        events.fd[event] = -1;
    return events;
}

struct events events_attach(pid_t pid)
{
    struct events events;
    for (enum event event = 0; event < EVENTS; event++) {
        events.fd[event] = open_event(event, pid);
        events.error[event] = events.fd[event] < 0 ? errno : 0;
    }
    return events;
}

void events_detach(struct events *events)
{
    for (enum event event = 0; event < EVENTS; event++) {
        if (events->fd[event] >= 0) close(events->fd[event]);
        events->fd[event] = -1;
    }
}

struct event_counts events_read(const struct events *events)
{
    struct event_counts counts = {0};
    for (enum event event = 0; event < EVENTS; event++) {
        uint64_t answer[3]; /* In the order that read_format asks for. */
        if (events->fd[event] < 0 ||
            read(events->fd[event], answer, sizeof answer) != sizeof answer)
            continue;
        counts.of[event] = (struct event_count){answer[0], answer[1], answer[2]};
    }
    return counts;
}

/* ---- what to believe ---- */

static void explain_refusal(int error, char *why, size_t size)
{
    char text[32] = "";
    proc_file_read(AT_FDCWD, "/proc/sys/kernel/perf_event_paranoid", text, sizeof text);
    text[strcspn(text, "\n")] = '\0';
    if (error == ENOENT || error == EOPNOTSUPP || error == ENODEV || error == ENXIO)
        snprintf(why, size, "this machine has no such counter");
    else if (error == EACCES || error == EPERM)
        snprintf(why, size,
                 "not allowed (kernel.perf_event_paranoid = %s; %d would do; or be root)", text,
                 PARANOID_MAX);
    else
        snprintf(why, size, "perf_event_open: %s", strerror(error));
}

/* A server may well do without these. */
static bool may_be_zero(enum event event)
{
    return event == EVENT_MIGRATIONS || event == EVENT_PAGE_FAULTS ||
           event == EVENT_CONTEXT_SWITCHES;
}

bool events_between(const struct events *events, const struct event_counts *before,
                    const struct event_counts *after, enum event event, double *count, char *why,
                    size_t why_size)
{
    const struct event_count *b = &before->of[event], *a = &after->of[event];
    const struct event_count *clock_b = &before->of[EVENT_TASK_CLOCK];
    const struct event_count *clock_a = &after->of[EVENT_TASK_CLOCK];
    if (events->fd[event] < 0) {
        explain_refusal(events->error[event], why, why_size);
        return false;
    }
    if (a->running_ns <= b->running_ns) {
        snprintf(why, why_size, "the counter never ran");
        return false;
    }
    if (clock_a->value <= clock_b->value || (a->value <= b->value && !may_be_zero(event))) {
        snprintf(why, why_size, "it reads 0 although the server worked");
        return false;
    }
    *count = (double)(a->value - b->value) * (double)(a->enabled_ns - b->enabled_ns) /
             (double)(a->running_ns - b->running_ns);
    return true;
}
