/*
 * resume PATH... - ResumeRuntime to the runtimes that listen on these sockets, all sent before the first reply is
 * waited for. The daemon has no such command: this is the tool that let the programs wait. The exit status is
 * 0 when each answered OK within 10 s.
 */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	REPLY_MS = 10000,
	MAX = 256,
	HEADER = 20,
	ANSWER_OK = 0, /* in byte 17: command of the server's set, 0xff */
};

static int ask(const char *path)
{
	/* magic, size 20, command set 4 (process), command 1, reserved */
	static const uint8_t request[HEADER] = "DOTNET_IPC_V1\0\x14\0\x04\x01";
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof address.sun_path)
		return -1;
	strcpy(address.sun_path, path);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
	    send(fd, request, sizeof request, MSG_NOSIGNAL) != sizeof request) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	return fd;
}

static int is_answered(int fd, const char *path)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	uint8_t reply[HEADER];

	if (fd < 0)
		return 0;
	if (poll(&pfd, 1, REPLY_MS) == 1 &&
	    recv(fd, reply, sizeof reply, MSG_WAITALL) == sizeof reply && reply[16] == 0xff &&
	    reply[17] == ANSWER_OK)
		return 1;
	fprintf(stderr, "%s: no OK\n", path);
	return 0;
}

int main(int argc, char **argv)
{
	int fds[MAX], good = argc > 1 && argc <= MAX;

	if (!good)
		return 2;
	for (int i = 1; i < argc; i++)
		fds[i] = ask(argv[i]);
	for (int i = 1; i < argc; i++)
		good &= is_answered(fds[i], argv[i]);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
