/* worker.c -- one process of the load client: its event loop. */
#include "clients/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "clients/wait.h"
#include "clients/worker_state.h"
#include "common/clock.h"
#include "common/die.h"
#include "common/whole.h"

enum {
    EVENTS_MAX = 256,
    RECEIVE_B = 64 * 1024,
};

void worker_watch(struct worker *worker, uint32_t i, int operation, bool writable)
{
    struct epoll_event event = {.events = EPOLLIN | (writable ? EPOLLOUT : 0), .data.u32 = i};
    if (epoll_ctl(worker->epoll_fd, operation, worker->connections[i].fd, &event) < 0)
        die("epoll_ctl");
    worker->connections[i].asks_writable = writable;
}

/* Reads once from connection i and compares.  Returns the time after the read. */
static uint64_t receive(struct worker *worker, uint32_t i)
{
    struct connection *connection = &worker->connections[i];
    ssize_t got = connection_receive(connection, worker->received, RECEIVE_B);
    uint64_t now_ns = clock_ns();
    if (got <= 0) {
        /* TLS ends without a word where its half-close was none. */
        bool in_order = got == 0 || (connection->tls != NULL && errno != EAGAIN && errno != EINTR);
        if (connection->state == PARTING && in_order) {
            worker_part(worker, i);
        } else if (got == 0) {
            worker->report->herd.lost_in_order += connection->state == READY;
            worker_end_connection(worker, i, ECONNRESET);
        } else if (errno != EAGAIN && errno != EINTR)
            worker_end_connection(worker, i, errno);
        return now_ns;
    }
    const char *bytes = worker->received;
    size_t size = (size_t)got;
    struct flight flight;
    while (connection->state != CLOSED) {
        enum connection_taken taken =
            connection_take(connection, &worker->kind, &bytes, &size, &flight);
        if (taken == TAKEN_ALL) break;
        if (taken == TAKEN_WRONG) {
            *(connection->state == READY ? &worker->report->traffic.corrupt
                                         : &worker->report->connects.corrupt) += 1;
            worker_end_connection(worker, i, EBADMSG);
        } else if (connection->state == FIRST_ECHO) {
            /* More bytes than the echo of a visit are wrong: they are taken next. */
            if (!worker->visit || size == 0) worker_establish(worker, i, &flight);
        } else {
            worker_count_echo(worker, i, &flight, now_ns);
        }
    }
    return now_ns;
}

/* Looks after one connection that epoll named.  Returns the time, as far as it is known. */
static uint64_t on_event(struct worker *worker, const struct epoll_event *event)
{
    uint32_t i = event->data.u32;
    struct connection *connection = &worker->connections[i];
    if (connection->state == CLOSED) return 0; /* Ended while we handled the events before it. */
    if (connection->state == CONNECTING || connection->state == SHAKING) {
        worker_shake_hands(worker, i);
        return 0;
    }
    if (event->events & EPOLLOUT) worker_send_scheduled(worker, i);
    if (connection->state != CLOSED && event->events & (EPOLLIN | EPOLLERR | EPOLLHUP))
        return receive(worker, i);
    return 0;
}

void worker_handle_events(struct worker *worker, uint64_t now_ns, uint64_t until_ns)
{
    struct epoll_event events[EVENTS_MAX];
    bool traffic = worker->command != NULL;
    bool spin = traffic && worker->command->spin;
    uint64_t wait_ns = wait_asleep_ns(until_ns > now_ns ? until_ns - now_ns : 0, spin);
    int ready = wait_for_events(worker->epoll_fd, events, EVENTS_MAX, wait_ns);
    if (spin && (ready == 0 || wait_ns > 0)) worker->idle_ns += clock_ns() - now_ns;
    for (int k = 0; k < ready; k++) {
        uint64_t after_ns = on_event(worker, &events[k]);
        if (traffic && after_ns >= worker->schedule.next_ns) worker_send_due(worker, after_ns);
    }
}

void worker_run(const struct worker_setup *setup, int command_fd, int answer_fd,
                struct worker_report *report)
{
    struct worker worker = {.setup = *setup,
                            .report = report,
                            .kind = message_kind_of(setup->message_b),
                            .scratch = malloc(setup->message_b),
                            .received = malloc(RECEIVE_B),
                            .epoll_fd = epoll_create1(EPOLL_CLOEXEC)};
    if (worker.scratch == NULL || worker.received == NULL) die("malloc");
    if (worker.epoll_fd < 0) die("epoll_create1");
    wait_sharply();
    struct worker_command command;
    ssize_t size;
    while ((size = whole_read(command_fd, &command, sizeof command)) == (ssize_t)sizeof command) {
        if (command.kind == WORKER_TRAFFIC)
            worker_traffic(&worker, &command);
        else if (command.kind == WORKER_RECONNECT)
            worker_herd(&worker, &command);
        else
            worker_connect(&worker, &command);
        if (!whole_write(answer_fd, "", 1)) die("write of an answer");
    }
    if (size < 0) die("read of a command");
    free(worker.scratch);
    free(worker.received);
    close(worker.epoll_fd);
}
