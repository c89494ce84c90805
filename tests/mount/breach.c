/*
 * To be preloaded to a daemon that root starts. With BREACH_CALL its front is one that somebody else controls: at
 * its first pread() it does what it never does. With BREACH_LACKS=N its broker lacks capability N, once it has
 * given up the others.
 */
#include <dlfcn.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t pread(int fd, void *buf, size_t size, off_t offset)
{
	if (getuid() != 0 && getenv("BREACH_CALL"))
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return syscall(SYS_pread64, fd, buf, size, offset);
}

int seccomp_load(const scmp_filter_ctx filter)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2];
	const char *lacks = getenv("BREACH_LACKS");
	int (*load)(const scmp_filter_ctx);

	*(void **)&load = dlsym(RTLD_NEXT, "seccomp_load");
	if (getuid() == 0 && lacks && !syscall(SYS_capget, &header, sets)) {
		int n = atoi(lacks);

		sets[n / 32].permitted &= ~(1u << n % 32);
		sets[n / 32].effective &= ~(1u << n % 32);
		syscall(SYS_capset, &header, sets);
	}
	return load(filter);
}
