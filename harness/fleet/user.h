/* user.h -- the user that servers run as: one without rights where the suite itself runs as root.
 *
 * A server under test is a third-party program.  Root gives each program that measures a user
 * number of its own, from the range that systemd keeps for short-lived users: no other process has
 * it, so that RLIMIT_NPROC counts this program's servers only. */
#ifndef C10K_USER_H
#define C10K_USER_H

#include <stdbool.h>
#include <stddef.h>

/* Takes the value of the option --user: a user's name or number, or "root" for no change.  Without
 * it, root's servers get a number of their own.  One line and exit 2 if there is no such user, or
 * if only root could change to it. */
void user_option(const char *word);

/* True if no other process has the user that servers will run as. */
bool user_is_own(void);

/* Says in one line what servers run as, for people. */
void user_describe(char *text, size_t size);

/* In a child that will become the program `argv`: becomes the user, for ever and without any
 * capability.  Only where the command names a file that this user may not read, for example in
 * /root, the right to read all files stays (CAP_DAC_READ_SEARCH).  Dies if it cannot. */
void user_become(char *const argv[]);

#endif
