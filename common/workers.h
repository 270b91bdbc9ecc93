/* workers.h -- a server of several processes that do the same. */
#ifndef C10K_WORKERS_H
#define C10K_WORKERS_H

/* Keeps `count` processes running, each in work(its number, from 0), which does not return.  Who is
 * killed is replaced and that is said on stderr; if one fails by itself (die), so does the server.
 * Where processes ran out, as many work as there are, and the others start when there is room. */
_Noreturn void workers_keep(long count, void (*work)(long number));

#endif
