/* conf_file.c -- the file of an experiment. */
#include "harness/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/die.h"
#include "common/whole.h"

enum { CONF_SIZE_MAX = 64 * 1024 };

void conf_read(const char *path, const char *profile, struct conf *conf)
{
    static char text[CONF_SIZE_MAX];
    struct conf_error error;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : whole_read(fd, text, sizeof text);
    if (size < 0) die_usage("cannot read %s: %s", path, strerror(errno));
    if ((size_t)size == sizeof text)
        die_usage("%s is larger than an experiment (%d bytes)", path, CONF_SIZE_MAX);
    close(fd);
    if (conf_parse(text, (size_t)size, profile, conf, &error)) return;
    if (error.line > 0) die_usage("%s:%d: %s", path, error.line, error.what);
    die_usage("%s: %s", path, error.what);
}
