/* measure.c -- measures one experiment for one model: starts the server, drives the load client
 * through the experiment's points, reads the kernel, and appends a row per point to raw.csv. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/die.h"
#include "common/net.h"
#include "common/number.h"
#include "common/program.h"
#include "harness/kinds/herd/herd.h"
#include "harness/kinds/omission/omission.h"
#include "harness/measure/other_run.h"
#include "harness/kinds/counters/passes.h"
#include "harness/kinds/memory/plateau.h"
#include "harness/fleet/process.h"
#include "harness/measure/ramp.h"
#include "harness/fleet/user.h"
#include "harness/kinds/walls/walls.h"

enum { NAME_MAX_B = 64, PATH_MAX_B = 4096 };

/* Everything the command line can say. */
struct request {
    const char *conf_path, *print_key, *rate;
    bool check;
    struct session session;
};

static _Noreturn void help(void)
{
    puts("measure -- one experiment, one model, one repeat: appends a row per point to a CSV file\n"
         "\n"
         "usage: measure CONF --model M --out RAW.csv [options]\n"
         "       measure CONF [--profile P] --print KEY | --check\n"
         "\n"
         "  --model M        what to measure: BIN_DIR/server-M, or the name for --command\n"
         "  --command CMD    measure this shell command; {port} in it becomes a free port,\n"
         "                   without {port} it must print \"ready port=N\"\n"
         "  --out FILE       CSV file to append to; results/README.md tells its columns.  "
         "Experiments\n"
         "                   of kind omission also write histograms/ beside it, those of kind\n"
         "                   herd write herd.csv and herd_back.csv there instead; those of kind\n"
         "                   counters write the columns of counters.csv\n"
         "  --profile P      quick, standard or full [standard]\n"
         "  --repeat K       number of this repeat, for the CSV [1]\n"
         "  --rate R         messages per second, instead of the experiment's rate_per_s\n"
         "  --seed N         of the random arrivals [1]\n"
         "  --user U         name or number of the user that servers run as, for root; root: no\n"
         "                   change [one without rights that no other process has]\n"
         "  --bin-dir DIR    where server-M and load are [build/release]\n"
         "  --print KEY      print a value of the experiment: any key, or question, shows,\n"
         "                   does_not_show, estimate_s (seconds per model and repeat); all: a\n"
         "                   line KEY=VALUE of each key and of estimate_s\n"
         "  --check          only say whether the experiment is well written\n"
         "  --help           this text\n"
         "\n"
         "Kinds cold_start, handshakes and chat are measured by harness/kinds/KIND/measure.sh "
         "instead.\n"
         "\n"
         "Prints a line per finished point.  A server that fails is a row with status failed.\n"
         "Exit status: 0 rows were written, 1 our own machinery broke or a file\n"
         "could not be written, 2 wrong usage.\n"
         "\n"
         "examples:\n"
         "  measure harness/experiments/ramp.conf --model poll --profile quick --out raw.csv\n"
         "  measure my.conf --model go --command 'go-echo --port {port}' --out raw.csv");
    program_end(0);
}

/* ---- command line ---- */

static void take_option(int c, struct request *request)
{
    struct session *session = &request->session;
    switch (c) {
    case 'm':
        session->model = optarg;
        break;
    case 'c':
        session->command = optarg;
        break;
    case 'o':
        session->out_path = optarg;
        break;
    case 'p':
        session->profile = optarg;
        break;
    case 'k':
        session->repeat = number_option("--repeat", optarg, 1, 1000000);
        break;
    case 'r':
        request->rate = optarg;
        break;
    case 's':
        session->seed = number_option("--seed", optarg, 0, 1000000000);
        break;
    case 'u':
        user_option(optarg);
        break;
    case 'b':
        session->bin_dir = optarg;
        break;
    case 'P':
        request->print_key = optarg;
        break;
    case 'C':
        request->check = true;
        break;
    default:
        help();
    }
}

static void parse(int argc, char **argv, struct request *request)
{
    static const struct option known[] = {{"model", required_argument, NULL, 'm'},
                                          {"command", required_argument, NULL, 'c'},
                                          {"out", required_argument, NULL, 'o'},
                                          {"profile", required_argument, NULL, 'p'},
                                          {"repeat", required_argument, NULL, 'k'},
                                          {"rate", required_argument, NULL, 'r'},
                                          {"seed", required_argument, NULL, 's'},
                                          {"bin-dir", required_argument, NULL, 'b'},
                                          {"user", required_argument, NULL, 'u'},
                                          {"print", required_argument, NULL, 'P'},
                                          {"check", no_argument, NULL, 'C'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    struct session *session = &request->session;
    session->profile = "standard";
    session->bin_dir = "build/release";
    session->repeat = session->seed = 1;
    opterr = 0; /* Our own line says more. */
    for (int c; (c = getopt_long(argc, argv, ":", known, NULL)) != -1;) {
        if (c == ':') die_usage("%s needs a value; see --help", argv[optind - 1]);
        if (c == '?') die_usage("unknown option %s; see --help", argv[optind - 1]);
        take_option(c, request);
    }
    if (optind == argc) die_usage("which experiment? Name a CONF file; see --help");
    request->conf_path = argv[optind++];
    if (optind < argc) die_usage("one CONF is enough, \"%s\" is too much", argv[optind]);
    if (!conf_is_profile(session->profile))
        die_usage("--profile is quick, standard or full, not \"%s\"", session->profile);
}

/* ---- the experiment ---- */

/* "harness/experiments/ramp.conf" is the experiment "ramp". */
static const char *experiment_name(const char *path)
{
    static char name[NAME_MAX_B];
    const char *slash = strrchr(path, '/');
    snprintf(name, sizeof name, "%s", slash != NULL ? slash + 1 : path);
    char *end = strrchr(name, '.');
    if (end != NULL && strcmp(end, ".conf") == 0) *end = '\0';
    return name;
}

static void need_program(const char *folder, const char *name, const char *advice)
{
    char path[PATH_MAX_B];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (access(path, X_OK) == 0) return;
    if (errno == ENOENT) die_usage("there is no %s; %s", path, advice);
    die_usage("cannot run %s: %s", path, strerror(errno));
}

static bool is_for_a_script(enum conf_kind kind)
{
    return kind == CONF_COLD_START || kind == CONF_HANDSHAKES || kind == CONF_CHAT;
}

/* Finds every mistake before anything is started or written. */
static void prepare(struct request *request)
{
    struct session *session = &request->session;
    char server[PATH_MAX_B], why[PATH_MAX_B + 256];
    if (is_for_a_script(session->conf.kind))
        die_usage("%s is of kind %s, which harness/kinds/%s/measure.sh measures",
                  request->conf_path, conf_kind_name(session->conf.kind),
                  conf_kind_name(session->conf.kind));
    if (session->model == NULL) die_usage("--model is missing; see --help");
    if (session->out_path == NULL) die_usage("--out is missing; see --help");
    if (session->model[0] == '\0' ||
        session->model[strspn(session->model, "abcdefghijklmnopqrstuvwxyz0123456789_-:=+")] != '\0')
        die_usage("--model takes a name of a-z, 0-9, _, -, :, = and +, not \"%s\"", session->model);
    if (request->rate != NULL)
        session->conf.rate_per_s = number_option_decimal("--rate", request->rate, 1, 1e7);
    session->cpus = cpus_of_this_process();
    bool latency = session->conf.kind == CONF_LATENCY || session->conf.kind == CONF_OMISSION;
    if (!session->cpus.apart && latency)
        die_usage(
            "only one CPU core: server and client would wait for each other, and no latency could "
            "be told from that; use an experiment of kind capacity or memory");
    if (!session->cpus.apart)
        fprintf(stderr,
                "measure: ONLY ONE CPU CORE: server and client share it; do not compare these "
                "figures with those of other machines\n");
    snprintf(server, sizeof server, "server-%s", session->model);
    if (session->command == NULL)
        need_program(session->bin_dir, server, "is the model's name right, and was it built?");
    need_program(session->bin_dir, "load", "build it with make");
    if (session->conf.kind == CONF_HERD) return; /* It has tables of its own. */
    bool counters = session->conf.kind == CONF_COUNTERS;
    session->out_fd =
        columns_open(counters ? &passes_columns : NULL, session->out_path, why, (int)sizeof why);
    if (session->out_fd < 0) die_usage("%s", why);
    if (session->conf.kind == CONF_OMISSION && !omission_make_folder(session->out_path, session))
        die_usage("cannot make %s: %s; choose another --out", session->histograms, strerror(errno));
}

static bool run(struct request *request)
{
    struct session *session = &request->session;
    switch (session->conf.kind) {
    case CONF_MEMORY:
        return plateau_run(session);
    case CONF_COUNTERS:
        return passes_run(session);
    case CONF_WALLS:
        return walls_run(session);
    case CONF_HERD:
        return herd_run(session);
    default:
        return ramp_run(session);
    }
}

static _Noreturn void print(const struct request *request)
{
    const struct conf *conf = &request->session.conf;
    char value[CONF_VALUE_MAX];
    if (strcmp(request->print_key, "all") == 0) {
        conf_print_all(conf, stdout);
    } else {
        if (!conf_print(conf, request->print_key, value, sizeof value))
            die_usage("an experiment has no \"%s\"; see --help", request->print_key);
        puts(value);
    }
    program_end(0);
}

int main(int argc, char **argv)
{
    static struct request request; /* Too large for a small stack. */
    program_begin();
    parse(argc, argv, &request);
    conf_read(request.conf_path, request.session.profile, &request.session.conf);
    if (request.print_key != NULL) print(&request);
    if (request.check) return 0;
    request.session.experiment = experiment_name(request.conf_path);
    prepare(&request);
    other_run_announce();
    net_raise_file_limit(); /* Children inherit it; a server from elsewhere may not raise its own.
                             */
    process_prepare();
    program_end(run(&request) ? 0 : 1);
}
