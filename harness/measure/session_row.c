/* session_row.c -- the rows of a session: which point they are about, what connecting gave, what
 * the kernel saw, and how they are written. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/measure/kind.h"
#include "harness/measure/other_run.h"
#include "harness/probes/probe_memory.h"
#include "harness/probes/probe_sockets.h"

enum {
    WORD_MAX = 32,
    REASON_MAX = 200,
    CHATTY_B = 64 * 1024, /* Of a server's words: more than any start or complaint needs. */
};

struct verdict_numbers session_numbers(const struct session *session, bool closed,
                                       const struct answer *window)
{
    return (struct verdict_numbers){
        .closed = closed,
        .poisson = session->conf.poisson,
        .spin = answer_number(window, "spin") > 0,
        .corrupt = answer_number(window, "corrupt"),
        .lost = answer_number(window, "lost"),
        .reset = answer_number(window, "connections_reset"),
        .offered_per_s = answer_number(window, "offered_per_s"),
        .sent_per_s = answer_number(window, "sent_per_s"),
        .achieved_per_s = answer_number(window, "achieved_per_s"),
        .window_s = answer_number(window, "window_s"),
        .connections = answer_number(window, "connections_active"),
        .client_cpu_percent_max = answer_number(window, "client_cpu_percent_max"),
        .client_busy_percent_max = answer_number(window, "client_busy_percent_max"),
        .latency_ns_p99 = answer_number(window, "latency_ns_p99"),
        .send_lag_ns_p99 = answer_number(window, "send_lag_ns_p99"),
        .little_error_percent = answer_number(window, "little_error_percent"),
        .drift_percent = session->kind->is_uneven ? NAN : answer_number(window, "drift_percent"),
        .server_cpu_percent = NAN,
        .steal_percent = NAN,
        .foreign_cpu_percent = NAN,
        .throttled_percent = NAN,
        .run_queue_percent = NAN,
        .kernel_cpu_percent = NAN,
        .wakeups_per_s = NAN,
    };
}

long session_active(long connections, long active)
{
    return active == 0 || active > connections ? connections : active;
}

void session_begin_row(const struct session *session, long connections, long active,
                       struct row *row)
{
    const struct conf *conf = &session->conf;
    const struct kind *how = session->kind;
    memset(row, 0, sizeof *row);
    row->columns = how->columns;
    row_set_whole(row, "schema", COLUMNS_SCHEMA);
    row_set_text(row, "experiment", session->experiment);
    row_set_text(row, "kind", how->name);
    row_set_text(row, "profile", session->profile);
    row_set_text(row, "model", session->model);
    row_set_whole(row, "repeat", (uint64_t)session->repeat);
    row_set_whole(row, "try", 1);
    row_set_whole(row, "superseded", 0);
    row_set_whole(row, "seed", (uint64_t)session->seed);
    row_set_whole(row, "connections", (uint64_t)connections);
    row_set_whole(row, "message_b", (uint64_t)conf->message_b);
    bool idle = how->load == LOAD_IDLE;
    long sending = idle ? 0 : session_active(connections, active);
    row_set_whole(row, "active", (uint64_t)sending);
    bool closed = how->load == LOAD_CLOSED;
    if (!idle) row_set_text(row, "variant", closed ? "closed" : conf_text(conf, "arrival"));
    if (how->begin_row != NULL) how->begin_row(session, row);
}

/* "established 3 of 10: ECONNREFUSED" and what the server said about it. */
static void explain_missing(double established, double asked, const char *error,
                            const struct target *target, char *reason, size_t size)
{
    char said[REASON_MAX];
    process_last_line(&target->process, said, sizeof said);
    snprintf(reason, size, "established %.0f of %.0f: %s%s%s", established, asked,
             error[0] != '\0' ? error : "no error was told",
             said[0] != '\0' ? "; server said: " : "", said);
}

/* The kernel must hold as many connections as the client believes.  True where it does not tell. */
static bool kernel_agrees(double established, const struct target *target, struct row *row,
                          char *reason, size_t size)
{
    long held = probe_sockets(target->port);
    if (held < 0) return true;
    row_set_whole(row, "connections_in_kernel", (uint64_t)held);
    if ((double)held == established) return true;
    snprintf(reason, size, "the client counts %.0f connections; the kernel %ld", established, held);
    return false;
}

bool session_row_connects(const struct connecting *connecting, const struct answer *answer,
                          struct target *target, struct row *row, char *reason, size_t size)
{
    static const char *const counts[] = {"connections_refused", "connections_reset",
                                         "connections_timed_out", "connections_failed", "corrupt"};
    static const char *const times[] = {"connect_ns_p50", "connect_ns_p99", "connect_ns_max"};
    char error[WORD_MAX] = "";
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        row_set_real(row, counts[i], answer_number(answer, counts[i]));
    row_set_real(row, "connect_s", connecting->earlier_s + answer_number(answer, "connect_s"));
    /* Of several steps, no percentile of the whole can be told. */
    for (size_t i = 0; connecting->earlier_s == 0 && i < sizeof times / sizeof *times; i++)
        row_set_real(row, times[i], answer_number(answer, times[i]));
    if (answer_get(answer, "connect_error", error, sizeof error))
        row_set_text(row, "connect_error", error);
    double established = answer_number(answer, "connections_established") + connecting->deaf;
    double asked = (double)connecting->wanted;
    row_set_real(row, "connections_established", established);
    if (answer_number(answer, "corrupt") > 0) {
        snprintf(reason, size, "wrong byte in the first echo");
        return false;
    }
    if (established < asked) {
        explain_missing(established, asked, error, target, reason, size);
        return false;
    }
    return kernel_agrees(established, target, row, reason, size);
}

void session_note_words(const struct target *target, char *reason, size_t size)
{
    uint64_t wrote_b = process_wrote_b(&target->process);
    size_t held = strlen(reason);
    if (wrote_b > CHATTY_B && held < size)
        snprintf(reason + held, size - held, "%sthe server was chatty: it wrote %llu bytes",
                 held > 0 ? "; " : "", (unsigned long long)wrote_b);
}

void session_row_drops(const struct kernel *begin, struct row *row)
{
    struct kernel now = probe_kernel();
    row_set_real(row, "syn_drops", now.syn_drops - begin->syn_drops);
    row_set_real(row, "listen_overflows", now.listen_overflows - begin->listen_overflows);
}

void session_row_memory(const struct tree *tree, const struct kernel *kernel, struct row *row)
{
    struct memory memory = probe_memory(tree);
    row_set_whole(row, "processes", tree->count);
    row_set_whole(row, "threads", tree->threads);
    row_set_real(row, "rss_kib", memory.rss_kib);
    row_set_real(row, "pss_kib", memory.pss_kib);
    row_set_real(row, "private_kib", memory.private_kib);
    row_set_real(row, "page_tables_kib", memory.page_tables_kib);
    row_set_real(row, "kernel_stack_kib", (double)tree->threads * probe_kernel_stack_kib(kernel));
    row_set_real(row, "tcp_memory_kib", kernel->tcp_memory_kib);
}

static void write_row(const struct session *session, struct row *row, const char *status,
                      const char *reason)
{
    bool other = other_run_seen(OTHER_RUN_SOCKETS);
    if (other || errno == 0) row_set_whole(row, "other_run", other);
    row_set_text(row, "status", status);
    row_set_text(row, "reason", reason);
    row_append(row, session->out_fd, session->out_path);
}

void session_keep_try(const struct session *session, struct row *row, const char *status,
                      const char *reason)
{
    row_set_whole(row, "superseded", 1);
    write_row(session, row, status, reason);
}

void session_finish_row(const struct session *session, struct row *row, const char *status,
                        const char *reason)
{
    write_row(session, row, status, reason);
    static const char *const shown[] = {"achieved_per_s", "latency_ns_p99", "machine_lost_kib"};
    const char *asked =
        row_get(row, session->kind->finds_count ? "connections_established" : "connections");
    const char *active = row_get(row, "active");
    printf("point %s %s %s", session->model, asked, status);
    if (session->conf.active[0] > 0 && strcmp(active, asked) != 0) printf(" active=%s", active);
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        if (row_get(row, shown[i])[0] != '\0') printf(" %s=%s", shown[i], row_get(row, shown[i]));
    if (session->kind->show_row != NULL) session->kind->show_row(row);
    putchar('\n');
    fflush(stdout); /* Progress is shown as it happens; a pipe without a reader is no harm. */
}

void session_not_reached(const struct session *session, size_t first, const char *reason)
{
    char text[REASON_MAX + WORD_MAX];
    snprintf(text, sizeof text, "not reached: %.200s", reason);
    for (size_t i = first; i < session->conf.connection_count; i++) {
        static struct row row; /* Too large for a small stack. */
        session_begin_row(session, session->conf.connections[i], session->conf.active[i], &row);
        session_finish_row(session, &row, "failed", text);
    }
}
