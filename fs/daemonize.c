/* See daemonize.h. */
#include "fs/daemonize.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* open() gives the lowest that is free. Not O_CLOEXEC: fusermount3 is to find them open, too. */
int daemonize_hold_standard_fds(void)
{
	for (int i = 0; i < 3; i++)
		if (fcntl(i, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
			return -errno;
	return 0;
}

int daemonize_fork(void)
{
	int fds[2];
	char byte;
	ssize_t n;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		close(fds[0]);
		setsid();
		return fds[1];
	}
	close(fds[1]);
	while ((n = read(fds[0], &byte, 1)) < 0 && errno == EINTR)
		;
	_exit(n == 1 ? EXIT_SUCCESS : EXIT_FAILURE);
}

void daemonize_ready(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (chdir("/") < 0)
		g_debug("the working directory stays where it was");
	for (int i = 0; i < 3 && null >= 0; i++)
		dup2(null, i);
	if (null > 2)
		close(null);
	while (write(fd, "", 1) < 0 && errno == EINTR)
		;
	close(fd);
}
