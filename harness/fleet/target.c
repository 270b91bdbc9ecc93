/* target.c -- the server under test: one of our models, or any command that serves on a port. */
#include "harness/fleet/target.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/die.h"
#include "common/net.h"
#include "common/number.h"
#include "common/plain.h"
#include "harness/probes/probe_listener.h"

enum {
    READY_MS = 10000,        /* An interpreter with a large library needs a second or two. */
    ENDING_MS = 500,         /* Between the end of its stdout and its own, on a busy machine. */
    END_PATIENCE_MS = 15000, /* A server with 10,000 children needs about one second. */
    WORDS_MAX = 64,
    COMMAND_MAX = 4096,
    LINE_MAX_B = 128,
    LOOK_MS = 10, /* Between two tries to connect. */
};

static const char hole[] = "{port}";
/* Nobody reads what a stranger says: a full pipe would stop it. */
static const char unheard[] = "exec >/dev/null; ";

/* Says why nothing was even started. */
static bool refuse(struct target *target, const char *reason, char *why, size_t why_size)
{
    snprintf(why, why_size, "%s", reason);
    *target = (struct target){.process = {.input_fd = -1, .output_fd = -1, .error_fd = -1}};
    return false;
}

/* Says why it is of no use, with its last words if it has ended, and ends it. */
__attribute__((format(printf, 4, 5))) static bool give_up(struct target *target, char *why,
                                                          size_t why_size, const char *format, ...)
{
    char words[200];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, why_size, format, arguments);
    va_end(arguments);
    if (!process_is_running(&target->process)) {
        process_last_words(&target->process, words, sizeof words);
        snprintf(why, why_size, "ended before it was ready: %s", words);
    }
    target_end(target);
    return false;
}

/* Which program listens on the server's port.  Mostly it is the server itself; the other processes
 * of its tree are found by a pass over all of /proc, which is made only if it is not. */
static enum listener find_listener(const struct target *target)
{
    pid_t server = target->process.pid;
    struct tree itself = {.pids = &server, .count = 1};
    if (probe_listener(&itself, target->port) == LISTENER_OURS) return LISTENER_OURS;
    struct tree tree = probe_tree(target->process.child); /* The keeper: all that it keeps. */
    enum listener listener = probe_listener(&tree, target->port);
    probe_tree_free(&tree);
    return listener;
}

/* The port must be the server's own: else another program's echoes would be measured. */
static bool owns_port(struct target *target, char *why, size_t why_size)
{
    enum listener listener = find_listener(target);
    if (listener == LISTENER_OURS) return true;
    if (listener == LISTENER_NONE)
        return give_up(target, why, why_size, "says port %u, but does not listen there",
                       target->port);
    if (listener == LISTENER_OTHER)
        return give_up(target, why, why_size, "does not listen on port %u: another program does",
                       target->port);
    return give_up(target, why, why_size,
                   "cannot tell whether port %u is its own: /proc/PID/fd or /proc/net/tcp cannot "
                   "be read",
                   target->port);
}

/* Its stdout ended: gives it the time to end, so that its last words can be read. */
static void await_end(struct target *target)
{
    uint64_t deadline_ns = clock_ns() + (uint64_t)ENDING_MS * NS_PER_MS;
    while (process_is_running(&target->process) && clock_ns() < deadline_ns)
        process_sleep_ns(2 * NS_PER_MS);
}

static bool await_line(struct target *target, char *why, size_t why_size)
{
    char line[LINE_MAX_B];
    uint64_t deadline_ns = clock_ns() + (uint64_t)READY_MS * NS_PER_MS;
    long port = 0;
    static const char word[] = "ready port=";
    enum process_line got = process_read_line(&target->process, line, sizeof line, deadline_ns);
    plain_text(line, strlen(line));
    if (got == LINE_READ && strncmp(line, word, sizeof word - 1) == 0 &&
        number_read(line + sizeof word - 1, 1, UINT16_MAX, &port)) {
        target->port = (uint16_t)port;
        return owns_port(target, why, why_size);
    }
    if (got == LINE_LATE)
        return give_up(target, why, why_size, "not ready within %d s", READY_MS / 1000);
    if (got == LINE_ENDED) {
        await_end(target);
        return give_up(target, why, why_size, "closed its stdout before it was ready");
    }
    return give_up(target, why, why_size, "its first line is not \"ready port=N\" but \"%.60s%s\"",
                   line, strlen(line) > 60 ? "..." : "");
}

static bool can_connect(uint16_t port)
{
    struct net_address address;
    if (!net_address_read("127.0.0.1", port, &address)) return false;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) die("socket");
    bool connected = net_connect(fd, &address) == 0;
    net_close_with_reset(fd);
    close(fd);
    return connected;
}

static bool await_port(struct target *target, char *why, size_t why_size)
{
    uint64_t deadline_ns = clock_ns() + (uint64_t)READY_MS * NS_PER_MS;
    process_discard_output(&target->process);
    while (clock_ns() < deadline_ns && process_is_running(&target->process)) {
        if (can_connect(target->port)) return owns_port(target, why, why_size);
        process_sleep_ns(LOOK_MS * NS_PER_MS);
    }
    return give_up(target, why, why_size, "no connection to its port %u within %d s", target->port,
                   READY_MS / 1000);
}

bool target_start_model(const char *program, uint16_t port, const char *options,
                        const cpu_set_t *cpus, const struct process_watcher *watcher,
                        struct target *target, char *why, size_t why_size)
{
    char path[COMMAND_MAX], words[COMMAND_MAX], port_text[8], *rest = words;
    char *argv[WORDS_MAX + 1] = {path, port_text};
    snprintf(port_text, sizeof port_text, "%u", port);
    if (strlen(program) >= sizeof path || strlen(options) >= sizeof words)
        return refuse(target, "its command is too long", why, why_size);
    snprintf(path, sizeof path, "%s", program);
    snprintf(words, sizeof words, "%s", options);
    int argc = 2;
    for (char *word; argc < WORDS_MAX && (word = strsep(&rest, " \t")) != NULL;)
        if (*word != '\0') argv[argc++] = word;
    if (rest != NULL) return refuse(target, "its options have too many words", why, why_size);
    *target = (struct target){.process = process_start_server(argv, cpus, watcher), .port = port};
    return await_line(target, why, why_size);
}

/* A port that is free now.  Somebody else may take it before the command does; then the command
 * fails, and says so. */
static uint16_t free_port(void)
{
    struct net_address address;
    if (!net_address_read("127.0.0.1", 0, &address)) die_because("127.0.0.1 is no address");
    int fd = net_listen(&address, 1);
    if (fd < 0) die("listen on a free port");
    uint16_t port = net_port(fd);
    close(fd);
    return port;
}

/* Puts the port into every {port}.  False if there is no room for all of it. */
static bool fill_in_port(const char *command, uint16_t port, char *line, size_t size)
{
    size_t held = strlen(line);
    while (*command != '\0' && held + 8 < size) {
        if (strncmp(command, hole, strlen(hole)) == 0) {
            held += (size_t)snprintf(line + held, size - held, "%u", port);
            command += strlen(hole);
        } else {
            line[held++] = *command++;
            line[held] = '\0';
        }
    }
    return *command == '\0';
}

static void start_line(char *line, uint16_t port, const cpu_set_t *cpus,
                       const struct process_watcher *watcher, struct target *target)
{
    char *argv[] = {"/bin/sh", "-c", line, NULL};
    *target = (struct target){.process = process_start_server(argv, cpus, watcher), .port = port};
}

bool target_start_command(const char *command, uint16_t port, const cpu_set_t *cpus,
                          const struct process_watcher *watcher, struct target *target, char *why,
                          size_t why_size)
{
    char line[COMMAND_MAX] = "";
    bool holes = strstr(command, hole) != NULL;
    if (port != 0 && !holes)
        return refuse(target, "its command has no {port}: it cannot be told to take its port again",
                      why, why_size);
    if (port == 0) port = free_port();
    if (holes) snprintf(line, sizeof line, "%s", unheard);
    if (!fill_in_port(command, port, line, sizeof line))
        return refuse(target, "its command is too long", why, why_size);
    start_line(line, port, cpus, watcher, target);
    return holes ? await_port(target, why, why_size) : await_line(target, why, why_size);
}

bool target_start_on_port(const char *command, uint16_t port, const cpu_set_t *cpus,
                          struct target *target, char *why, size_t why_size)
{
    char line[COMMAND_MAX];
    snprintf(line, sizeof line, "%s", unheard);
    if (!fill_in_port(command, port, line, sizeof line))
        return refuse(target, "its command is too long", why, why_size);
    start_line(line, port, cpus, NULL, target);
    return await_port(target, why, why_size);
}

bool target_is_running(struct target *target)
{
    return process_is_running(&target->process);
}

void target_end(struct target *target)
{
    process_end(&target->process, END_PATIENCE_MS);
    process_forget(&target->process);
}
