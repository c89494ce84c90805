/*
 * LD_PRELOAD=…/libreuse.so REUSE=FILE - the daemon waits before the Nth call in which it looks at one process, so that
 * its pid can be another process's when it goes on.
 *
 * FILE is mapped by all its processes: pid, at, seen, is_waiting and may_go, an int32 each. Calls are counted in `seen`
 * while pid is not 0; the one that is number `at` sets is_waiting and waits for may_go, 4 s at most. Each call
 * counted adds its name, a line, to FILE.calls.
 */
#include <fcntl.h>
#include <poll.h>
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/lib/preload.h"

typedef struct {
	int pid, at, seen, is_waiting, may_go;
} Control;

enum {
	WAIT_MS = 4000,
	STEP_MS = 5
};

static Control *control;

__attribute__((constructor)) static void load(void)
{
	control = preload_map("REUSE", sizeof *control);
}

static void say(const char *name)
{
	const char *path = getenv("REUSE");
	char text[4096];
	int calls, len = snprintf(text, sizeof text, "%s.calls", path ? path : "");

	calls = (int)kernel()(SYS_openat, AT_FDCWD, text, O_WRONLY | O_APPEND | O_CLOEXEC, 0);
	if (calls < 0)
		return;
	len = snprintf(text, sizeof text, "%s\n", name);
	kernel()(SYS_write, calls, text, (size_t)len);
	kernel()(SYS_close, calls);
}

static void count(const char *name)
{
	say(name);
	if (__atomic_add_fetch(&control->seen, 1, __ATOMIC_SEQ_CST) != control->at)
		return;
	__atomic_store_n(&control->is_waiting, 1, __ATOMIC_SEQ_CST);
	for (int ms = 0; ms < WAIT_MS && !__atomic_load_n(&control->may_go, __ATOMIC_SEQ_CST);
	     ms += STEP_MS)
		poll(NULL, 0, STEP_MS);
}

static int is_on(void)
{
	return control && control->pid;
}

static int is_its(const char *path)
{
	char its[32];

	snprintf(its, sizeof its, "/proc/%d", control->pid);
	return strcmp(path, its) == 0;
}

static int is_its_dir(int fd)
{
	char link[40], path[64];
	long n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = kernel()(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
	path[n > 0 ? n : 0] = '\0';
	return is_its(path);
}

static mode_t mode_argument(int flags, va_list *arguments)
{
	return flags & O_CREAT ? va_arg(*arguments, mode_t) : 0;
}

int open64(const char *path, int flags, ...)
{
	va_list arguments;
	mode_t mode;

	va_start(arguments, flags);
	mode = mode_argument(flags, &arguments);
	va_end(arguments);
	if (is_on() && is_its(path))
		count("open");
	return (int)kernel()(SYS_openat, AT_FDCWD, path, flags, mode);
}

int openat64(int fd, const char *path, int flags, ...)
{
	va_list arguments;
	mode_t mode;

	va_start(arguments, flags);
	mode = mode_argument(flags, &arguments);
	va_end(arguments);
	if (is_on() && is_its_dir(fd))
		count(path);
	return (int)kernel()(SYS_openat, fd, path, flags, mode);
}

ssize_t readlinkat(int fd, const char *path, char *buf, size_t size)
{
	if (is_on() && is_its_dir(fd))
		count(path);
	return kernel()(SYS_readlinkat, fd, path, buf, size);
}

int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t len)
{
	if (is_on() && strncmp(address.__sockaddr__->sa_data, "/proc/self/fd/", 14) == 0)
		count("connect");
	return (int)kernel()(SYS_connect, fd, address.__sockaddr__, len);
}

int getsockopt(int fd, int level, int option, void *value, socklen_t *len)
{
	if (is_on())
		count(option == SO_PEERCRED ? "SO_PEERCRED" : "getsockopt");
	return (int)kernel()(SYS_getsockopt, fd, level, option, value, len);
}

ssize_t send(int fd, const void *data, size_t len, int flags)
{
	if (is_on() && len >= 14 && memcmp(data, "DOTNET_IPC_V1", 14) == 0)
		count("send");
	return kernel()(SYS_sendto, fd, data, len, flags, NULL, 0);
}

/* pidfd_open() and openat2() are called so. */
long syscall(long number, ...)
{
	long a[6];
	va_list arguments;

	va_start(arguments, number);
	for (unsigned i = 0; i < 6; i++)
		a[i] = va_arg(arguments, long);
	va_end(arguments);
	if (is_on() && number == SYS_pidfd_open && a[0] == control->pid)
		count("pidfd_open");
	if (is_on() && number == SYS_openat2)
		count("openat2");
	return kernel()(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
