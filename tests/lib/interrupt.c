/*
 * For LD_PRELOAD: makes system calls come back as they may, but hardly ever do.
 *
 *	INTERRUPT_EVERY=N	each N-th call of each sort fails with EINTR
 *	INTERRUPT_SHORT=1	reads and writes of streams, pipes and files move one byte
 *	INTERRUPT_CLOCK=MS:S	MS milliseconds after the start the wall clock jumps by S seconds
 *
 * Packets and /dev/fuse come whole or not at all, also from the kernel.
 */
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static unsigned long every;
static int is_short;
static long jump_after_ms = -1, jump_s;
static struct timespec started;

static int (*real_clock_gettime)(clockid_t, struct timespec *);

/* ret_function: where the pointer to it is. */
static void find(void *ret_function, const char *name)
{
	*(void **)ret_function = dlsym(RTLD_NEXT, name);
}

__attribute__((constructor)) static void set_up(void)
{
	const char *text = getenv("INTERRUPT_EVERY");

	find(&real_clock_gettime, "clock_gettime");
	every = text ? strtoul(text, NULL, 10) : 0;
	is_short = getenv("INTERRUPT_SHORT") != NULL;
	text = getenv("INTERRUPT_CLOCK");
	if (text)
		sscanf(text, "%ld:%ld", &jump_after_ms, &jump_s);
	real_clock_gettime(CLOCK_MONOTONIC, &started);
}

/* n: the calls so far, of one sort and one process; a race of threads loses a count, no more. */
static int is_interrupted(unsigned long *n)
{
	if (!every || ++*n % every)
		return 0;
	errno = EINTR;
	return 1;
}

static size_t shortened(int fd, size_t size)
{
	socklen_t len = sizeof(int);
	struct stat st;
	int type = 0, saved = errno, cut;

	if (!is_short || size < 2 || fstat(fd, &st) < 0)
		return size;
	if (S_ISSOCK(st.st_mode))
		getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len);
	cut = S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode) || type == SOCK_STREAM;
	errno = saved;
	return cut ? 1 : size;
}

/* NAME(fd, buf, size, ...): looked up once, counted, shortened. */
#define TRANSFER(type, name, symbol, buffer, parameters, arguments)                            \
	type symbol(int fd, buffer buf, size_t size parameters);                               \
	type symbol(int fd, buffer buf, size_t size parameters)                                \
	{                                                                                      \
		static type (*real)(int, buffer, size_t, ...);                                 \
		static unsigned long n;                                                        \
                                                                                               \
		if (!real)                                                                     \
			find(&real, name);                                                     \
		return is_interrupted(&n) ? -1 : real(fd, buf, shortened(fd, size) arguments); \
	}
#define AND ,

TRANSFER(ssize_t, "read", read, void *, , )
TRANSFER(ssize_t, "read", __read_chk, void *, AND size_t room, )
TRANSFER(ssize_t, "write", write, const void *, , )
TRANSFER(ssize_t, "pread64", pread64, void *, AND off_t at, AND at)
TRANSFER(ssize_t, "pread64", __pread64_chk, void *, AND off_t at AND size_t room, AND at)
TRANSFER(ssize_t, "pwrite64", pwrite64, const void *, AND off_t at, AND at)
TRANSFER(ssize_t, "recv", recv, void *, AND int flags, AND flags)
TRANSFER(ssize_t, "recv", __recv_chk, void *, AND size_t room AND int flags, AND flags)
TRANSFER(ssize_t, "send", send, const void *, AND int flags, AND flags)

#define PLAIN(type, symbol, parameters, arguments)               \
	type symbol parameters;                                  \
	type symbol parameters                                   \
	{                                                        \
		static type(*real) parameters;                   \
		static unsigned long n;                          \
                                                                 \
		if (!real)                                       \
			find(&real, #symbol);                    \
		return is_interrupted(&n) ? -1 : real arguments; \
	}

PLAIN(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags))
PLAIN(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags))
PLAIN(int, poll, (struct pollfd * fds, nfds_t n_fds, int timeout), (fds, n_fds, timeout))
PLAIN(int, __poll_chk, (struct pollfd * fds, nfds_t n_fds, int timeout, size_t room),
      (fds, n_fds, timeout, room))
PLAIN(int, epoll_wait, (int fd, struct epoll_event *events, int max, int timeout),
      (fd, events, max, timeout))
PLAIN(pid_t, waitpid, (pid_t pid, int *status, int options), (pid, status, options))

static long jump(void)
{
	struct timespec now;
	long ms;

	if (jump_after_ms < 0)
		return 0;
	real_clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (now.tv_sec - started.tv_sec) * 1000 + (now.tv_nsec - started.tv_nsec) / 1000000;
	return ms >= jump_after_ms ? jump_s : 0;
}

int clock_gettime(clockid_t clock, struct timespec *ret)
{
	int r;

	if (!real_clock_gettime)
		find(&real_clock_gettime, "clock_gettime");
	r = real_clock_gettime(clock, ret);
	if (!r && clock == CLOCK_REALTIME)
		ret->tv_sec += jump();
	return r;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	*ret = (struct timeval){ .tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000 };
	return 0;
}
