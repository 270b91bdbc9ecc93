/* columns.h -- the tables that are measured into: a head that all have, the columns of one kind,
 * and one row to be filled.
 *
 * results/README.md says what each column means; tests/measure.bats compares the two. */
#ifndef C10K_COLUMNS_H
#define C10K_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    COLUMNS_SCHEMA = 4, /* Grows when a column changes its meaning. */
    COLUMNS_MAX = 128,
    COLUMNS_VALUE_MAX = 256, /* Bytes of one value, with its end; longer ones are cut. */
};

/* The columns of one table: lists of names, each ending in NULL, and NULL behind the last list. */
struct columns {
    const char *const *const *groups;
    bool is_bare; /* Without the head that all rows have. */
};

/* Groups that several kinds have.  A kind takes those that it can fill. */
extern const char *const columns_connecting[]; /* Message, quiet machine, connects. */
extern const char *const columns_warm_up[];    /* Warm-up, steadiness, shares of workers. */
extern const char *const columns_traffic[];    /* Messages of a window. */
extern const char *const columns_times[];      /* What was offered, and latencies. */
extern const char *const columns_lateness[];   /* Slow messages, latency from sending, client. */
extern const char *const columns_cpu[];        /* CPU time, and what else used the machine. */
extern const char *const columns_switches[];   /* Context switches. */
extern const char *const columns_tasks[];      /* Processes and threads. */
extern const char *const columns_memory[];     /* What the server's processes and TCP hold. */
extern const char *const columns_drops[];      /* What the kernel dropped; another run. */

/* One row; all zero is a row of empty values with all of these groups. */
struct row {
    const struct columns *columns; /* NULL: the head and all groups above. */
    char value[COLUMNS_MAX][COLUMNS_VALUE_MAX];
};

/* The name of column `index` of a table (NULL: as of a row), or NULL behind the last one. */
const char *columns_name(const struct columns *columns, int index);

/* Sets a value.  Commas, quotes and what is no plain text become harmless, so that a line of the
 * file can be split at its commas.  A column of the groups above that the table has not is left
 * out; another name that is not in the table is a mistake of ours: the program dies.  NULL leaves
 * the value empty. */
void row_set_text(struct row *row, const char *name, const char *text);

/* Set a number: row_set_real() with enough digits for later arithmetic; NAN leaves it empty. */
void row_set_whole(struct row *row, const char *name, uint64_t value);
void row_set_real(struct row *row, const char *name, double value);

/* What a row holds under a name, "" if empty, or left out as above. */
const char *row_get(const struct row *row, const char *name);

/* Opens a table for appending and writes the header if it is new.  A last line that is not whole is
 * dropped, with a word on stderr.  Returns the fd; on failure -1 with a line in `why` that says
 * what to do. */
int columns_open(const struct columns *columns, const char *path, char *why, int why_size);

/* Writes the path of what is called `name` in the folder of the run whose table `out` is: RUN of
 * RUN/rows/KIND.csv, else the folder of the file. */
void columns_of_run(const char *out, const char *name, char *path, size_t size);

/* Appends the row with one write(2); where only a part of it could be written, that is taken back:
 * a row is in the file whole or not at all.  False with errno. */
bool row_write(const struct row *row, int fd);

/* Appends the row in the same way to the table `path`.  Dies with the path and the cause if it
 * cannot be written. */
void row_append(const struct row *row, int fd, const char *path);

#endif
