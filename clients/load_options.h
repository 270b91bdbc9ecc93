/* load_options.h -- what the command line of the load client says. */
#ifndef C10K_LOAD_OPTIONS_H
#define C10K_LOAD_OPTIONS_H

#include <stdbool.h>

#include "clients/crew.h"
#include "common/net.h"

/* Everything it can say; what it does not say has its default. */
struct load_options {
    const char *host, *output, *hgrm;
    const char *tls, *ca; /* Version of TLS, NULL: none; the file of the trusted authority. */
    const char *reconnect, *timeline; /* How clients return that lose their server; NULL: not. */
    long base_ms, cap_ms;
    long port, connections, processes, message_b, short_lived, timeout_ms, patience_ms;
    double duration_s, warm_s;
    bool resume, interactive, remote, costs, cost_details;
    struct crew_traffic traffic;
};

/* Reads the command line.  Exits with 2 and one line if it is wrong, with 0 after --help. */
struct load_options load_options_read(int argc, char **argv);

#endif
