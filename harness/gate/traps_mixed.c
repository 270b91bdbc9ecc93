/* traps_mixed.c -- clients of every kind at once, at random: what each trap tries alone may still
 * go wrong in company.
 *
 *   polite        sends messages of any size, one after the other
 *   fragmenting   sends a few bytes at a time, with pauses
 *   half-closing  sends, says that this was all, and reads to the end
 *   churning      one short message, then gone, by FIN or by reset
 *   resetting     leaves in the middle of anything
 *   never reading sends as much as the server takes, and leaves it sitting there
 *
 * The first four did nothing wrong: every byte of theirs comes back, in time. */
#include <stdio.h>

#include "common/clock.h"
#include "harness/gate/peer.h"
#include "harness/gate/traps.h"
#include "harness/gate/trial.h"

enum {
    CROWD = 60,
    MIX_MS = 500,
    SHORT_MIX_MS = 250, /* With a sanitized server. */
    SETTLE_MS = 200,    /* A pool has started all its workers by then. */
    STUFFED_MS = 30,    /* The server takes no more from one that never reads: it may go. */
    SILENCE_MS = 5000,  /* Until the first client must have its echo. */
    REST_US = 50,       /* When nothing moves: the server needs a CPU, too. */
    FULL_US = 500,      /* A socket that took nothing is asked again after this. */
    LARGE_B = 256 * 1024,
    PIECE_B = 16 * 1024, /* Read at once: less than is sent at once, so that echoes queue up. */
};

enum kind { POLITE, FRAGMENTING, HALF_CLOSING, CHURNING, RESETTING, NEVER_READING, KINDS };

static const char *const kind_names[KINDS] = {"a polite client",    "a fragmenting client",
                                              "a half-closing one", "a churning one",
                                              "a resetting one",    "one that never reads"};

struct actor {
    enum kind kind;
    struct peer peer;
    uint64_t goal;     /* Bytes to send until something else is done. */
    uint64_t pause_ns; /* Sends nothing before this moment. */
    uint64_t moved_ns; /* When a byte of it last moved. */
    bool said_all;     /* Has half-closed. */
};

static struct actor actors[CROWD];
static uint64_t chance_state, echoed_b, visits;

/* A number 0 .. max - 1 (splitmix64). */
static uint64_t chance(uint64_t max)
{
    uint64_t z = chance_state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return (z ^ z >> 31) % max;
}

/* Small ones are as likely as large ones. */
static uint64_t any_size(void)
{
    return 1 + chance(1ULL << (1 + chance(18)));
}

static void come(struct actor *actor)
{
    static const uint64_t short_message_b = 64;
    *actor = (struct actor){.kind = actor->kind, .peer = peer_connect(), .moved_ns = clock_ns()};
    actor->goal = actor->kind == CHURNING ? short_message_b : any_size();
    visits++;
}

static void leave(struct actor *actor, bool by_reset)
{
    echoed_b += actor->peer.received;
    if (by_reset)
        peer_reset(&actor->peer);
    else
        peer_close(&actor->peer);
    come(actor);
}

static bool is_well_behaved(const struct actor *actor)
{
    return actor->kind <= CHURNING;
}

/* What a kind does when all it sent has come back. */
static void go_on(struct actor *actor)
{
    struct peer *peer = &actor->peer;
    switch (actor->kind) {
    case POLITE:
        actor->goal = peer->sent + any_size();
        break;
    case FRAGMENTING:
        actor->goal = peer->sent + 1 + chance(7);
        actor->pause_ns = clock_ns() + chance(3) * NS_PER_MS;
        break;
    case CHURNING:
        leave(actor, chance(2) == 0);
        break;
    default:
        break;
    }
}

static _Noreturn void was_closed(const struct actor *actor)
{
    trial_check_survived();
    trial_fail("the server closed on %s: %lu of %lu bytes came back", kind_names[actor->kind],
               actor->peer.received, actor->peer.sent);
}

static void send_part(struct actor *actor)
{
    struct peer *peer = &actor->peer;
    if (peer->sent < actor->goal && clock_ns() >= actor->pause_ns) {
        size_t sent = peer_send_some(peer, actor->goal - peer->sent);
        if (sent == SIZE_MAX) was_closed(actor);
        if (sent > 0) actor->moved_ns = clock_ns();
        if (sent == 0) actor->pause_ns = clock_ns() + FULL_US * NS_PER_US;
    }
    if (actor->kind == HALF_CLOSING && peer->sent == actor->goal && !actor->said_all) {
        peer_half_close(peer);
        actor->said_all = true;
    }
}

static void receive_part(struct actor *actor)
{
    struct peer *peer = &actor->peer;
    size_t got = peer_receive_some(peer, PIECE_B);
    if (got == SIZE_MAX) {
        bool is_end = actor->said_all && peer->received == peer->sent;
        if (!is_end) was_closed(actor);
        leave(actor, false);
    } else if (got > 0) {
        actor->moved_ns = clock_ns();
    }
}

/* Sends and receives what goes at once.  Returns true if anything moved. */
static bool act(struct actor *actor)
{
    struct peer *peer = &actor->peer;
    uint64_t moved_ns = actor->moved_ns;
    if (actor->kind == RESETTING && chance(50) == 0) leave(actor, true);
    bool stuffed = clock_ns() - actor->moved_ns > STUFFED_MS * NS_PER_MS;
    if (actor->kind == NEVER_READING && stuffed && chance(20) == 0) leave(actor, true);
    if (actor->kind == NEVER_READING) actor->goal = peer->sent + LARGE_B;
    send_part(actor);
    if (actor->kind != NEVER_READING) receive_part(actor);
    if (peer->received == peer->sent && peer->sent == actor->goal && !actor->said_all) go_on(actor);
    return actor->moved_ns != moved_ns;
}

/* Half of the crowd did nothing wrong and shows it; the others are there to disturb. */
static void mixed_crowd(void)
{
    static const enum kind cast[] = {POLITE,       POLITE,   FRAGMENTING, HALF_CLOSING,
                                     HALF_CLOSING, CHURNING, RESETTING,   NEVER_READING};
    chance_state = traps_seed;
    char seed[32];
    snprintf(seed, sizeof seed, "seed %lu", traps_seed);
    trial_note(seed);
    trial_start("", "");
    struct peer first = peer_connect();
    peer_must_echo(&first, 64, SILENCE_MS, "a first client");
    clock_sleep_ns(SETTLE_MS * NS_PER_MS);
    struct trial_usage start = trial_usage();
    for (int i = 0; i < CROWD; i++) {
        actors[i].kind = cast[i % (int)(sizeof cast / sizeof cast[0])];
        come(&actors[i]);
    }
    int mix_ms = trial_size(MIX_MS, SHORT_MIX_MS);
    uint64_t end_ns = clock_ns() + (uint64_t)mix_ms * NS_PER_MS;
    while (clock_ns() < end_ns) {
        bool moved = false;
        for (int i = 0; i < CROWD; i++)
            moved = act(&actors[i]) || moved;
        if (!moved) clock_sleep_ns(REST_US * NS_PER_US);
    }
    trial_check_alive();
    for (int i = 0; i < CROWD; i++) {
        if (is_well_behaved(&actors[i])) peer_drain(&actors[i].peer, PIECE_B, 0);
        echoed_b += actors[i].peer.received;
        peer_reset(&actors[i].peer);
    }
    peer_must_echo(&first, 64, SILENCE_MS, "who was there before");
    trial_check_back_to(&start);
    trial_pass("%d clients of six kinds, %lu visits in %.1f s: %lu MB came back byte-exact", CROWD,
               visits, mix_ms / 1e3, echoed_b / 1000000);
}

const struct trap TRAPS_MIXED[] = {
    {"mixed-crowd", "clients of every kind at once: who did nothing wrong gets every byte",
     CROWD + 1, mixed_crowd},
};
const size_t TRAPS_MIXED_COUNT = sizeof TRAPS_MIXED / sizeof TRAPS_MIXED[0];
