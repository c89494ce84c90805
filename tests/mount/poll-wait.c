/*
 * poll-wait SECONDS FILE [hup] - opens FILE, reads it once, then waits with poll(2) for what is new, or
 * for POLLHUP alone. Prints "ready" when the wait begins; then the events and what a read at offset 0
 * gives, or "timeout".
 *
 * poll-wait -m N SECONDS FILE - N processes wait so, each with a descriptor of its own. Prints "ready" when all do;
 * then how many of them something woke, and after how many ms the last one.
 *
 * poll-wait -n FILE - opens FILE with O_NONBLOCK and reads it once: the text, or the error's name.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void print_text(int fd)
{
	char buf[4096];
	ssize_t n = pread(fd, buf, sizeof buf - 1, 0);

	if (n < 0) {
		printf("read: %s\n", strerrorname_np(errno));
		return;
	}
	buf[n] = '\0';
	fputs(buf, stdout);
}

static int wait_for_news(int fd, int seconds, int hup_alone)
{
	static const struct {
		short event;
		const char *name;
	} names[] = { { POLLIN, "POLLIN" },
		      { POLLPRI, "POLLPRI" },
		      { POLLHUP, "POLLHUP" },
		      { POLLERR, "POLLERR" } };
	struct pollfd pfd = { .fd = fd, .events = POLLIN | POLLPRI };
	char buf[4096];
	int n;

	if (pread(fd, buf, sizeof buf, 0) < 0 && errno != ENODATA)
		return 2;
	puts("ready");
	fflush(stdout);
	do {
		n = poll(&pfd, 1, seconds * 1000);
		if (n > 0 && hup_alone && !(pfd.revents & POLLHUP))
			(void)!pread(fd, buf, sizeof buf, 0); /* so that it is no news any more */
	} while (n > 0 && hup_alone && !(pfd.revents & POLLHUP));
	if (n <= 0) {
		puts(n == 0 ? "timeout" : strerrorname_np(errno));
		return 1;
	}
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (pfd.revents & names[i].event)
			printf("%s ", names[i].name);
	}
	putchar('\n');
	print_text(fd);
	return 0;
}

/* One of many. */
static int wait_alone(const char *path, int seconds, int ready)
{
	struct pollfd pfd = { .fd = open(path, O_RDONLY | O_CLOEXEC), .events = POLLIN };
	char buf[4096];

	if (pfd.fd < 0 || (pread(pfd.fd, buf, sizeof buf, 0) < 0 && errno != ENODATA) ||
	    poll(&pfd, 1, 0) != 0 || write(ready, "", 1) != 1)
		return 1;
	return poll(&pfd, 1, seconds * 1000) != 1;
}

static int wait_many(int n, int seconds, const char *path)
{
	int ready[2], status, woken = 0;
	struct timespec begun, end;
	char byte;

	if (pipe(ready) < 0)
		return 2;
	for (int i = 0; i < n; i++)
		if (fork() == 0)
			_exit(wait_alone(path, seconds, ready[1]));
	close(ready[1]);
	for (int i = 0; i < n; i++)
		if (read(ready[0], &byte, 1) != 1)
			break;
	puts("ready");
	fflush(stdout);
	clock_gettime(CLOCK_MONOTONIC, &begun);
	while (wait(&status) > 0)
		woken += status == 0;
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%d of %d, %ld ms\n", woken, n,
	       (end.tv_sec - begun.tv_sec) * 1000 + (end.tv_nsec - begun.tv_nsec) / 1000000);
	return 0;
}

int main(int argc, char **argv)
{
	int nonblocking = argc == 3 && strcmp(argv[1], "-n") == 0;
	int hup_alone = argc == 4 && strcmp(argv[3], "hup") == 0;
	int fd;

	if (argc == 5 && strcmp(argv[1], "-m") == 0)
		return wait_many(atoi(argv[2]), atoi(argv[3]), argv[4]);
	if (argc != 3 && !hup_alone) {
		fprintf(stderr, "usage: poll-wait SECONDS|-n|-m N SECONDS FILE [hup]\n");
		return 2;
	}
	fd = open(argv[2], O_RDONLY | O_CLOEXEC | (nonblocking ? O_NONBLOCK : 0));
	if (fd < 0) {
		printf("open: %s\n", strerrorname_np(errno));
		return 2;
	}
	if (nonblocking) {
		print_text(fd);
		return 0;
	}
	return wait_for_news(fd, atoi(argv[1]), hup_alone);
}
