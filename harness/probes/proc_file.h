/* proc_file.h -- reads the small text files of /proc. */
#ifndef C10K_PROC_FILE_H
#define C10K_PROC_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Reads up to size - 1 bytes of `path`, relative to the open directory `at` (AT_FDCWD), and ends
 * them with '\0'.  Returns how many, or -1 with errno (the process may be gone). */
ssize_t proc_file_read(int at, const char *path, char *text, size_t size);

/* How many entries the folder `path` has; -1 with errno if it cannot be read. */
long proc_file_entries(const char *path);

/* How many files a process has open; -1 with errno if it is gone, or not ours to look into. */
long proc_file_open_files(pid_t pid);

/* Finds a line that starts with `name` and returns the number after it ("MemFree:   123 kB");
 * `missing` if there is none. */
uint64_t proc_file_number(const char *text, const char *name, uint64_t missing);

/* The same; NAN if there is none. */
double proc_file_real(const char *text, const char *name);

/* Finds the value called `column` in the two-line tables of /proc/net/netstat and snmp, where the
 * names are in one line that starts with `table` and the values in the next.  NAN if absent. */
double proc_file_table(const char *text, const char *table, const char *column);

#endif
