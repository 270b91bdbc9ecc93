/* cast.c -- all models of the demo, and whose turn it is. */
#include "harness/demo/cast.h"

/* Each window of a client has the next seed: users of two models must not be the same ones. */
enum { SEEDS_APART = 1000000 };

void cast_start(struct cast *cast, const struct session *session, const char *const *names,
                int count, const struct wish *wish)
{
    static struct session own[CAST_MAX]; /* Too large for a small stack. */
    double files_alone_kib[CAST_MAX];
    cast->count = count;
    cast->turn = count - 1;
    cast->chosen = CAST_ALL;
    for (int i = 0; i < count; i++) {
        own[i] = *session;
        own[i].model = names[i];
        own[i].seed = session->seed + (long)i * SEEDS_APART;
        files_alone_kib[i] = stage_files_alone_kib(&own[i]);
    }
    for (int i = 0; i < count; i++) {
        stage_start(&cast->stages[i], &own[i], wish, files_alone_kib[i]);
        cast->stages[i].alone = cast->in_turns;
    }
}

static void act_on(struct stage *stage, const struct key *key)
{
    if (key->act == KEYS_WISH)
        keys_change(key->key, &stage->wanted);
    else if (key->act == KEYS_KILL)
        stage_kill(stage);
    else if (key->act == KEYS_RESTART)
        stage_restart(stage);
}

static void choose(struct cast *cast, int key)
{
    if (key == 'a')
        cast->chosen = CAST_ALL;
    else if (key - '1' < cast->count)
        cast->chosen = key - '1';
}

bool cast_act(struct cast *cast, const struct key *key)
{
    if (key->act == KEYS_HELP || key->act == KEYS_QUIT) return false;
    if (key->act == KEYS_PAUSE)
        cast->paused = !cast->paused;
    else if (key->act == KEYS_CHOOSE)
        choose(cast, key->key);
    else
        for (int i = 0; i < cast->count; i++)
            if (cast->chosen == CAST_ALL || cast->chosen == i) act_on(&cast->stages[i], key);
    return true;
}

/* ---- whose turn it is ---- */

/* Everybody for himself. */
static void go_on_together(struct cast *cast)
{
    for (int i = 0; i < cast->count; i++) {
        struct stage *stage = &cast->stages[i];
        if (stage_is_busy(stage)) continue;
        if (stage_has_orders(stage))
            stage_begin_order(stage);
        else if (stage_can_play(stage) && !cast->paused)
            stage_begin_turn(stage);
    }
}

/* One at a time; orders first, so that all are ready before one is measured. */
static void go_on_in_turns(struct cast *cast)
{
    for (int i = 0; i < cast->count; i++)
        if (stage_is_busy(&cast->stages[i])) return;
    for (int i = 0; i < cast->count; i++) {
        if (!stage_has_orders(&cast->stages[i])) continue;
        stage_begin_order(&cast->stages[i]);
        return;
    }
    for (int k = 1; k <= cast->count && !cast->paused; k++) {
        int next = (cast->turn + k) % cast->count;
        if (!stage_can_play(&cast->stages[next])) continue;
        cast->turn = next;
        stage_begin_turn(&cast->stages[next]);
        return;
    }
}

void cast_go_on(struct cast *cast)
{
    for (int i = 0; i < cast->count; i++)
        stage_go_on(&cast->stages[i]);
    if (cast->in_turns)
        go_on_in_turns(cast);
    else
        go_on_together(cast);
}

static bool any_is_at(const struct cast *cast, enum stage_step step)
{
    for (int i = 0; i < cast->count; i++)
        if (cast->stages[i].step == step) return true;
    return false;
}

bool cast_is_measuring(const struct cast *cast)
{
    return any_is_at(cast, STEP_WINDOW);
}

bool cast_has_work(const struct cast *cast)
{
    return any_is_at(cast, STEP_MEMORY);
}

void cast_fill_pipes(const struct cast *cast, struct pollfd *pipes)
{
    for (int i = 0; i < cast->count; i++) {
        const struct stage *stage = &cast->stages[i];
        bool awaits = stage_awaits_answer(stage);
        pipes[i] = (struct pollfd){.fd = awaits ? stage->load.output_fd : -1, .events = POLLIN};
    }
}

bool cast_take_answers(struct cast *cast, const struct pollfd *pipes)
{
    bool any = false;
    for (int i = 0; i < cast->count; i++) {
        if (pipes[i].fd < 0 || pipes[i].revents == 0) continue;
        stage_answer(&cast->stages[i]);
        any = any || !stage_awaits_answer(&cast->stages[i]);
    }
    return any;
}
