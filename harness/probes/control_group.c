/* control_group.c -- where the control groups of a process are, in version 1 and 2; cgroups(7). */
#include "harness/probes/control_group.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "harness/probes/proc_file.h"

enum { TEXT_MAX = 8192, FOLDER_MAX = 512 };

size_t control_group_folder(pid_t pid, const char *controller, char *folder, size_t size)
{
    char text[TEXT_MAX], first[64], line[96], path_of_list[32];
    snprintf(path_of_list, sizeof path_of_list, "/proc/%d/cgroup", pid);
    if (proc_file_read(AT_FDCWD, path_of_list, text, sizeof text) < 0) return 0;
    for (int version = 2; version >= 1; version--) {
        snprintf(line, sizeof line, version == 2 ? "0::" : ":%s:", controller);
        snprintf(first, sizeof first, "/sys/fs/cgroup%s%s", version == 2 ? "" : "/",
                 version == 2 ? "" : controller);
        const char *path = strstr(text, line);
        struct stat entry;
        if (path == NULL || stat(first, &entry) < 0) continue;
        path += strlen(line);
        snprintf(folder, size, "%s%.*s", first, (int)strcspn(path, "\n"), path);
        /* Both are mounted in some systems, where version 2 has no controllers. */
        char controllers[96];
        snprintf(controllers, sizeof controllers, "%s/cgroup.controllers", first);
        if (version == 1 || stat(controllers, &entry) == 0) return strlen(first);
    }
    return 0;
}

size_t control_group_above(char *folder, size_t top)
{
    char *slash = strrchr(folder, '/');
    if (slash == NULL) return 0;
    *slash = '\0';
    return strlen(folder) >= top ? top : 0;
}

uint64_t control_group_throttled_in(const char *text)
{
    return proc_file_number(text, "throttled_usec ", 0) * NS_PER_US +
           proc_file_number(text, "throttled_time ", 0);
}

uint64_t control_group_throttled_ns(void)
{
    static const char *const controllers[] = {"cpu", "cpu,cpuacct"}; /* Of version 1. */
    char folder[FOLDER_MAX], path[FOLDER_MAX + 16], text[TEXT_MAX];
    size_t top = 0;
    uint64_t sum_ns = 0;
    for (int i = 0; top == 0 && i < 2; i++)
        top = control_group_folder(getpid(), controllers[i], folder, sizeof folder);
    for (; top > 0; top = control_group_above(folder, top)) {
        snprintf(path, sizeof path, "%s/cpu.stat", folder);
        if (proc_file_read(AT_FDCWD, path, text, sizeof text) >= 0)
            sum_ns += control_group_throttled_in(text);
    }
    return sum_ns;
}
