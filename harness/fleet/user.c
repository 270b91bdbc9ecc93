/* user.c -- the user that servers run as: one without rights where the suite itself
 * runs as root. */
#include "harness/fleet/user.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/die.h"
#include "common/number.h"
#include "harness/probes/proc_file.h"

enum {
    UID_FIRST = 61184, /* To 65183: systemd's range for short-lived users has these. */
    UID_COUNT = 4000,
    WORDS_MAX_B = 4096,
};

enum choice { CHOICE_OWN, CHOICE_KEEP, CHOICE_NAMED };

static enum choice choice = CHOICE_OWN;
static uid_t named_uid;
static gid_t named_gid;

/* ---- capabilities(7) ---- */

static bool set_capabilities(uint64_t permitted)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    for (int i = 0; i < 2; i++) {
        uint32_t part = (uint32_t)(permitted >> (32 * i));
        data[i] = (struct __user_cap_data_struct){part, part, part};
    }
    return syscall(SYS_capset, &header, data) == 0;
}

static bool has_capability(unsigned capability)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{0}};
    if (syscall(SYS_capget, &header, data) < 0) return false;
    return (data[capability / 32].effective & 1u << capability % 32) != 0;
}

/* In a user namespace, as of a container without root's rights, there may be no other user:
 * user_namespaces(7). */
static bool others_are_mapped(void)
{
    char text[256];
    unsigned long first, outside, count;
    return proc_file_read(AT_FDCWD, "/proc/self/uid_map", text, sizeof text) > 0 &&
           /* NOLINTNEXTLINE(cert-err34-c): numbers of the kernel fit their types. */
           sscanf(text, "%lu %lu %lu", &first, &outside, &count) == 3 && first <= UID_FIRST &&
           first + count >= UID_FIRST + UID_COUNT;
}

/* Reads the memory and the open files of another user's processes need this one: without it, a
 * server of another user could not be measured. */
static bool may_look_into_others(void)
{
    return geteuid() == 0 && others_are_mapped() && has_capability(CAP_SYS_PTRACE) &&
           has_capability(CAP_SETUID) && has_capability(CAP_SETGID);
}

/* ---- choosing ---- */

void user_option(const char *word)
{
    long number;
    if (geteuid() != 0) die_usage("only root can start servers as %s; leave --user out", word);
    choice = strcmp(word, "root") == 0 ? CHOICE_KEEP : CHOICE_NAMED;
    if (choice == CHOICE_KEEP) return;
    if (!may_look_into_others())
        die_usage("without CAP_SYS_PTRACE, CAP_SETUID and CAP_SETGID no server of another user can "
                  "be measured; leave --user out");
    const struct passwd *entry = getpwnam(word);
    if (entry == NULL && !number_read(word, 1, UINT32_MAX - 1, &number))
        die_usage("--user takes a user's name or number, not \"%s\"", word);
    named_uid = entry != NULL ? entry->pw_uid : (uid_t)number;
    named_gid = entry != NULL ? entry->pw_gid : (gid_t)number;
}

bool user_is_own(void)
{
    return choice == CHOICE_OWN && may_look_into_others();
}

void user_describe(char *text, size_t size)
{
    if (geteuid() != 0)
        snprintf(text, size, "the user of the suite");
    else if (choice == CHOICE_NAMED)
        snprintf(text, size, "user %u, without capabilities", named_uid);
    else if (user_is_own())
        snprintf(text, size, "a user of its own each, %d to %d, without capabilities", UID_FIRST,
                 UID_FIRST + UID_COUNT - 1);
    else if (choice == CHOICE_OWN)
        snprintf(text, size,
                 "root, without capabilities: root may not look into other users' "
                 "processes here (CAP_SYS_PTRACE)");
    else
        snprintf(text, size, "root");
}

/* ---- becoming ---- */

/* True if this user may not read the file.  Interpreters open it by its whole path, so that each
 * folder above counts, also those above the current one.  access(2) asks without regard to
 * capabilities. */
static bool is_hidden(const char *path)
{
    char *whole = realpath(path, NULL);
    bool hidden = (whole == NULL || access(whole, R_OK) < 0) && errno == EACCES;
    free(whole);
    return hidden;
}

/* True if the word names a file.  A user that may not enter the current folder cannot know. */
static bool may_be_file(const char *word)
{
    struct stat entry;
    return strchr(word, '/') != NULL || stat(word, &entry) == 0 || errno == EACCES;
}

/* True if the command names such a file. */
static bool names_hidden_file(char *const argv[])
{
    static const char between[] = " \t\n'\"=;&|<>()";
    for (size_t i = 0; argv[i] != NULL; i++) {
        char words[WORDS_MAX_B], *rest = words;
        snprintf(words, sizeof words, "%s", argv[i]);
        for (char *word; (word = strsep(&rest, between)) != NULL;)
            if (*word != '\0' && may_be_file(word) && is_hidden(word)) return true;
    }
    return false;
}

static void change_to(uid_t uid, gid_t gid)
{
    if (prctl(PR_SET_KEEPCAPS, 1) < 0 || setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 ||
        setresuid(uid, uid, uid) < 0)
        die("become the server's user");
}

void user_become(char *const argv[])
{
    if (geteuid() != 0 || choice == CHOICE_KEEP) return;
    uid_t uid = UID_FIRST + (uid_t)(getpid() % UID_COUNT);
    bool named = choice == CHOICE_NAMED;
    if (named || may_look_into_others())
        change_to(named ? named_uid : uid, named ? named_gid : (gid_t)uid);
    uint64_t kept = names_hidden_file(argv) ? 1u << CAP_DAC_READ_SEARCH : 0;
    if (!set_capabilities(kept)) die("capset");
    if (kept != 0) prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_READ_SEARCH, 0, 0);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); /* Best effort: no setuid program gives them back. */
}
