/*
 * The exchange of one request. The runtime serves one connection at a time and reads without a
 * deadline, so all of the request goes out as fast as the socket takes it; what the runtime says is
 * read with the sizes that it announces, of which none is above 64 KiB.
 */
#include "ipc/client.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct IpcClient {
	int fd; /* -1 after it was stolen */
	IpcClientState state;
	int error;  /* when FAILED */
	bool ended; /* no more comes: EOF, or an error of the socket */
	int64_t deadline_us;
	IpcRequest request;
	size_t sent;
	uint8_t head[IPC_HEADER_SIZE];
	IpcHeader header; /* valid when got >= IPC_HEADER_SIZE */
	size_t got;       /* bytes of the reply, header and payload */
	uint8_t *payload;
};

static void set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0)
		fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

static int fail(IpcClient *c, int error)
{
	c->state = IPC_CLIENT_FAILED;
	c->error = error;
	return error;
}

IpcClient *ipc_client_new(int fd, IpcRequest *request, int64_t deadline_us)
{
	IpcClient *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	set_nonblocking(fd);
	c->fd = fd;
	c->state = IPC_CLIENT_SENDING;
	c->deadline_us = deadline_us;
	c->request = *request;
	memset(request, 0, sizeof *request);
	if (!c->request.bytes || c->request.len < IPC_HEADER_SIZE)
		fail(c, -EINVAL);
	return c;
}

int ipc_client_fd(const IpcClient *c)
{
	return c->fd;
}

short ipc_client_events(const IpcClient *c)
{
	return c->state == IPC_CLIENT_SENDING ? POLLOUT : POLLIN;
}

/* Of a call on the socket: what passes with time is -EAGAIN, all else ends the connection. */
static int socket_error(IpcClient *c)
{
	if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS || errno == ENOMEM)
		return -EAGAIN;
	c->ended = true;
	return fail(c, -errno);
}

static int send_request(IpcClient *c)
{
	while (c->sent < c->request.len) {
		ssize_t n = send(c->fd, c->request.bytes + c->sent, c->request.len - c->sent,
		                 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return socket_error(c);
		c->sent += (size_t)n;
	}
	c->state = IPC_CLIENT_WAITING;
	return 0;
}

/* Reads until `got` is `want`, into dst, which is for the bytes from `base` on. */
static int receive(IpcClient *c, uint8_t *dst, size_t base, size_t want)
{
	while (c->got < want) {
		ssize_t n = recv(c->fd, dst + (c->got - base), want - c->got, MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return socket_error(c);
		if (n == 0) {
			c->ended = true;
			return fail(c, -ECONNRESET);
		}
		c->got += (size_t)n;
	}
	return 0;
}

static bool is_reply(const IpcHeader *header)
{
	return header->command_set == IPC_SET_SERVER &&
	       (header->command_id == IPC_REPLY_OK || header->command_id == IPC_REPLY_ERROR);
}

static int receive_header(IpcClient *c)
{
	int r = receive(c, c->head, 0, IPC_HEADER_SIZE);

	if (r < 0 || c->payload)
		return r;
	if (ipc_header_parse(c->head, &c->header) < 0 || !is_reply(&c->header))
		return fail(c, -EPROTO);
	/* One more, so that an empty payload is a pointer too. */
	c->payload = malloc((size_t)c->header.size - IPC_HEADER_SIZE + 1);
	return c->payload ? 0 : fail(c, -ENOMEM);
}

int ipc_client_step(IpcClient *c)
{
	int r = 0;

	if (c->state == IPC_CLIENT_SENDING)
		r = send_request(c);
	if (c->state == IPC_CLIENT_WAITING) {
		r = receive_header(c);
		if (r == 0)
			r = receive(c, c->payload, IPC_HEADER_SIZE, c->header.size);
		if (r == 0)
			c->state = IPC_CLIENT_REPLIED;
	}
	return c->state == IPC_CLIENT_FAILED ? c->error : r;
}

IpcClientState ipc_client_state(const IpcClient *c)
{
	return c->state;
}

bool ipc_client_expired(const IpcClient *c, int64_t now_us)
{
	bool under_way = c->state == IPC_CLIENT_SENDING || c->state == IPC_CLIENT_WAITING;

	return under_way && c->deadline_us && now_us >= c->deadline_us;
}

const IpcRequest *ipc_client_request(const IpcClient *c)
{
	return &c->request;
}

bool ipc_client_ok(const IpcClient *c)
{
	return c->state == IPC_CLIENT_REPLIED && c->header.command_id == IPC_REPLY_OK;
}

const uint8_t *ipc_client_payload(const IpcClient *c, size_t *ret_len)
{
	bool replied = c->state == IPC_CLIENT_REPLIED;

	*ret_len = replied ? (size_t)c->header.size - IPC_HEADER_SIZE : 0;
	return replied ? c->payload : NULL;
}

int ipc_client_steal_fd(IpcClient *c)
{
	bool goes_on = c->request.command == IPC_COMMAND_COLLECT_TRACING ||
	               c->request.command == IPC_COMMAND_ENVIRONMENT;
	int fd = c->fd;

	if (fd < 0 || !goes_on || !ipc_client_ok(c))
		return -EINVAL;
	c->fd = -1;
	return fd;
}

bool ipc_client_may_close(const IpcClient *c)
{
	if (c->request.command != IPC_COMMAND_COLLECT_TRACING || !c->sent || c->ended || c->fd < 0)
		return true;
	if (c->state == IPC_CLIENT_REPLIED)
		return !ipc_client_ok(c);
	return c->state == IPC_CLIENT_FAILED && c->error == -EPROTO;
}

static void destroy(IpcClient *c)
{
	if (c->fd >= 0)
		close(c->fd);
	ipc_request_clear(&c->request);
	free(c->payload);
	free(c);
}

int ipc_client_free(IpcClient *c)
{
	if (c && !ipc_client_may_close(c))
		return -EBUSY;
	if (c)
		destroy(c);
	return 0;
}

void ipc_client_abandon_at_exit(IpcClient *c)
{
	if (c)
		destroy(c);
}

void ipc_stream_init(IpcStream *s, int fd)
{
	set_nonblocking(fd);
	*s = (IpcStream){ .fd = fd };
}

int ipc_stream_read(IpcStream *s, void *buf, size_t size, int64_t now_us)
{
	ssize_t n;

	if (s->fd < 0)
		return -EBADF;
	if (!size)
		return -EINVAL;
	if (s->eof)
		return 0;
	do {
		n = read(s->fd, buf, size < INT_MAX ? size : INT_MAX);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return -EAGAIN;
	if (n <= 0) {
		s->eof = true;
		return n < 0 ? -errno : 0;
	}
	if (!s->first_byte_us)
		s->first_byte_us = now_us ? now_us : 1;
	return (int)n;
}

int64_t ipc_stream_close(IpcStream *s, int64_t now_us)
{
	int64_t age;

	if (s->fd < 0)
		return 0;
	if (!s->eof && !s->first_byte_us)
		return INT64_MAX;
	age = now_us > s->first_byte_us ? now_us - s->first_byte_us : 0;
	if (!s->eof && age < IPC_STREAM_YOUNG_US)
		return IPC_STREAM_YOUNG_US - age;
	close(s->fd);
	s->fd = -1;
	return 0;
}
