/* stage.c -- one model on the stage: its server, its client, and what is shown of them. */
#include "harness/demo/stage.h"

#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "harness/measure/warm.h"

enum {
    MERGED_WINDOWS = 3,   /* Together as long as a window of the experiment ramp. */
    ALONE = 10,           /* Connections that make a server touch the files that it uses. */
    MEMORY_SLICE = 200,   /* Processes read in one go: 15 ms, so that keys are answered. */
    MEMORY_REST = 50,     /* Reading memory may take 1 / 50 of the time. */
    TREE_FRESH_MS = 50,   /* A tree that was just read need not be read again. */
    ANSWER_PATIENCE_S = 1 /* For the rest of a line of which the first byte is there. */
};

static const double WARM_S = 0.1, WARM_MOST_S = 1;
/* Long enough for the 1,000 samples that p99 needs, or for 20 slow requests, which their p50 needs,
 * whatever chance takes away: a disturbed window is shown by itself.  But keys do not wait for
 *
 * ever. */
static const double WINDOW_S = 0.5, WINDOW_MOST_S = 2, SAMPLES = 1150, SAMPLES_SLOW = 3000;

__attribute__((format(printf, 3, 4))) static void ask(struct stage *stage, enum stage_step step,
                                                      const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(stage->command, sizeof stage->command, format, arguments);
    va_end(arguments);
    stage->step = step;
    (void)load_tell(&stage->load, stage->command); /* If it is gone, load_hear() says so. */
}

/* ---- starting and ending ---- */

/* What runs no longer has no figures. */
static void leave(struct stage *stage, enum stage_state state, const char *word)
{
    stage->state = state;
    snprintf(stage->word, sizeof stage->word, "%s", word);
    figures_clear(&stage->figures);
    stage->figures.now[FIGURE_CONNECTIONS] = 0;
    figures_remember(&stage->figures);
    edge_free(&stage->before);
    if (stage->step == STEP_MEMORY) stage->step = STEP_NONE;
}

static void start_client(struct stage *stage)
{
    if (process_is_running(&stage->load)) return;
    process_end(&stage->load, 0); /* It has ended: closes its pipes. */
    process_forget(&stage->load);
    stage->load = session_start_load(&stage->session, stage->target.port);
    stage->step = STEP_NONE;
    stage->told = (struct wish){.rate_per_s = stage->session.conf.rate_per_s};
}

double stage_files_alone_kib(const struct session *session)
{
    char why[160];
    struct target target;
    struct answer answer;
    struct connecting connecting = {.wanted = ALONE};
    double files_kib = 0;
    if (!session_start_target(session, 0, &target, why, sizeof why)) return 0;
    struct process load = session_start_load(session, target.port);
    if (session_connect(session, &load, &connecting, &answer) &&
        session_traffic(session, &load, "warm", WARM_S, &answer)) {
        struct tree tree = probe_tree(target.process.pid);
        files_kib = probe_memory(&tree).pss_file_kib;
        probe_tree_free(&tree);
    }
    session_end_load(&load);
    target_end(&target);
    return files_kib;
}

void stage_start(struct stage *stage, const struct session *session, const struct wish *wish,
                 double files_alone_kib)
{
    memset(stage, 0, sizeof *stage); /* A literal of it is too large for a small stack. */
    stage->session = *session;
    stage->wanted = *wish;
    stage->state = STAGE_ENDED;
    stage->files_alone_kib = files_alone_kib;
    stage->target.process = stage->load =
        (struct process){.input_fd = -1, .output_fd = -1, .error_fd = -1};
    figures_clear(&stage->figures);
    stage_restart(stage);
}

void stage_restart(struct stage *stage)
{
    stage_kill(stage);
    /* On the port that it had, where its clients look for it. */
    bool started = session_start_target(&stage->session, stage->target.port, &stage->target,
                                        stage->trouble, sizeof stage->trouble);
    if (!started) {
        leave(stage, STAGE_ENDED, "not started");
        return;
    }
    /* Old connections are closed first, so that all are opened at once: a herd. */
    if (stage->told.connections > 0) stage->told.connections = -1;
    stage->told.deaf = false;
    stage->told.rate_per_s = 0; /* The server before may have ended while its client was brisk. */
    stage->state = STAGE_UP;
    /* What the client still has to say is about the server before: heard, and not measured. */
    if (stage_awaits_answer(stage)) stage->step = STEP_ORDER;
    stage->incomplete = false;
    stage->trouble[0] = '\0';
    start_client(stage);
}

void stage_kill(struct stage *stage)
{
    if (stage->state != STAGE_UP && stage->state != STAGE_BROKEN) return;
    kill(stage->target.process.pid, SIGKILL);
    target_end(&stage->target);
    stage->trouble[0] = '\0';
    leave(stage, STAGE_KILLED, "killed");
}

/* ---- what is next ---- */

bool stage_is_busy(const struct stage *stage)
{
    return stage->step != STEP_NONE;
}

bool stage_awaits_answer(const struct stage *stage)
{
    return stage->step != STEP_NONE && stage->step != STEP_MEMORY;
}

/* Finds the first thing that the client was not told yet, tells `told`, and writes the command. */
static bool next_order(const struct wish *wanted, struct wish *told, char *command, size_t size)
{
    static const char *const costs[] = {
        [SLOW_NONE] = "none", [SLOW_SLEEP] = "sleep", [SLOW_SPIN] = "spin"};
    if (told->rate_per_s != wanted->rate_per_s) {
        told->rate_per_s = wanted->rate_per_s;
        snprintf(command, size, "rate %.1f", wanted->rate_per_s);
    } else if (told->slow != wanted->slow) {
        told->slow = wanted->slow;
        if (wanted->slow == SLOW_NONE)
            snprintf(command, size, "cost none");
        else
            snprintf(command, size, "cost %s %d %d", costs[wanted->slow], KEYS_SLOW_US,
                     KEYS_SLOW_PERCENT);
    } else if (told->connections < 0) {
        told->connections = 0;
        snprintf(command, size, "connect 0");
    } else if (told->connections != wanted->connections) {
        told->connections = wanted->connections;
        told->idle_percent = -1; /* Another number of them is to send. */
        snprintf(command, size, "connect %ld", wanted->connections);
    } else if (told->idle_percent != wanted->idle_percent) {
        told->idle_percent = wanted->idle_percent;
        snprintf(command, size, "active %ld", keys_active(wanted));
    } else if (told->deaf != wanted->deaf) {
        told->deaf = wanted->deaf;
        snprintf(command, size, "deaf %d", wanted->deaf);
    } else {
        return false;
    }
    return true;
}

bool stage_has_orders(const struct stage *stage)
{
    char command[sizeof stage->command];
    struct wish told = stage->told;
    if (stage->state != STAGE_UP) return false;
    return stage->merge_anew || next_order(&stage->wanted, &told, command, sizeof command);
}

bool stage_can_play(const struct stage *stage)
{
    return stage->state == STAGE_UP && stage->figures.now[FIGURE_CONNECTIONS] > 0;
}

void stage_begin_order(struct stage *stage)
{
    char command[sizeof stage->command];
    if (!next_order(&stage->wanted, &stage->told, command, sizeof command)) {
        stage->merge_anew = false;
        ask(stage, STEP_ORDER, "merge %d", MERGED_WINDOWS);
        return;
    }
    bool connects = strncmp(command, "connect", strlen("connect")) == 0;
    if (connects) snprintf(stage->word, sizeof stage->word, "connecting");
    stage->merge_anew = true; /* What was before this order is of another load. */
    stage->memory_due_ns = 0;
    ask(stage, connects ? STEP_CONNECT : STEP_ORDER, "%s", command);
}

/* Connections that send. */
static double senders(const struct stage *stage)
{
    long active = keys_active(&stage->told);
    double connected = stage->figures.now[FIGURE_CONNECTIONS];
    return active == 0 ? connected : fmin((double)active, connected);
}

/* What this warm-up has to see: of all connections at least one message. */
static double messages_to_warm(const struct stage *stage)
{
    return fmax(stage->warm_missing, senders(stage));
}

/* True if the client's own rate takes too long to reach them all, and haste disturbs nobody.  Slow
 * requests are not hurried: so many of them would keep an event loop busy for seconds. */
static bool must_be_brisk(const struct stage *stage)
{
    double rate_per_s = stage->told.rate_per_s;
    return stage->alone && stage->told.slow == SLOW_NONE && rate_per_s < (double)WARM_BRISK_PER_S &&
           messages_to_warm(stage) > rate_per_s * WARM_S;
}

static void warm(struct stage *stage)
{
    double warm_s = messages_to_warm(stage) / stage->told.rate_per_s;
    if (must_be_brisk(stage)) warm_s = WARM_S; /* They were reached. */
    ask(stage, STEP_WARM, "warm %.3f", fmin(fmax(warm_s, WARM_S), WARM_MOST_S));
}

void stage_begin_turn(struct stage *stage)
{
    bool fresh = clock_ns() - stage->before.tree.read_ns < (uint64_t)TREE_FRESH_MS * NS_PER_MS;
    if (stage->before.tree.count == 0 || !fresh) {
        edge_free(&stage->before);
        stage->before = edge_prepare(stage->target.process.pid);
    }
    if (must_be_brisk(stage))
        ask(stage, STEP_BRISK_RATE, "rate %d", WARM_BRISK_PER_S);
    else
        warm(stage);
}

/* ---- answers ---- */

static void on_connected(struct stage *stage, const struct answer *answer)
{
    char error[32] = "", said[80];
    double asked = answer_number(answer, "connections_asked");
    double *now = stage->figures.now;
    now[FIGURE_CONNECTIONS] = answer_number(answer, "connections_established");
    stage->incomplete = now[FIGURE_CONNECTIONS] < asked;
    stage->trouble[0] = '\0';
    if (stage->incomplete) {
        answer_get(answer, "connect_error", error, sizeof error);
        process_last_line(&stage->target.process, said, sizeof said);
        snprintf(stage->trouble, sizeof stage->trouble, "only %.0f of %.0f connections: %s %s",
                 now[FIGURE_CONNECTIONS], asked, error, said);
    }
    if (stage->told.connections > 0)
        now[FIGURE_OPENED_NS] = answer_number(answer, "connect_s") * NS_PER_S;
}

static void on_ordered(struct stage *stage, const struct answer *answer)
{
    double *now = stage->figures.now;
    if (strncmp(answer->line, "deaf", strlen("deaf")) == 0)
        now[FIGURE_UNREAD_KIB] =
            stage->told.deaf ? answer_number(answer, "deaf_stuck_b") / 1024 : NAN;
    /* This comes after each connect, too.  Who slept is as cold as who is new. */
    if (strncmp(answer->line, "active", strlen("active")) == 0)
        stage->warm_missing = (double)WARM_MESSAGES * senders(stage);
}

/* What stands below the model's name; drifts and noise come and go, and need no explanation.  A
 * window that was cold or disturbed is shown with its word, but the next ones are merged without
 * it: all that stands above "ok" was ok. */
static void judge(struct stage *stage, const struct verdict_numbers *numbers)
{
    char reason[sizeof stage->trouble];
    enum verdict verdict = verdict_judge(numbers, reason, sizeof reason);
    bool passing = verdict == VERDICT_DRIFTING || verdict == VERDICT_NOISY;
    const char *word = verdict_name(verdict);
    if (stage->incomplete)
        word = "incomplete";
    else
        snprintf(stage->trouble, sizeof stage->trouble, "%s", passing ? "" : reason);
    if (stage->cold) word = "warming up";
    stage->merge_anew = stage->cold || verdict != VERDICT_OK;
    snprintf(stage->word, sizeof stage->word, "%s", word);
}

static void on_window(struct stage *stage, const struct answer *window)
{
    static struct row row; /* Too large for a small stack. */
    struct edge after = edge_after(stage->target.process.pid);
    struct verdict_numbers numbers = session_numbers(&stage->session, false, window);
    row = (struct row){0};
    edge_row(&stage->before, &after, window, &stage->session.cpus, &row, &numbers);
    figures_take_window(&stage->figures, window, &row);
    stage->warm_missing -= answer_number(window, "received");
    judge(stage, &numbers);
    edge_free(&stage->before);
    stage->before = after;
    if (clock_ns() < stage->memory_due_ns) {
        figures_remember(&stage->figures);
        return;
    }
    stage->step = STEP_MEMORY;
    stage->memory = (struct memory){0};
    stage->memory_read = 0;
    stage->memory_spent_ns = 0;
}

static void begin_window(struct stage *stage)
{
    double samples = stage->told.slow == SLOW_NONE ? SAMPLES : SAMPLES_SLOW;
    double window_s = samples / stage->told.rate_per_s;
    stage->cold = stage->warm_missing > 0;
    edge_before(&stage->before);
    ask(stage, STEP_WINDOW, "window %.3f", fmin(fmax(window_s, WINDOW_S), WINDOW_MOST_S));
}

/* What follows the answer to a step. */
static void go_on_after(struct stage *stage, enum stage_step step, const struct answer *answer)
{
    if (step == STEP_BRISK || step == STEP_WARM)
        stage->warm_missing -= answer_number(answer, "received");
    if (step == STEP_ORDER)
        on_ordered(stage, answer);
    else if (step == STEP_CONNECT)
        on_connected(stage, answer);
    else if (step == STEP_BRISK_RATE)
        ask(stage, STEP_BRISK, "warm %.3f",
            fmin(warm_brisk_s(messages_to_warm(stage)), WARM_MOST_S));
    else if (step == STEP_BRISK)
        ask(stage, STEP_OWN_RATE, "rate %.1f", stage->told.rate_per_s);
    else if (step == STEP_OWN_RATE)
        warm(stage);
    else if (step == STEP_WARM)
        begin_window(stage);
    else if (step == STEP_WINDOW)
        on_window(stage, answer);
}

void stage_answer(struct stage *stage)
{
    struct answer answer;
    enum stage_step step = stage->step;
    stage->step = STEP_NONE;
    if (!load_hear(&stage->load, stage->command, ANSWER_PATIENCE_S, &answer)) {
        snprintf(stage->trouble, sizeof stage->trouble, "%.150s", answer.line);
        if (stage->state == STAGE_UP) leave(stage, STAGE_BROKEN, "no client");
        return;
    }
    if (stage->state != STAGE_UP) return; /* What is said of the dead server is of no use. */
    go_on_after(stage, step, &answer);
}

/* ---- between answers ---- */

/* Adds the next processes to what was read of the memory. */
static void read_memory(struct stage *stage)
{
    const struct tree *tree = &stage->before.tree;
    uint64_t begin_ns = clock_ns();
    size_t left = tree->count - stage->memory_read;
    struct tree slice = {.pids = tree->pids + stage->memory_read,
                         .count = left < MEMORY_SLICE ? left : MEMORY_SLICE};
    struct memory part = probe_memory(&slice);
    stage->memory.pss_kib += part.pss_kib;
    stage->memory.pss_file_kib += part.pss_file_kib;
    stage->memory.page_tables_kib += part.page_tables_kib;
    stage->memory_read += slice.count;
    uint64_t now_ns = clock_ns();
    stage->memory_spent_ns += now_ns - begin_ns;
    if (stage->memory_read < tree->count) return;
    struct kernel kernel = probe_kernel();
    figures_take_memory(&stage->figures, &stage->memory, stage->files_alone_kib,
                        (double)tree->threads, probe_kernel_stack_kib(&kernel));
    figures_remember(&stage->figures);
    stage->memory_due_ns = now_ns + MEMORY_REST * stage->memory_spent_ns;
    stage->step = STEP_NONE;
}

void stage_go_on(struct stage *stage)
{
    if (stage->state == STAGE_UP && !target_is_running(&stage->target)) {
        char words[120];
        process_last_words(&stage->target.process, words, sizeof words);
        snprintf(stage->trouble, sizeof stage->trouble, "the server ended: %s", words);
        target_end(&stage->target);
        leave(stage, STAGE_ENDED, "ended");
    }
    if (stage->step == STEP_MEMORY) read_memory(stage);
}
