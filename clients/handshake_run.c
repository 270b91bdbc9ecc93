/* handshake_run.c -- N short visits to an echo server, K of them at a time.
 *
 *   each of K places:   connect ──▶ shake hands ──▶ send ──▶ receive ──▶ close ──┐
 *                          ▲         (only TLS)                                  │
 *                          └──────── the next of the N connections ◀─────────────┘
 *
 * One loop over poll(2): K is small, and nobody is idle. */
#include "clients/handshake_run.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "clients/handshake_link.h"
#include "clients/message.h"
#include "common/clock.h"
#include "common/die.h"

/* The SYN that goes and the SYN that comes back: the kernel's work, of which no byte passes here.
 */
enum { TCP_ROUND_TRIPS = 1 };

enum stage { CONNECTING, SHAKING, SENDING, RECEIVING };

/* Connections follow each other in it. */
struct place {
    struct link link;
    enum stage stage;
    uint32_t number; /* Of the connection: the tag of its message. */
    size_t moved;    /* Bytes of the message that were sent, then of those that came. */
    uint64_t begin_ns;
    SSL_SESSION *session; /* Of the connection before; NULL: there is none. */
    char *message, *echo;
};

struct run {
    const struct handshake_request *request;
    struct handshake_found *found;
    SSL_CTX *context; /* NULL: plain TCP. */
    struct message_kind kind;
    struct place *places;
    struct pollfd *waits;  /* One for each place; fd -1: nothing is left to do there. */
    uint32_t begun, ended; /* Of the connections asked for. */
};

static const struct message_cost FREE_OF_COST = {0};

static void note_failure(struct run *run, const struct place *place, const char *why)
{
    static const char *const stages[] = {"connecting", "the handshake", "sending", "the echo"};
    struct handshake_found *found = run->found;
    found->failed++;
    if (found->why[0] == '\0')
        snprintf(found->why, sizeof found->why, "in %s: %s", stages[place->stage], why);
}

/* ---- the stages of one connection ---- */

/* The handshakes are done: what they cost is known, and the first byte can go. */
static void on_ready(struct run *run, struct place *place)
{
    struct handshake_found *found = run->found;
    const struct wire *wire = &place->link.wire;
    histogram_record(&found->time_ns, clock_ns() - place->begin_ns);
    histogram_record(&found->round_trips, TCP_ROUND_TRIPS + wire->turns);
    found->sent_b += wire->sent_b;
    found->received_b += wire->received_b;
    found->resumed += link_resumed(&place->link);
    message_write(&run->kind, place->number, 0, FREE_OF_COST, place->message);
    place->stage = SENDING;
}

static void keep_session(struct place *place)
{
    SSL_SESSION *session = link_session(&place->link);
    if (session == NULL) return; /* The one before may do once more. */
    SSL_SESSION_free(place->session);
    place->session = session;
}

/* Every byte is back, or as many as were sent. */
static void on_echo(struct run *run, struct place *place)
{
    if (!message_matches(&run->kind, place->number, 0, FREE_OF_COST, 0, place->echo,
                         run->kind.size_b))
        note_failure(run, place, "the server sent bytes that it had not received");
    else
        run->found->done++;
    if (run->context != NULL && run->request->resume) keep_session(place);
}

/* Begins the next connection in this place, if one is left; those that fail at once are over. */
static void begin(struct run *run, struct place *place)
{
    while (run->begun < run->request->connections) {
        place->number = run->begun++;
        place->stage = CONNECTING;
        place->moved = 0;
        place->begin_ns = clock_ns();
        if (link_open(&place->link, &run->request->address) == LINK_WAITS) return;
        note_failure(run, place, place->link.why);
        link_close(&place->link);
        run->ended++;
    }
}

static void end(struct run *run, struct place *place)
{
    link_close(&place->link);
    run->ended++;
    begin(run, place);
}

/* Does what the stage is about. */
static enum link_state go_on(struct run *run, struct place *place)
{
    switch (place->stage) {
    case CONNECTING:
        return link_connected(&place->link);
    case SHAKING:
        return link_shake(&place->link);
    case SENDING:
        return link_send(&place->link, place->message, run->kind.size_b, &place->moved);
    case RECEIVING:
        break;
    }
    return link_receive(&place->link, place->echo, run->kind.size_b, &place->moved);
}

/* The stage is done.  False if that was the last one. */
static bool next_stage(struct run *run, struct place *place)
{
    switch (place->stage) {
    case CONNECTING:
        if (run->context != NULL) {
            link_start_tls(&place->link, run->context, place->session);
            place->stage = SHAKING;
            return true;
        }
        on_ready(run, place);
        return true;
    case SHAKING:
        on_ready(run, place);
        return true;
    case SENDING:
        place->moved = 0;
        place->stage = RECEIVING;
        return true;
    case RECEIVING:
        break;
    }
    on_echo(run, place);
    return false;
}

/* Goes through as many stages as are possible without waiting. */
static void advance(struct run *run, struct place *place)
{
    for (;;) {
        enum link_state state = go_on(run, place);
        if (state == LINK_WAITS) return;
        if (state == LINK_FAILED) note_failure(run, place, place->link.why);
        if (state == LINK_FAILED || !next_stage(run, place)) {
            end(run, place);
            return;
        }
    }
}

/* ---- all of them ---- */

/* Those under way and those never begun; nothing may hang for ever. */
static void give_up(struct run *run)
{
    char why[80];
    snprintf(why, sizeof why, "not over after %.0f s", (double)run->request->timeout_ns / NS_PER_S);
    for (uint32_t i = 0; i < run->request->at_once; i++)
        if (run->places[i].link.fd >= 0) {
            note_failure(run, &run->places[i], why);
            link_close(&run->places[i].link);
        }
    run->found->failed += run->request->connections - run->begun;
}

static void visit_all(struct run *run)
{
    uint32_t places = run->request->at_once;
    uint64_t deadline_ns = clock_ns() + run->request->timeout_ns;
    for (uint32_t i = 0; i < places; i++)
        begin(run, &run->places[i]);
    while (run->ended < run->request->connections) {
        uint64_t now_ns = clock_ns();
        if (now_ns >= deadline_ns) {
            give_up(run);
            return;
        }
        for (uint32_t i = 0; i < places; i++) {
            const struct link *link = &run->places[i].link;
            run->waits[i] = (struct pollfd){.fd = link->fd, .events = link->waits_for};
        }
        int left_ms = (int)((deadline_ns - now_ns) / NS_PER_MS) + 1;
        if (poll(run->waits, places, left_ms) < 0 && errno != EINTR) die("poll");
        for (uint32_t i = 0; i < places; i++)
            if (run->waits[i].revents != 0) advance(run, &run->places[i]);
    }
}

static void make_places(struct run *run)
{
    const struct handshake_request *request = run->request;
    run->places = calloc(request->at_once, sizeof *run->places);
    run->waits = calloc(request->at_once, sizeof *run->waits);
    if (run->places == NULL || run->waits == NULL) die("calloc");
    for (uint32_t i = 0; i < request->at_once; i++) {
        struct place *place = &run->places[i];
        place->link.fd = -1;
        place->message = malloc(request->message_b);
        place->echo = malloc(request->message_b);
        if (place->message == NULL || place->echo == NULL) die("malloc");
    }
}

static void free_places(struct run *run)
{
    for (uint32_t i = 0; i < run->request->at_once; i++) {
        SSL_SESSION_free(run->places[i].session);
        free(run->places[i].message);
        free(run->places[i].echo);
    }
    free(run->places);
    free(run->waits);
    free(run->kind.letters);
    SSL_CTX_free(run->context);
}

void handshake_run(const struct handshake_request *request, struct handshake_found *found)
{
    struct run run = {
        .request = request, .found = found, .kind = message_kind_of(request->message_b)};
    *found = (struct handshake_found){0};
    if (request->tls != NULL) run.context = link_context(request->tls, request->ca);
    make_places(&run);
    uint64_t begin_ns = clock_ns(), cpu_ns = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID);
    visit_all(&run);
    found->window_ns = clock_ns() - begin_ns;
    found->cpu_ns = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_ns;
    free_places(&run);
}
