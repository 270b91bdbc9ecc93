/* shortage.c -- which limit stopped a server, or will stop it next. */
#include "harness/measure/shortage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    OTHERS_TASKS = 1000,  /* Left to other programs, so that a shell can still be started. */
    OTHERS_PERCENT = 10,  /* Of the memory; with less, Linux begins to write programs to disk. */
    SCARCE_PER_MILLE = 1, /* A limit is used up when less is left: others come and go. */
    SCARCE_EXTRA = 2,     /* And for small ones: a spare descriptor, two mappings per thread. */
    SCARCE_MEMORY_PER_MILLE = 30,
    NO_BOUND = 1000000000,
    LARGER_MIN = 65536,    /* For advice: less would only be the next wall. */
    PID_MAX_MAX = 4194304, /* Linux on 64 bits allows no more. */
};

static const struct {
    const char *name, *gives; /* gives: the errno of the call that meets it. */
    const char *advice;       /* A star stands for a larger number, or for the file. */
    bool shared;              /* With all programs of the machine, or of the group. */
} known[LIMITS] = {
    [LIMIT_FILES] = {"RLIMIT_NOFILE", "EMFILE", "ulimit -n * (in a root shell)", false},
    [LIMIT_FILES_ALL] = {"fs.file-max", "ENFILE", "sysctl fs.file-max=*", true},
    [LIMIT_USER_TASKS] = {"RLIMIT_NPROC", "EAGAIN", "ulimit -u * (in a root shell)", false},
    [LIMIT_PIDS] = {"pid_max", "EAGAIN", "sysctl kernel.pid_max=*", true},
    [LIMIT_THREADS] = {"threads-max", "EAGAIN", "sysctl kernel.threads-max=*", true},
    [LIMIT_GROUP_TASKS] = {"pids.max", "EAGAIN", "echo max > *", true},
    [LIMIT_MAPS] = {"max_map_count", "ENOMEM", "sysctl vm.max_map_count=*", false},
    [LIMIT_MEMORY] = {"memory", "ENOMEM", "more memory", true},
    [LIMIT_GROUP_MEMORY] = {"memory of the control group", "ENOMEM", "echo max > *", true},
};

static const struct {
    int number;
    const char *name;
} errors[] = {
    {EMFILE, "EMFILE"}, {ENFILE, "ENFILE"},   {EAGAIN, "EAGAIN"},
    {ENOMEM, "ENOMEM"}, {ENOBUFS, "ENOBUFS"},
};

static bool is_memory(enum limit_id id)
{
    return id == LIMIT_MEMORY || id == LIMIT_GROUP_MEMORY;
}

/* The name of the errno that the words tell, NULL if none.  The longest that fits: "Too many open
 * files" is the beginning of "Too many open files in system". */
static const char *error_in(const char *words)
{
    const char *name = NULL;
    size_t longest = 0;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        const char *text = strerror(errors[i].number);
        if (strlen(text) <= longest || strstr(words, text) == NULL) continue;
        longest = strlen(text);
        name = errors[i].name;
    }
    return name;
}

static bool is_used_up(enum limit_id id, const struct limit *limit)
{
    uint64_t scarce = is_memory(id) ? limit->max / 1000 * SCARCE_MEMORY_PER_MILLE
                                    : limit->max / 1000 * SCARCE_PER_MILLE + SCARCE_EXTRA;
    return limit->max > 0 && limit->used + scarce >= limit->max;
}

/* True if meeting the limit gives this errno.  pthread_create(3) makes EAGAIN of everything. */
static bool may_give(enum limit_id id, const char *error)
{
    if (strcmp(error, known[id].gives) == 0) return true;
    return strcmp(error, "EAGAIN") == 0 && (id == LIMIT_MAPS || is_memory(id));
}

enum limit_id shortage_find(const struct limit limits[LIMITS], const char *words)
{
    const char *error = error_in(words);
    enum limit_id found = LIMITS;
    for (enum limit_id id = 0; id < LIMITS; id++) {
        if (!is_used_up(id, &limits[id])) continue;
        if (error != NULL && may_give(id, error)) return id;
        if (found == LIMITS) found = id;
    }
    return found;
}

const char *shortage_errno(enum limit_id id, const char *words)
{
    const char *error = error_in(words);
    if (error != NULL) return error;
    return id < LIMITS ? known[id].gives : "";
}

void shortage_name(enum limit_id id, const struct limit *limit, char *text, size_t size)
{
    if (is_memory(id))
        snprintf(text, size, "%s %llu MiB", known[id].name, (unsigned long long)limit->max / 1024);
    else
        snprintf(text, size, "%s %llu", known[id].name, (unsigned long long)limit->max);
}

/* Twice as much at least, and a power of two. */
static unsigned long long larger(enum limit_id id, uint64_t max)
{
    unsigned long long number = LARGER_MIN;
    while (number < 2 * max)
        number *= 2;
    return id == LIMIT_PIDS && number > PID_MAX_MAX ? PID_MAX_MAX : number;
}

void shortage_advice(enum limit_id id, const struct limit *limit, char *text, size_t size)
{
    char what[sizeof limit->path];
    if (limit->path[0] != '\0')
        snprintf(what, sizeof what, "%s", limit->path);
    else
        snprintf(what, sizeof what, "%llu", larger(id, limit->max));
    const char *place = strchr(known[id].advice, '*');
    int before = (int)strcspn(known[id].advice, "*");
    snprintf(text, size, "%.*s%s%s", before, known[id].advice, place != NULL ? what : "",
             place != NULL ? place + 1 : "");
}

long shortage_room(const struct limit first[LIMITS], const struct limit now[LIMITS], long held,
                   enum limit_id *id)
{
    double least = NO_BOUND;
    *id = LIMITS;
    for (enum limit_id i = 0; i < LIMITS; i++) {
        if (!known[i].shared || now[i].max == 0 || now[i].used <= first[i].used || held == 0)
            continue;
        double each = (double)(now[i].used - first[i].used) / (double)held;
        double others =
            is_memory(i) ? (double)now[i].max / 100 * (double)OTHERS_PERCENT : (double)OTHERS_TASKS;
        double room = ((double)now[i].max - others - (double)now[i].used) / each;
        if (room >= least) continue;
        least = room < 0 ? 0 : room;
        *id = i;
    }
    return (long)least;
}
