/* hostile.c -- clients that keep no rule, at random, beside one that keeps all of them and must be
 * served throughout.
 *
 * usage: hostile PORT SECONDS SEED [echo | short | chat]
 *   echo   the good client keeps its connection
 *   short  it comes with a new one each time: for a server that has one client at a time
 *   chat   its lines must come back among those of the others
 *
 * Prints how much was done.  Exit status 1 and the reason if the good client was not served. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clients/schedule.h"
#include "common/clock.h"
#include "common/die.h"
#include "common/net.h"
#include "common/number.h"
#include "common/program.h"

enum {
    HOSTILE_MAX = 40,
    LIFE_MS_MAX = 300,     /* Of a hostile connection, */
    SHORT_LIFE_MS_MAX = 5, /* and where all others wait for its end. */
    ACTS_PER_ROUND = 30,   /* Then the good client is looked after, */
    ROUND_MS = 1,          /* and for so long nothing is done. */
    PATIENCE_MS =
        20 * 1000, /* Of the good client: sanitizers are slow, and so are busy machines. */
    FLOOD_B = 256 * 1024,
    MESSAGE_B_MAX = 900, /* A line of the chat has 1,024. */
    ECHO_B = 64 * 1024,  /* Room for lines of others: a member that reads slowly is let go. */
};

static struct net_address server;
static uint64_t dice;
static unsigned long acts_done, exchanges;
static const char *mode = "echo";

static uint32_t below(uint32_t limit)
{
    return (uint32_t)(schedule_random(&dice) >> 32) % limit;
}

static int connect_now(void)
{
    int fd = socket(server.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) die("socket");
    net_no_delay(fd);
    if (connect(fd, (const struct sockaddr *)&server.storage, server.size) == 0) return fd;
    if (errno != EINPROGRESS) die("connect");
    return fd;
}

/* ---- what a hostile client does: whatever comes of it is the server's matter ---- */

static void send_piece(int fd)
{
    char piece[4096];
    size_t size = 1 + below(sizeof piece);
    for (size_t i = 0; i < size; i++)
        piece[i] = (char)below(256);
    send(fd, piece, size, MSG_NOSIGNAL);
}

static void send_letter(int fd)
{
    send(fd, &"!spinleep 0123456789\n"[below(21)], 1, MSG_NOSIGNAL);
}

static void flood(int fd)
{
    static char bytes[FLOOD_B];
    bool chat = strcmp(mode, "chat") == 0; /* There each byte goes to all members. */
    size_t size = chat ? FLOOD_B / 16 : FLOOD_B;
    memset(bytes, below(2) ? 'x' : '\n', size);
    for (int i = 0; i < (chat ? 1 : 16) && send(fd, bytes, size, MSG_NOSIGNAL) > 0; i++) {
    }
}

static void send_costs(int fd)
{
    static const char *const numbers[] = {"200",  "1000001", "99999999999999999999", "",
                                          "-5",   "30 x",    "4294967301",           "0",
                                          "100x", "5000"};
    char line[64];
    for (uint32_t left = 1 + below(5); left > 0; left--) {
        const char *number = numbers[below(sizeof numbers / sizeof *numbers)];
        int size = snprintf(line, sizeof line, "!%s %s%s", below(2) ? "spin" : "sleep", number,
                            below(4) ? "\n" : "");
        send(fd, line, (size_t)size, MSG_NOSIGNAL);
    }
}

static void send_urgent(int fd)
{
    send(fd, "!", 1, MSG_OOB | MSG_NOSIGNAL);
}

static void read_little(int fd)
{
    char bytes[100];
    recv(fd, bytes, 1 + below(sizeof bytes), 0);
}

static void read_much(int fd)
{
    static char bytes[FLOOD_B];
    recv(fd, bytes, sizeof bytes, 0);
}

static void half_close(int fd)
{
    if (below(8) == 0) shutdown(fd, below(2) ? SHUT_WR : SHUT_RD);
}

struct hostile {
    int fd; /* -1: not there. */
    uint64_t until_ns;
};

static void leave(struct hostile *hostile)
{
    if (below(2))
        net_close_with_reset(hostile->fd); /* Else a FIN, or a reset if bytes are unread. */
    close(hostile->fd);
    hostile->fd = -1;
}

static void act(struct hostile *hostile)
{
    static void (*const acts[])(int fd) = {send_piece,  send_letter, flood,     send_costs,
                                           send_urgent, read_little, read_much, half_close};
    uint32_t life_ms = strcmp(mode, "short") == 0 ? SHORT_LIFE_MS_MAX : LIFE_MS_MAX;
    acts_done++;
    if (hostile->fd < 0) {
        hostile->fd = connect_now();
        hostile->until_ns = clock_ns() + (uint64_t)below(life_ms) * NS_PER_MS;
        if (below(10) == 0) leave(hostile); /* It vanishes before it is accepted. */
    } else if (clock_ns() > hostile->until_ns) {
        leave(hostile);
    } else {
        acts[below(sizeof acts / sizeof *acts)](hostile->fd);
    }
}

/* ---- the good client ---- */

static struct {
    int fd; /* -1: it has no connection. */
    char message[MESSAGE_B_MAX], echo[ECHO_B];
    size_t size, sent, received;
    uint64_t begin_ns;
} good = {.fd = -1};

static void begin_exchange(void)
{
    if (good.fd < 0) good.fd = connect_now();
    good.size = 40 + below(MESSAGE_B_MAX - 40);
    memset(good.message, 'a' + (int)below(26), good.size);
    int length = snprintf(good.message, good.size, "good %lu ", exchanges);
    good.message[length] = '.';
    good.message[good.size - 1] = '\n';
    good.sent = good.received = 0;
    good.begin_ns = clock_ns();
}

static void end_exchange(void)
{
    exchanges++;
    good.size = 0;
    if (strcmp(mode, "short") != 0) return;
    close(good.fd);
    good.fd = -1;
}

/* True if what was received from `at` on is the message, as far as it goes. */
static bool is_ours(size_t at)
{
    size_t size = good.received - at < good.size ? good.received - at : good.size;
    return memcmp(good.echo + at, good.message, size) == 0;
}

/* In a chat: drops the lines of others in front of ours. */
static void skip_lines(void)
{
    size_t at = 0;
    for (char *end; !is_ours(at); at = (size_t)(end + 1 - good.echo))
        if ((end = memchr(good.echo + at, '\n', good.received - at)) == NULL) break;
    good.received -= at;
    memmove(good.echo, good.echo + at, good.received);
}

/* Takes what has come.  False: nothing has. */
static bool take(void)
{
    ssize_t size = recv(good.fd, good.echo + good.received, sizeof good.echo - good.received, 0);
    if (size == 0)
        die_because("the good client's connection was ended after %lu exchanges", exchanges);
    if (size < 0 && errno != EAGAIN) die("the good client's connection");
    if (size < 0) return false;
    good.received += (size_t)size;
    if (strcmp(mode, "chat") == 0) skip_lines();
    if (!is_ours(0) && strcmp(mode, "chat") != 0)
        die_because("the good client got other bytes than it sent");
    if (good.received < good.size || !is_ours(0)) return true;
    if (strcmp(mode, "chat") != 0 && good.received > good.size)
        die_because("the good client got more bytes than it sent");
    end_exchange();
    return good.size > 0;
}

static void look_after_good(void)
{
    if (good.size == 0) begin_exchange();
    if (good.sent < good.size) {
        ssize_t size = send(good.fd, good.message + good.sent, good.size - good.sent, MSG_NOSIGNAL);
        if (size < 0 && errno != EAGAIN && errno != ENOTCONN) die("the good client's connection");
        if (size > 0) good.sent += (size_t)size;
    }
    while (good.sent > 0 && take()) {
    }
    if (good.size > 0 && clock_ns() - good.begin_ns > (uint64_t)PATIENCE_MS * NS_PER_MS)
        die_because("the good client waits for %d s, after %lu exchanges", PATIENCE_MS / 1000,
                    exchanges);
}

int main(int argc, char **argv)
{
    struct hostile hostile[HOSTILE_MAX];
    program_begin();
    if (argc < 4 || argc > 5) die_usage("usage: hostile PORT SECONDS SEED [echo | short | chat]");
    long port = number_option("PORT", argv[1], 1, 65535);
    double seconds = number_option_decimal("SECONDS", argv[2], 0.01, 3600);
    dice = (uint64_t)number_option("SEED", argv[3], 0, INT32_MAX);
    if (argc == 5) mode = argv[4];
    net_address_read("127.0.0.1", (uint16_t)port, &server);
    for (int i = 0; i < HOSTILE_MAX; i++)
        hostile[i].fd = -1;
    uint32_t count = strcmp(mode, "short") == 0 ? 3 : HOSTILE_MAX;
    uint64_t end_ns = clock_ns() + (uint64_t)(seconds * NS_PER_S);
    while (clock_ns() < end_ns || exchanges == 0) {
        for (int i = 0; i < ACTS_PER_ROUND; i++)
            act(&hostile[below(count)]);
        look_after_good();
        poll(NULL, 0, ROUND_MS);
    }
    printf("%lu acts, %lu exchanges\n", acts_done, exchanges);
    program_end(0);
}
