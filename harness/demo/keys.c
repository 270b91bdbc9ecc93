/* keys.c -- the keys of the demo: what the teacher can ask for, one key each. */
#include "harness/demo/keys.h"

static const double RATE_MIN_PER_S = 100, RATE_MAX_PER_S = 100000;

const struct key KEYS[] = {
    {'+', KEYS_WISH, "+- clients", "ten times more connections"},
    {'-', KEYS_WISH, NULL, "ten times fewer connections"},
    {'i', KEYS_WISH, "i idle", "none, 90 % or 99 % of the connections idle"},
    {'>', KEYS_WISH, NULL, "twice as many messages per second"},
    {'<', KEYS_WISH, NULL, "half as many messages per second"},
    {'s', KEYS_WISH, "s slow", "slow requests, 1 in 100: none, 10 ms of sleep, 10 ms of CPU"},
    {'n', KEYS_WISH, "n deaf", "one more client, which sends and never reads; and off again"},
    {'k', KEYS_KILL, "k kill", "kill the server"},
    {'r', KEYS_RESTART, "r restart", "start it again: all clients come back at once, a herd"},
    {'p', KEYS_PAUSE, "p pause", "pause: nobody sends until p is pressed again"},
    {'1', KEYS_CHOOSE, NULL, "the keys above mean the first model only; 2, 3, 4 likewise"},
    {'2', KEYS_CHOOSE, NULL, "the keys above mean the second model only"},
    {'3', KEYS_CHOOSE, NULL, "the keys above mean the third model only"},
    {'4', KEYS_CHOOSE, NULL, "the keys above mean the fourth model only"},
    {'a', KEYS_CHOOSE, NULL, "the keys above mean all models again"},
    {'h', KEYS_HELP, "h help", "this help; any key leaves it"},
    {'q', KEYS_QUIT, "q quit", "end everything"},
    {0},
};

const struct key *keys_find(int key)
{
    if (key == '=') key = '+'; /* The same key without shift, on many keyboards. */
    if (key == '?') key = 'h';
    for (const struct key *found = KEYS; found->key != 0; found++)
        if (found->key == key) return found;
    return NULL;
}

static int next_idle_percent(int percent)
{
    return percent == 0 ? 90 : percent == 90 ? 99 : 0;
}

void keys_change(int key, struct wish *wish)
{
    if (key == '+' && wish->connections < KEYS_CONNECTIONS_MAX)
        wish->connections *= 10;
    else if (key == '-' && wish->connections >= 10)
        wish->connections /= 10;
    else if (key == '>' && wish->rate_per_s * 2 <= RATE_MAX_PER_S)
        wish->rate_per_s *= 2;
    else if (key == '<' && wish->rate_per_s / 2 >= RATE_MIN_PER_S)
        wish->rate_per_s /= 2;
    else if (key == 'i')
        wish->idle_percent = next_idle_percent(wish->idle_percent);
    else if (key == 's')
        wish->slow = wish->slow == SLOW_SPIN ? SLOW_NONE : wish->slow + 1;
    else if (key == 'n')
        wish->deaf = !wish->deaf;
    if (wish->connections > KEYS_CONNECTIONS_MAX) wish->connections = KEYS_CONNECTIONS_MAX;
}

long keys_active(const struct wish *wish)
{
    if (wish->idle_percent == 0) return 0;
    long active = wish->connections * (100 - wish->idle_percent) / 100;
    return active > 0 ? active : 1;
}
