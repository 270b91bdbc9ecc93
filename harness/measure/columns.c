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

static const char *const raw_names[] = {
    /* Which point this is. */
    "schema", "experiment", "kind", "profile", "model", "repeat", "try", "superseded", "seed",
    "connections_asked", "connections_active", "message_b", "arrival", "limits",
    /* Connecting. */
    "quiet_s", "connections_established", "connections_in_kernel", "worker_share_percent_min",
    "worker_share_percent_max", "connections_refused", "connections_reset", "connections_timed_out",
    "connections_failed", "connect_error", "connect_s", "connect_ns_p50", "connect_ns_p99",
    "connect_ns_max",
    /* Traffic. */
    "warmup", "warmup_s", "window_s", "stop_ms", "offered_per_s", "sent_per_s", "achieved_per_s",
    "sent", "received", "lost", "corrupt", "latency_ns_p50", "latency_ns_p90", "latency_ns_p99",
    "latency_ns_p999", "latency_ns_max", "latency_ns_mean", "slow_sent", "slow_ns_p50",
    "slow_ns_p99", "from_sent_ns_p50", "from_sent_ns_p99", "send_lag_ns_p50", "send_lag_ns_p99",
    "send_lag_ns_max", "little_error_percent", "drift_percent",
    /* CPU. */
    "server_cpu_us_per_message", "server_cpu_percent", "server_user_percent",
    "server_system_percent", "server_run_queue_percent", "client_cpu_us_per_message",
    "client_cpu_percent", "machine_cpu_us_per_message", "steal_percent", "foreign_cpu_percent",
    /* Context switches. */
    "switches_voluntary_per_s", "switches_involuntary_per_s", "switches_per_message",
    "switches_method", "machine_switches_per_s",
    /* Memory. */
    "processes", "threads", "rss_kib", "pss_kib", "private_kib", "page_tables_kib",
    "kernel_stack_kib", "slab_kib", "sockets_kib", "task_frag_kib", "tcp_memory_kib",
    "machine_lost_kib", "memory_baseline_pss_kib", "client_pss_kib", "both_ends_slab_kib",
    "both_ends_page_tables_kib", "both_ends_kernel_stack_kib", "both_ends_lost_kib", "deaf_clients",
    "deaf_stuck_b",
    /* What the kernel dropped, and what to think of it all. */
    "syn_drops", "listen_overflows", "other_run", "wall", "wall_limit", "wall_advice",
    "wall_evidence", "status", "reason"};

enum {
    COLUMNS = sizeof raw_names / sizeof *raw_names,
    LINE_MAX_B = COLUMNS_MAX * (COLUMNS_VALUE_MAX + 1),
};
_Static_assert((int)COLUMNS <= (int)COLUMNS_MAX, "struct row is too small for the table");

const char *columns_name(int index)
{
    return index < COLUMNS ? raw_names[index] : NULL;
}

static const struct columns raw = {raw_names, COLUMNS};

static const struct columns *columns_of(const struct row *row)
{
    return row->columns != NULL ? row->columns : &raw;
}

static int find(const struct row *row, const char *name)
{
    const struct columns *columns = columns_of(row);
    for (int i = 0; i < columns->count; i++)
        if (strcmp(name, columns->names[i]) == 0) return i;
    die_because("there is no column \"%s\" in this table", name);
}

void row_set_text(struct row *row, const char *name, const char *text)
{
    char *value = row->value[find(row, name)];
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
    return row->value[find(row, name)];
}

/* Joins the names, or the values of a row, to one line that ends in a newline; returns its size. */
static size_t join(char *line, size_t size, const struct columns *columns, const struct row *row)
{
    size_t held = 0;
    for (int i = 0; i < columns->count; i++)
        held += (size_t)snprintf(line + held, size - held, "%s%c",
                                 row != NULL ? row->value[i] : columns->names[i],
                                 i + 1 < columns->count ? ',' : '\n');
    return held;
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

void columns_beside(const char *out, const char *name, char *path, size_t size)
{
    const char *slash = strrchr(out, '/');
    snprintf(path, size, "%.*s%s", slash != NULL ? (int)(slash - out) + 1 : 0, out, name);
}

bool row_write(const struct row *row, int fd)
{
    return write_line(fd, columns_of(row), row);
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
    if (columns == NULL) columns = &raw;
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
