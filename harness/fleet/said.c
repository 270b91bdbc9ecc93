/* said.c -- what a program says on stderr: a file in memory whose middle is given back. */
#include "harness/fleet/said.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/die.h"
#include "common/plain.h"

enum { KEPT_B = 64 * 1024, LINE_MAX_B = 512 };

int said_open(void)
{
    int fd = memfd_create("stderr", MFD_CLOEXEC);
    /* At the end, also after a program has opened /dev/stderr by itself and cut it off. */
    if (fd < 0 || fcntl(fd, F_SETFL, O_APPEND) < 0) die("memfd_create");
    return fd;
}

bool said_bound(int fd)
{
    off_t size = (off_t)said_bytes(fd), middle = size - 2 * (off_t)KEPT_B;
    if (middle <= 0) return false;
    /* The offsets stay as they are: the size still says how much it was. */
    fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, KEPT_B, middle); /* Best effort. */
    return true;
}

uint64_t said_bytes(int fd)
{
    struct stat file;
    return fd >= 0 && fstat(fd, &file) == 0 ? (uint64_t)file.st_size : 0;
}

void said_last_line(int fd, char *line, size_t size)
{
    char tail[LINE_MAX_B];
    off_t end = (off_t)said_bytes(fd), most = (off_t)sizeof tail - 1;
    off_t from = end > most ? end - most : 0;
    ssize_t got = end == 0 ? 0 : pread(fd, tail, (size_t)(end - from), from);
    size_t length = got > 0 ? (size_t)got : 0;
    while (length > 0 && strchr("\r\n", tail[length - 1]) != NULL)
        length--;
    plain_text(tail, length);
    tail[length] = '\0';
    const char *newline = strrchr(tail, '\n');
    snprintf(line, size, "%s", newline != NULL ? newline + 1 : tail);
}
