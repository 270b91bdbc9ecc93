/* columns_file.c -- the file of a table: its header, and rows that are whole or not there. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/die.h"
#include "harness/measure/columns.h"

enum { LINE_MAX_B = COLUMNS_MAX * (COLUMNS_VALUE_MAX + 1) };

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
