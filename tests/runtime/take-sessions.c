/*
 * take-sessions PATH COUNT - opens so many event sessions at the runtime that listens there, with next to nothing in
 * them, and holds them; "READY N" says how many there were to be had. SIGUSR1: one is given back ("LEFT N"). Its end
 * gives them all back.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "tests/bench/ask.h"

enum {
	MAX = 64,
	PAUSE_MS = 200,
};

static volatile sig_atomic_t give_back;

static void on_signal(int number)
{
	give_back = 1;
}

static void drain(struct pollfd *fds, unsigned n)
{
	char buf[4096];

	if (poll(fds, n, PAUSE_MS) <= 0)
		return;
	for (unsigned i = 0; i < n; i++)
		if (fds[i].revents && read(fds[i].fd, buf, sizeof buf) <= 0)
			fds[i].events = 0,
			fds[i].fd = ~fds[i].fd; /* ended: poll() passes over it */
}

int main(int argc, char **argv)
{
	const IpcProvider provider = { .name = "Nobody", .level = 1 };
	const IpcSessionConfig config = { .buffer_mb = 1,
		                          .providers = &provider,
		                          .n_providers = 1 };
	unsigned wanted = argc == 3 ? (unsigned)atoi(argv[2]) : 0, n = 0;
	struct pollfd fds[MAX];
	uint64_t ids[MAX];

	if (!wanted || wanted > MAX)
		return 2;
	signal(SIGUSR1, on_signal);
	for (; n < wanted; n++) {
		fds[n].events = POLLIN;
		ids[n] = ask_session(argv[1], &config, &fds[n].fd);
		if (!ids[n])
			break;
	}
	printf("READY %u\n", n);
	fflush(stdout);
	for (;;) {
		drain(fds, n);
		if (!give_back || !n)
			continue;
		give_back = 0;
		n--;
		if (ask_stop(argv[1], ids[n]) < 0)
			return 1;
		close(fds[n].fd);
		printf("LEFT %u\n", n);
		fflush(stdout);
	}
}
