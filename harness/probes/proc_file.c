/* proc_file.c -- reads the small text files of /proc. */
#include "harness/probes/proc_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

ssize_t proc_file_read(int at, const char *path, char *text, size_t size)
{
    int fd = openat(at, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    size_t held = 0;
    ssize_t got = 0;
    while (held + 1 < size && (got = read(fd, text + held, size - 1 - held)) != 0) {
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) break; /* ESRCH: the process ended while it was read. */
        held += (size_t)got;
    }
    int error = got < 0 ? errno : ENODATA;
    close(fd);
    text[held] = '\0';
    errno = error;
    return held > 0 ? (ssize_t)held : -1;
}

long proc_file_entries(const char *path)
{
    long count = 0;
    DIR *folder = opendir(path);
    if (folder == NULL) return -1;
    errno = 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL; errno = 0)
        count += entry->d_name[0] != '.';
    int error = errno;
    closedir(folder);
    errno = error;
    return error == 0 ? count : -1;
}

long proc_file_open_files(pid_t pid)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    return proc_file_entries(path);
}

uint64_t proc_file_number(const char *text, const char *name, uint64_t missing)
{
    size_t size = strlen(name);
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        if (*line == '\n') line++;
        if (strncmp(line, name, size) == 0) return strtoull(line + size, NULL, 10);
    }
    return missing;
}

double proc_file_real(const char *text, const char *name)
{
    uint64_t value = proc_file_number(text, name, UINT64_MAX);
    return value == UINT64_MAX ? NAN : (double)value;
}

/* Walks over one blank-separated word; returns its size and moves *at behind it. */
static size_t next_word(const char **at, const char **word)
{
    *at += strspn(*at, " ");
    *word = *at;
    size_t size = strcspn(*at, " \n");
    *at += size;
    return size;
}

double proc_file_table(const char *text, const char *table, const char *column)
{
    const char *names = strstr(text, table);
    const char *values = names != NULL ? strchr(names, '\n') : NULL;
    if (values == NULL) return NAN;
    values++;
    for (;;) {
        const char *name, *value;
        size_t name_size = next_word(&names, &name);
        size_t value_size = next_word(&values, &value);
        if (name_size == 0 || value_size == 0) return NAN;
        if (name_size == strlen(column) && memcmp(name, column, name_size) == 0)
            return (double)strtoull(value, NULL, 10);
    }
}
