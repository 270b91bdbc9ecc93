/* tls.c -- TLS on a connection of the load client: OpenSSL speaks it, we count what it says. */
#include "clients/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/die.h"

/* The name that the server's certificate must hold. */
static const char SERVER_NAME[] = "localhost";

struct tls_client {
    SSL_CTX *context;
    bool resume;
    SSL_SESSION **sessions; /* Left by connections that ended; each is taken up once. */
    size_t count, room;
};

struct tls {
    struct tls_client *client;
    SSL *ssl;
    struct tls_handshake handshake;
    bool sent_last; /* The last bytes went out. */
    char why[160];
};

/* ---- what all connections share ---- */

/* What OpenSSL says of the call that failed last. */
static const char *openssl_reason(void)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    return reason != NULL ? reason : strerror(errno);
}

struct tls_client *tls_client_new(const char *version, const char *ca, bool resume)
{
    struct tls_client *client = calloc(1, sizeof *client);
    if (client == NULL) die("calloc");
    int number = strcmp(version, "1.2") == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (context == NULL || SSL_CTX_set_min_proto_version(context, number) != 1 ||
        SSL_CTX_set_max_proto_version(context, number) != 1)
        die_because("OpenSSL cannot speak TLS %s here: %s", version, openssl_reason());
    if (SSL_CTX_load_verify_locations(context, ca, NULL) != 1)
        die_usage("--ca takes a file with a certificate in PEM, which \"%s\" is not: %s", ca,
                  openssl_reason());
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    /* A server that ends without TLS's good-bye has ended: each byte is compared anyway. */
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    /* As write(2): some may go, and what remains may lie elsewhere by then. */
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    client->context = context;
    client->resume = resume;
    return client;
}

void tls_client_free(struct tls_client *client)
{
    if (client == NULL) return;
    while (client->count > 0)
        SSL_SESSION_free(client->sessions[--client->count]);
    free(client->sessions);
    SSL_CTX_free(client->context);
    free(client);
}

/* NULL: there is none. */
static SSL_SESSION *take_session(struct tls_client *client)
{
    return client->count > 0 ? client->sessions[--client->count] : NULL;
}

/* There are never more than connections were open at once: each takes one before it leaves one. */
static void keep_session(struct tls_client *client, SSL_SESSION *session)
{
    if (client->count == client->room) {
        client->room = client->room > 0 ? 2 * client->room : 16;
        client->sessions = realloc(client->sessions, client->room * sizeof(SSL_SESSION *));
        if (client->sessions == NULL) die("realloc");
    }
    client->sessions[client->count++] = session;
}

/* ---- one connection ---- */

/* OpenSSL calls this before and after each read and write of the socket; `result` must be handed
 * on. */
static long count_bytes(BIO *socket_bio, int call, const char *bytes, size_t size, int number,
                        long unused, int result, size_t *passed)
{
    (void)bytes, (void)size, (void)number, (void)unused;
    struct tls *tls = (struct tls *)(void *)BIO_get_callback_arg(socket_bio);
    if (result <= 0 || passed == NULL) return result;
    if (call == (BIO_CB_WRITE | BIO_CB_RETURN)) {
        tls->handshake.sent_b += *passed;
        tls->sent_last = true;
    }
    if (call == (BIO_CB_READ | BIO_CB_RETURN)) {
        tls->handshake.received_b += *passed;
        if (tls->sent_last) tls->handshake.round_trips++;
        tls->sent_last = false;
    }
    return result;
}

struct tls *tls_begin(struct tls_client *client, int fd)
{
    struct tls *tls = calloc(1, sizeof *tls);
    SSL *ssl = SSL_new(client->context);
    if (tls == NULL || ssl == NULL || SSL_set_fd(ssl, fd) != 1 ||
        SSL_set1_host(ssl, SERVER_NAME) != 1 || SSL_set_tlsext_host_name(ssl, SERVER_NAME) != 1)
        die_because("no memory for a TLS connection: %s", openssl_reason());
    tls->client = client;
    tls->ssl = ssl;
    BIO *socket_bio = SSL_get_rbio(ssl); /* The same for both directions. */
    BIO_set_callback_arg(socket_bio, (char *)tls);
    BIO_set_callback_ex(socket_bio, count_bytes);
    SSL_set_connect_state(ssl);
    SSL_SESSION *session = take_session(client);
    if (session == NULL) return tls;
    SSL_set_session(ssl, session);
    SSL_SESSION_free(session); /* `ssl` holds it, too. */
    return tls;
}

/* Calls of OpenSSL look at errors that an earlier one left: of another connection, too. */
static void forget_errors(struct tls *tls)
{
    ERR_clear_error();
    errno = 0;
    tls->why[0] = '\0';
}

/* What a call came to that did not return 1, as errno: 0 if the server has ended the connection.
 * Returns what SSL_get_error() says. */
static int note_error(struct tls *tls, int result)
{
    int saved = errno, error = SSL_get_error(tls->ssl, result);
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    errno = 0;
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        errno = EAGAIN;
    else if (error == SSL_ERROR_SYSCALL)
        errno = saved != 0 ? saved : ECONNRESET;
    else if (error != SSL_ERROR_ZERO_RETURN) {
        errno = EPROTO;
        snprintf(tls->why, sizeof tls->why, "%s", reason != NULL ? reason : "an unnamed error");
    }
    return error;
}

enum tls_shaken tls_shake(struct tls *tls)
{
    forget_errors(tls);
    int result = SSL_do_handshake(tls->ssl);
    if (result == 1) {
        BIO_set_callback_ex(SSL_get_rbio(tls->ssl), NULL); /* What passes from now on is traffic. */
        tls->handshake.resumed = SSL_session_reused(tls->ssl) == 1;
        return TLS_SHAKEN;
    }
    int error = note_error(tls, result);
    if (error == SSL_ERROR_WANT_READ) return TLS_WAITS_TO_READ;
    if (error == SSL_ERROR_WANT_WRITE) return TLS_WAITS_TO_WRITE;
    if (errno == 0) errno = ECONNRESET;
    long verified = SSL_get_verify_result(tls->ssl);
    if (verified != X509_V_OK) {
        errno = EKEYREJECTED;
        snprintf(tls->why, sizeof tls->why, "the server's certificate is refused: %s",
                 X509_verify_cert_error_string(verified));
    }
    return TLS_BROKEN;
}

ssize_t tls_send(struct tls *tls, const void *bytes, size_t size)
{
    size_t sent;
    forget_errors(tls);
    int result = SSL_write_ex(tls->ssl, bytes, size, &sent);
    if (result == 1) return (ssize_t)sent;
    note_error(tls, result);
    if (errno == 0) errno = EPIPE;
    return -1;
}

/* At most one record, 16 KiB.  OpenSSL reads no further than its end, so that nothing lies here of
 * which epoll(7) would not know. */
ssize_t tls_receive(struct tls *tls, void *bytes, size_t size)
{
    size_t received;
    forget_errors(tls);
    int result = SSL_read_ex(tls->ssl, bytes, size, &received);
    if (result == 1) return (ssize_t)received;
    note_error(tls, result);
    return errno == 0 ? 0 : -1;
}

const char *tls_why(const struct tls *tls)
{
    return tls->why;
}

struct tls_handshake tls_handshake(const struct tls *tls)
{
    return tls->handshake;
}

void tls_end(struct tls *tls)
{
    forget_errors(tls);
    /* OpenSSL takes no session of a connection up again that ended without a word. */
    if (SSL_is_init_finished(tls->ssl)) SSL_shutdown(tls->ssl);
    /* In TLS 1.3 the server's tickets come after the handshake, in front of the first echo. */
    SSL_SESSION *session = tls->client->resume ? SSL_get1_session(tls->ssl) : NULL;
    if (session != NULL && SSL_SESSION_is_resumable(session))
        keep_session(tls->client, session);
    else
        SSL_SESSION_free(session);
    SSL_free(tls->ssl);
    free(tls);
}
