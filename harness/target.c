/* target.c -- the server under test: one of our models, or any command that serves on a port. */
#include "harness/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/die.h"
#include "common/net.h"

enum {
    READY_MS = 10000,        /* An interpreter with a large library needs a second or two. */
    END_PATIENCE_MS = 15000, /* A server with 10,000 children needs about one second. */
    WORDS_MAX = 64,
    COMMAND_MAX = 4096,
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

/* Says why it is not ready, and ends it. */
static bool give_up(struct target *target, char *why, size_t why_size)
{
    char words[200];
    if (process_is_running(&target->process)) {
        snprintf(why, why_size, "not ready within %d s", READY_MS / 1000);
    } else {
        process_last_words(&target->process, words, sizeof words);
        snprintf(why, why_size, "ended before it was ready: %s", words);
    }
    target_end(target);
    return false;
}

static bool await_line(struct target *target, char *why, size_t why_size)
{
    char line[128];
    uint64_t deadline_ns = clock_ns() + (uint64_t)READY_MS * NS_PER_MS;
    unsigned port;
    if (process_read_line(&target->process, line, sizeof line, deadline_ns) &&
        sscanf(line, "ready port=%u", &port) == 1 && port > 0 && port <= UINT16_MAX) {
        target->port = (uint16_t)port;
        return true;
    }
    /* Its stdout ended: give it the time to end, so that its last words can be read. */
    process_sleep_ns(100 * NS_PER_MS);
    return give_up(target, why, why_size);
}

static bool can_connect(uint16_t port)
{
    struct net_address address;
    if (!net_address_read("127.0.0.1", port, &address)) return false;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) die("socket");
    bool connected = connect(fd, (struct sockaddr *)&address.storage, address.size) == 0;
    net_close_with_reset(fd);
    close(fd);
    return connected;
}

static bool await_port(struct target *target, char *why, size_t why_size)
{
    uint64_t deadline_ns = clock_ns() + (uint64_t)READY_MS * NS_PER_MS;
    while (clock_ns() < deadline_ns && process_is_running(&target->process)) {
        if (can_connect(target->port)) return true;
        process_sleep_ns(20 * NS_PER_MS);
    }
    return give_up(target, why, why_size);
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
    strcpy(path, program);
    strcpy(words, options);
    int argc = 2;
    for (char *word; argc < WORDS_MAX && (word = strsep(&rest, " \t")) != NULL;)
        if (*word != '\0') argv[argc++] = word;
    if (rest != NULL) return refuse(target, "its options have too many words", why, why_size);
    *target =
        (struct target){.process = process_start_watched(argv, cpus, false, watcher), .port = port};
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
    size_t held = holes ? strlen(strcpy(line, unheard)) : 0;
    while (*command != '\0' && held + 8 < sizeof line) {
        if (strncmp(command, hole, strlen(hole)) == 0) {
            held += (size_t)snprintf(line + held, sizeof line - held, "%u", port);
            command += strlen(hole);
        } else {
            line[held++] = *command++;
            line[held] = '\0';
        }
    }
    if (*command != '\0') return refuse(target, "its command is too long", why, why_size);
    char *argv[] = {"/bin/sh", "-c", line, NULL};
    *target =
        (struct target){.process = process_start_watched(argv, cpus, false, watcher), .port = port};
    return holes ? await_port(target, why, why_size) : await_line(target, why, why_size);
}

bool target_is_running(struct target *target)
{
    return process_is_running(&target->process);
}

void target_end(struct target *target)
{
    process_end(&target->process, END_PATIENCE_MS);
    process_end_orphans();
    process_forget(&target->process);
}
