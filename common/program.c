/* program.c -- how every program of the suite begins and ends, whatever its caller left it. */
#include "common/program.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/die.h"
#include "common/output.h"

/* open(2) returns the lowest free number: the first one above 2 means that 0, 1 and 2 are open. */
static void open_standard_descriptors(void)
{
    int fd;
    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd < 0) die("open /dev/null");
    close(fd);
}

void program_default_signals(void)
{
    for (int number = 1; number < NSIG; number++) {
        struct sigaction action;
        if (number == SIGHUP || sigaction(number, NULL, &action) < 0) continue;
        if (action.sa_handler == SIG_IGN) signal(number, SIG_DFL);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

void program_begin(void)
{
    open_standard_descriptors();
    program_default_signals();
    signal(SIGXFSZ, SIG_IGN);
}

void program_end(int status)
{
    bool written = output_flush(stdout, "the standard output");
    exit(written || status != 0 ? status : 1);
}
