/* other_run.c -- whether another run measures on this machine at the same time. */
#include "harness/measure/other_run.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { NAME_MAX_B = 64, LINE_MAX_B = 512 };

static const char prefix[] = "@c10k-bench/";

static long own_run(void)
{
    const char *run = getenv("C10K_RUN");
    long number = run != NULL ? strtol(run, NULL, 10) : 0;
    return number > 0 ? number : (long)getpid();
}

void other_run_announce(void)
{
    char name[NAME_MAX_B];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int length = snprintf(name, sizeof name, "%s%ld/%d", prefix, own_run(), getpid());
    /* In the abstract name space, where no file is left: a zero byte stands for the "@". */
    memcpy(address.sun_path + 1, name + 1, (size_t)length - 1);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return;
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)length);
    if (bind(fd, (const struct sockaddr *)&address, size) < 0) close(fd);
}

bool other_run_seen(const char *sockets)
{
    char line[LINE_MAX_B];
    bool seen = false;
    FILE *file = fopen(sockets, "re");
    if (file == NULL) return false;
    while (!seen && fgets(line, sizeof line, file) != NULL) {
        const char *name = strstr(line, prefix);
        seen = name != NULL && strtol(name + strlen(prefix), NULL, 10) != own_run();
    }
    int error = ferror(file) ? errno : 0;
    (void)fclose(file); /* It was only read. */
    errno = error;
    return seen;
}
