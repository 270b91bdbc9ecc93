/* fit.c -- how many connections this machine can hold, asked before it is tried. */
#include "harness/measure/fit.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "harness/probes/proc_file.h"

/* An event loop's connection with both its ends took 10.0 KiB where a million were held. */
static const double both_ends_kib = 11;
static const double share_of_memory = 0.9; /* The rest is left to the machine. */
static const double files_each = 2;
static const double files_left = 10000;

long room_from(double available_kib, double files, char *limit, size_t size)
{
    double by_memory = available_kib * share_of_memory / both_ends_kib;
    double by_files = (files - files_left) / files_each;
    if (by_memory <= by_files)
        snprintf(limit, size, "%.0f MiB of free memory at %.0f KiB for both ends of a connection",
                 available_kib / 1024, both_ends_kib);
    else
        snprintf(limit, size, "fs.file-max leaves %.0f open files; a connection takes two", files);
    double fits = by_memory <= by_files ? by_memory : by_files;
    return fits > 0 ? (long)fits : 0;
}

/* The first and third number of /proc/sys/fs/file-nr: open files, and how many there may be. */
static double files_free(void)
{
    char text[128];
    double used, spare, most;
    if (proc_file_read(AT_FDCWD, "/proc/sys/fs/file-nr", text, sizeof text) < 0 ||
        /* NOLINTNEXTLINE(cert-err34-c): numbers of the kernel fit their types. */
        sscanf(text, "%lf %lf %lf", &used, &spare, &most) != 3)
        return 1e12; /* Not told: then no reason to refuse. */
    return most - used;
}

double room_memory_kib(const struct limit *machine, const struct limit *group)
{
    double free_kib = 1e12; /* Not told: then no reason to refuse. */
    const struct limit *const both[] = {machine, group};
    for (int i = 0; i < 2; i++)
        if (both[i]->max > 0)
            free_kib = fmin(free_kib, (double)both[i]->max - (double)both[i]->used);
    return fmax(free_kib, 0);
}

long room_for_connections(char *limit, size_t size)
{
    struct limit limits[LIMITS];
    pid_t self = getpid(); /* Server and client will be in our control group. */
    probe_limits(&(struct tree){.pids = &self, .count = 1}, limits);
    double free_kib = room_memory_kib(&limits[LIMIT_MEMORY], &limits[LIMIT_GROUP_MEMORY]);
    return room_from(free_kib, files_free(), limit, size);
}
