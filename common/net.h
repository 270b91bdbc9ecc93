/* net.h -- the few socket calls that every program makes in the same way. */
#ifndef C10K_NET_H
#define C10K_NET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* An IPv4 or IPv6 address with its port, ready for bind(2) and connect(2). */
struct net_address {
    struct sockaddr_storage storage;
    socklen_t size;
};

/* Reads a numeric `host` ("127.0.0.1", "::1", "0.0.0.0") and `port` into *address.
 * Names are not looked up: a benchmark must not depend on a resolver.  False if it
 * is no address. */
bool net_address_read(const char *host, uint16_t port, struct net_address *address);

/* True if nothing but this machine can be reached at, or can reach, the address: 127.0.0.0/8, also
 * as IPv6 has it (::ffff:127.0.0.1), and ::1. */
bool net_is_loopback(const struct net_address *address);

/* Returns a listening TCP socket with SO_REUSEADDR, close-on-exec, or -1 with errno. */
int net_listen(const struct net_address *address, int backlog);

/* Returns one more listener on the address of `listen_fd`, or -1 with errno.  Each has a queue of
 * its own, and the kernel deals newcomers out among them (SO_REUSEPORT, which both get). */
int net_listen_beside(int listen_fd, int backlog);

/* Returns the local port of a bound socket. */
uint16_t net_port(int fd);

/* As connect(2), but a signal does not end it: called again, the kernel goes on with the connection
 * that is under way. */
int net_connect(int fd, const struct net_address *address);

/* Turns off Nagle's algorithm: an echo must not wait for the peer's delayed ACK.  Best effort. */
void net_no_delay(int fd);

/* Makes reads and writes on fd return EAGAIN instead of waiting; dies if the kernel refuses. */
void net_no_wait(int fd);

/* Makes close(2) send RST, so that a client leaves no TIME_WAIT entry behind.  Best effort. */
void net_close_with_reset(int fd);

/* Raises this process's soft limit of open files to its hard limit. */
void net_raise_file_limit(void);

/* Returns how many more files this process may open: its limit less its open files, of which
 * its caller may have left some. */
long net_free_files(void);

#endif
