/* fuzz_connection.c -- the load client's reader: an echo that is right counts message by message,
 * whatever the pieces it comes in, and the first byte that is wrong or too much is found. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "clients/connection.h"

enum { MESSAGES_MAX = 8, SIZE_MAX_B = 200, STREAM_MAX = (MESSAGES_MAX + 2) * SIZE_MAX_B };

/* What was sent, and what comes back. */
struct streams {
    char sent[STREAM_MAX], back[STREAM_MAX];
    size_t sent_size, back_size;
};

/* Schedules messages and notes them as sent: all, or the last one only in part. */
static void send_messages(struct input *input, struct connection *connection,
                          const struct message_kind *kind, struct streams *streams)
{
    uint32_t count = 1 + input_number(input, MESSAGES_MAX - 1);
    for (uint32_t i = 0; i < count; i++) {
        struct message_cost cost = {0};
        if (kind->size_b >= MESSAGE_COSTLY_B_MIN)
            cost = (struct message_cost){.us = input_number(input, 1000),
                                         .spin = input_number(input, 1) == 1};
        connection_schedule(connection, i, cost);
        message_write(kind, connection->tag, connection->sent + i, cost,
                      streams->sent + i * kind->size_b);
    }
    connection->out_b = input_number(input, (uint32_t)kind->size_b - 1);
    connection->sent = connection->scheduled - (connection->out_b > 0);
    streams->sent_size =
        (connection->sent - connection->received) * kind->size_b + connection->out_b;
}

/* The echo: right, or with a byte changed, left out, doubled, or with bytes behind its end. */
static void make_echo(struct input *input, struct streams *streams)
{
    uint32_t at = input_number(input, (uint32_t)streams->sent_size - 1);
    memcpy(streams->back, streams->sent, streams->sent_size);
    streams->back_size = streams->sent_size;
    switch (input_number(input, 5)) {
    case 0:
        streams->back[at] = (char)(streams->back[at] ^ (int)(1 + input_number(input, 254)));
        break;
    case 1:
        memmove(streams->back + at, streams->back + at + 1, --streams->back_size - at);
        break;
    case 2:
        memmove(streams->back + at + 1, streams->back + at, streams->back_size++ - at);
        break;
    case 3:
        for (size_t i = 0; i < input->size && i < SIZE_MAX_B; i++)
            streams->back[streams->back_size++] = (char)input->bytes[i];
        break;
    case 4:
        streams->back_size = at;
        break;
    default:
        break;
    }
}

/* Where the echo first differs from what was sent; SIZE_MAX if all that came is right. */
static size_t first_wrong(const struct streams *streams)
{
    for (size_t i = 0; i < streams->back_size; i++)
        if (i >= streams->sent_size || streams->back[i] != streams->sent[i]) return i;
    return SIZE_MAX;
}

/* Takes one piece; returns false if something in it was found to be wrong. */
static bool take_piece(struct connection *connection, const struct message_kind *kind,
                       const char *piece, size_t size, uint32_t *taken)
{
    struct flight flight;
    for (;;) {
        enum connection_taken what = connection_take(connection, kind, &piece, &size, &flight);
        if (what == TAKEN_WRONG) return false;
        if (what == TAKEN_ALL) break;
        must(flight.intended_ns == *taken, "a message came with the record of another one");
        ++*taken;
    }
    must(size == 0, "bytes were left over");
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct streams streams;
    struct input input = {data, size};
    struct message_kind kind =
        message_kind_of(MESSAGE_B_MIN + input_number(&input, SIZE_MAX_B - MESSAGE_B_MIN));
    uint32_t first = input_number(&input, 1) - 1; /* Numbers wrap: begin at 0, or just before. */
    struct connection connection = {.fd = -1,
                                    .tag = input_number(&input, 255),
                                    .received = first,
                                    .sent = first,
                                    .scheduled = first};
    send_messages(&input, &connection, &kind, &streams);
    make_echo(&input, &streams);
    size_t wrong = first_wrong(&streams), at = 0;
    uint32_t taken = 0;
    bool right = true;
    while (right && at < streams.back_size) {
        size_t piece = 1 + input_number(&input, 400), left = streams.back_size - at;
        if (piece > left) piece = left;
        right = take_piece(&connection, &kind, streams.back + at, piece, &taken);
        at += piece;
    }
    must(right == (wrong == SIZE_MAX), right ? "a wrong byte passed" : "right bytes were refused");
    must(right || at > wrong, "a byte was refused that had not come");
    must(taken == (right ? at : wrong) / kind.size_b, "another number of messages than came");
    connection_close(&connection);
    free(kind.letters);
    return 0;
}
