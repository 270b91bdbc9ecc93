/* calls.c -- what stands in for each function of calls.tsv that can fail: it fails if faults.c says
 * so, and else is the function itself.
 *
 * Most take at most six numbers and pointers.  The calling conventions of Linux pass those in six
 * registers, whatever their types, so that a stand-in need not know them: it hands on six.  That is
 * why no header is included that declares one of them. */
#include <errno.h>
#include <stddef.h>

#include "tests/faults/faults.h"

typedef long call(long, long, long, long, long, long);

#define PARAMETERS long a, long b, long c, long d, long e, long f

/* FAILURE is the statement of a call that fails with `error`. */
#define STANDS_IN(name, failure)                                                                   \
    long name(PARAMETERS);                                                                         \
    long name(PARAMETERS)                                                                          \
    {                                                                                              \
        static call *real;                                                                         \
        int error = fault_due(#name, __builtin_return_address(0));                                 \
        if (real == NULL) real = (call *)fault_real(#name);                                        \
        if (error != FAULT_NONE) {                                                                 \
            failure;                                                                               \
        }                                                                                          \
        return real(a, b, c, d, e, f);                                                             \
    }
#define FAILS(name) STANDS_IN(name, return fails(error, -1))
#define RETURNS_NULL(name) STANDS_IN(name, return fails(error, 0))
#define RETURNS_ERROR(name) STANDS_IN(name, return error)
#define RETURNS_NEGATIVE(name) STANDS_IN(name, return -error)
/* The third argument is a size. */
#define MOVES_BYTES(name)                                                                          \
    STANDS_IN(name, if (error != FAULT_SHORT) return fails(error, -1); c = (c + 1) / 2)

static long fails(int error, long result)
{
    errno = error;
    return result;
}

FAILS(accept4)
FAILS(access)
FAILS(bind)
FAILS(close_range)
FAILS(connect)
FAILS(dup)
FAILS(dup2)
FAILS(epoll_create1)
FAILS(epoll_ctl)
FAILS(epoll_pwait)
FAILS(epoll_pwait2)
FAILS(epoll_wait)
FAILS(execvp)
FAILS(faccessat)
FAILS(fallocate)
FAILS(fcntl)
FAILS(fork)
FAILS(fseek)
FAILS(fstat)
FAILS(ftruncate)
FAILS(getrlimit)
FAILS(getsockname)
FAILS(getsockopt)
FAILS(ioctl)
FAILS(kill)
FAILS(listen)
FAILS(lseek)
FAILS(memfd_create)
FAILS(mkdir)
FAILS(mmap) /* MAP_FAILED is -1. */
FAILS(nanosleep)
FAILS(open)
FAILS(openat)
FAILS(pidfd_open)
FAILS(pidfd_send_signal)
FAILS(pipe2)
FAILS(poll)
FAILS(ppoll)
FAILS(prctl)
FAILS(ptrace)
FAILS(readlinkat)
FAILS(rename)
FAILS(sched_getaffinity)
FAILS(sched_setaffinity)
FAILS(select)
FAILS(sem_wait)
FAILS(sendto)
FAILS(setenv)
FAILS(setgroups)
FAILS(setpgid)
FAILS(setresgid)
FAILS(setresuid)
FAILS(setrlimit)
FAILS(setsid)
FAILS(setsockopt)
FAILS(shutdown)
FAILS(sigaction)
FAILS(sigtimedwait)
FAILS(socket)
FAILS(stat)
FAILS(statfs)
FAILS(syscall)
FAILS(unlink)
FAILS(usleep)
FAILS(waitid)
FAILS(waitpid)
STANDS_IN(close, {
    real(a, b, c, d, e, f);
    return fails(error, -1);
}) /* Closed it is. */

MOVES_BYTES(pread)
MOVES_BYTES(read)
MOVES_BYTES(recv)
MOVES_BYTES(send)
MOVES_BYTES(write)

RETURNS_NULL(calloc)
RETURNS_NULL(fopen)
RETURNS_NULL(getpwnam)
RETURNS_NULL(malloc)
RETURNS_NULL(opendir)
RETURNS_NULL(readdir)
RETURNS_NULL(realloc)
RETURNS_NULL(realpath)
RETURNS_NULL(SSL_CTX_load_verify_locations)
RETURNS_NULL(SSL_CTX_new)
RETURNS_NULL(SSL_get1_session)
RETURNS_NULL(SSL_new)
RETURNS_NULL(SSL_set1_host)
RETURNS_NULL(SSL_set_fd)
RETURNS_NULL(SSL_set_session)
RETURNS_NULL(uv_default_loop)

RETURNS_ERROR(clock_getcpuclockid)
RETURNS_ERROR(clock_nanosleep)
RETURNS_ERROR(pthread_attr_setstacksize)
RETURNS_ERROR(pthread_create)

RETURNS_NEGATIVE(io_uring_queue_init)
RETURNS_NEGATIVE(io_uring_register_buf_ring)
RETURNS_NEGATIVE(io_uring_submit_and_wait_timeout)
RETURNS_NEGATIVE(uv_listen)
RETURNS_NEGATIVE(uv_queue_work)
RETURNS_NEGATIVE(uv_read_start)
RETURNS_NEGATIVE(uv_tcp_open)
RETURNS_NEGATIVE(uv_try_write)
RETURNS_NEGATIVE(uv_write)
/* As when the loop cannot watch it: libuv has taken it off its queue. */
STANDS_IN(uv_accept, real(a, b, c, d, e, f); return -error)
