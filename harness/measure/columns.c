/* columns.c -- the tables that are measured into: their columns in order, and one row to be filled.
 */
#include "harness/measure/columns.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/die.h"
#include "common/plain.h"

static const char *const head[] = {"schema",     "experiment",  "kind",   "profile", "model",
                                   "variant",    "connections", "active", "repeat",  "try",
                                   "superseded", "seed",        "status", "reason",  NULL};

const char *const columns_connecting[] = {"message_b",
                                          "quiet_s",
                                          "connections_established",
                                          "connections_in_kernel",
                                          "connections_refused",
                                          "connections_reset",
                                          "connections_timed_out",
                                          "connections_failed",
                                          "connect_error",
                                          "connect_s",
                                          "connect_ns_p50",
                                          "connect_ns_p99",
                                          "connect_ns_max",
                                          "corrupt",
                                          NULL};
const char *const columns_warm_up[] = {
    "warmup", "warmup_s", "drift_percent", "worker_share_percent_min", "worker_share_percent_max",
    NULL};
const char *const columns_traffic[] = {
    "window_s", "sent_per_s", "achieved_per_s", "sent", "received", "lost", NULL};
const char *const columns_times[] = {
    "offered_per_s",   "latency_ns_p50", "latency_ns_p90",  "latency_ns_p99",
    "latency_ns_p999", "latency_ns_max", "latency_ns_mean", NULL};
const char *const columns_lateness[] = {"slow_sent",        "slow_ns_p50",      "slow_ns_p99",
                                        "from_sent_ns_p50", "from_sent_ns_p99", "send_lag_ns_p50",
                                        "send_lag_ns_p99",  "send_lag_ns_max",  NULL};
const char *const columns_cpu[] = {"server_cpu_us_per_message",
                                   "server_cpu_percent",
                                   "server_user_percent",
                                   "server_system_percent",
                                   "server_run_queue_percent",
                                   "client_cpu_us_per_message",
                                   "client_cpu_percent",
                                   "machine_cpu_us_per_message",
                                   "steal_percent",
                                   "foreign_cpu_percent",
                                   NULL};
const char *const columns_switches[] = {"switches_voluntary_per_s", "switches_involuntary_per_s",
                                        "switches_per_message",     "switches_method",
                                        "machine_switches_per_s",   NULL};
const char *const columns_tasks[] = {"processes", "threads", NULL};
const char *const columns_memory[] = {"rss_kib",
                                      "pss_kib",
                                      "private_kib",
                                      "page_tables_kib",
                                      "kernel_stack_kib",
                                      "tcp_memory_kib",
                                      "memory_baseline_pss_kib",
                                      NULL};
const char *const columns_drops[] = {"syn_drops", "listen_overflows", "other_run", NULL};

/* Columns of one or two kinds that functions of this folder fill where a table has them. */
static const char *const others[] = {"little_error_percent",
                                     "slab_kib",
                                     "sockets_kib",
                                     "task_frag_kib",
                                     "machine_lost_kib",
                                     "client_pss_kib",
                                     "both_ends_slab_kib",
                                     "both_ends_page_tables_kib",
                                     "both_ends_kernel_stack_kib",
                                     "both_ends_lost_kib",
                                     "deaf_clients",
                                     "deaf_stuck_b",
                                     NULL};

static const char *const *const shared_groups[] = {
    columns_connecting, columns_warm_up, columns_traffic,  columns_times,
    columns_lateness,   columns_cpu,     columns_switches, columns_tasks,
    columns_memory,     columns_drops,   others,           NULL};
static const struct columns shared = {.groups = shared_groups};

enum { LINE_MAX_B = COLUMNS_MAX * (COLUMNS_VALUE_MAX + 1) };

const char *columns_name(const struct columns *columns, int index)
{
    enum { HEAD = sizeof head / sizeof *head - 1 };
    if (columns == NULL) columns = &shared;
    if (!columns->is_bare && index < HEAD) return head[index];
    if (!columns->is_bare) index -= HEAD;
    for (const char *const *const *group = columns->groups; *group != NULL; group++)
        for (const char *const *name = *group; *name != NULL; name++)
            if (index-- == 0) return *name;
    return NULL;
}

static int place_in(const struct columns *columns, const char *name)
{
    const char *other;
    for (int i = 0; (other = columns_name(columns, i)) != NULL; i++)
        if (strcmp(name, other) == 0) return i;
    return -1;
}

/* -1: a column that other tables have. */
static int find(const struct row *row, const char *name)
{
    int place = place_in(row->columns, name);
    if (place >= COLUMNS_MAX) die_because("a table has more than %d columns", COLUMNS_MAX);
    if (place < 0 && place_in(&shared, name) < 0)
        die_because("there is no column \"%s\" in this table", name);
    return place;
}

void row_set_text(struct row *row, const char *name, const char *text)
{
    int place = find(row, name);
    if (place < 0) return;
    char *value = row->value[place];
    snprintf(value, COLUMNS_VALUE_MAX, "%s", text != NULL ? text : "");
    plain_text(value, strlen(value));
    for (; *value != '\0'; value++) {
        if (*value == ',') *value = ';';
        if (*value == '"') *value = '\'';
        if (*value == '\t' || *value == '\n') *value = ' ';
    }
}

void row_set_whole(struct row *row, const char *name, uint64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    row_set_text(row, name, text);
}

void row_set_real(struct row *row, const char *name, double value)
{
    char text[32];
    snprintf(text, sizeof text, "%.10g", value);
    row_set_text(row, name, isfinite(value) ? text : NULL);
}

const char *row_get(const struct row *row, const char *name)
{
    int place = find(row, name);
    return place < 0 ? "" : row->value[place];
}

/* Joins the names, or the values of a row, to one line that ends in a newline; returns its size. */
static size_t join(char *line, size_t size, const struct columns *columns, const struct row *row)
{
    size_t held = 0;
    const char *name;
    for (int i = 0; (name = columns_name(columns, i)) != NULL; i++)
        held += (size_t)snprintf(line + held, size - held, "%s%s", i > 0 ? "," : "",
                                 row != NULL ? row->value[i] : name);
    return held + (size_t)snprintf(line + held, size - held, "\n");
}

/* Takes back the part of a line that could be written: a later row would be behind it in the same
 * line. */
static void take_back(int fd, off_t written)
{
    struct stat file;
    if (fstat(fd, &file) < 0 || !S_ISREG(file.st_mode) || file.st_size < written) return;
    if (ftruncate(fd, file.st_size - written) < 0) die("take back half a row");
}

/* Whole or not at all.  False with errno: the disk is full, or a limit of the file's size met. */
static bool write_line(int fd, const struct columns *columns, const struct row *row)
{
    static char line[LINE_MAX_B]; /* Too large for a small stack. */
    size_t size = join(line, sizeof line, columns, row);
    size_t written = 0;
    while (written < size) {
        ssize_t piece = write(fd, line + written, size - written);
        if (piece < 0 && errno != EINTR) break;
        if (piece > 0) written += (size_t)piece;
    }
    if (written == size) return true;
    int error = errno;
    take_back(fd, (off_t)written);
    errno = error;
    return false;
}

void columns_of_run(const char *out, const char *name, char *path, size_t size)
{
    static const char rows[] = "rows/";
    const char *slash = strrchr(out, '/');
    size_t folder = slash != NULL ? (size_t)(slash - out) + 1 : 0, rows_size = sizeof rows - 1;
    bool in_rows = folder >= rows_size && memcmp(out + folder - rows_size, rows, rows_size) == 0 &&
                   (folder == rows_size || out[folder - rows_size - 1] == '/');
    snprintf(path, size, "%.*s%s", (int)(in_rows ? folder - rows_size : folder), out, name);
}

bool row_write(const struct row *row, int fd)
{
    return write_line(fd, row->columns, row);
}

void row_append(const struct row *row, int fd, const char *path)
{
    if (!row_write(row, fd)) die_because("cannot write %s: %s", path, strerror(errno));
}

static bool has_header(const struct columns *columns, int fd)
{
    static char wanted[COLUMNS_MAX * COLUMNS_VALUE_MAX], found[sizeof wanted];
    size_t size = join(wanted, sizeof wanted, columns, NULL);
    return pread(fd, found, size, 0) == (ssize_t)size && memcmp(found, wanted, size) == 0;
}

/* Says whose file it is: a row begins with its schema. */
static void explain_header(int fd, const char *path, char *why, size_t size)
{
    static char text[COLUMNS_MAX * COLUMNS_VALUE_MAX];
    ssize_t got = pread(fd, text, sizeof text - 1, 0);
    text[got > 0 ? got : 0] = '\0';
    const char *row = strchr(text, '\n');
    char *end = NULL;
    bool ours = strncmp(text, "schema,", strlen("schema,")) == 0 && row != NULL;
    long schema = ours ? strtol(row, &end, 10) : 0;
    if (ours && end != row && schema != COLUMNS_SCHEMA)
        snprintf(why, size,
                 "%s has rows of schema %ld, this version writes schema %d; "
                 "choose another --out",
                 path, schema, COLUMNS_SCHEMA);
    else
        snprintf(why, size,
                 "%s has another header than schema %d of this version; "
                 "choose another --out",
                 path, COLUMNS_SCHEMA);
}

/* Drops what is behind the last newline: half a row, left by a program that was killed or found the
 * disk full.  False with errno. */
static bool drop_torn_line(int fd, const char *path, off_t *size)
{
    static char last[LINE_MAX_B];
    off_t from = *size > (off_t)sizeof last ? *size - (off_t)sizeof last : 0;
    ssize_t got = pread(fd, last, (size_t)(*size - from), from);
    if (got <= 0 || last[got - 1] == '\n') return got > 0;
    const char *newline = memrchr(last, '\n', (size_t)got);
    if (newline == NULL) return true; /* No table of ours, or its header: the caller sees. */
    off_t kept = from + (newline + 1 - last);
    fprintf(stderr, "%s: dropped the last line of %s, which was not whole: %lld bytes\n",
            program_invocation_short_name, path, (long long)(*size - kept));
    *size = kept;
    return ftruncate(fd, kept) == 0;
}

/* True if all that the file holds is the beginning of the header. */
static bool has_torn_header(const struct columns *columns, int fd, off_t size)
{
    static char wanted[LINE_MAX_B], found[LINE_MAX_B];
    size_t whole = join(wanted, sizeof wanted, columns, NULL);
    return size < (off_t)whole && pread(fd, found, (size_t)size, 0) == (ssize_t)size &&
           memcmp(found, wanted, (size_t)size) == 0;
}

int columns_open(const struct columns *columns, const char *path, char *why, int why_size)
{
    int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    struct stat file;
    if (fd < 0 || fstat(fd, &file) < 0) {
        snprintf(why, (size_t)why_size, "cannot write %s: %s; choose another --out", path,
                 strerror(errno));
        return -1;
    }
    bool fresh = !S_ISREG(file.st_mode) || file.st_size == 0;
    if (!fresh && has_torn_header(columns, fd, file.st_size)) fresh = ftruncate(fd, 0) == 0;
    if (!fresh && !has_header(columns, fd)) {
        explain_header(fd, path, why, (size_t)why_size);
    } else if (fresh ? write_line(fd, columns, NULL) : drop_torn_line(fd, path, &file.st_size)) {
        return fd;
    } else {
        snprintf(why, (size_t)why_size, "cannot write %s: %s", path, strerror(errno));
    }
    close(fd);
    return -1;
}
