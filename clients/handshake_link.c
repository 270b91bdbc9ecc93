/* handshake_link.c -- one connection, plain TCP or with TLS on top, that counts what its handshake
 * puts on the wire. */
#include "clients/handshake_link.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/die.h"

/* The name that the server's certificate must hold. */
static const char SERVER_NAME[] = "localhost";

static enum link_state wait_for(struct link *link, short what)
{
    link->waits_for = what;
    return LINK_WAITS;
}

static enum link_state fail(struct link *link, const char *why)
{
    snprintf(link->why, sizeof link->why, "%s", why);
    return LINK_FAILED;
}

/* ---- counting below TLS ---- */

/* OpenSSL calls this before and after each read and write of the socket; `result` must be handed
 * on. */
static long count_bytes(BIO *socket_bio, int call, const char *bytes, size_t size, int number,
                        long unused, int result, size_t *passed)
{
    (void)bytes, (void)size, (void)number, (void)unused;
    struct wire *wire = (struct wire *)(void *)BIO_get_callback_arg(socket_bio);
    if (result <= 0 || passed == NULL || wire->handshake_over) return result;
    if (call == (BIO_CB_WRITE | BIO_CB_RETURN)) {
        wire->sent_b += *passed;
        wire->sent_last = true;
    }
    if (call == (BIO_CB_READ | BIO_CB_RETURN)) {
        wire->received_b += *passed;
        if (wire->sent_last) wire->turns++;
        wire->sent_last = false;
    }
    return result;
}

/* ---- TLS ---- */

SSL_CTX *link_context(const char *version, const char *ca)
{
    int number = strcmp(version, "1.2") == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (context == NULL || SSL_CTX_set_min_proto_version(context, number) != 1 ||
        SSL_CTX_set_max_proto_version(context, number) != 1)
        die_because("OpenSSL cannot speak TLS %s here", version);
    if (SSL_CTX_load_verify_locations(context, ca, NULL) != 1)
        die_usage("--ca takes a file with a certificate in PEM, which \"%s\" is not", ca);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    return context;
}

void link_start_tls(struct link *link, SSL_CTX *context, SSL_SESSION *session)
{
    link->ssl = SSL_new(context);
    if (link->ssl == NULL || SSL_set_fd(link->ssl, link->fd) != 1 ||
        SSL_set1_host(link->ssl, SERVER_NAME) != 1 ||
        SSL_set_tlsext_host_name(link->ssl, SERVER_NAME) != 1)
        die_because("no memory for a TLS connection");
    BIO *socket_bio = SSL_get_rbio(link->ssl); /* The same for both directions. */
    BIO_set_callback_arg(socket_bio, (char *)&link->wire);
    BIO_set_callback_ex(socket_bio, count_bytes);
    SSL_set_connect_state(link->ssl);
    if (session != NULL) SSL_set_session(link->ssl, session);
}

/* What a call of OpenSSL came to that did not return 1.  Its queue of errors was empty before. */
static enum link_state not_done(struct link *link, int result)
{
    int saved = errno;
    switch (SSL_get_error(link->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return wait_for(link, POLLIN);
    case SSL_ERROR_WANT_WRITE:
        return wait_for(link, POLLOUT);
    case SSL_ERROR_ZERO_RETURN:
        return fail(link, "the server ended the connection");
    case SSL_ERROR_SYSCALL:
        return fail(link, saved != 0 ? strerror(saved) : "the server ended the connection");
    }
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    return fail(link, reason != NULL ? reason : "an error that OpenSSL does not name");
}

/* Calls of OpenSSL look at errors that an earlier one left: of another connection, too. */
static void forget_errors(void)
{
    ERR_clear_error();
    errno = 0;
}

enum link_state link_shake(struct link *link)
{
    forget_errors();
    int result = SSL_do_handshake(link->ssl);
    if (result == 1) {
        link->wire.handshake_over = true;
        return LINK_DONE;
    }
    long verified = SSL_get_verify_result(link->ssl);
    if (verified != X509_V_OK)
        die_because("the server's certificate is refused: %s",
                    X509_verify_cert_error_string(verified));
    return not_done(link, result);
}

bool link_resumed(const struct link *link)
{
    return link->ssl != NULL && SSL_session_reused(link->ssl) == 1;
}

SSL_SESSION *link_session(const struct link *link)
{
    /* In TLS 1.3 the server's tickets come after the handshake, in front of the echo. */
    SSL_SESSION *session = SSL_get1_session(link->ssl);
    if (session == NULL || SSL_SESSION_is_resumable(session)) return session;
    SSL_SESSION_free(session);
    return NULL;
}

/* ---- the same calls for both ---- */

enum link_state link_open(struct link *link, const struct net_address *address)
{
    *link = (struct link){
        .fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (link->fd < 0) die("socket");
    net_no_delay(link->fd);
    net_close_with_reset(link->fd);
    if (connect(link->fd, (const struct sockaddr *)&address->storage, address->size) < 0 &&
        errno != EINPROGRESS)
        return fail(link, strerror(errno));
    return wait_for(link, POLLOUT);
}

enum link_state link_connected(struct link *link)
{
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0) die("getsockopt");
    return error == 0 ? LINK_DONE : fail(link, strerror(error));
}

/* After a read or write of the socket that moved nothing. */
static enum link_state not_moved(struct link *link, ssize_t size, short what)
{
    if (size == 0) return fail(link, "the server ended the connection");
    if (errno == EAGAIN || errno == EINTR) return wait_for(link, what);
    return fail(link, strerror(errno));
}

enum link_state link_send(struct link *link, const char *bytes, size_t size, size_t *moved)
{
    while (*moved < size) {
        if (link->ssl != NULL) {
            size_t passed;
            forget_errors();
            int result = SSL_write_ex(link->ssl, bytes + *moved, size - *moved, &passed);
            if (result != 1) return not_done(link, result);
            *moved += passed;
        } else {
            ssize_t passed = write(link->fd, bytes + *moved, size - *moved);
            if (passed <= 0) return not_moved(link, passed, POLLOUT);
            *moved += (size_t)passed;
        }
    }
    return LINK_DONE;
}

enum link_state link_receive(struct link *link, char *bytes, size_t size, size_t *moved)
{
    while (*moved < size) {
        if (link->ssl != NULL) {
            size_t passed;
            forget_errors();
            int result = SSL_read_ex(link->ssl, bytes + *moved, size - *moved, &passed);
            if (result != 1) return not_done(link, result);
            *moved += passed;
        } else {
            ssize_t passed = read(link->fd, bytes + *moved, size - *moved);
            if (passed <= 0) return not_moved(link, passed, POLLIN);
            *moved += (size_t)passed;
        }
    }
    return LINK_DONE;
}

void link_close(struct link *link)
{
    if (link->ssl != NULL) {
        forget_errors();
        /* OpenSSL takes no session of a connection up again that ended without a word. */
        if (SSL_is_init_finished(link->ssl)) SSL_shutdown(link->ssl);
        SSL_free(link->ssl);
    }
    if (link->fd >= 0) close(link->fd);
    link->ssl = NULL;
    link->fd = -1;
}
