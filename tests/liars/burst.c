/* burst.c -- a lying server: has room for 2,100 newcomers at once, and none for one more */
#include <poll.h>

#include "tests/liars/liar.h"

enum { ROOM = 2100 };

static void *serve_client(void *argument)
{
    blocking_echo((int)(intptr_t)argument, false);
    return NULL;
}

static void serve(int listen_fd, const struct server_options *options)
{
    (void)options;
    net_no_wait(listen_fd);
    for (;;) {
        struct pollfd listener = {.fd = listen_fd, .events = POLLIN};
        poll(&listener, 1, -1);
        int newcomers[ROOM], count = 0;
        for (int fd; (fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC)) >= 0; count++) {
            if (count == ROOM) die_because("%d at once were too many", ROOM + 1);
            newcomers[count] = fd;
        }
        for (int i = 0; i < count; i++) {
            pthread_t thread;
            while (pthread_create(&thread, NULL, serve_client, (void *)(intptr_t)newcomers[i]) != 0)
                blocking_wait_for_room();
            pthread_detach(thread);
        }
    }
}

const struct server_model server_model = {
    .summary = "liar: ends when more than 2,100 come at once",
    .serve = serve,
};
