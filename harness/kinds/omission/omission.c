/* omission.c -- what the kind omission adds to a ramp: a server that stands still, and two loops.
 */
#include "harness/kinds/omission/omission.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "common/die.h"

enum { PATH_MAX_B = SESSION_FOLDER_MAX + 256 };

bool omission_choose_loop(const struct session *session, struct process *load, bool closed,
                          double rate_per_s, struct answer *answer)
{
    if (closed) return session_close_loop(load, answer);
    return session_rate(load, fmin(rate_per_s, session->conf.rate_per_s), answer);
}

static void signal_all(const struct tree *server, int number)
{
    for (size_t i = 0; i < server->count; i++)
        kill(server->pids[i], number); /* One that has ended needs no signal. */
}

bool omission_window(const struct session *session, struct process *load, const struct tree *server,
                     struct answer *answer)
{
    const struct conf *conf = &session->conf;
    if (session_tell_traffic(load, "window", conf->window_s)) {
        process_sleep_ns((uint64_t)(conf->window_s / 3 * NS_PER_S));
        signal_all(server, SIGSTOP);
        process_sleep_ns((uint64_t)conf->stop_ms * NS_PER_MS);
        signal_all(server, SIGCONT);
    }
    return session_hear_traffic(session, load, "window", conf->window_s, answer);
}

/* ---- the latencies of each window, in a file ---- */

bool omission_make_folder(const char *out, struct session *session)
{
    columns_beside(out, "histograms", session->histograms, sizeof session->histograms);
    return mkdir(session->histograms, 0777) == 0 || errno == EEXIST;
}

void omission_keep_window(const struct session *session, const struct process *load,
                          const struct row *row)
{
    char window[PATH_MAX_B], kept[PATH_MAX_B], words[200];
    process_last_line(load, words, sizeof words);
    if (words[0] != '\0') die_because("%s", words); /* It could not write the file whole. */
    session_window_file(session, window, sizeof window);
    snprintf(kept, sizeof kept, "%s/%s-%s-%s-%s-%ld.hgrm", session->histograms, session->experiment,
             session->model, row_get(row, "connections_asked"), row_get(row, "arrival"),
             session->repeat);
    if (rename(window, kept) < 0) die(kept);
}
