/* cast.h -- all models of the demo, and whose turn it is.
 *
 * Where there are too few CPUs for all of them at once, traffic goes to one model at a time, as in
 * the experiments: else each would show what the others do to it. */
#ifndef C10K_DEMO_CAST_H
#define C10K_DEMO_CAST_H

#include <poll.h>
#include <stdbool.h>

#include "harness/demo/stage.h"

enum { CAST_MAX = 4, CAST_ALL = -1 };

struct cast {
    struct stage stages[CAST_MAX];
    int count;
    bool in_turns, paused;
    int turn;   /* Whose it was last. */
    int chosen; /* Whom keys are for; CAST_ALL. */
};

/* Starts all models of `names`. */
void cast_start(struct cast *cast, const struct session *session, const char *const *names,
                int count, const struct wish *wish);

/* Does what a key says.  False if it is not a matter of the models (help, quit). */
bool cast_act(struct cast *cast, const struct key *key);

/* Begins what can be begun now, in the right order. */
void cast_go_on(struct cast *cast);

/* True while a window runs, which nothing must disturb that can wait. */
bool cast_is_measuring(const struct cast *cast);

/* True if there is work that waits for nobody. */
bool cast_has_work(const struct cast *cast);

/* Fills in the pipes on which answers are awaited, one for each model, -1 where none is. */
void cast_fill_pipes(const struct cast *cast, struct pollfd *pipes);

/* Takes the answers that are there.  Returns true if there is something new to show: within a turn,
 * from the first warming to the window's end, there is not. */
bool cast_take_answers(struct cast *cast, const struct pollfd *pipes);

#endif
