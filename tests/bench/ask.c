#include "tests/bench/ask.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "tests/bench/clock.h"

enum {
	REPLY_US = 10000000,
	PAUSE_MS = 100,
};

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof address.sun_path) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	strcpy(address.sun_path, path);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

IpcClient *ask(const char *path, IpcRequest *request)
{
	int64_t end = now_us(CLOCK_MONOTONIC) + REPLY_US;
	int fd = connect_to(path), error = fd < 0 ? -errno : -EAGAIN;
	IpcClient *client = fd < 0 ? NULL : ipc_client_new(fd, request, end);

	while (client != NULL && (error = ipc_client_step(client)) == -EAGAIN &&
	       !ipc_client_expired(client, now_us(CLOCK_MONOTONIC))) {
		struct pollfd pfd = { .fd = ipc_client_fd(client),
			              .events = ipc_client_events(client) };

		poll(&pfd, 1, PAUSE_MS);
	}
	if (client == NULL || error != 0 || !ipc_client_ok(client)) {
		fprintf(stderr, "%s: %s\n", path,
		        error != 0 ? strerror(-error) : "the runtime refuses");
		return NULL;
	}
	return client;
}

uint64_t ask_stream(const char *path, IpcRequest *request, int *ret_fd)
{
	IpcClient *client = ask(path, request);
	const uint8_t *payload;
	uint64_t session = 0;
	size_t len;

	if (client == NULL)
		return 0;
	payload = ipc_client_payload(client, &len);
	for (size_t i = 0; i < 8 && i < len; i++)
		session |= (uint64_t)payload[i] << (8 * i);
	*ret_fd = ipc_client_steal_fd(client);
	ipc_client_free(client);
	return session;
}

uint64_t ask_session(const char *path, const IpcSessionConfig *config, int *ret_fd)
{
	IpcRequest request;

	/* Version 2 is known to all, from 3.1 on. */
	if (ipc_build_collect_tracing(2, config, &request) < 0)
		return 0;
	return ask_stream(path, &request, ret_fd);
}

int ask_stop(const char *path, uint64_t session)
{
	IpcRequest request;
	IpcClient *client;

	if (ipc_build_stop_tracing(session, &request) < 0)
		return -1;
	client = ask(path, &request);
	if (client == NULL)
		return -1;
	ipc_client_free(client);
	return 0;
}

int ask_read(int fd, NettraceDecoder *decoder, FILE *copy)
{
	static uint8_t buf[65536];
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	ssize_t n;

	if (poll(&pfd, 1, PAUSE_MS) <= 0)
		return 0;
	n = read(fd, buf, sizeof buf);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (n == 0)
		return 1;
	if (copy != NULL && fwrite(buf, 1, (size_t)n, copy) != (size_t)n)
		return -1;
	return nettrace_decoder_push(decoder, buf, (size_t)n) < 0 ? -1 : 0;
}
