/* hello.c -- one client that says hello once: connect, write, read, close.  What
 * harness/trace/trace.sh watches. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/die.h"
#include "common/net.h"
#include "common/number.h"
#include "common/program.h"
#include "common/whole.h"

enum { TEXT_MAX = 4096, PATIENCE_S = 5 };

static _Noreturn void help(void)
{
    puts(
        "hello -- connects to an echo server, says hello, reads the echo, and closes\n"
        "\n"
        "usage: hello --port P [--text TEXT]\n"
        "\n"
        "  --port P      of the server at 127.0.0.1\n"
        "  --text TEXT   what to say, at most 4096 bytes [hello]\n"
        "  --help        this text\n"
        "\n"
        "Prints how long it took from the first system call to the last.  Exit status: 0 the same\n"
        "bytes came back, 1 they did not, or not within 5 s, 2 wrong usage.\n"
        "\n"
        "example:\n"
        "  build/release/hello --port 7000");
    program_end(0);
}

/* Reads as many bytes as were sent, or dies. */
static void read_echo(int fd, const char *text, size_t size)
{
    static char echo[TEXT_MAX];
    ssize_t got = whole_read(fd, echo, size);
    if (got < 0) die("no echo");
    if ((size_t)got < size) die_because("the server closed after %zd of %zu bytes", got, size);
    if (memcmp(echo, text, size) != 0) die_because("other bytes came back than were sent");
}

static void say(const struct net_address *server, const char *text)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    int fd = socket(server->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) die("socket");
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0) die("SO_RCVTIMEO");
    if (net_connect(fd, server) < 0) die("connect");
    size_t size = strlen(text);
    if (!whole_write(fd, text, size)) die("write");
    read_echo(fd, text, size);
    close(fd);
}

int main(int argc, char **argv)
{
    static const struct option known[] = {{"port", required_argument, NULL, 'p'},
                                          {"text", required_argument, NULL, 't'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    const char *text = "hello";
    long port = 0;
    program_begin();
    opterr = 0; /* Our own line says more. */
    for (int c; (c = getopt_long(argc, argv, ":", known, NULL)) != -1;) {
        if (c == ':') die_usage("%s needs a value; see --help", argv[optind - 1]);
        if (c == '?') die_usage("unknown option %s; see --help", argv[optind - 1]);
        if (c == 'h') help();
        if (c == 'p') port = number_option("--port", optarg, 1, 65535);
        if (c == 't') text = optarg;
    }
    if (optind < argc) die_usage("\"%s\" is too much; see --help", argv[optind]);
    if (port == 0) die_usage("--port is missing; see --help");
    if (text[0] == '\0' || strlen(text) > TEXT_MAX)
        die_usage("--text takes 1 to %d bytes", TEXT_MAX);
    struct net_address server;
    net_address_read("127.0.0.1", (uint16_t)port, &server);
    uint64_t begin_ns = clock_ns();
    say(&server, text);
    printf("%.1f us\n", (double)(clock_ns() - begin_ns) / NS_PER_US);
    program_end(0);
}
