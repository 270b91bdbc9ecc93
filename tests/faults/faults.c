/* faults.c -- which call fails, and the list of calls that were made; calls.c and streams.c
 * stand in for the calls.
 *
 * The environment says what to do, and is inherited by the programs that a program starts:
 *   FAULTS_FOLDER   programs in this folder are ours; in all others nothing happens
 *   FAULTS_NOTES    file of NOTES_B bytes that is written to as memory, since a program may have no
 *                   descriptor left: a line "PROGRAM OFFSET FUNCTION" for each call site, and
 *                   "failed PROGRAM OFFSET FUNCTION WORDS" with strerror(3)'s words
 *   FAULTS_AT       "PROGRAM OFFSET": the call site that fails, in the first process that reaches
 * it FAULTS_ERROR    the name of its errno, or SHORT: it does a part; "EIO@3" is the third time
 * that a process reaches it */
#include "tests/faults/faults.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PATH_MAX_B = 4096, LINE_MAX_B = 256, SITES_MAX = 4096, NOTES_B = 64 * 1024 };

/* The file, shared by all processes.  Text first, so that a script can read it. */
struct notes {
    char text[NOTES_B - 2 * sizeof(size_t)];
    atomic_size_t used;
    atomic_size_t failed; /* 1: the call did. */
};

static char program[LINE_MAX_B];         /* Its name. */
static uintptr_t base, end;              /* Where its own code lies. */
static struct notes *notes;              /* NULL: this program is not ours. */
static uintptr_t site;                   /* What fails, as an offset; 0: nothing here. */
static int error;                        /* How: fault_due(). */
static atomic_long times_left;           /* Until then. */
static atomic_uintptr_t seen[SITES_MAX]; /* Noted already; a hash table. */

void *fault_real(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);
    if (function == NULL) abort(); /* The program would not have started without it. */
    return function;
}

/* The first object is the program itself. */
static int find_program(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)size, (void)unused;
    base = info->dlpi_addr;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type == PT_LOAD && part->p_flags & PF_X)
            end = base + part->p_vaddr + part->p_memsz;
    }
    return 1;
}

/* The number of an errno's name, FAULT_NONE if there is none. */
static int error_number(const char *name)
{
    enum { ERRORS_MAX = 256 };
    if (strcmp(name, "SHORT") == 0) return FAULT_SHORT;
    for (int number = 1; number < ERRORS_MAX; number++) {
        const char *found = strerrorname_np(number);
        if (found != NULL && strcmp(found, name) == 0) return number;
    }
    return FAULT_NONE;
}

static void read_what_fails(void)
{
    const char *at = getenv("FAULTS_AT"), *how = getenv("FAULTS_ERROR");
    const char *blank = at != NULL ? strchr(at, ' ') : NULL;
    size_t length = strlen(program);
    if (blank == NULL || how == NULL) return;
    if ((size_t)(blank - at) != length || memcmp(at, program, length) != 0) return;
    char name[LINE_MAX_B];
    snprintf(name, sizeof name, "%s", how);
    char *times = strchr(name, '@');
    if (times != NULL) *times = '\0';
    site = strtoul(blank, NULL, 16);
    error = error_number(name);
    times_left = times != NULL ? strtol(times + 1, NULL, 10) : 1;
}

static bool is_ours(void)
{
    const char *folder = getenv("FAULTS_FOLDER");
    char path[PATH_MAX_B];
    ssize_t size = readlink("/proc/self/exe", path, sizeof path - 1);
    if (folder == NULL || size <= 0) return false;
    path[size] = '\0';
    char *slash = strrchr(path, '/');
    *slash = '\0';
    snprintf(program, sizeof program, "%s", slash + 1);
    return strcmp(path, folder) == 0;
}

/* Before main(). */
__attribute__((constructor)) static void prepare(void)
{
    const char *path = getenv("FAULTS_NOTES");
    if (path == NULL || !is_ours()) return;
    dl_iterate_phdr(find_program, NULL);
    read_what_fails();
    int fd = open(path, O_RDWR | O_CLOEXEC);
    void *map = mmap(NULL, NOTES_B, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map == MAP_FAILED) abort();
    notes = map;
}

static void note(const char *word, uintptr_t offset, const char *name, const char *more)
{
    char line[LINE_MAX_B * 2];
    int size = snprintf(line, sizeof line, "%s%s %lx %s%s\n", word, program, (unsigned long)offset,
                        name, more);
    size_t at = atomic_fetch_add(&notes->used, (size_t)size);
    if (at + (size_t)size > sizeof notes->text) abort();
    memcpy(notes->text + at, line, (size_t)size);
}

/* The first time that a call site is reached. */
static bool is_new(uintptr_t offset)
{
    for (size_t i = offset % SITES_MAX;; i = (i + 1) % SITES_MAX) {
        uintptr_t found = 0;
        if (atomic_compare_exchange_strong(&seen[i], &found, offset)) return true;
        if (found == offset) return false;
    }
}

int fault_due(const char *name, const void *caller)
{
    uintptr_t address = (uintptr_t)caller, offset = address - base;
    if (notes == NULL || address < base || address >= end) return FAULT_NONE;
    if (is_new(offset)) note("", offset, name, "");
    if (offset != site || atomic_fetch_sub(&times_left, 1) != 1) return FAULT_NONE;
    if (atomic_exchange(&notes->failed, 1) != 0) return FAULT_NONE;
    char words[LINE_MAX_B];
    snprintf(words, sizeof words, " %s", error > 0 ? strerror(error) : "");
    note("failed ", offset, name, words);
    return error;
}
