/* program.h -- how every program of the suite begins and ends, whatever its caller left it. */
#ifndef C10K_PROGRAM_H
#define C10K_PROGRAM_H

/* Call it first in main().  Opens /dev/null in place of each of the descriptors 0, 1 and 2 that is
 * closed: else the first file or socket that is opened would be the standard output.  Then sets the
 * signals as program_default_signals() does; only SIGXFSZ is ignored, so that a write(2) beyond
 * `ulimit -f` fails with EFBIG and is reported. */
void program_begin(void);

/* Undoes what a process inherits through execve(2): ignored signals (SIGCHLD would make waitpid(2)
 * fail) get their default action, blocked ones are let through.  SIGHUP stays ignored, which is how
 * nohup(1) works.  For a child, between fork(2) and execve(2). */
void program_default_signals(void);

/* Ends the program with `status`.  Where the standard output could not be written, now or earlier,
 * says so on stderr and exits with 1 instead of 0. */
_Noreturn void program_end(int status);

#endif
