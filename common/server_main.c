/* server_main.c -- main() of every server model: options, listening socket, "ready port=N",
 * serve(); also server_fork(). */
#include "servers/server.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/costs.h"
#include "common/die.h"
#include "common/net.h"
#include "common/number.h"
#include "common/options.h"
#include "common/output.h"
#include "common/program.h"

enum { KNOBS_MAX = 8, OPTION_KNOB = 1000 };

/* The lowest and the highest pid that server_fork() has seen: the children are among those between.
 * No list, which would grow with them and be theirs, too. */
static pid_t first_child, last_child;

static size_t knob_count(void)
{
    size_t count = 0;
    while (server_model.knobs != NULL && server_model.knobs[count].name != NULL)
        count++;
    return count;
}

/* The length of the word at the start of "one|other". */
static size_t word_length(const char *words)
{
    return strcspn(words, "|");
}

/* Prints a knob's line of the help: its value is a number or one of some words. */
static void show_knob(const struct server_knob *knob)
{
    printf("  --%s %s  %s [", knob->name, knob->words ? knob->words : "N", knob->help);
    if (knob->words == NULL) {
        printf("%ld]\n", *knob->value);
        return;
    }
    const char *word = knob->words;
    for (long i = 0; i < *knob->value; i++)
        word += word_length(word) + 1;
    printf("%.*s]\n", (int)word_length(word), word);
}

static void set_knob(const struct server_knob *knob, const char *text)
{
    char option[64];
    snprintf(option, sizeof option, "--%s", knob->name);
    if (knob->words == NULL) {
        *knob->value = number_option(option, text, knob->min, knob->max);
        return;
    }
    const char *word = knob->words;
    for (long i = 0;; i++, word++) {
        size_t length = word_length(word);
        if (strlen(text) == length && memcmp(word, text, length) == 0) {
            *knob->value = i;
            return;
        }
        word += length;
        if (*word == '\0') die_usage("%s takes %s, not \"%s\"", option, knob->words, text);
    }
}

static _Noreturn void help(void)
{
    printf("%s -- echo server: %s\n\n"
           "usage: %s [PORT] [options]\n\n"
           "  PORT           TCP port, 0 = let the kernel choose [7000]\n"
           "  --host ADDR    numeric IPv4 or IPv6 address to listen on [127.0.0.1]\n"
           "  --expose       allow an address that other machines can reach\n"
           "  --costs        a line \"!spin N\" or \"!sleep N\" (us, at most %d) is echoed after "
           "its cost;\n"
           "                 about 1 s of costs at a time, then other clients have their turn\n"
           "  --backlog N    connections that may wait to be accepted [4096]\n",
           program_invocation_short_name, server_model.summary, program_invocation_short_name,
           COSTS_US_MAX);
    for (size_t i = 0; i < knob_count(); i++)
        show_knob(&server_model.knobs[i]);
    printf("  --clients-max  say how many clients it serves at once by design, 0 = no limit\n"
           "  --help         this text\n\n"
           "Prints \"ready port=N\" when it listens; SIGTERM or Ctrl-C ends it.\n\n"
           "examples:\n"
           "  %s 7000                    # then, elsewhere: nc 127.0.0.1 7000\n"
           "  %s 0 --host ::1 --costs    # any free port, IPv6, messages may cost time\n",
           program_invocation_short_name, program_invocation_short_name);
    program_end(0);
}

/* Everything the command line can say. */
struct request {
    struct server_options options;
    const char *host;
    long port, backlog;
    bool expose;
};

static struct request parse(int argc, char **argv)
{
    struct request request = {.host = "127.0.0.1", .port = 7000, .backlog = 4096};
    struct option known[7 + KNOBS_MAX] = {
        {"host", required_argument, NULL, 'h'}, {"expose", no_argument, NULL, 'e'},
        {"costs", no_argument, NULL, 'c'},      {"backlog", required_argument, NULL, 'b'},
        {"help", no_argument, NULL, 'u'},       {"clients-max", no_argument, NULL, 'm'},
    };
    for (size_t i = 0; i < knob_count() && i < KNOBS_MAX; i++)
        known[6 + i] = (struct option){server_model.knobs[i].name, required_argument, NULL,
                                       OPTION_KNOB + (int)i};
    for (int c; (c = options_next(argc, argv, known)) != -1;) {
        if (c >= OPTION_KNOB) {
            set_knob(&server_model.knobs[c - OPTION_KNOB], optarg);
        } else if (c == 'h') {
            request.host = optarg;
        } else if (c == 'e') {
            request.expose = true;
        } else if (c == 'c') {
            request.options.costs = true;
        } else if (c == 'b') {
            request.backlog = number_option("--backlog", optarg, 1, 1000000);
        } else if (c == 'm') {
            printf("%ld\n", server_model.clients_max);
            program_end(0);
        } else {
            help();
        }
    }
    if (optind < argc) request.port = number_option("PORT", argv[optind++], 0, 65535);
    if (optind < argc)
        die_usage("one PORT is enough, \"%s\" is too much; see --help", argv[optind]);
    return request;
}

static int listen_as_asked(const struct request *request)
{
    struct net_address address;
    if (!net_address_read(request->host, (uint16_t)request->port, &address))
        die_usage("--host takes a numeric address such as 127.0.0.1 or ::1, not \"%s\"",
                  request->host);
    if (!net_is_loopback(&address)) {
        if (!request->expose)
            die_usage("--host %s can be reached by other machines; add --expose if you mean it",
                      request->host);
        fprintf(stderr,
                "%s: exposed on %s: whoever reaches this port can have bytes echoed%s, "
                "without password or limit\n",
                program_invocation_short_name, request->host,
                request->options.costs ? " and burn this machine's CPU (--costs)" : "");
    }
    int fd = net_listen(&address, (int)request->backlog);
    if (fd < 0)
        die_usage("cannot listen on %s port %ld: %s; choose another, or port 0 for any free one",
                  request->host, request->port, strerror(errno));
    return fd;
}

/* Ends the children, waits for them, and ends.  Only async-signal-safe calls: signal-safety(7).
 * Signals of a process group would also reach processes that are none of ours, where a service
 * manager, a container or a shell has made us the leader of one. */
static void on_stop(int signal_number)
{
    (void)signal_number;
    bool all_end = true;
    for (pid_t pid = first_child; pid <= last_child && last_child > 0; pid++)
        if (waitpid(pid, NULL, WNOHANG) == 0 && kill(pid, SIGKILL) < 0) /* 0: a child that runs. */
            all_end = false; /* It will, by PR_SET_PDEATHSIG. */
    /* One by one: a child that was there before our exec is none of ours, and may never end. */
    for (pid_t pid = first_child; all_end && last_child > 0 && pid <= last_child; pid++)
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
        }
    _exit(0);
}

static void handle_signals(void)
{
    /* A group of our own keeps a Ctrl-C that is meant for the script that started us from its
     * server.  Not when we are the terminal's foreground job: then it must reach us. */
    if (tcgetpgrp(STDIN_FILENO) != getpgrp()) setpgid(0, 0); /* Fails for a session's leader. */
    struct sigaction stop = {.sa_handler = on_stop};
    sigfillset(&stop.sa_mask);
    if (sigaction(SIGTERM, &stop, NULL) < 0 || sigaction(SIGINT, &stop, NULL) < 0) die("sigaction");
    signal(SIGPIPE, SIG_IGN);
}

pid_t server_fork(void)
{
    pid_t server = getpid();
    sigset_t stops, before;
    sigemptyset(&stops);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGINT);
    /* Held back until the child has their default action: on_stop() is not for it, and a handler
     * that ThreadSanitizer puts off would be lost. */
    sigprocmask(SIG_BLOCK, &stops, &before);
    pid_t pid = fork();
    if (pid > 0 && (first_child == 0 || pid < first_child)) first_child = pid;
    if (pid > last_child) last_child = pid;
    if (pid == 0) {
        signal(SIGTERM, SIG_DFL);
        signal(SIGINT, SIG_DFL);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (pid == 0 && getppid() != server) _exit(0); /* It ended before prctl could tell us. */
    return pid;
}

int main(int argc, char **argv)
{
    program_begin();
    close_range(STDERR_FILENO + 1, ~0U, 0); /* Else files of our caller would take our places. */
    struct request request = parse(argc, argv);
    int listen_fd = listen_as_asked(&request);
    net_raise_file_limit();
    handle_signals();
    request.options.backlog = (int)request.backlog;
    printf("ready port=%u\n", net_port(listen_fd));
    if (!output_flush(stdout, "\"ready\"")) exit(1);
    server_model.serve(listen_fd, &request.options);
    die_because("serve() returned");
}
