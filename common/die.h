/* die.h -- how every program of the suite reports what is wrong, and ends when it cannot go on. */
#ifndef C10K_DIE_H
#define C10K_DIE_H

/* Prints "program: CALL: strerror(errno)" on stderr and exits with 1.
 * For failures that are ours to fix, right at the call that failed. */
_Noreturn void die(const char *call);

/* Prints "program: MESSAGE" on stderr and exits with 1: failures without an errno. */
__attribute__((format(printf, 1, 2))) _Noreturn void die_because(const char *format, ...);

/* Prints "program: MESSAGE" on stderr and exits with 2: the user's input was wrong.
 * The message says what was wrong and what to do, on one line. */
__attribute__((format(printf, 1, 2))) _Noreturn void die_usage(const char *format, ...);

/* Prints "program: MESSAGE" on stderr, and the program goes on. */
__attribute__((format(printf, 1, 2))) void complain(const char *format, ...);

#endif
