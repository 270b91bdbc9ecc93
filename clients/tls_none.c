/* tls_none.c -- in place of tls.c where OpenSSL is not installed: there is no TLS. */
#include <errno.h>
#include <stdlib.h>

#include "clients/tls.h"
#include "common/die.h"

struct tls_client *tls_client_new(const char *version, const char *ca, bool resume)
{
    (void)ca, (void)resume;
    die_usage("--tls %s: this program was built without OpenSSL; install libssl-dev, then make",
              version);
}

void tls_client_free(struct tls_client *client)
{
    (void)client;
}

/* Without a client there is no connection: what follows is never called. */

struct tls *tls_begin(struct tls_client *client, int fd)
{
    (void)client, (void)fd;
    abort();
}

enum tls_shaken tls_shake(struct tls *tls)
{
    (void)tls;
    abort();
}

ssize_t tls_send(struct tls *tls, const void *bytes, size_t size)
{
    (void)tls, (void)bytes, (void)size;
    abort();
}

ssize_t tls_receive(struct tls *tls, void *bytes, size_t size)
{
    (void)tls, (void)bytes, (void)size;
    abort();
}

const char *tls_why(const struct tls *tls)
{
    (void)tls;
    abort();
}

struct tls_handshake tls_handshake(const struct tls *tls)
{
    (void)tls;
    abort();
}

void tls_end(struct tls *tls)
{
    (void)tls;
    abort();
}
