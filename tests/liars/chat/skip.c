/* skip.c -- a lying room: one member never gets one of the lines. */
#include <ctype.h>
#include <string.h>
#include <unistd.h>

enum { VICTIM = 20, LINE = 2 };

/* NOLINTBEGIN(bugprone-reserved-identifier): these names are of the option --wrap of the linker. */
ssize_t __real_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size);
/* NOLINTEND(bugprone-reserved-identifier) */

/* The whole first line of the LINE-th write to the VICTIM-th file counts as sent, and is not. Lines
 * of the client's begin with their number; its roll call, which may be repeated, does not. */
ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
    static int writes;
    const char *end = memchr(bytes, '\n', size);
    if (fd != VICTIM || end == NULL || !isdigit(*(const unsigned char *)bytes) || ++writes != LINE)
        return __real_write(fd, bytes, size);
    return end + 1 - (const char *)bytes;
}
