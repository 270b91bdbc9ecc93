/* streams.c -- what stands in for the functions of stdio.  One that must fail meets a full disk, so
 * that the stream remembers it as the C library lets it. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <sys/types.h>
#include <unistd.h>

#include "tests/faults/faults.h"

#define CALLER __builtin_return_address(0)

/* Where a stream wrote to before its disk was full, to be given back. */
struct full_disk {
    FILE *stream;
    int error; /* FAULT_NONE: it is not full. */
    int fd, kept;
};

/* If this call must fail: until disk_free() the stream has a full disk, and nothing to read.
 * Messages on stderr are calls of a kind of their own, see calls.tsv. */
static struct full_disk disk_fill(const char *name, const void *caller, FILE *stream)
{
    if (stream == stderr) name = "stderr";
    struct full_disk disk = {.stream = stream, .error = fault_due(name, caller)};
    if (disk.error == FAULT_NONE) return disk;
    disk.fd = fileno(stream);
    disk.kept = fcntl(disk.fd, F_DUPFD_CLOEXEC, 0);
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    dup2(full, disk.fd);
    close(full);
    if (__freading(stream)) __fpurge(stream);
    return disk;
}

/* Returns `result`, what the call returned.  If it must fail: -1 with errno, after the stream met
 * its failure. */
static int disk_free(const struct full_disk *disk, int result)
{
    if (disk->error == FAULT_NONE) return result;
    fflush_unlocked(disk->stream);
    dup2(disk->kept, disk->fd);
    close(disk->kept);
    errno = disk->error;
    return -1;
}

int printf(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    struct full_disk disk = disk_fill("printf", CALLER, stdout);
    int result = disk_free(&disk, vprintf(format, values));
    va_end(values);
    return result;
}

int fprintf(FILE *stream, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    struct full_disk disk = disk_fill("fprintf", CALLER, stream);
    int result = disk_free(&disk, vfprintf(stream, format, values));
    va_end(values);
    return result;
}

int dprintf(int fd, const char *format, ...)
{
    int error = fault_due("dprintf", CALLER);
    errno = error;
    if (error != FAULT_NONE) return -1;
    va_list values;
    va_start(values, format);
    int result = vdprintf(fd, format, values);
    va_end(values);
    return result;
}

int puts(const char *text)
{
    struct full_disk disk = disk_fill("puts", CALLER, stdout);
    return disk_free(&disk, fputs_unlocked(text, stdout) < 0 ? EOF : putc_unlocked('\n', stdout));
}

int fputs(const char *text, FILE *stream)
{
    struct full_disk disk = disk_fill("fputs", CALLER, stream);
    return disk_free(&disk, fputs_unlocked(text, stream));
}

int fputc(int letter, FILE *stream)
{
    struct full_disk disk = disk_fill("fputc", CALLER, stream);
    return disk_free(&disk, fputc_unlocked(letter, stream));
}

int putc(int letter, FILE *stream)
{
    struct full_disk disk = disk_fill("putc", CALLER, stream);
    return disk_free(&disk, putc_unlocked(letter, stream));
}

int putchar(int letter)
{
    struct full_disk disk = disk_fill("putchar", CALLER, stdout);
    return disk_free(&disk, putchar_unlocked(letter));
}

size_t fwrite(const void *items, size_t size, size_t count, FILE *stream)
{
    struct full_disk disk = disk_fill("fwrite", CALLER, stream);
    size_t written = fwrite_unlocked(items, size, count, stream);
    return disk_free(&disk, 0) == 0 ? written : 0;
}

int fflush(FILE *stream)
{
    struct full_disk disk = disk_fill("fflush", CALLER, stream != NULL ? stream : stdout);
    return disk_free(&disk, fflush_unlocked(stream));
}

/* What is not written yet is refused, and the file is closed in any case. */
int fclose(FILE *stream)
{
    struct full_disk disk = disk_fill("fclose", CALLER, stream);
    int (*real)(FILE *) = (int (*)(FILE *))fault_real("fclose");
    if (disk.error == FAULT_NONE) return real(stream);
    disk_free(&disk, 0);
    __fpurge(stream);
    real(stream);
    errno = disk.error;
    return EOF;
}

char *fgets(char *line, int size, FILE *stream)
{
    struct full_disk disk = disk_fill("fgets", CALLER, stream);
    char *result = fgets_unlocked(line, size, stream);
    return disk_free(&disk, 0) == 0 ? result : NULL;
}

ssize_t getline(char **line, size_t *size, FILE *stream)
{
    struct full_disk disk = disk_fill("getline", CALLER, stream);
    ssize_t result = getdelim(line, size, '\n', stream);
    return disk_free(&disk, 0) == 0 ? result : -1;
}

static int fail_or_scan(const char *name, const void *caller, FILE *stream, const char *format,
                        va_list values)
{
    struct full_disk disk = disk_fill(name, caller, stream);
    return disk_free(&disk, vfscanf(stream, format, values));
}

int __isoc99_fscanf(FILE *stream, const char *format, ...);
int __isoc99_fscanf(FILE *stream, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    int result = fail_or_scan("__isoc99_fscanf", CALLER, stream, format, values);
    va_end(values);
    return result;
}

/* What fscanf(3) is called since version 2.38 of the GNU C library. */
int __isoc23_fscanf(FILE *stream, const char *format, ...);
int __isoc23_fscanf(FILE *stream, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    int result = fail_or_scan("__isoc23_fscanf", CALLER, stream, format, values);
    va_end(values);
    return result;
}
