/* witness.c -- runs a program, and says who else used the machine meanwhile.
 *
 *   a script ──▶ witness ──▶ the client that it measures with
 *     └── its servers
 *
 * For scripts that measure without measure.c, which looks by itself: both read the same
 * counters, and judge them in verdict.c. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/die.h"
#include "common/output.h"
#include "common/program.h"
#include "harness/measure/foreign.h"
#include "harness/measure/verdict.h"

enum { NOT_STARTED = 127, SIGNALLED = 128 }; /* As a shell's exit status. */

static const char HELP[] =
    "witness -- runs a program, and says who else used the machine meanwhile\n"
    "\n"
    "usage: witness FILE PROGRAM [ARGUMENT...]      --help: this text\n"
    "\n"
    "Writes two lines of CSV to FILE: steal_percent, foreign_cpu_percent (both of all CPUs), "
    "status\n"
    "and reason, as results/README.md has them; the status is ok or noisy.  Programs that the "
    "caller\n"
    "of witness has started are not foreign.\n"
    "Exit status: that of the program; 127 if it cannot be started; 128 + N if signal N ended it.\n"
    "\n"
    "example:\n"
    "  witness around.csv build/release/load --port 7000 --rate 1000\n";

/* Waits for the program, and returns its exit status as a shell would.  It ends if we do. */
static int run(char *const argv[])
{
    pid_t witness = getpid(), pid = fork();
    if (pid < 0) die("fork");
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != witness) _exit(SIGNALLED + SIGTERM); /* It ended before that. */
        program_default_signals();
        execvp(argv[0], argv);
        fprintf(stderr, "witness: %s: %s\n", argv[0], strerror(errno));
        _exit(NOT_STARTED);
    }
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) die("waitpid");
    return WIFSIGNALED(status) ? SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
}

/* What the machine has done until now. */
static struct foreign_look look_around(void)
{
    struct tree tree = probe_tree(getppid()); /* We are in it, and the servers are. */
    struct foreign_look look = foreign_look(&tree);
    probe_tree_free(&tree);
    return look;
}

static void testify(FILE *file, const struct foreign_look *before, const struct foreign_look *after)
{
    struct verdict_numbers numbers = foreign_numbers(before, after);
    char foreign[32] = ""; /* What is not known is empty. */
    if (!numbers.foreign_unknown)
        snprintf(foreign, sizeof foreign, "%.2f", numbers.foreign_cpu_percent);
    char reason[200];
    enum verdict verdict = verdict_judge_machine(&numbers, reason, sizeof reason);
    fprintf(file, "steal_percent,foreign_cpu_percent,status,reason\n%.2f,%s,%s,%s\n",
            numbers.steal_percent, foreign, verdict_name(verdict), reason);
}

int main(int argc, char **argv)
{
    program_begin();
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        fputs(HELP, stdout);
        program_end(0);
    }
    if (argc < 3) die_usage("FILE or PROGRAM is missing; see --help");
    FILE *file = output_open(argv[1]);
    struct foreign_look before = look_around();
    int status = run(argv + 2);
    struct foreign_look after = look_around();
    testify(file, &before, &after);
    bool written = output_close(file, argv[1]);
    program_end(written || status != 0 ? status : 1);
}
