/* liar.h -- the honest part of the lying servers: a thread for each client.
 *
 * Each liar commits one sin that was seen in a published server, so that the tests can show that
 * the gate and the load client find it. */
#ifndef C10K_LIAR_H
#define C10K_LIAR_H

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/blocking_echo.h"
#include "common/die.h"
#include "common/net.h"
#include "servers/server.h"

enum { LIAR_BUFFER_B = 16 * 1024 };

/* Runs serve_client(fd as a pointer) in a thread for each client. */
static inline _Noreturn void liar_serve(int listen_fd, void *(*serve_client)(void *))
{
    for (;;) {
        int fd = blocking_accept(listen_fd);
        net_no_delay(fd);
        pthread_t thread;
        while (pthread_create(&thread, NULL, serve_client, (void *)(intptr_t)fd) != 0)
            blocking_wait_for_room();
        pthread_detach(thread);
    }
}

/* Writes all; false if the client is gone. */
static inline bool liar_write(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written < 0) return false;
        bytes += written;
        size -= (size_t)written;
    }
    return true;
}

#endif
