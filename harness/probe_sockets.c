/* probe_sockets.c -- how many connections the kernel holds towards a port; see sock_diag(7). */
#include "harness/probe_sockets.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PART_B = 64 * 1024 }; /* Twice what the kernel puts into one part of its answer. */

static bool ask(int fd, uint16_t port)
{
    struct {
        struct nlmsghdr header;
        struct inet_diag_req_v2 wanted;
    } request = {.header = {.nlmsg_len = sizeof request,
                            .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                            .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
                 .wanted = {.sdiag_family = AF_INET,
                            .sdiag_protocol = IPPROTO_TCP,
                            .idiag_states = 1u << TCP_ESTABLISHED,
                            .id.idiag_dport = htons(port)}};
    return send(fd, &request, sizeof request, 0) == (ssize_t)sizeof request;
}

/* The address counts, too: a stranger's server may hold a client that has our port on 127.0.0.2. */
static bool is_ours(const struct inet_diag_msg *found, uint16_t port)
{
    return found->id.idiag_dport == htons(port) && found->id.idiag_dst[0] == htonl(INADDR_LOOPBACK);
}

/* Counts the sockets in one part of the answer; *more is false when it was the last.  -1: the
 * kernel refuses. */
static long count_part(const char *part, size_t size, uint16_t port, bool *more)
{
    long count = 0;
    for (const struct nlmsghdr *message = (const struct nlmsghdr *)part; NLMSG_OK(message, size);
         message = NLMSG_NEXT(message, size)) {
        if (message->nlmsg_type == NLMSG_ERROR) return -1;
        *more = message->nlmsg_type != NLMSG_DONE;
        if (!*more) break;
        const struct inet_diag_msg *found = NLMSG_DATA(message);
        count += is_ours(found, port);
    }
    return count;
}

long probe_sockets(uint16_t port)
{
    static _Alignas(struct nlmsghdr) char part[PART_B];
    int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (fd < 0) return -1;
    long count = 0;
    bool more = ask(fd, port);
    if (!more) count = -1;
    while (more) {
        ssize_t size = recv(fd, part, sizeof part, 0);
        long some = size <= 0 ? -1 : count_part(part, (size_t)size, port, &more);
        count = some < 0 ? -1 : count + some;
        if (some < 0) break;
    }
    close(fd);
    return count;
}
