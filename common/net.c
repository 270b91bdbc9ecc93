/* net.c -- the few socket calls that every program makes in the same way. */
#include "common/net.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/die.h"

bool net_address_read(const char *host, uint16_t port, struct net_address *address)
{
    *address = (struct net_address){0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&address->storage;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address->storage;
    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        address->size = sizeof *v4;
        return true;
    }
    if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        address->size = sizeof *v6;
        return true;
    }
    return false;
}

bool net_is_loopback(const struct net_address *address)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&address->storage;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&address->storage;
    const uint8_t *mapped = &v6->sin6_addr.s6_addr[12]; /* The IPv4 address in an IPv6 one. */
    if (address->storage.ss_family == AF_INET)
        return ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) return mapped[0] == IN_LOOPBACKNET;
    return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

int net_connect(int fd, const struct net_address *address)
{
    int result;
    do {
        result = connect(fd, (const struct sockaddr *)&address->storage, address->size);
    } while (result < 0 && errno == EINTR);
    return result;
}

static int listen_with(int option, const struct net_address *address, int backlog)
{
    int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    int on = 1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        setsockopt(fd, SOL_SOCKET, option, &on, sizeof on) == 0 &&
        bind(fd, (const struct sockaddr *)&address->storage, address->size) == 0 &&
        listen(fd, backlog) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

int net_listen(const struct net_address *address, int backlog)
{
    return listen_with(SO_REUSEADDR, address, backlog);
}

static struct net_address bound_address(int fd)
{
    struct net_address bound = {.size = sizeof bound.storage};
    if (getsockname(fd, (struct sockaddr *)&bound.storage, &bound.size) < 0) die("getsockname");
    return bound;
}

int net_listen_beside(int listen_fd, int backlog)
{
    int on = 1;
    if (setsockopt(listen_fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) < 0) return -1;
    struct net_address same = bound_address(listen_fd);
    return listen_with(SO_REUSEPORT, &same, backlog);
}

uint16_t net_port(int fd)
{
    struct net_address bound = bound_address(fd);
    if (bound.storage.ss_family == AF_INET)
        return ntohs(((struct sockaddr_in *)&bound.storage)->sin_port);
    return ntohs(((struct sockaddr_in6 *)&bound.storage)->sin6_port);
}

void net_no_delay(int fd)
{
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void net_no_wait(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) die("fcntl O_NONBLOCK");
}

void net_close_with_reset(int fd)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void net_raise_file_limit(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0) die("getrlimit");
    files.rlim_cur = files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files) < 0) die("setrlimit");
}

long net_free_files(void)
{
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL) die("/proc/self/fd");
    long limit = sysconf(_SC_OPEN_MAX), used = -1; /* The folder itself does not stay open. */
    if (limit < 0) limit = LONG_MAX;               /* There is none. */
    errno = 0;
    for (struct dirent *item; (item = readdir(folder)) != NULL;
         errno = 0) /* A limit may have sunk. */
        used += item->d_name[0] != '.' && strtol(item->d_name, NULL, 10) < limit;
    if (errno != 0) die("readdir /proc/self/fd");
    closedir(folder);
    return limit - used;
}
