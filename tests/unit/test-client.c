/* One request over a socketpair, with a runtime that says its bytes as it likes; and streams. */
#include "ipc/client.h"
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "ipc/message.h"

typedef struct {
	int peer; /* the runtime's end */
	IpcClient *client;
} Fixture;

static IpcRequest build(IpcCommand command)
{
	static const IpcProvider provider = { .name = "System.Runtime", .level = 1 };
	static const IpcSessionConfig config = { .buffer_mb = 4,
		                                 .providers = &provider,
		                                 .n_providers = 1 };
	IpcRequest request = { 0 };
	int r = -1;

	switch (command) {
	case IPC_COMMAND_PROCESS_INFO:
		r = ipc_build_process_info(3, &request);
		break;
	case IPC_COMMAND_COLLECT_TRACING:
		r = ipc_build_collect_tracing(2, &config, &request);
		break;
	case IPC_COMMAND_STOP_TRACING:
		r = ipc_build_stop_tracing(1, &request);
		break;
	case IPC_COMMAND_CORE_DUMP:
		r = ipc_build_core_dump(3, "/tmp/core", IPC_DUMP_HEAP, &request);
		break;
	case IPC_COMMAND_ENVIRONMENT:
		r = ipc_build_environment(&request);
		break;
	case IPC_N_COMMANDS:
		break;
	}
	g_assert_cmpint(r, ==, 0);
	return request;
}

static Fixture start(IpcCommand command)
{
	IpcRequest request = build(command);
	Fixture f;
	int fds[2];

	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
	f.peer = fds[0];
	f.client = ipc_client_new(fds[1], &request, 0);
	g_assert_null(request.bytes);
	return f;
}

static void close_peer(Fixture *f)
{
	if (f->peer >= 0)
		close(f->peer);
	f->peer = -1;
}

static void end(Fixture *f)
{
	close_peer(f);
	if (ipc_client_free(f->client) < 0) {
		g_assert_cmpint(ipc_client_step(f->client), ==, -ECONNRESET);
		g_assert_cmpint(ipc_client_free(f->client), ==, 0);
	}
}

static void say(Fixture *f, const void *bytes, size_t len)
{
	g_assert_cmpint(send(f->peer, bytes, len, MSG_NOSIGNAL), ==, (gssize)len);
}

/* A reply: payload of so many bytes 'p'. */
static GByteArray *reply(guint8 id, gsize payload)
{
	GByteArray *out = g_byte_array_new();
	const IpcHeader header = { .size = (guint16)(IPC_HEADER_SIZE + payload),
		                   .command_set = IPC_SET_SERVER,
		                   .command_id = id };

	g_byte_array_set_size(out, (guint)(IPC_HEADER_SIZE + payload));
	memset(out->data, 'p', out->len);
	ipc_header_write(out->data, &header);
	return out;
}

/* What the runtime got is the request, whole. */
static void take_request(Fixture *f)
{
	const IpcRequest *request = ipc_client_request(f->client);
	g_autofree guint8 *got = g_malloc(request->len + 1);

	g_assert_cmpint(recv(f->peer, got, request->len + 1, MSG_DONTWAIT), ==,
	                (gssize)request->len);
	g_assert_cmpmem(got, request->len, request->bytes, request->len);
}

static void assert_replied(Fixture *f, gboolean ok, gsize payload)
{
	size_t len;
	const guint8 *bytes = ipc_client_payload(f->client, &len);

	g_assert_cmpint(ipc_client_state(f->client), ==, IPC_CLIENT_REPLIED);
	g_assert_cmpint(ipc_client_ok(f->client), ==, ok);
	g_assert_nonnull(bytes);
	g_assert_cmpuint(len, ==, payload);
	for (gsize i = 0; i < len; i++)
		g_assert_cmpint(bytes[i], ==, 'p');
	g_assert_cmpint(ipc_client_step(f->client), ==, 0);
}

static void assert_failed(Fixture *f, int error)
{
	size_t len = 1;

	g_assert_cmpint(ipc_client_state(f->client), ==, IPC_CLIENT_FAILED);
	g_assert_cmpint(ipc_client_step(f->client), ==, error);
	g_assert_false(ipc_client_ok(f->client));
	g_assert_null(ipc_client_payload(f->client, &len));
	g_assert_cmpuint(len, ==, 0);
	g_assert_cmpint(ipc_client_steal_fd(f->client), ==, -EINVAL);
}

static void test_one_piece(void)
{
	static const gsize sizes[] = { 0, 1, 4, 8, 500, IPC_PAYLOAD_MAX };

	for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
		Fixture f = start(IPC_COMMAND_PROCESS_INFO);
		g_autoptr(GByteArray) bytes = reply(IPC_REPLY_OK, sizes[i]);

		g_assert_cmpint(ipc_client_state(f.client), ==, IPC_CLIENT_SENDING);
		g_assert_cmpint(ipc_client_events(f.client), ==, POLLOUT);
		g_assert_cmpint(ipc_client_step(f.client), ==, -EAGAIN);
		g_assert_cmpint(ipc_client_state(f.client), ==, IPC_CLIENT_WAITING);
		g_assert_cmpint(ipc_client_events(f.client), ==, POLLIN);
		take_request(&f);
		say(&f, bytes->data, bytes->len);
		g_assert_cmpint(ipc_client_step(f.client), ==, 0);
		assert_replied(&f, TRUE, sizes[i]);
		g_assert_cmpint(ipc_client_steal_fd(f.client), ==, -EINVAL);
		end(&f);
	}
}

static void test_nonblocking(void)
{
	Fixture f = start(IPC_COMMAND_PROCESS_INFO);

	g_assert_true(fcntl(ipc_client_fd(f.client), F_GETFL) & O_NONBLOCK);
	end(&f);
}

static void test_byte_by_byte(void)
{
	Fixture f = start(IPC_COMMAND_CORE_DUMP);
	g_autoptr(GByteArray) bytes = reply(IPC_REPLY_ERROR, 70);

	for (guint i = 0; i < bytes->len; i++) {
		g_assert_cmpint(ipc_client_step(f.client), ==, -EAGAIN);
		say(&f, bytes->data + i, 1);
	}
	g_assert_cmpint(ipc_client_step(f.client), ==, 0);
	assert_replied(&f, FALSE, 70);
	end(&f);
}

/* The stream is right behind the reply, in the same piece: it stays in the socket. */
static void test_stream_behind(IpcCommand command)
{
	static const char stream[] = "Nettrace and more";

	for (guint at = 0; at <= 28 + sizeof stream; at++) {
		Fixture f = start(command);
		g_autoptr(GByteArray) bytes = reply(IPC_REPLY_OK, 8);
		char got[64];
		int fd;

		g_byte_array_append(bytes, (const guint8 *)stream, sizeof stream);
		say(&f, bytes->data, at);
		g_assert_cmpint(ipc_client_step(f.client), ==, at < 28 ? -EAGAIN : 0);
		say(&f, bytes->data + at, bytes->len - at);
		g_assert_cmpint(ipc_client_step(f.client), ==, 0);
		assert_replied(&f, TRUE, 8);
		fd = ipc_client_steal_fd(f.client);
		g_assert_cmpint(fd, >=, 0);
		g_assert_cmpint(ipc_client_fd(f.client), ==, -1);
		g_assert_cmpint(ipc_client_steal_fd(f.client), ==, -EINVAL);
		g_assert_cmpint(recv(fd, got, sizeof got, MSG_DONTWAIT), ==, sizeof stream);
		g_assert_cmpstr(got, ==, stream);
		g_assert_cmpint(ipc_client_free(f.client), ==, 0);
		close(fd);
		close_peer(&f);
	}
}

static void test_stream(void)
{
	test_stream_behind(IPC_COMMAND_COLLECT_TRACING);
}

static void test_environment(void)
{
	test_stream_behind(IPC_COMMAND_ENVIRONMENT);
}

static void test_eof_everywhere(void)
{
	g_autoptr(GByteArray) bytes = reply(IPC_REPLY_OK, 8);

	for (guint command = 0; command < IPC_N_COMMANDS; command++)
		for (guint len = 0; len < bytes->len; len++) {
			Fixture f = start((IpcCommand)command);

			g_assert_cmpint(ipc_client_step(f.client), ==, -EAGAIN);
			/* What was read first, so that the close is an EOF and no reset. */
			take_request(&f);
			if (len)
				say(&f, bytes->data, len);
			close_peer(&f);
			g_assert_cmpint(ipc_client_step(f.client), ==, -ECONNRESET);
			assert_failed(&f, -ECONNRESET);
			g_assert_true(ipc_client_may_close(f.client));
			g_assert_cmpint(ipc_client_free(f.client), ==, 0);
		}
}

/* Closed with the request unread: the kernel says so, and that too is an end. */
static void test_reset(void)
{
	Fixture f = start(IPC_COMMAND_COLLECT_TRACING);

	g_assert_cmpint(ipc_client_step(f.client), ==, -EAGAIN);
	close_peer(&f);
	g_assert_cmpint(ipc_client_step(f.client), ==, -ECONNRESET);
	assert_failed(&f, -ECONNRESET);
	g_assert_cmpint(ipc_client_free(f.client), ==, 0);
}

static void test_gone_before_send(void)
{
	Fixture f = start(IPC_COMMAND_COLLECT_TRACING);

	close_peer(&f);
	g_assert_cmpint(ipc_client_step(f.client), ==, -EPIPE);
	assert_failed(&f, -EPIPE);
	g_assert_cmpint(ipc_client_free(f.client), ==, 0);
}

static void assert_garbage(const void *bytes, gsize len)
{
	for (guint command = 0; command < IPC_N_COMMANDS; command++) {
		Fixture f = start((IpcCommand)command);

		say(&f, bytes, len);
		g_assert_cmpint(ipc_client_step(f.client), ==, -EPROTO);
		assert_failed(&f, -EPROTO);
		g_assert_cmpint(ipc_client_free(f.client), ==, 0);
		close_peer(&f);
	}
}

static void test_garbage(void)
{
	static const char http[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
	g_autoptr(GByteArray) bytes = reply(IPC_REPLY_OK, 8);
	guint8 size[] = { 3, 0 };

	assert_garbage(http, sizeof http);
	memcpy(bytes->data + 14, size, 2);
	assert_garbage(bytes->data, bytes->len); /* a size below the header's */
	size[0] = 19;
	memcpy(bytes->data + 14, size, 2);
	assert_garbage(bytes->data, bytes->len);
	size[0] = 28;
	memcpy(bytes->data + 14, size, 2);
	bytes->data[16] = IPC_SET_PROCESS; /* not from a server */
	assert_garbage(bytes->data, bytes->len);
	bytes->data[16] = IPC_SET_SERVER;
	bytes->data[17] = 1; /* neither OK nor error */
	assert_garbage(bytes->data, bytes->len);
}

/*
 * 10,000 seeds: random bytes, half of them behind a header of a reply that may be one in all but a byte. It ends
 * with the last byte or before it, reads nothing behind the reply's size, and may be closed.
 */
static void test_random(void)
{
	enum {
		SEEDS = 10000,
		LEN_MAX = 300
	};

	for (guint32 seed = 0; seed < SEEDS; seed++) {
		GRand *random = g_rand_new_with_seed(seed);
		gsize len = (gsize)g_rand_int_range(random, 1, LEN_MAX);
		Fixture f = start((IpcCommand)(seed % IPC_N_COMMANDS));
		g_autoptr(GByteArray) bytes = reply(IPC_REPLY_OK, LEN_MAX);
		guint from = seed % 2 ? IPC_HEADER_SIZE : 0;
		size_t payload;
		int r;

		for (guint i = from; i < len; i++)
			bytes->data[i] = (guint8)g_rand_int(random);
		if (from)
			bytes->data[g_rand_int_range(random, 14, 18)] = (guint8)g_rand_int(random);
		g_assert_cmpint(ipc_client_step(f.client), ==, -EAGAIN);
		take_request(&f);
		say(&f, bytes->data, len);
		close_peer(&f);
		r = ipc_client_step(f.client);
		if (r == 0) {
			g_assert_nonnull(ipc_client_payload(f.client, &payload));
			g_assert_cmpuint(payload, <=, len - IPC_HEADER_SIZE);
			f.peer = ipc_client_steal_fd(f.client);
		} else {
			g_assert_true(r == -EPROTO || r == -ECONNRESET);
			g_assert_true(from || r == -EPROTO || len < IPC_HEADER_SIZE);
			assert_failed(&f, r);
			g_assert_true(ipc_client_may_close(f.client));
		}
		g_assert_cmpint(ipc_client_free(f.client), ==, 0);
		close_peer(&f);
		g_rand_free(random);
	}
}

/* The largest size is asked for, and comes in pieces. */
static void test_largest(void)
{
	Fixture f = start(IPC_COMMAND_PROCESS_INFO);
	g_autoptr(GByteArray) bytes = reply(IPC_REPLY_OK, IPC_PAYLOAD_MAX);

	g_assert_cmpuint(bytes->len, ==, 65535);
	for (guint at = 0; at < bytes->len; at += 1000) {
		g_assert_cmpint(ipc_client_step(f.client), ==, -EAGAIN);
		say(&f, bytes->data + at, MIN(1000, bytes->len - at));
	}
	g_assert_cmpint(ipc_client_step(f.client), ==, 0);
	assert_replied(&f, TRUE, IPC_PAYLOAD_MAX);
	end(&f);
}

/* The send buffer takes a part: the rest goes on, nothing twice, nothing missing. */
static void test_full_buffer(void)
{
	g_autofree char *filter = g_strnfill(16000, 'f');
	const IpcProvider provider = { .name = "X", .level = 1, .filter = filter };
	const IpcSessionConfig config = { .buffer_mb = 4,
		                          .providers = &provider,
		                          .n_providers = 1 };
	g_autofree guint8 *got = g_malloc(65536);
	g_autofree guint8 *expected = NULL;
	IpcRequest request = { 0 };
	gsize len, n = 0;
	gboolean was_partial = FALSE;
	IpcClient *client;
	char filler = 'z';
	guint n_filler = 0;
	int fds[2], size = 4608;

	g_assert_cmpint(ipc_build_collect_tracing(4, &config, &request), ==, 0);
	len = request.len;
	expected = g_memdup2(request.bytes, len);
	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
	setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	/* Full from the start. */
	while (send(fds[1], &filler, 1, MSG_DONTWAIT) == 1)
		n_filler++;
	client = ipc_client_new(fds[1], &request, 0);
	g_assert_cmpint(ipc_client_step(client), ==, -EAGAIN);
	g_assert_cmpint(ipc_client_state(client), ==, IPC_CLIENT_SENDING);
	g_assert_true(ipc_client_may_close(client)); /* nothing was sent */
	for (guint i = 0; i < n_filler; i++)
		g_assert_cmpint(recv(fds[0], &filler, 1, MSG_DONTWAIT), ==, 1);
	while (n < len) {
		gssize part;

		g_assert_cmpint(ipc_client_step(client), ==, -EAGAIN);
		if (ipc_client_state(client) == IPC_CLIENT_SENDING) {
			g_assert_cmpint(ipc_client_events(client), ==, POLLOUT);
			g_assert_false(ipc_client_may_close(client));
			g_assert_cmpint(ipc_client_free(client), ==, -EBUSY);
			was_partial = TRUE;
		}
		part = recv(fds[0], got + n, 65536 - n, MSG_DONTWAIT);
		g_assert_cmpint(part, >, 0);
		n += (gsize)part;
	}
	g_assert_true(was_partial);
	g_assert_cmpmem(got, n, expected, len);
	close(fds[0]);
	g_assert_cmpint(ipc_client_step(client), ==, -ECONNRESET);
	g_assert_cmpint(ipc_client_free(client), ==, 0);
}

static void test_deadline(void)
{
	IpcRequest request = build(IPC_COMMAND_COLLECT_TRACING);
	g_autoptr(GByteArray) bytes = reply(IPC_REPLY_ERROR, 4);
	IpcClient *client;
	int fds[2];

	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
	client = ipc_client_new(fds[1], &request, 5000000);
	g_assert_false(ipc_client_expired(client, 4999999));
	g_assert_true(ipc_client_expired(client, 5000000));
	g_assert_cmpint(ipc_client_step(client), ==, -EAGAIN);
	g_assert_true(ipc_client_expired(client, 5000001));
	/* It changes nothing for the connection: the late reply is taken. */
	g_assert_cmpint(ipc_client_free(client), ==, -EBUSY);
	g_assert_cmpint(send(fds[0], bytes->data, bytes->len, 0), ==, (gssize)bytes->len);
	g_assert_cmpint(ipc_client_step(client), ==, 0);
	g_assert_false(ipc_client_expired(client, G_MAXINT64));
	g_assert_cmpint(ipc_client_free(client), ==, 0);
	close(fds[0]);
}

static void test_no_deadline(void)
{
	Fixture f = start(IPC_COMMAND_PROCESS_INFO);

	g_assert_false(ipc_client_expired(f.client, G_MAXINT64));
	end(&f);
}

/* At which moments what may be closed. */
static void test_no_close(void)
{
	for (guint i = 0; i < IPC_N_COMMANDS; i++) {
		IpcCommand command = (IpcCommand)i;
		gboolean other = command != IPC_COMMAND_COLLECT_TRACING;
		Fixture f = start(command);
		g_autoptr(GByteArray) bytes = reply(IPC_REPLY_OK, 8);

		g_assert_true(ipc_client_may_close(f.client)); /* not a byte was sent */
		g_assert_cmpint(ipc_client_step(f.client), ==, -EAGAIN);
		for (guint at = 0; at < bytes->len; at++) {
			g_assert_cmpint(ipc_client_may_close(f.client), ==, other);
			if (!other)
				g_assert_cmpint(ipc_client_free(f.client), ==, -EBUSY);
			say(&f, bytes->data + at, 1);
			g_assert_cmpint(ipc_client_step(f.client), ==,
			                at + 1 < bytes->len ? -EAGAIN : 0);
		}
		/* An OK has a session behind it: its stream has to be taken. */
		g_assert_cmpint(ipc_client_may_close(f.client), ==, other);
		if (!other) {
			int fd = ipc_client_steal_fd(f.client);

			g_assert_cmpint(fd, >=, 0);
			close(fd);
		}
		g_assert_cmpint(ipc_client_free(f.client), ==, 0);
		close_peer(&f);
	}
}

static void test_error_reply(void)
{
	Fixture f = start(IPC_COMMAND_COLLECT_TRACING);
	g_autoptr(GByteArray) bytes = reply(IPC_REPLY_ERROR, 4);

	say(&f, bytes->data, bytes->len);
	g_assert_cmpint(ipc_client_step(f.client), ==, 0);
	assert_replied(&f, FALSE, 4);
	g_assert_cmpint(ipc_client_steal_fd(f.client), ==, -EINVAL);
	g_assert_true(ipc_client_may_close(f.client));
	g_assert_cmpint(ipc_client_free(f.client), ==, 0);
	close_peer(&f);
}

static void test_empty_request(void)
{
	IpcRequest request = { 0 };
	char byte;
	int fds[2];
	IpcClient *client;

	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
	client = ipc_client_new(fds[1], &request, 0);
	g_assert_cmpint(ipc_client_step(client), ==, -EINVAL);
	g_assert_cmpint(ipc_client_free(client), ==, 0);
	g_assert_cmpint(recv(fds[0], &byte, 1, MSG_DONTWAIT), ==, 0);
	close(fds[0]);
}

static void test_free(void)
{
	Fixture f = start(IPC_COMMAND_COLLECT_TRACING);
	char bytes[4096];

	g_assert_cmpint(ipc_client_free(NULL), ==, 0);
	ipc_client_abandon_at_exit(NULL);
	g_assert_cmpint(ipc_client_step(f.client), ==, -EAGAIN);
	g_assert_cmpint(ipc_client_free(f.client), ==, -EBUSY);
	ipc_client_abandon_at_exit(f.client);
	g_assert_cmpint(recv(f.peer, bytes, sizeof bytes, 0), >, 0);
	g_assert_cmpint(recv(f.peer, bytes, sizeof bytes, 0), ==, 0);
	close_peer(&f);
}

/* --- streams, on a clock of the test's own --- */

static IpcStream open_stream(int *ret_peer)
{
	IpcStream s;
	int fds[2];

	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
	ipc_stream_init(&s, fds[1]);
	g_assert_true(fcntl(fds[1], F_GETFL) & O_NONBLOCK);
	*ret_peer = fds[0];
	return s;
}

static void test_stream_young(void)
{
	const gint64 born = 1000000;
	char buf[16];
	int peer;
	IpcStream s = open_stream(&peer);

	g_assert_cmpint(ipc_stream_read(&s, buf, sizeof buf, 1), ==, -EAGAIN);
	/* Without a first byte, however long it takes: paused targets send none. */
	g_assert_cmpint(ipc_stream_close(&s, G_MAXINT64), ==, G_MAXINT64);
	g_assert_cmpint(send(peer, "Nettrace", 8, 0), ==, 8);
	g_assert_cmpint(ipc_stream_close(&s, born), ==, G_MAXINT64); /* not yet read */
	g_assert_cmpint(ipc_stream_read(&s, buf, 5, born), ==, 5);
	g_assert_cmpint(ipc_stream_read(&s, buf, 5, born + 1500000), ==, 3);
	g_assert_cmpint(ipc_stream_close(&s, born), ==, 2000000);
	g_assert_cmpint(ipc_stream_close(&s, born - 5), ==, 2000000);
	g_assert_cmpint(ipc_stream_close(&s, born + 1), ==, 1999999);
	g_assert_cmpint(ipc_stream_close(&s, born + 1999999), ==, 1);
	g_assert_cmpint(s.fd, >=, 0);
	g_assert_cmpint(ipc_stream_close(&s, born + 2000000), ==, 0);
	g_assert_cmpint(s.fd, ==, -1);
	g_assert_cmpint(ipc_stream_close(&s, 0), ==, 0);
	g_assert_cmpint(ipc_stream_read(&s, buf, sizeof buf, 1), ==, -EBADF);
	close(peer);
}

static void test_stream_eof(void)
{
	char buf[16];
	int peer;
	IpcStream s = open_stream(&peer);

	g_assert_cmpint(send(peer, "x", 1, 0), ==, 1);
	close(peer);
	g_assert_cmpint(ipc_stream_read(&s, buf, 0, 1), ==, -EINVAL);
	g_assert_false(s.eof);
	g_assert_cmpint(ipc_stream_read(&s, buf, sizeof buf, 1), ==, 1);
	g_assert_cmpint(ipc_stream_close(&s, 2), >, 0);
	g_assert_cmpint(ipc_stream_read(&s, buf, sizeof buf, 3), ==, 0);
	g_assert_cmpint(ipc_stream_read(&s, buf, sizeof buf, 4), ==, 0);
	g_assert_cmpint(ipc_stream_close(&s, 5), ==, 0);
}

/* Ended before its first byte: closed at once. */
static void test_stream_empty(void)
{
	char buf[16];
	int peer;
	IpcStream s = open_stream(&peer);

	close(peer);
	g_assert_cmpint(ipc_stream_read(&s, buf, sizeof buf, 1), ==, 0);
	g_assert_cmpint(ipc_stream_close(&s, 1), ==, 0);
}

/* The peer left something of ours unread: an error, and an end. */
static void test_stream_error(void)
{
	char buf[16];
	int peer;
	IpcStream s = open_stream(&peer);

	g_assert_cmpint(send(s.fd, "x", 1, 0), ==, 1);
	close(peer);
	g_assert_cmpint(ipc_stream_read(&s, buf, sizeof buf, 1), ==, -ECONNRESET);
	g_assert_true(s.eof);
	g_assert_cmpint(ipc_stream_read(&s, buf, sizeof buf, 1), ==, 0);
	g_assert_cmpint(ipc_stream_close(&s, 1), ==, 0);
}

/* A clock that stands at 0 is a time too. */
static void test_stream_clock(void)
{
	char buf[16];
	int peer;
	IpcStream s = open_stream(&peer);

	g_assert_cmpint(send(peer, "x", 1, 0), ==, 1);
	g_assert_cmpint(ipc_stream_read(&s, buf, sizeof buf, 0), ==, 1);
	g_assert_cmpint(ipc_stream_close(&s, 0), ==, 2000000);
	g_assert_cmpint(ipc_stream_close(&s, 2000001), ==, 0);
	close(peer);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/one-piece", test_one_piece);
	g_test_add_func("/client/nonblocking", test_nonblocking);
	g_test_add_func("/client/row-H3/byte-by-byte", test_byte_by_byte);
	g_test_add_func("/client/stream-behind", test_stream);
	g_test_add_func("/client/environment-behind", test_environment);
	g_test_add_func("/client/row-I5/eof-everywhere", test_eof_everywhere);
	g_test_add_func("/client/row-I4/reset", test_reset);
	g_test_add_func("/client/row-I4/gone-before-send", test_gone_before_send);
	g_test_add_func("/client/garbage", test_garbage);
	g_test_add_func("/client/row-H1/random", test_random);
	g_test_add_func("/client/largest", test_largest);
	g_test_add_func("/client/row-I10/full-buffer", test_full_buffer);
	g_test_add_func("/client/row-H3/deadline", test_deadline);
	g_test_add_func("/client/no-deadline", test_no_deadline);
	g_test_add_func("/client/no-close", test_no_close);
	g_test_add_func("/client/error-reply", test_error_reply);
	g_test_add_func("/client/empty-request", test_empty_request);
	g_test_add_func("/client/free", test_free);
	g_test_add_func("/client/stream/young", test_stream_young);
	g_test_add_func("/client/stream/eof", test_stream_eof);
	g_test_add_func("/client/stream/empty", test_stream_empty);
	g_test_add_func("/client/stream/error", test_stream_error);
	g_test_add_func("/client/stream/clock", test_stream_clock);
	return g_test_run();
}
