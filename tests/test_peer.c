/* test_peer.c -- guards against clients of the gate that take another client's bytes, more bytes
 * than they sent, or a broken end for what they wait for. */
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/net.h"
#include "harness/gate/peer.h"
#include "harness/gate/trial.h"
#include "tests/unit.h"

/* The server is a socket of this program. */
static int listen_fd;

/* ---- instead of a trial ---- */

uint16_t trial_port(void)
{
    struct sockaddr_in address = {0};
    socklen_t size = sizeof address;
    assert_int_equal(getsockname(listen_fd, (struct sockaddr *)&address, &size), 0);
    return ntohs(address.sin_port);
}

int trial_patience_ms(int ms)
{
    return ms;
}

void trial_check_survived(void)
{
}

void trial_call_failed(const char *call)
{
    (void)call;
}

/* Ends the call that failed, as cmocka's expect_assert_failure() wants it. */
void trial_fail(const char *format, ...)
{
    mock_assert(0, format, __FILE__, __LINE__);
    abort();
}

void trial_skip(const char *format, ...)
{
    mock_assert(0, format, __FILE__, __LINE__);
    abort();
}

/* ---- two clients, and the server's end of each ---- */

enum { MESSAGE_B = 64 };

struct pair {
    struct peer peer;
    int fd;
};

static struct pair connect_pair(void)
{
    struct pair pair = {.peer = peer_connect()};
    pair.fd = accept(listen_fd, NULL, NULL);
    assert_true(pair.fd >= 0);
    return pair;
}

/* Sends a message and reads it at the server's end. */
static void say(struct pair *pair, unsigned char *message)
{
    assert_int_equal(peer_send_some(&pair->peer, MESSAGE_B), MESSAGE_B);
    assert_int_equal(recv(pair->fd, message, MESSAGE_B, MSG_WAITALL), MESSAGE_B);
}

static void answer(const struct pair *pair, const unsigned char *bytes, size_t size)
{
    assert_int_equal(write(pair->fd, bytes, size), size);
    assert_true(peer_wait(&pair->peer, POLLIN, 5000));
}

static void part(struct pair *pair)
{
    close(pair->fd);
    peer_reset(&pair->peer);
}

static int begin(void **state)
{
    (void)state;
    struct net_address address;
    if (!net_address_read("127.0.0.1", 0, &address)) return -1;
    listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return bind(listen_fd, (struct sockaddr *)&address.storage, address.size) < 0 ||
                   listen(listen_fd, 8) < 0
               ? -1
               : 0;
}

static int end(void **state)
{
    (void)state;
    return close(listen_fd);
}

/* ---- tests ---- */

static void a_message_that_comes_back_is_counted(void **state)
{
    (void)state;
    unsigned char message[MESSAGE_B];
    struct pair one = connect_pair();
    say(&one, message);
    answer(&one, message, 40);
    assert_int_equal(peer_receive_some(&one.peer, 1000), 40);
    answer(&one, message + 40, 24);
    assert_int_equal(peer_receive_some(&one.peer, 20), 20);
    assert_int_equal(peer_receive_some(&one.peer, 1000), 4);
    assert_true(one.peer.sent == MESSAGE_B && one.peer.received == MESSAGE_B);
    part(&one);
}

/* At the same place of its stream, too. */
static void bytes_of_another_client_are_wrong(void **state)
{
    (void)state;
    unsigned char ones[MESSAGE_B], others[MESSAGE_B];
    struct pair one = connect_pair(), other = connect_pair();
    say(&one, ones);
    say(&other, others);
    answer(&one, others, MESSAGE_B);
    expect_assert_failure(peer_receive_some(&one.peer, MESSAGE_B));
    part(&one);
    part(&other);
}

static void a_byte_of_another_place_is_wrong(void **state)
{
    (void)state;
    unsigned char message[MESSAGE_B];
    struct pair one = connect_pair();
    say(&one, message);
    answer(&one, message + 1, MESSAGE_B - 1);
    expect_assert_failure(peer_receive_some(&one.peer, MESSAGE_B));
    part(&one);
}

static void more_than_was_sent_is_wrong(void **state)
{
    (void)state;
    unsigned char message[MESSAGE_B + 1] = {0};
    struct pair one = connect_pair();
    say(&one, message);
    answer(&one, message, sizeof message);
    expect_assert_failure(peer_receive_some(&one.peer, sizeof message));
    part(&one);
}

static void a_server_that_closes_after_a_half_close_has_ended_well(void **state)
{
    (void)state;
    struct pair one = connect_pair();
    close(one.fd);
    assert_true(peer_part(&one.peer));
}

static void a_byte_or_a_reset_after_a_half_close_is_no_end(void **state)
{
    (void)state;
    struct pair one = connect_pair();
    answer(&one, (const unsigned char *)"x", 1);
    assert_false(peer_part(&one.peer));
    close(one.fd);
    struct pair other = connect_pair();
    net_close_with_reset(other.fd);
    close(other.fd);
    assert_false(peer_part(&other.peer));
}

/* What a server answers counts from the moment that it is called: not what came before. */
static void an_echo_is_all_that_is_sent_from_now_on(void **state)
{
    (void)state;
    unsigned char message[MESSAGE_B];
    struct pair one = connect_pair();
    say(&one, message);
    answer(&one, message, MESSAGE_B);
    assert_false(peer_echoes(&one.peer, MESSAGE_B, 20));
    assert_int_equal(one.peer.received, MESSAGE_B);
    part(&one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_that_comes_back_is_counted),
        cmocka_unit_test(bytes_of_another_client_are_wrong),
        cmocka_unit_test(a_byte_of_another_place_is_wrong),
        cmocka_unit_test(more_than_was_sent_is_wrong),
        cmocka_unit_test(a_server_that_closes_after_a_half_close_has_ended_well),
        cmocka_unit_test(a_byte_or_a_reset_after_a_half_close_is_no_end),
        cmocka_unit_test(an_echo_is_all_that_is_sent_from_now_on),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
