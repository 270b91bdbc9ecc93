/* session_client.c -- the load client of a session: how it is started, and what it is told. */
#include <stdio.h>

#include "common/clock.h"
#include "harness/measure/arguments.h"
#include "harness/measure/kind.h"

enum { WORD_MAX = 32, LOAD_PATIENCE_MS = 2000 };

/* How long the client may take beyond what it was told to: an answer always comes, so that a
 * missing one means that our own machinery broke. */
static const double patience_s = 20;
static const double connect_patience_s = 5e-3; /* Per connection: the slowest server seen x 10. */

void session_add_arrival(const struct session *session, struct arguments *arguments)
{
    arguments_add(arguments, "%s", session->conf.poisson ? "--poisson" : "--constant");
}

struct process session_start_load(const struct session *session, int port)
{
    static struct arguments arguments; /* Too large for a small stack. */
    const struct conf *conf = &session->conf;
    const struct kind *how = session->kind;
    arguments_begin(&arguments);
    arguments_add(&arguments, "%s/load", session->bin_dir);
    arguments_add(&arguments, "--interactive");
    arguments_add(&arguments, "--port");
    arguments_add(&arguments, "%d", port);
    arguments_add(&arguments, "--seed");
    arguments_add(&arguments, "%ld", session->seed);
    arguments_add(&arguments, "--message-b");
    arguments_add(&arguments, "%s", conf_text(conf, "message_b"));
    arguments_add(&arguments, "--timeout-ms");
    arguments_add(&arguments, "%s", conf_text(conf, "timeout_ms"));
    arguments_add(&arguments, "%s", how->load == LOAD_OPEN ? "--rate" : "--closed");
    if (how->load == LOAD_OPEN) {
        arguments_add(&arguments, "%.3f", conf->rate_per_s);
        session_add_arrival(session, &arguments);
    }
    /* It has a CPU to itself. */
    if (session->cpus.apart && how->polls) arguments_add(&arguments, "--spin");
    if (how->add_client_options != NULL) how->add_client_options(session, &arguments);
    return process_start(arguments.words, &session->cpus.client);
}

void session_end_load(struct process *load)
{
    process_end(load, LOAD_PATIENCE_MS);
    process_forget(load);
}

static bool ask_to_connect(struct process *load, long connections, struct answer *answer)
{
    char command[WORD_MAX * 2];
    snprintf(command, sizeof command, "connect %ld", connections);
    return load_ask(load, command, patience_s + connect_patience_s * (double)connections, answer);
}

/* Connects those that never read, in place of those of the point before. */
static bool connect_deaf(long count, struct process *load, struct connecting *connecting,
                         struct answer *answer)
{
    char command[WORD_MAX];
    snprintf(command, sizeof command, "deaf %ld", count);
    if (!load_ask(load, command, patience_s + (double)count, answer)) return false;
    connecting->deaf = answer_number(answer, "deaf_clients");
    connecting->stuck_b = answer_number(answer, "deaf_stuck_b");
    return true;
}

bool session_connect(const struct session *session, struct process *load,
                     struct connecting *connecting, struct answer *answer)
{
    char command[WORD_MAX * 2];
    long active = connecting->active, wanted = connecting->wanted;
    if (session->conf.rest_is_deaf) {
        active = session_active(wanted, active);
        if (!connect_deaf(wanted - active, load, connecting, answer)) return false;
        wanted = active;
    } else if (active > 0) {
        snprintf(command, sizeof command, "active %ld", session_active(wanted, active));
        if (!load_ask(load, command, patience_s, answer)) return false;
    }
    uint64_t begin_ns = clock_ns();
    connecting->earlier_s = 0;
    for (long step = connecting->held + CONF_MANY; step < wanted; step += CONF_MANY) {
        if (!ask_to_connect(load, step, answer)) return false;
        if (answer_number(answer, "connections_established") < (double)step) return true;
        connecting->earlier_s = clock_seconds_since(begin_ns);
        printf("progress: %s holds %ld of %ld connections after %.0f s\n", session->model, step,
               wanted, connecting->earlier_s);
        fflush(stdout);
    }
    return ask_to_connect(load, wanted, answer);
}

bool session_prepare_traffic(const struct session *session, struct process *load,
                             struct answer *answer)
{
    const struct conf *conf = &session->conf;
    char command[WORD_MAX * 3];
    if (!conf->costs) return true;
    snprintf(command, sizeof command, "cost %.8s %ld %g", conf_text(conf, "cost"), conf->cost_us,
             conf->cost_percent);
    return load_ask(load, command, patience_s, answer);
}

bool session_rate(struct process *load, double rate_per_s, struct answer *answer)
{
    char command[WORD_MAX * 2];
    snprintf(command, sizeof command, "rate %.3f", rate_per_s);
    return load_ask(load, command, patience_s, answer);
}

bool session_close_loop(struct process *load, struct answer *answer)
{
    return load_ask(load, "closed", patience_s, answer);
}

bool session_tell_traffic(struct process *load, const char *word, double duration_s)
{
    char command[WORD_MAX * 2];
    snprintf(command, sizeof command, "%s %.3f", word, duration_s);
    return load_tell(load, command);
}

bool session_hear_traffic(const struct session *session, struct process *load, const char *word,
                          double duration_s, struct answer *answer)
{
    double timeout_s = (double)session->conf.timeout_ms / 1e3;
    return load_hear(load, word, duration_s + timeout_s + patience_s, answer);
}

bool session_traffic(const struct session *session, struct process *load, const char *word,
                     double duration_s, struct answer *answer)
{
    (void)session_tell_traffic(load, word, duration_s); /* If it is gone, the next line says so. */
    return session_hear_traffic(session, load, word, duration_s, answer);
}
