/* omission.c -- what the kind omission adds to a ramp: a server that stands still, and two loops.
 */
#include "harness/omission.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "common/die.h"

enum { COMMAND_MAX = 64, PATH_MAX_B = SESSION_FOLDER_MAX + 256 };

static const double patience_s = 20;

bool omission_choose_loop(const struct session *session, struct process *load, bool closed,
                          double rate_per_s, struct answer *answer)
{
    char command[COMMAND_MAX] = "closed";
    const struct conf *conf = &session->conf;
    if (!closed)
        snprintf(command, sizeof command, "rate %.1f",
                 rate_per_s < conf->rate_per_s ? rate_per_s : conf->rate_per_s);
    return load_ask(load, command, patience_s, answer);
}

static void signal_all(const struct tree *server, int number)
{
    for (size_t i = 0; i < server->count; i++)
        kill(server->pids[i], number); /* One that has ended needs no signal. */
}

bool omission_window(const struct session *session, struct process *load, const struct tree *server,
                     struct answer *answer)
{
    char command[COMMAND_MAX];
    const struct conf *conf = &session->conf;
    snprintf(command, sizeof command, "window %.3f", conf->window_s);
    if (load_tell(load, command)) {
        process_sleep_ns((uint64_t)(conf->window_s / 3 * NS_PER_S));
        signal_all(server, SIGSTOP);
        process_sleep_ns((uint64_t)conf->stop_ms * NS_PER_MS);
        signal_all(server, SIGCONT);
    }
    double timeout_s = (double)conf->timeout_ms / 1e3;
    return load_hear(load, command, conf->window_s + timeout_s + patience_s, answer);
}

/* ---- the latencies of each window, in a file ---- */

bool omission_make_folder(const char *out, struct session *session)
{
    const char *slash = strrchr(out, '/');
    int length = slash != NULL ? (int)(slash - out) + 1 : 0;
    snprintf(session->histograms, sizeof session->histograms, "%.*shistograms", length, out);
    return mkdir(session->histograms, 0777) == 0 || errno == EEXIST;
}

void omission_window_file(const struct session *session, char *path, size_t size)
{
    snprintf(path, size, "%s/window.hgrm", session->histograms);
}

void omission_keep_window(const struct session *session, const struct row *row)
{
    char window[PATH_MAX_B], kept[PATH_MAX_B];
    omission_window_file(session, window, sizeof window);
    snprintf(kept, sizeof kept, "%s/%s-%s-%s-%s-%ld.hgrm", session->histograms, session->experiment,
             session->model, row_get(row, "connections_asked"), row_get(row, "arrival"),
             session->repeat);
    if (rename(window, kept) < 0) die(kept);
}
