/*
 * poll-wait SECONDS FILE [hup] - opens FILE, reads it once, then waits with poll(2) for what is new, or
 * for POLLHUP alone. Prints "ready" when the wait begins; then the events and what a read at offset 0
 * gives, or "timeout".
 *
 * poll-wait -n FILE - opens FILE with O_NONBLOCK and reads it once: the text, or the error's name.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

int main(int argc, char **argv)
{
	int nonblocking = argc == 3 && strcmp(argv[1], "-n") == 0;
	int hup_alone = argc == 4 && strcmp(argv[3], "hup") == 0;
	int fd;

	if (argc != 3 && !hup_alone) {
		fprintf(stderr, "usage: poll-wait SECONDS|-n FILE [hup]\n");
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
