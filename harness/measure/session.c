/* session.c -- one call of measure: one experiment, one model, one repeat; its server. */
#include "harness/measure/session.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/affinity.h"

enum {
    PATH_MAX_B = 4096,
    WORD_MAX = 32,
    OPTIONS_MAX = CONF_VALUE_MAX + 2 * WORD_MAX,
    FILES_RESERVED = 64, /* Of a worker: stdio, listeners, epoll. */
};

long session_workers(long connections, long files_max, long cpus)
{
    long room = files_max - FILES_RESERVED;
    if (files_max < 0) room = LONG_MAX;
    if (room < 1) room = 1;
    long workers = (connections + connections / 8) / room + 1;
    return workers > cpus ? workers : cpus;
}

/* "{workers}" in a model's options becomes as many processes as hold the largest count. */
static void fill_in_workers(const struct conf *conf, char *options, size_t size)
{
    static const char hole[] = "{workers}";
    const char *text = conf_text(conf, "server_options"), *at = strstr(text, hole);
    if (at == NULL) {
        snprintf(options, size, "%s", text);
        return;
    }
    long most = conf->connections[conf->connection_count - 1];
    long workers = session_workers(most, sysconf(_SC_OPEN_MAX), affinity_cpus());
    snprintf(options, size, "%.*s%ld%s", (int)(at - text), text, workers, at + strlen(hole));
}

/* The options of the server, as the experiment asks for them. */
static void write_options(const struct conf *conf, char *options, size_t size)
{
    fill_in_workers(conf, options, size);
    size_t held = strlen(options);
    if (conf->costs) snprintf(options + held, size - held, " --costs");
}

bool session_command(const struct session *session, char *line, size_t size)
{
    char options[OPTIONS_MAX];
    write_options(&session->conf, options, sizeof options);
    int length;
    if (session->command != NULL)
        length = snprintf(line, size, "%s %s", session->command, options);
    else
        length = snprintf(line, size, "exec \"%s/server-%s\" 0 %s", session->bin_dir,
                          session->model, options);
    return (size_t)length < size;
}

bool session_start_target(const struct session *session, uint16_t port, struct target *target,
                          char *why, size_t why_size)
{
    char program[PATH_MAX_B + OPTIONS_MAX], options[OPTIONS_MAX];
    if (session->command != NULL) {
        if (session_command(session, program, sizeof program))
            return target_start_command(program, port, &session->cpus.server, session->watcher,
                                        target, why, why_size);
        *target = (struct target){.process = {.input_fd = -1, .output_fd = -1, .error_fd = -1}};
        snprintf(why, why_size, "its command is too long");
        return false;
    }
    write_options(&session->conf, options, sizeof options);
    snprintf(program, sizeof program, "%s/server-%s", session->bin_dir, session->model);
    return target_start_model(program, port, options, &session->cpus.server, session->watcher,
                              target, why, why_size);
}
