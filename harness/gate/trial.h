/* trial.h -- one trap being tried on one fresh server.
 *
 * Each trap runs in a process of its own, so that a verdict is an exit: trial_pass() and
 * trial_fail() end the server, leave the evidence with the gate, and do not return. */
#ifndef C10K_GATE_TRIAL_H
#define C10K_GATE_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

enum trial_result { TRIAL_NONE, TRIAL_PASS, TRIAL_FAIL, TRIAL_SKIP };

/* What a trap found; lies in memory shared with the gate. */
struct trial_verdict {
    enum trial_result result;
    char evidence[240];
};

/* Must be called first in the process of a trap.  is_instrumented: a sanitizer keeps books of its
 * own in the server's memory, so that its size says nothing about the server.  server_clients_max:
 * how many it declares to serve at once; 0: no limit. */
void trial_begin(const char *server_command, bool is_instrumented, long server_clients_max,
                 struct trial_verdict *where);

/* How many clients to bring at once: `wanted`, or as many as the server declares to serve. */
int trial_clients(int wanted);

/* How many clients, rounds or bytes a trap takes: `plain`, or fewer from a sanitized server, which
 * starts a process in milliseconds and whose sanitizer ends it at the first wrong access, not at
 * the thousandth. */
int trial_size(int plain, int sanitized);

/* False if the server's memory must not be judged. */
bool trial_judges_memory(void);

/* How long to wait for what takes a plain server up to `ms`: longer if a sanitizer slows it. */
int trial_patience_ms(int ms);

/* Starts the server: `before` is put in front of its command line (limits), `options` behind it.
 * Fails the trap if it does not get ready. */
void trial_start(const char *before, const char *options);

/* Starts the server and ends it; false if it does not get ready. */
bool trial_could_start(const char *before, const char *options);

/* Like trial_start(), but returns false if the server does not know the options: it ends at once,
 * or it takes any option and so says nothing by taking these. */
bool trial_start_if_known(const char *options);

/* From now on the server may say one thing on stderr: that something ran out. */
void trial_allow_ran_out(void);

/* Where the server listens. */
uint16_t trial_port(void);

/* Stops all processes of the server as a debugger would, or lets them go on: what comes meanwhile
 * then comes all at once. */
void trial_freeze(bool frozen);

/* Stands behind the evidence, whatever the verdict. */
void trial_note(const char *text);

/* Remembers why a call of a client failed, errno being the reason: trial_fail() then says so. */
void trial_call_failed(const char *call);

/* Fails the trap with this evidence.  Text as printf(3). */
__attribute__((format(printf, 1, 2))) _Noreturn void trial_fail(const char *format, ...);

/* Ends the server; passes if it ended well and said nothing that it should not. */
__attribute__((format(printf, 1, 2))) _Noreturn void trial_pass(const char *format, ...);

/* As many clients of those wanted as the limit of open files lets gate and server have: what cannot
 * be tried here is no fault of the server. */
int trial_room(int wanted);

/* True if the server is one of the suite's, which declare how many clients they serve: it has no
 * collector whose garbage would count as its memory. */
bool trial_is_of_suite(void);

/* Says why the trap cannot be tried here. */
__attribute__((format(printf, 1, 2))) _Noreturn void trial_skip(const char *format, ...);

/* Ends the server with SIGTERM and fails unless it ends with 0, in time, and with all children.  A
 * guest, whose command has a {port}, may also leave its end to the signal. */
void trial_stop(void);

/* Fails if the server has ended. */
void trial_check_alive(void);

/* The same for a client that lost its connection or has no answer: a process that ends closes its
 * sockets a moment before it is gone, and gets that moment. */
void trial_check_survived(void);

/* What the server's process tree holds. */
struct trial_usage {
    uint64_t processes, threads, zombies, files, rss_kib, private_kib, cpu_ns;
};

/* Looks at it now. */
struct trial_usage trial_usage(void);

/* Waits up to 5 s until the server holds no more files and processes than at the start, no zombie,
 * and hardly more threads; fails if it does not come to that. */
void trial_check_back_to(const struct trial_usage *start);

#endif
