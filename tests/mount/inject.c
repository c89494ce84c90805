/*
 * LD_PRELOAD=…/libinject.so INJECT=FILE - the daemon dies, or has an error, at the Nth call that changes a file, or
 * that begins to make its second half.
 *
 * FILE is mapped by all its processes: armed, at, error and seen, an int32 each. While armed, calls of root's
 * processes are counted in `seen`; the one that is number `at` fails with `error`, or, when that is 0, ends the
 * daemon's first process and the caller instead. Each call adds its name, a line, to FILE.calls.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/lib/preload.h"

typedef struct {
	int armed, at, error, seen;
} Control;

static Control *control;
static char calls_path[4096];
static pid_t first;

__attribute__((constructor)) static void load(void)
{
	control = preload_map("INJECT", sizeof *control);
	if (!control)
		return;
	snprintf(calls_path, sizeof calls_path, "%s.calls", getenv("INJECT"));
	first = getpid();
}

/* Whether this call is to fail, with errno set. */
static int due(const char *name)
{
	char line[64];
	int len, calls;

	if (!control || !control->armed || geteuid() != 0)
		return 0;
	len = snprintf(line, sizeof line, "%s\n", name);
	calls = open(calls_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	kernel()(SYS_write, calls, line, (size_t)len);
	close(calls);
	if (__atomic_add_fetch(&control->seen, 1, __ATOMIC_SEQ_CST) != control->at)
		return 0;
	if (!control->error) {
		kill(first, SIGKILL);
		kill(getpid(), SIGKILL);
	}
	errno = control->error;
	return 1;
}

#define CHECKED(name, ...) return due(#name) ? -1 : (int)kernel()(SYS_##name, __VA_ARGS__)

int mkdir(const char *path, mode_t mode)
{
	CHECKED(mkdir, path, mode);
}

/* The first one is between the mount and the second half; later ones are of helpers. */
int socketpair(int domain, int type, int protocol, int pair[2])
{
	static int n;

	if (n++ == 0 && due("socketpair"))
		return -1;
	return (int)kernel()(SYS_socketpair, domain, type, protocol, pair);
}

int mkdirat(int fd, const char *path, mode_t mode)
{
	CHECKED(mkdirat, fd, path, mode);
}

int unlinkat(int fd, const char *path, int flags)
{
	CHECKED(unlinkat, fd, path, flags);
}

int renameat(int from, const char *old, int to, const char *new)
{
	CHECKED(renameat, from, old, to, new);
}

int fchown(int fd, uid_t uid, gid_t gid)
{
	CHECKED(fchown, fd, uid, gid);
}

int fchmod(int fd, mode_t mode)
{
	CHECKED(fchmod, fd, mode);
}

int fchmodat(int fd, const char *path, mode_t mode, int flags)
{
	CHECKED(fchmodat, fd, path, mode);
}

int fsync(int fd)
{
	CHECKED(fsync, fd);
}

ssize_t write(int fd, const void *data, size_t len)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && due("write"))
		return -1;
	return kernel()(SYS_write, fd, data, len);
}

static mode_t mode_argument(int flags, va_list *arguments)
{
	return flags & O_CREAT ? va_arg(*arguments, mode_t) : 0;
}

int openat64(int fd, const char *path, int flags, ...)
{
	va_list arguments;
	mode_t mode;

	va_start(arguments, flags);
	mode = mode_argument(flags, &arguments);
	va_end(arguments);
	if (flags & O_CREAT && due("openat"))
		return -1;
	return (int)kernel()(SYS_openat, fd, path, flags, mode);
}

/* renameat2() is called so. */
long syscall(long number, ...)
{
	long a[6];
	va_list arguments;

	va_start(arguments, number);
	for (unsigned i = 0; i < 6; i++)
		a[i] = va_arg(arguments, long);
	va_end(arguments);
	if (number == SYS_renameat2 && due("renameat2"))
		return -1;
	return kernel()(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
