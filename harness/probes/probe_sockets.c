/* probe_sockets.c -- what the kernel knows of a port's connections and
 * listeners; see sock_diag(7). */
#include "harness/probes/probe_sockets.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { PART_B = 64 * 1024 }; /* Twice what the kernel puts into one part of its answer. */

/* What is looked for, and what was found of it. */
struct look {
    uint16_t port;
    bool listeners; /* Else connections to it. */
    long count, longest;
};

static bool ask(int fd, const struct look *look)
{
    struct {
        struct nlmsghdr header;
        struct inet_diag_req_v2 wanted;
    } request = {
        .header = {.nlmsg_len = sizeof request,
                   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .wanted = {.sdiag_family = AF_INET,
                   .sdiag_protocol = IPPROTO_TCP,
                   .idiag_states = 1u << (look->listeners ? TCP_LISTEN : TCP_ESTABLISHED)}};
    *(look->listeners ? &request.wanted.id.idiag_sport : &request.wanted.id.idiag_dport) =
        htons(look->port);
    return send(fd, &request, sizeof request, 0) == (ssize_t)sizeof request;
}

/* The address of a connection counts, too: a stranger's server may hold a client that has our port
 * on 127.0.0.2. */
static void see(struct look *look, const struct inet_diag_msg *found)
{
    if (look->listeners && found->id.idiag_sport == htons(look->port)) {
        look->count++;
        /* Of a listener: those who wait to be accepted. */
        if ((long)found->idiag_rqueue > look->longest) look->longest = found->idiag_rqueue;
    } else if (!look->listeners && found->id.idiag_dport == htons(look->port) &&
               found->id.idiag_dst[0] == htonl(INADDR_LOOPBACK)) {
        look->count++;
    }
}

/* Looks at the sockets in one part of the answer; *more is false when it was the last.  False: the
 * kernel refuses. */
static bool see_part(struct look *look, const char *part, size_t size, bool *more)
{
    for (const struct nlmsghdr *message = (const struct nlmsghdr *)part; NLMSG_OK(message, size);
         message = NLMSG_NEXT(message, size)) {
        if (message->nlmsg_type == NLMSG_ERROR) return false;
        *more = message->nlmsg_type != NLMSG_DONE;
        if (!*more) break;
        see(look, NLMSG_DATA(message));
    }
    return true;
}

static bool look_at_all(struct look *look)
{
    static _Alignas(struct nlmsghdr) char part[PART_B];
    int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (fd < 0) return false;
    /* The kernel answers at once or not at all; a lost answer must not stop us for ever. */
    struct timeval patience = {.tv_sec = 1};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    bool told = ask(fd, look), more = told;
    while (told && more) {
        ssize_t size = recv(fd, part, sizeof part, 0);
        told = size > 0 && see_part(look, part, (size_t)size, &more);
    }
    close(fd);
    return told;
}

long probe_sockets(uint16_t port)
{
    struct look look = {.port = port};
    return look_at_all(&look) ? look.count : -1;
}

long probe_sockets_waiting(uint16_t port)
{
    struct look look = {.port = port, .listeners = true};
    return look_at_all(&look) && look.count > 0 ? look.longest : -1;
}
