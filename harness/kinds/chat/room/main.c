/* main.c -- the command line of chat-room, a chat server for one machine; room.c is the chat. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/die.h"
#include "common/net.h"
#include "common/number.h"
#include "common/options.h"
#include "common/output.h"
#include "common/program.h"
#include "harness/kinds/chat/room/room.h"

enum { BACKLOG = 4096 };

static const char HELP[] =
    "chat-room -- chat server: one room, each line goes to all members, in one order\n"
    "\n"
    "usage: chat-room [PORT] [--queue-kib K]\n"
    "\n"
    "  PORT            TCP port on 127.0.0.1, 0 = let the kernel choose [7000]\n"
    "  --queue-kib K   who does not read, and has more than K KiB of the room's lines unsent, is\n"
    "                  let go [64]\n"
    "  --help          this text\n"
    "\n"
    "A line ends with a newline and has 1 KiB at most; a longer one ends its member's connection.\n"
    "Who half-closes is sent what was said until then, and the connection ends.\n"
    "Prints \"ready port=N\" when it listens; SIGTERM or Ctrl-C ends it.\n"
    "\n"
    "examples:\n"
    "  chat-room 7000              # then, in several terminals: nc 127.0.0.1 7000\n"
    "  chat-room 0 --queue-kib 8   # any free port, less patience\n";

static volatile sig_atomic_t stopped;

static void on_stop(int signal_number)
{
    (void)signal_number;
    stopped = 1;
}

/* SIGTERM and SIGINT wait until the room waits itself: else one that comes just before it does
 * would be seen only after the next line. */
static sigset_t handle_signals(void)
{
    struct sigaction stop = {.sa_handler = on_stop};
    sigset_t stops, before;
    sigemptyset(&stops);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGINT);
    sigprocmask(SIG_BLOCK, &stops, &before);
    if (sigaction(SIGTERM, &stop, NULL) < 0 || sigaction(SIGINT, &stop, NULL) < 0) die("sigaction");
    signal(SIGPIPE, SIG_IGN);
    return before;
}

static int listen_on(long port)
{
    struct net_address address;
    if (!net_address_read("127.0.0.1", (uint16_t)port, &address)) die("inet_pton");
    int fd = net_listen(&address, BACKLOG);
    if (fd < 0)
        die_usage(
            "cannot listen on 127.0.0.1 port %ld: %s; choose another, or port 0 for any free one",
            port, strerror(errno));
    return fd;
}

int main(int argc, char **argv)
{
    static const struct option known[] = {
        {"queue-kib", required_argument, NULL, 'q'}, {"help", no_argument, NULL, 'h'}, {0}};
    long port = 7000, queue_kib = 64;
    program_begin();
    close_range(STDERR_FILENO + 1, ~0U, 0); /* Else files of our caller would take our places. */
    for (int c; (c = options_next(argc, argv, known)) != -1;) {
        if (c == 'q') queue_kib = number_option("--queue-kib", optarg, 1, 1024L * 1024);
        if (c == 'h') {
            fputs(HELP, stdout);
            program_end(0);
        }
    }
    if (optind < argc) port = number_option("PORT", argv[optind++], 0, 65535);
    if (optind < argc)
        die_usage("one PORT is enough, \"%s\" is too much; see --help", argv[optind]);
    int listen_fd = listen_on(port);
    net_raise_file_limit();
    sigset_t while_waiting = handle_signals();
    printf("ready port=%u\n", net_port(listen_fd));
    if (!output_flush(stdout, "\"ready\"")) exit(1);
    unsigned long let_go =
        room_serve(listen_fd, (size_t)queue_kib * 1024, &while_waiting, &stopped);
    if (let_go > 1) fprintf(stderr, "chat-room: %lu members were let go in all\n", let_go);
    return 0;
}
