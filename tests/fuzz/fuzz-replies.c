/*
 * What a runtime answers. The first byte says which parser reads the rest: 1 to 3 ProcessInfo of
 * that version, 4 the text of an error, 5 an environment, 6 and 7 a whole client (CollectTracing
 * and ProcessInfo) that gets the rest as its reply, followed by EOF. Texts must end and be UTF-8,
 * and a client must come to an end and take no byte behind its reply.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "ipc/client.h"
#include "ipc/message.h"
#include "ipc/replies.h"

enum {
	SOCKET_MAX = 60000, /* what a socket takes at once, whatever its default */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* No byte that cannot be in UTF-8, and no sequence that breaks off. */
static void check_text(const char *text)
{
	unsigned follow = 0;

	for (const uint8_t *p = (const uint8_t *)text; *p; p++) {
		if (follow) {
			require(*p >> 6 == 2);
			follow--;
			continue;
		}
		require(*p < 0x80 || (*p >= 0xc2 && *p <= 0xf4));
		follow = *p < 0x80 ? 0 : *p < 0xe0 ? 1 : *p < 0xf0 ? 2 : 3;
	}
	require(!follow);
}

static void run_process_info(unsigned version, const uint8_t *data, size_t size)
{
	IpcProcessInfo info;

	if (ipc_parse_process_info(version, data, size, &info) < 0) {
		require(!info.command_line);
		return;
	}
	check_text(info.command_line);
	check_text(info.cookie);
	check_text(info.os);
	check_text(info.arch);
	check_text(info.entrypoint);
	check_text(info.runtime_version);
	check_text(info.rid);
	require(!strchr(info.runtime_version, '+'));
	ipc_process_info_clear(&info);
}

static void run_error_text(const uint8_t *data, size_t size)
{
	char *text = ipc_parse_error_text(data, size);

	require(ipc_hresult_errno(ipc_parse_hresult(data, size)) < 0);
	if (!text)
		return;
	check_text(text);
	require(*text && strlen(text) <= 4096);
	for (const char *p = text; *p; p++)
		require((uint8_t)*p >= ' ' || *p == '\n');
	free(text);
}

static void run_environment(const uint8_t *data, size_t size)
{
	char *text;
	size_t len;

	if (ipc_parse_environment(data, size, &text, &len) < 0)
		return;
	require(!len || !text[len - 1]);
	for (size_t at = 0; at < len; at += strlen(text + at) + 1) {
		require(text[at]);
		check_text(text + at);
	}
	free(text);
}

/* What stays in the socket is what the reply's size does not cover. */
static void check_rest(IpcClient *client, size_t size)
{
	static uint8_t rest[SOCKET_MAX];
	size_t len;
	ssize_t left;

	require(ipc_client_payload(client, &len) != NULL);
	left = recv(ipc_client_fd(client), rest, sizeof rest, MSG_DONTWAIT);
	require(left >= 0 && (size_t)left + len + IPC_HEADER_SIZE == size);
}

static void run_client(bool tracing, const uint8_t *data, size_t size)
{
	static const IpcProvider provider = { .name = "System.Runtime", .level = 1 };
	static const IpcSessionConfig config = { 4, &provider, 1 };
	IpcRequest request;
	IpcClient *client;
	uint8_t sent[256];
	int fds[2], r;

	if (size > SOCKET_MAX || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return;
	r = tracing ? ipc_build_collect_tracing(2, &config, &request)
	            : ipc_build_process_info(3, &request);
	require(r == 0);
	client = ipc_client_new(fds[1], &request, 0);
	require(ipc_client_step(client) == -EAGAIN);
	require(ipc_client_may_close(client) == !tracing);
	require(recv(fds[0], sent, sizeof sent, 0) > 0);
	if (size && send(fds[0], data, size, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)size)
		abort();
	close(fds[0]);
	r = ipc_client_step(client);
	require(r == 0 || r == -EPROTO || r == -ECONNRESET);
	if (r == 0)
		check_rest(client, size);
	if (r == 0 && tracing && ipc_client_ok(client))
		close(ipc_client_steal_fd(client));
	require(ipc_client_free(client) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	switch (data[0]) {
	case 4:
		run_error_text(data + 1, size - 1);
		break;
	case 5:
		run_environment(data + 1, size - 1);
		break;
	case 6:
	case 7:
		run_client(data[0] == 6, data + 1, size - 1);
		break;
	default:
		run_process_info(data[0], data + 1, size - 1);
	}
	return 0;
}
