/* witness.c -- runs a program, and says who else used the machine meanwhile.
 *
 *   a script ──▶ witness ──▶ the client that it measures with
 *     └── its servers
 *
 * For scripts that measure without measure.c, which looks by itself: both read the same
 * counters, and judge them in verdict.c. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/die.h"
#include "common/output.h"
#include "common/program.h"
#include "harness/foreign.h"
#include "harness/verdict.h"

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

/* How much a counter of all our CPUs has grown, in percent of their time. */
static double share_percent(uint64_t before_ns, uint64_t after_ns, double time_ns)
{
    return after_ns > before_ns ? 100 * (double)(after_ns - before_ns) / time_ns : 0;
}

static void testify(FILE *file, const struct foreign_look *before, const struct foreign_look *after)
{
    const struct machine *begin = &before->machine, *end = &after->machine;
    double time_ns = (double)(end->read_ns - begin->read_ns) * end->cpus;
    double foreign = foreign_percent(before, after);
    char foreign_text[32] = ""; /* What is not known is empty. */
    if (!isnan(foreign)) snprintf(foreign_text, sizeof foreign_text, "%.2f", foreign);
    struct verdict_numbers numbers = {
        .steal_percent = share_percent(begin->steal_ns, end->steal_ns, time_ns),
        .throttled_percent = share_percent(begin->throttled_ns, end->throttled_ns, time_ns),
        .foreign_unknown = isnan(foreign),
        .foreign_cpu_percent = foreign,
    };
    char reason[200];
    enum verdict verdict = verdict_judge_machine(&numbers, reason, sizeof reason);
    fprintf(file, "steal_percent,foreign_cpu_percent,status,reason\n%.2f,%s,%s,%s\n",
            numbers.steal_percent, foreign_text, verdict_name(verdict), reason);
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
