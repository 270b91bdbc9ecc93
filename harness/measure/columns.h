/* columns.h -- the tables that are measured into: their columns in order, and one row to be filled.
 *
 * results/README.md says what each column means; tests/measure.bats compares the two. */
#ifndef C10K_COLUMNS_H
#define C10K_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    COLUMNS_SCHEMA = 3, /* Grows when a column changes its meaning. */
    COLUMNS_MAX = 128,
    COLUMNS_VALUE_MAX = 256, /* Bytes of one value, with its end; longer ones are cut. */
};

/* A table: the names of its columns. */
struct columns {
    const char *const *names;
    int count;
};

/* One row; all zero is a row of empty values of raw.csv. */
struct row {
    const struct columns *columns; /* NULL: those of raw.csv. */
    char value[COLUMNS_MAX][COLUMNS_VALUE_MAX];
};

/* The name of column `index` of raw.csv, or NULL behind the last one. */
const char *columns_name(int index);

/* Sets a value.  Commas, quotes and what is no plain text become harmless, so that a line of the
 * file can be split at its commas.  A name that is not in the table is a mistake of ours: the
 * program dies.  NULL leaves the value empty. */
void row_set_text(struct row *row, const char *name, const char *text);

/* Sets a number: `row_set_real` with enough digits for any later arithmetic; NAN leaves it empty.
 */
void row_set_whole(struct row *row, const char *name, uint64_t value);
void row_set_real(struct row *row, const char *name, double value);

/* What a row holds under a name, "" if empty. */
const char *row_get(const struct row *row, const char *name);

/* Opens a table (NULL: raw.csv) for appending and writes the header if it is new.  A last line that
 * is not whole is dropped, with a word on stderr.  Returns the fd; on failure -1 with a line in
 * `why` that says what to do. */
int columns_open(const struct columns *columns, const char *path, char *why, int why_size);

/* Writes the path of what is called `name` and lies in the folder of the file `out`. */
void columns_beside(const char *out, const char *name, char *path, size_t size);

/* Appends the row with one write(2); where only a part of it could be written, that is taken back:
 * a row is in the file whole or not at all.  False with errno. */
bool row_write(const struct row *row, int fd);

/* Appends the row in the same way to the table `path`.  Dies with the path and the cause if it
 * cannot be written. */
void row_append(const struct row *row, int fd, const char *path);

#endif
