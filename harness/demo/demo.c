/* demo.c -- up to four models side by side on a full screen, each with its own client, while the
 * class watches: what does one more connection cost?
 *
 *     poll: keyboard, clients' pipes, next tick, next line of the script
 *       │
 *       ├─ answer ─▶ stage ─▶ figures        ├─ key ─▶ wish, kill, restart, ...
 *       └─ then: who may begin what ─▶ draw */
#include <errno.h>
#include <getopt.h>
#include <langinfo.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/die.h"
#include "common/net.h"
#include "common/number.h"
#include "common/program.h"
#include "common/whole.h"
#include "harness/demo/cast.h"
#include "harness/demo/page.h"
#include "harness/demo/screen.h"
#include "harness/demo/script.h"
#include "harness/measure/kind.h"

enum {
    TICK_MS = 250,
    KERNEL_TICKS = 4,      /* The whole machine is looked at once a second, between windows, */
    KERNEL_TICKS_MAX = 12, /* or within one where there is always one. */
    MESSAGE_TICKS = 16,    /* How long the answer to a key stays. */
    SCRIPT_B_MAX = 64 * 1024,
    PATH_MAX_B = 4096,
};

/* Everything the command line can say. */
struct request {
    const char *script_path, *bin_dir;
    char *names[CAST_MAX];
    int count, turns; /* turns: 1 in turns, 0 together, -1 as the machine allows. */
    bool ascii;
    struct wish wish;
};

/* The demo while it runs. */
struct demo {
    struct cast cast;
    struct page page;
    struct script script;
    uint64_t begin_ns, next_tick_ns;
    int message_ticks; /* Until the message goes. */
    int kernel_ticks;  /* Since the whole machine was looked at. */
    bool over, changed;
};

static _Noreturn void help(void)
{
    puts(
        "demo -- up to four server models side by side, live: what does one more connection cost?\n"
        "\n"
        "usage: demo --models \"M1 M2 ...\" [options]\n"
        "\n"
        "  --models \"M1 M2\"   one to four models: BIN_DIR/server-M1, ...\n"
        "  --connections N    of each at the start, at most 10000 [100]\n"
        "  --rate R           messages per second offered to each, at the start [5000]\n"
        "  --script FILE      press keys by itself: lines \"SECONDS KEY\" or \"SECONDS say "
        "WORDS\"\n"
        "  --in-turns         traffic to one model at a time [where there are too few CPUs for\n"
        "                     all at once: two for each model]\n"
        "  --together         traffic to all at once\n"
        "  --ascii            draw history lines with letters [with blocks, in a UTF-8 locale]\n"
        "  --bin-dir DIR      where server-M and load are [build/release]\n"
        "  --help             this text");
    puts("\nkeys:");
    for (const struct key *key = KEYS; key->key != 0; key++)
        printf("  %c   %s\n", key->key, key->help);
    puts("\n"
         "Exit status: 0 after q or the script's q, 2 wrong usage, 130 Ctrl-C, 143 SIGTERM.\n"
         "\n"
         "examples:\n"
         "  demo --models \"fork thread poll libuv\"\n"
         "  demo --models poll --connections 1000 --script harness/demo/lecture.txt");
    program_end(0);
}

/* ---- command line ---- */

static void take_models(struct request *request, char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    request->count = 0;
    for (char *rest = text, *name; (name = strsep(&rest, " ")) != NULL;) {
        if (*name == '\0') continue;
        if (request->count == CAST_MAX)
            die_usage("--models takes at most %d models: more do not fit", CAST_MAX);
        if (name[strspn(name, letters)] != '\0')
            die_usage("--models takes names of a-z, 0-9, _ and -, not \"%s\"", name);
        request->names[request->count++] = name;
    }
}

static void take_option(int c, struct request *request)
{
    switch (c) {
    case 'm':
        take_models(request, optarg);
        break;
    case 'c':
        request->wish.connections = number_option("--connections", optarg, 1, KEYS_CONNECTIONS_MAX);
        break;
    case 'r':
        request->wish.rate_per_s = number_option_decimal("--rate", optarg, 1, 100000);
        break;
    case 's':
        request->script_path = optarg;
        break;
    case 't':
        request->turns = 1;
        break;
    case 'T':
        request->turns = 0;
        break;
    case 'a':
        request->ascii = true;
        break;
    case 'b':
        request->bin_dir = optarg;
        break;
    default:
        help();
    }
}

static struct request parse(int argc, char **argv)
{
    static const struct option known[] = {
        {"models", required_argument, NULL, 'm'}, {"connections", required_argument, NULL, 'c'},
        {"rate", required_argument, NULL, 'r'},   {"script", required_argument, NULL, 's'},
        {"in-turns", no_argument, NULL, 't'},     {"together", no_argument, NULL, 'T'},
        {"ascii", no_argument, NULL, 'a'},        {"bin-dir", required_argument, NULL, 'b'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0}};
    struct request request = {
        .bin_dir = "build/release", .turns = -1, .wish = {.connections = 100, .rate_per_s = 5000}};
    opterr = 0; /* Our own line says more. */
    for (int c; (c = getopt_long(argc, argv, ":", known, NULL)) != -1;) {
        if (c == ':') die_usage("%s needs a value; see --help", argv[optind - 1]);
        if (c == '?') die_usage("unknown option %s; see --help", argv[optind - 1]);
        take_option(c, &request);
    }
    if (optind < argc) die_usage("\"%s\" is not an option; see --help", argv[optind]);
    if (request.count == 0) die_usage("which models? Name one to four with --models; see --help");
    return request;
}

static void need_program(const char *folder, const char *prefix, const char *name)
{
    char path[PATH_MAX_B];
    snprintf(path, sizeof path, "%s/%s%s", folder, prefix, name);
    if (access(path, X_OK) == 0) return;
    if (errno == ENOENT)
        die_usage("there is no %s; is the model's name right, and was it built?", path);
    die_usage("cannot run %s: %s", path, strerror(errno));
}

static void read_script(const char *path, struct script *script)
{
    static char text[SCRIPT_B_MAX];
    struct script_error error;
    size_t size = whole_file(path, "a script", text, sizeof text);
    if (!script_parse(text, size, script, &error))
        die_usage("%s:%d: %s", path, error.line, error.what);
}

/* ---- the parts ---- */

/* The load that experiments have by default, but for its rate, from a client that sends on a
 * schedule. */
static void prepare_session(struct session *session, const struct request *request,
                            const struct cpus *cpus, bool in_turns)
{
    static const char text[] = "connections = 1\nserver_options = --costs\n";
    static const struct kind watched = {.name = "demo", .load = LOAD_OPEN, .polls = true};
    struct conf_error error;
    session->kind = &watched;
    session->bin_dir = request->bin_dir;
    session->seed = 1;
    if (!conf_parse_without_kind(text, sizeof text - 1, "standard", &session->conf, &error))
        die_because("%s", error.what);
    session->conf.rate_per_s = request->wish.rate_per_s;
    session->cpus = *cpus;
    /* A client that polls needs a CPU to itself. */
    bool own_cpu = in_turns || session->cpus.client_count >= request->count;
    session->cpus.apart = session->cpus.apart && own_cpu;
}

/* Draws and reads /proc on a core of its own, if the clients, each busy with waiting, have one to
 * spare; else wherever there is room. */
static void keep_out_of_the_way(struct cpus *cpus, int clients)
{
    cpu_set_t own;
    if (cpus_spare(cpus, clients, CPUS_FOLDER, &own) && sched_setaffinity(0, sizeof own, &own) < 0)
        die("sched_setaffinity");
}

static void start(struct demo *demo, const struct request *request)
{
    struct cpus cpus = cpus_of_this_process();
    bool enough = cpus.server_count >= request->count && cpus.client_count >= request->count;
    demo->cast.in_turns = request->turns < 0 ? !enough : request->turns == 1;
    demo->page.cpus = cpus.apart ? cpus.server_count + cpus.client_count : 1;
    keep_out_of_the_way(&cpus, demo->cast.in_turns ? 1 : request->count);
    static struct session session; /* Too large for a small stack. */
    prepare_session(&session, request, &cpus, demo->cast.in_turns);
    demo->page.cast = &demo->cast;
    demo->page.kernel = probe_kernel();
    cast_start(&demo->cast, &session, (const char *const *)request->names, request->count,
               &request->wish);
    demo->begin_ns = demo->next_tick_ns = clock_ns();
}

/* ---- events ---- */

static void say(struct demo *demo, const char *words)
{
    snprintf(demo->page.message, sizeof demo->page.message, "%s", words);
    demo->message_ticks = MESSAGE_TICKS;
    demo->changed = true;
}

static void press(struct demo *demo, int pressed)
{
    const struct key *key = keys_find(pressed);
    demo->changed = true;
    if (demo->page.help && (key == NULL || key->act != KEYS_QUIT)) {
        demo->page.help = false;
        return;
    }
    if (key == NULL) {
        say(demo, "no such key; h shows all of them");
        return;
    }
    demo->page.help = key->act == KEYS_HELP;
    demo->over = key->act == KEYS_QUIT;
    if (cast_act(&demo->cast, key)) say(demo, key->help);
}

static void read_keys(struct demo *demo)
{
    for (int key; (key = screen_key()) != SCREEN_NO_KEY && !demo->over;) {
        if (key == SCREEN_RESIZED)
            demo->changed = true;
        else
            press(demo, key);
    }
}

static double elapsed_s(const struct demo *demo)
{
    return clock_seconds_since(demo->begin_ns);
}

static void play_script(struct demo *demo)
{
    const struct script_event *event;
    while (!demo->over && (event = script_due(&demo->script, elapsed_s(demo))) != NULL) {
        if (event->key == 0) {
            say(demo, event->words);
            continue;
        }
        demo->page.help = false; /* Else the key would only close it. */
        press(demo, event->key);
    }
}

/* Four times a second. */
static void tick(struct demo *demo)
{
    uint64_t now_ns = clock_ns(), step_ns = (uint64_t)TICK_MS * NS_PER_MS;
    if (now_ns < demo->next_tick_ns) return;
    demo->next_tick_ns += ((now_ns - demo->next_tick_ns) / step_ns + 1) * step_ns;
    demo->changed = true;
    demo->kernel_ticks++;
    if (demo->message_ticks > 0 && --demo->message_ticks == 0) demo->page.message[0] = '\0';
}

static void look_at_machine(struct demo *demo)
{
    int most = cast_is_measuring(&demo->cast) ? KERNEL_TICKS_MAX : KERNEL_TICKS;
    if (demo->kernel_ticks < most) return;
    demo->kernel_ticks = 0;
    demo->page.kernel = probe_kernel();
}

/* Waits for whatever comes first.  Returns with the pipes that have something to read. */
static void wait_for_event(const struct demo *demo, struct pollfd *entries, int count)
{
    entries[0] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
    cast_fill_pipes(&demo->cast, entries + 1);
    uint64_t now_ns = clock_ns();
    double wait_s =
        demo->next_tick_ns > now_ns ? (double)(demo->next_tick_ns - now_ns) / NS_PER_S : 0;
    wait_s = fmin(wait_s, script_wait_s(&demo->script, elapsed_s(demo)));
    int wait_ms = cast_has_work(&demo->cast) ? 0 : (int)ceil(wait_s * 1e3);
    if (poll(entries, (nfds_t)count, wait_ms) >= 0) return;
    if (errno != EINTR) die("poll");
    for (int i = 0; i < count; i++) /* A signal, perhaps SIGWINCH: look at the keyboard. */
        entries[i].revents = 0;
}

static void draw(struct demo *demo)
{
    static struct canvas canvas;
    int rows, cols;
    if (!demo->changed) return;
    demo->changed = false;
    demo->page.elapsed_s = elapsed_s(demo);
    screen_size(&rows, &cols);
    page_draw(&demo->page, rows, cols, &canvas);
    screen_show(&canvas);
}

static void run(struct demo *demo)
{
    struct pollfd entries[1 + CAST_MAX];
    while (!demo->over) {
        cast_go_on(&demo->cast);
        draw(demo);
        wait_for_event(demo, entries, 1 + demo->cast.count);
        process_stop_if_asked();
        if (entries[0].revents & (POLLHUP | POLLERR)) return; /* The terminal is gone. */
        if (cast_take_answers(&demo->cast, entries + 1)) demo->changed = true;
        look_at_machine(demo);
        read_keys(demo);
        play_script(demo);
        tick(demo);
    }
}

int main(int argc, char **argv)
{
    static struct demo demo;
    program_begin();
    (void)setlocale(LC_CTYPE, ""); /* Else the plain locale stays. */
    struct request request = parse(argc, argv);
    for (int i = 0; i < request.count; i++)
        need_program(request.bin_dir, "server-", request.names[i]);
    need_program(request.bin_dir, "", "load");
    if (request.script_path != NULL) read_script(request.script_path, &demo.script);
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        die_usage("this needs a terminal, to draw on and for its keys");
    net_raise_file_limit();
    process_prepare();
    screen_begin(!request.ascii && strcmp(nl_langinfo(CODESET), "UTF-8") == 0);
    start(&demo, &request);
    run(&demo);
    program_end(0);
}
