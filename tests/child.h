/* child.h -- children whose work a test knows. */
#ifndef C10K_TESTS_CHILD_H
#define C10K_TESTS_CHILD_H

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit.h"

/* A child that does its work and then waits to be ended; it says so through the pipe. */
static inline pid_t start_child(void (*work)(void))
{
    int done[2];
    char byte;
    assert_int_equal(pipe(done), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        work();
        if (write(done[1], "x", 1) != 1) _exit(1);
        for (;;)
            pause();
    }
    assert_int_equal(read(done[0], &byte, 1), 1);
    close(done[0]);
    close(done[1]);
    return pid;
}

/* Ends it; *usage, unless NULL, is the kernel's account of it. */
static inline void end_child(pid_t pid, struct rusage *usage)
{
    kill(pid, SIGTERM);
    assert_int_equal(wait4(pid, NULL, 0, usage), pid);
}

#endif
