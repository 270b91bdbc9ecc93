/* herd_table.c -- the tables of kind herd. */
#include "harness/herd_table.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/die.h"

enum { LINE_MAX_B = 2048, PATH_MAX_B = 4096 };

static const char first_columns[] =
    "experiment,schema,profile,model,repeat,seed,server_options,policy,base_ms,cap_ms,outage_s,"
    "back_s_p50,back_s_p99,back_s,accept_queue_max,drops_dying,drops_back,syn_retransmits,"
    "retransmits";
static const char back_columns[] =
    "experiment,schema,model,repeat,policy,s,connected,lost,attempts,failed,back,accept_queue";

/* Columns that the client answers under the same name. */
static const char *const answered[] = {"connections_asked",
                                       "connections_established",
                                       "connections_lost",
                                       "lost_in_order",
                                       "gave_up",
                                       "attempts",
                                       "connections_refused",
                                       "connections_reset",
                                       "connections_timed_out",
                                       "connections_failed",
                                       "connect_error",
                                       "connect_ns_p50",
                                       "connect_ns_p99",
                                       "sent",
                                       "received",
                                       "lost",
                                       "corrupt",
                                       "latency_ns_p50",
                                       "latency_ns_p99",
                                       "latency_ns_max",
                                       "send_lag_ns_p99"};

enum { ANSWERED = sizeof answered / sizeof *answered };

static FILE *open_table(const char *out, const char *name, const char *header)
{
    char path[PATH_MAX_B], line[LINE_MAX_B];
    columns_beside(out, name, path, sizeof path);
    FILE *table = fopen(path, "a+e");
    if (table == NULL)
        die_usage("cannot write %s: %s; choose another --out", path, strerror(errno));
    rewind(table);
    if (fgets(line, sizeof line, table) == NULL) {
        fprintf(table, "%s\n", header);
        return table;
    }
    line[strcspn(line, "\n")] = '\0';
    if (strcmp(line, header) != 0)
        die_usage("%s has another header than this version writes; choose another --out", path);
    fseek(table, 0, SEEK_END); /* Between reading and writing. */
    return table;
}

FILE *herd_table_open(const char *out)
{
    char header[LINE_MAX_B];
    size_t held = (size_t)snprintf(header, sizeof header, "%s", first_columns);
    for (size_t i = 0; i < ANSWERED; i++)
        held += (size_t)snprintf(header + held, sizeof header - held, ",%s", answered[i]);
    snprintf(header + held, sizeof header - held, ",status,reason");
    return open_table(out, "herd.csv", header);
}

FILE *herd_back_open(const char *out)
{
    return open_table(out, "herd_back.csv", back_columns);
}

/* A value between two commas. */
static void add_text(FILE *table, const char *text)
{
    fputc(',', table);
    for (; *text != '\0'; text++)
        fputc(*text == ',' ? ';' : *text == '"' || *text < ' ' ? ' ' : *text, table);
}

static void add_real(FILE *table, double value)
{
    char text[32] = "";
    if (isfinite(value)) snprintf(text, sizeof text, "%.10g", value);
    add_text(table, text);
}

static void add_seen(FILE *table, const struct herd_seen *seen)
{
    add_real(table, seen->outage_s);
    add_real(table, seen->back_s_p50);
    add_real(table, seen->back_s_p99);
    add_real(table, seen->back_s);
    add_real(table, seen->accept_queue_max < 0 ? NAN : (double)seen->accept_queue_max);
    add_real(table, seen->drops_dying);
    add_real(table, seen->drops_back);
    add_real(table, seen->syn_retransmits);
    add_real(table, seen->retransmits);
}

void herd_table_add(FILE *table, const struct session *session, const struct herd_seen *seen,
                    const struct answer *answer, const char *status, const char *reason)
{
    const struct conf *conf = &session->conf;
    bool jitter = strcmp(seen->policy, "jitter") == 0;
    fprintf(table, "%s,%d,%s,%s,%ld,%ld", session->experiment, COLUMNS_SCHEMA, session->profile,
            session->model, session->repeat, session->seed);
    add_text(table, conf->text[KEY_SERVER_OPTIONS]);
    add_text(table, seen->policy);
    add_real(table, jitter ? (double)conf->base_ms : NAN);
    add_real(table, jitter ? (double)conf->cap_ms : NAN);
    add_seen(table, seen);
    for (size_t i = 0; i < ANSWERED; i++) {
        char value[64] = "";
        if (answer != NULL) answer_get(answer, answered[i], value, sizeof value);
        add_text(table, value);
    }
    add_text(table, status);
    add_text(table, reason);
    fputc('\n', table);
    if (fflush(table) != 0) die("write a row of herd.csv");
}

void herd_back_add(FILE *table, const struct session *session, const char *policy, double since_s,
                   const char *step, long queue)
{
    fprintf(table, "%s,%d,%s,%ld,%s,%.2f,%s", session->experiment, COLUMNS_SCHEMA, session->model,
            session->repeat, policy, since_s, step);
    add_real(table, queue < 0 ? NAN : (double)queue);
    fputc('\n', table);
    if (fflush(table) != 0) die("write a row of herd_back.csv");
}
