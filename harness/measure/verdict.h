/* verdict.h -- what to think of a point: a pure function from its numbers to a word.
 *
 * Order matters: the first of these that holds is the verdict, because each makes the later ones
 * meaningless.  A wrong byte says more than a dead server, a dead server more than a late client,
 * a late client more than a busy neighbour (in a closed loop the neighbour comes first: without a
 * schedule no message is late), and only a point without any of them says something about the
 * model. */
#ifndef C10K_VERDICT_H
#define C10K_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

enum verdict {
    VERDICT_OK,
    VERDICT_OVERLOADED,     /* The server did not keep up: messages came too late, or never. */
    VERDICT_DRIFTING,       /* The window's halves differ: it was no steady state. */
    VERDICT_NOISY,          /* Other programs used the machine. */
    VERDICT_CLIENT_LIMITED, /* The client was late or out of CPU: the point measures the client. */
    VERDICT_FAILED,         /* The server ended, refused, or answered nothing. */
    VERDICT_CORRUPT,        /* A byte came back wrong. */
};

/* The numbers of a point.  NAN: not measured, so that it cannot trigger anything. */
struct verdict_numbers {
    bool closed;        /* Capacity kind: no schedule, nothing is offered. */
    bool poisson;       /* Random arrivals: their number varies by itself. */
    bool spin;          /* The client polls, so that its CPU is always busy. */
    bool single_thread; /* The server has one thread: no other of its own competes with it. */
    double corrupt, lost, reset; /* Connections, messages, connections. */
    double offered_per_s, sent_per_s, achieved_per_s, window_s;
    double connections;            /* That send. */
    double client_cpu_percent_max; /* Of the busiest client process; 100 is one CPU. */
    double
        client_busy_percent_max; /* If it polls: of its time, but for polls that found nothing. */
    double server_cpu_percent;   /* Of all CPUs that the server may use together. */
    double latency_ns_p99, send_lag_ns_p99;
    double little_error_percent, drift_percent;
    double steal_percent, foreign_cpu_percent, run_queue_percent;
    double throttled_percent;  /* Of our CPUs: held back by a limit of the control group. */
    bool foreign_unknown;      /* What other programs used cannot be known here. */
    double kernel_cpu_percent; /* Of one CPU: the kernel's own threads on the server's CPUs. */
    double wakeups_per_s;      /* Of the server: its voluntary context switches. */
    const char *noise; /* Why another program found the machine disturbed; NULL or "": not. */
};

/* Judges a point and says in `text` which number decided it; "" if nothing did. */
enum verdict verdict_judge(const struct verdict_numbers *numbers, char *text, size_t size);

/* Judges only what else used the machine: ok or noisy, whatever the point itself was. */
enum verdict verdict_judge_machine(const struct verdict_numbers *numbers, char *text, size_t size);

/* True if something from outside may explain the verdict, so that another try is fair. */
bool verdict_is_disturbed(enum verdict verdict);

/* "ok", "overloaded", ... as in the CSV. */
const char *verdict_name(enum verdict verdict);

#endif
