/* output.c -- files that a program of the suite writes: refused early, and never lost silently. */
#include "common/output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/die.h"

static _Noreturn void refuse(const char *path)
{
    die_usage("cannot write %s: %s; choose another file", path, strerror(errno));
}

FILE *output_open(const char *path)
{
    FILE *file = fopen(path, "we");
    if (file == NULL) refuse(path);
    return file;
}

/* Not opened: closing it again would end a named pipe for its reader. */
static bool is_writable(const char *path)
{
    struct stat file;
    if (stat(path, &file) < 0) return false;
    if (S_ISDIR(file.st_mode)) errno = EISDIR;
    return !S_ISDIR(file.st_mode) && access(path, W_OK) == 0;
}

void output_check(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0 && (errno != EEXIST || !is_writable(path))) refuse(path);
    if (fd < 0) return;
    close(fd);
    unlink(path); /* It was not there. */
}

bool output_failed(const char *name)
{
    fprintf(stderr, "%s: cannot write %s: %s\n", program_invocation_short_name, name,
            errno != 0 ? strerror(errno) : "an earlier write failed");
    return false;
}

bool output_flush(FILE *file, const char *name)
{
    errno = 0; /* A write that failed earlier has left only a mark. */
    bool failed = ferror(file) != 0;
    failed = fflush(file) != 0 || failed;
    return !failed || output_failed(name);
}

bool output_close(FILE *file, const char *name)
{
    bool written = output_flush(file, name);
    if (fclose(file) == 0 || !written) return written;
    return output_failed(name);
}
