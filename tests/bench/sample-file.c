/*
 * sample-file FILE EVERY_MS SECONDS - reads a file of the mount again and again and prints a line each
 * time: CLOCK_REALTIME in microseconds, the text, and the file's time of modification, likewise. Ends
 * after SECONDS (0: never), when the file's process is gone, or by SIGTERM.
 *
 * Value and time must be of one another: the time is asked before and after the read, and when it is
 * not the same the read is done again. A read that fails (no sample yet) makes no line.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "tests/bench/clock.h"

enum {
	TRIES = 5
};

static volatile sig_atomic_t stop;

static void on_term(int sig)
{
	stop = 1;
}

/* Asked of the daemon, whatever the kernel still knows. */
static int64_t modified_us(int fd)
{
	struct statx stx;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_FORCE_SYNC, STATX_MTIME, &stx) < 0)
		return -1;
	return (int64_t)stx.stx_mtime.tv_sec * 1000000 + stx.stx_mtime.tv_nsec / 1000;
}

/* 0, or the error of the last read. */
static int sample(int fd)
{
	char text[256];

	for (int i = 0; i < TRIES; i++) {
		int64_t before = modified_us(fd), us = now_us(CLOCK_REALTIME);
		ssize_t n = pread(fd, text, sizeof text - 1, 0);

		if (n < 0)
			return errno;
		if (modified_us(fd) != before)
			continue;
		text[n] = '\0';
		text[strcspn(text, "\n")] = '\0';
		printf("%" PRId64 " %s %" PRId64 "\n", us, text, before);
		return 0;
	}
	return EAGAIN;
}

int main(int argc, char **argv)
{
	long every_ms = argc == 4 ? atol(argv[2]) : 0;
	int64_t begun, end, next;
	int fd;

	if (every_ms <= 0) {
		fprintf(stderr, "usage: sample-file FILE EVERY_MS SECONDS\n");
		return 2;
	}
	signal(SIGTERM, on_term);
	fd = open(argv[1], O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		perror(argv[1]);
		return 1;
	}
	begun = next = now_us(CLOCK_MONOTONIC);
	end = atof(argv[3]) > 0 ? begun + (int64_t)(atof(argv[3]) * 1e6) : INT64_MAX;
	while (!stop && now_us(CLOCK_MONOTONIC) < end) {
		int error = sample(fd);
		struct timespec until;

		if (error == ESRCH || error == ENOENT || error == ENOTCONN)
			break;
		next += every_ms * 1000;
		if (next < now_us(CLOCK_MONOTONIC))
			next = now_us(CLOCK_MONOTONIC);
		until = (struct timespec){ next / 1000000, next % 1000000 * 1000 };
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
	}
	fflush(stdout);
	close(fd);
	return 0;
}
