/* probe_tasks.c -- context switches, CPU time and run-queue wait of all threads of a process tree.
 *
 * The taskstats protocol is described in the kernel's Documentation/accounting/taskstats.rst: a
 * generic netlink family whose number must be asked for by its name first. */
#include "harness/probes/probe_tasks.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/taskstats.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/clock.h"
#include "harness/probes/proc_file.h"

/* ---- taskstats ---- */

enum { ATTRIBUTE_MAX = 32 }; /* Our longest attribute is the family's name. */

/* NLA_HDRLEN and its like are signed; ours are sizes. */
static const size_t HEAD = sizeof(struct nlattr);
static const size_t HEADS = sizeof(struct nlmsghdr) + sizeof(struct genlmsghdr);

static size_t aligned(size_t size)
{
    return (size + NLA_ALIGNTO - 1) & ~((size_t)NLA_ALIGNTO - 1);
}

struct request {
    struct nlmsghdr header;
    struct genlmsghdr command;
    struct nlattr attribute;
    char payload[ATTRIBUTE_MAX];
};

struct reply {
    struct nlmsghdr header;
    struct genlmsghdr command;
    char attributes[4096];
};

/* Sends one command with one attribute and reads its answer.  Returns the size of the answer's
 * attributes, 0 when the kernel refuses. */
static size_t ask(int fd, uint16_t family, uint8_t command, uint16_t type, const void *payload,
                  uint16_t size, struct reply *reply)
{
    struct request request = {.command = {.cmd = command, .version = 1}};
    request.attribute.nla_len = (uint16_t)(HEAD + size);
    request.attribute.nla_type = type;
    memcpy(request.payload, payload, size);
    request.header.nlmsg_len = (uint32_t)(HEADS + aligned(HEAD + size));
    request.header.nlmsg_type = family;
    request.header.nlmsg_flags = NLM_F_REQUEST;
    if (send(fd, &request, request.header.nlmsg_len, 0) < 0) return 0;
    ssize_t got = recv(fd, reply, sizeof *reply, 0);
    if (got < (ssize_t)HEADS || reply->header.nlmsg_type == NLMSG_ERROR) return 0;
    return (size_t)got - HEADS;
}

/* Finds an attribute among `size` bytes of them; NULL if it is not there. */
static const struct nlattr *attribute(const char *at, size_t size, uint16_t type)
{
    while (size >= HEAD) {
        const struct nlattr *found = (const struct nlattr *)at;
        if (found->nla_len < HEAD || found->nla_len > size) return NULL;
        if ((found->nla_type & NLA_TYPE_MASK) == type) return found;
        size_t step = aligned(found->nla_len);
        if (step > size) return NULL;
        at += step;
        size -= step;
    }
    return NULL;
}

/* Returns the number of the family "TASKSTATS", 0 if this kernel has none. */
static uint16_t find_family(int fd)
{
    struct reply reply;
    size_t size = ask(fd, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME,
                      TASKSTATS_GENL_NAME, sizeof TASKSTATS_GENL_NAME, &reply);
    const struct nlattr *id = attribute(reply.attributes, size, CTRL_ATTR_FAMILY_ID);
    uint16_t family = 0;
    if (id != NULL) memcpy(&family, (const char *)id + HEAD, sizeof family);
    return family;
}

/* Adds one process with all its threads.  Only the first part of the structure, older than any
 * kernel we run on, is read. */
static bool add_process(int fd, uint16_t family, pid_t pid, struct tasks *tasks)
{
    struct reply reply;
    uint32_t id = (uint32_t)pid;
    size_t size =
        ask(fd, family, TASKSTATS_CMD_GET, TASKSTATS_CMD_ATTR_TGID, &id, sizeof id, &reply);
    const struct nlattr *both = attribute(reply.attributes, size, TASKSTATS_TYPE_AGGR_TGID);
    if (both == NULL) return false;
    const struct nlattr *found =
        attribute((const char *)both + HEAD, both->nla_len - HEAD, TASKSTATS_TYPE_STATS);
    struct taskstats stats = {0};
    if (found == NULL) return false;
    size_t held = found->nla_len - HEAD;
    memcpy(&stats, (const char *)found + HEAD, held < sizeof stats ? held : sizeof stats);
    tasks->cpu_ns += stats.cpu_run_virtual_total;
    tasks->user_ns += stats.ac_utime * NS_PER_US;
    tasks->system_ns += stats.ac_stime * NS_PER_US;
    tasks->run_queue_ns += stats.cpu_delay_total;
    tasks->voluntary += stats.nvcsw;
    tasks->involuntary += stats.nivcsw;
    return true;
}

bool probe_tasks_by_taskstats(const struct tree *tree, struct tasks *tasks)
{
    *tasks = (struct tasks){.method = "taskstats"};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
    if (fd < 0) return false;
    /* The kernel answers at once or not at all; a lost answer must not stop us for ever. */
    struct timeval patience = {.tv_sec = 1};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    uint16_t family = find_family(fd);
    bool root_seen = false;
    for (size_t i = 0; family != 0 && i < tree->count; i++) {
        bool seen = add_process(fd, family, tree->pids[i], tasks);
        root_seen = root_seen || seen;
        if (i == 0 && !seen) break; /* Refused: so would all the others be. */
    }
    close(fd);
    return root_seen;
}

/* ---- /proc ---- */

/* Takes the two files of a thread.  False if they do not tell what they should. */
static bool add_texts(const char *schedstat, const char *status, struct tasks *tasks)
{
    unsigned long long cpu_ns, run_queue_ns;
    uint64_t voluntary = proc_file_number(status, "voluntary_ctxt_switches:", UINT64_MAX);
    uint64_t involuntary = proc_file_number(status, "nonvoluntary_ctxt_switches:", UINT64_MAX);
    /* NOLINTNEXTLINE(cert-err34-c): numbers of the kernel fit their types. */
    if (sscanf(schedstat, "%llu %llu", &cpu_ns, &run_queue_ns) != 2 || voluntary == UINT64_MAX ||
        involuntary == UINT64_MAX)
        return false;
    tasks->cpu_ns += cpu_ns;
    tasks->run_queue_ns += run_queue_ns;
    tasks->voluntary += voluntary;
    tasks->involuntary += involuntary;
    return true;
}

/* True if a file could not be read because what it is about has ended. */
static bool has_ended(int task_fd, const char *tid)
{
    return faccessat(task_fd, tid, F_OK, 0) < 0;
}

static void add_thread(int task_fd, const char *tid, struct tasks *tasks)
{
    char path[48], schedstat[256], status[4096];
    snprintf(path, sizeof path, "%.10s/schedstat", tid);
    bool read = proc_file_read(task_fd, path, schedstat, sizeof schedstat) >= 0;
    snprintf(path, sizeof path, "%.10s/status", tid);
    read = read && proc_file_read(task_fd, path, status, sizeof status) >= 0;
    bool told = read && add_texts(schedstat, status, tasks);
    if (!told && !has_ended(task_fd, tid)) tasks->unknown = true;
}

void probe_tasks_by_status(const struct tree *tree, struct tasks *tasks)
{
    *tasks = (struct tasks){
        .user_ns = tree->user_ns, .system_ns = tree->system_ns, .method = "proc_status"};
    tasks->unknown = tree->count == 0;
    for (size_t i = 0; i < tree->count; i++) {
        char path[32];
        snprintf(path, sizeof path, "/proc/%d/task", tree->pids[i]);
        DIR *threads = opendir(path);
        if (threads == NULL) {
            tasks->unknown = tasks->unknown || errno != ENOENT; /* Else it has ended. */
            continue;
        }
        errno = 0;
        for (struct dirent *item; (item = readdir(threads)) != NULL; errno = 0)
            if (item->d_name[0] != '.') add_thread(dirfd(threads), item->d_name, tasks);
        tasks->unknown = tasks->unknown || (errno != 0 && errno != ENOENT);
        closedir(threads);
    }
}

struct tasks probe_tasks(const struct tree *tree)
{
    struct tasks tasks;
    if (!probe_tasks_by_taskstats(tree, &tasks)) probe_tasks_by_status(tree, &tasks);
    return tasks;
}
