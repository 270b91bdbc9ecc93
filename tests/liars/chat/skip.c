/* skip.c -- a lying room: one member never gets one of the lines. */
#include <string.h>
#include <unistd.h>

enum { VICTIM = 20, LINE = 15 };

ssize_t __real_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size);

/* The whole first line of the LINE-th write to the VICTIM-th file counts as sent, and is not. */
ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
    static int writes;
    const char *end = memchr(bytes, '\n', size);
    if (fd != VICTIM || end == NULL || ++writes != LINE) return __real_write(fd, bytes, size);
    return end + 1 - (const char *)bytes;
}
