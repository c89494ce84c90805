/* The kernel that is played to the edge. */
#include "tests/wire/fuse-wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/wire/wire-private.h"

enum {
	ANSWER_MAX = 1 << 18,
	INTERRUPT_BIT = 1
};

/* What libfuse reads and writes with, instead of /dev/fuse. */
static ssize_t io_read(int fd, void *buf, size_t len, void *data)
{
	ssize_t n = recv(fd, buf, len, 0);

	if (n != 0)
		return n;
	errno = ENODEV; /* as after an unmount */
	return -1;
}

static ssize_t io_writev(int fd, struct iovec *iov, int count, void *data)
{
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = (size_t)count };

	return sendmsg(fd, &msg, MSG_NOSIGNAL);
}

static const struct fuse_custom_io wire_io = { .read = io_read, .writev = io_writev };

static void on_ready(void *data)
{
	Wire *wire = data;

	g_assert_false(wire->ready);
	wire->ready = TRUE;
	model_ready(wire->model);
}

static void on_ended(int reason, void *data)
{
	Wire *wire = data;

	g_assert_false(wire->ended);
	wire->ended = TRUE;
}

static void on_model_ended(int reason, void *data)
{
}

static void count_notification(Wire *wire, const struct fuse_notify_poll_wakeup_out *out)
{
	guint n = wire_notified(wire, out->kh);

	g_hash_table_insert(wire->notified, g_memdup2(&out->kh, sizeof(out->kh)),
	                    GUINT_TO_POINTER(n + 1));
}

/* Takes in what the edge wrote: an answer to a request that waits for one, or a notification. */
static void take_answers(Wire *wire)
{
	static char buf[ANSWER_MAX];
	ssize_t n;

	while ((n = recv(wire->kernel_fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
		struct fuse_out_header header;
		GByteArray *answer;

		g_assert_cmpint(n, >=, sizeof(header));
		memcpy(&header, buf, sizeof(header));
		g_assert_cmpuint(header.len, ==, n);
		if (header.unique == 0) {
			struct fuse_notify_poll_wakeup_out out;

			g_assert_cmpint(header.error, ==, FUSE_NOTIFY_POLL);
			g_assert_cmpint(n, ==, sizeof(header) + sizeof(out));
			memcpy(&out, buf + sizeof(header), sizeof(out));
			count_notification(wire, &out);
			continue;
		}
		/* An interrupt that found no request yet: the kernel sends it again. */
		if ((header.unique & INTERRUPT_BIT) != 0) {
			guint64 target = header.unique & ~(guint64)INTERRUPT_BIT;

			g_assert_cmpint(header.error, ==, -EAGAIN);
			if (g_hash_table_contains(wire->open, &target))
				wire_interrupt(wire, target);
			continue;
		}
		/* Exactly one answer to each. */
		g_assert_true(g_hash_table_remove(wire->open, &header.unique));
		answer = g_byte_array_new();
		g_byte_array_append(answer, (const guint8 *)buf, (guint)n);
		g_hash_table_insert(wire->answers, g_memdup2(&header.unique, sizeof(header.unique)),
		                    answer);
	}
}

void wire_settle(Wire *wire)
{
	do
		take_answers(wire);
	while (g_main_context_iteration(NULL, FALSE));
	take_answers(wire);
}

static gboolean on_tick(gpointer data)
{
	return G_SOURCE_CONTINUE;
}

void wire_iterate(Wire *wire, const char *what)
{
	guint tick = g_timeout_add(5, on_tick, NULL);

	g_main_context_iteration(NULL, TRUE);
	g_source_remove(tick);
	wire_settle(wire);
}

void wire_send_raw(Wire *wire, const void *data, gsize len)
{
	g_assert_cmpint(send(wire->kernel_fd, data, len, MSG_NOSIGNAL), ==, len);
}

static void send_numbered(Wire *wire, guint64 unique, guint32 opcode, guint64 ino, const void *body,
                          gsize len)
{
	g_autoptr(GByteArray) request = g_byte_array_new();
	struct fuse_in_header header = {
		.len = (guint32)(sizeof(header) + len),
		.opcode = opcode,
		.unique = unique,
		.nodeid = ino,
		.uid = wire->uid,
		.gid = wire->gid,
		.pid = 1,
	};

	g_byte_array_append(request, (const guint8 *)&header, sizeof(header));
	if (len > 0)
		g_byte_array_append(request, body, (guint)len);
	wire_send_raw(wire, request->data, request->len);
}

guint64 wire_send(Wire *wire, guint32 opcode, guint64 ino, const void *body, gsize len)
{
	guint64 unique = wire->last_unique += 2;

	if (opcode != FUSE_FORGET)
		g_hash_table_add(wire->open, g_memdup2(&unique, sizeof(unique)));
	send_numbered(wire, unique, opcode, ino, body, len);
	return unique;
}

gboolean wire_is_answered(const Wire *wire, guint64 unique)
{
	return g_hash_table_contains(wire->answers, &unique);
}

int wire_answer(Wire *wire, guint64 unique, GByteArray **ret)
{
	struct fuse_out_header header;
	GByteArray *answer;

	wire_until(wire, wire_is_answered(wire, unique));
	answer = g_hash_table_lookup(wire->answers, &unique);
	memcpy(&header, answer->data, sizeof(header));
	if (header.error == 0 && ret != NULL) {
		*ret = g_byte_array_new();
		g_byte_array_append(*ret, answer->data + sizeof(header),
		                    answer->len - (guint)sizeof(header));
	}
	g_hash_table_remove(wire->answers, &unique);
	return header.error;
}

int wire_answer_struct(Wire *wire, guint64 unique, void *ret, gsize size)
{
	g_autoptr(GByteArray) body = NULL;
	int error = wire_answer(wire, unique, &body);

	if (error == 0) {
		g_assert_cmpuint(body->len, ==, size);
		memcpy(ret, body->data, size);
	}
	return error;
}

guint wire_unanswered(const Wire *wire)
{
	return g_hash_table_size(wire->open);
}

gboolean wire_is_ended(const Wire *wire)
{
	return wire->ended;
}

guint wire_notified(const Wire *wire, guint64 kh)
{
	return GPOINTER_TO_UINT(g_hash_table_lookup(wire->notified, &kh));
}

void wire_hang_up(Wire *wire)
{
	close(wire->kernel_fd);
	wire->kernel_fd = -1;
	/* Nobody will answer these. */
	g_hash_table_remove_all(wire->open);
}

void wire_stop_edge(Wire *wire)
{
	edge_free(g_steal_pointer(&wire->edge));
	if (wire->kernel_fd >= 0)
		take_answers(wire);
}

guint wire_edge_pending(const Wire *wire)
{
	return edge_pending(wire->edge);
}

guint wire_edge_open_files(const Wire *wire)
{
	return edge_open_files(wire->edge);
}

guint wire_edge_armed(const Wire *wire)
{
	return edge_armed(wire->edge);
}

static void say_init(Wire *wire)
{
	struct fuse_init_in in = { .major = FUSE_KERNEL_VERSION, .minor = 31, .flags = ~0u };
	struct fuse_init_out out;

	g_assert_cmpint(wire_answer_struct(wire, wire_send(wire, FUSE_INIT, 0, &in, sizeof(in)),
	                                   &out, sizeof(out)),
	                ==, 0);
	g_assert_cmpuint(out.flags & (FUSE_DO_READDIRPLUS | FUSE_READDIRPLUS_AUTO), ==, 0);
	g_assert_cmpuint(out.flags & FUSE_ATOMIC_O_TRUNC, !=, 0);
	g_assert_true(wire->ready);
}

Model *wire_model(const Wire *wire)
{
	return wire->model;
}

void wire_as(Wire *wire, uid_t uid, gid_t gid)
{
	wire->uid = uid;
	wire->gid = gid;
}

Wire *wire_new_with(unsigned interval_ms, gboolean has_group, gboolean hide_others)
{
	static const EdgeCallbacks edge_callbacks = { on_ready, on_ended };
	static const ModelCallbacks model_callbacks = { .ended = on_model_ended };
	Wire *wire = g_new0(Wire, 1);
	int fuse[2], link[2];

	g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fuse), ==, 0);
	g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, link), ==, 0);
	wire->settings = (Settings){
		.interval_ms = interval_ms,
		.attach_delay_s = 10,
		.root_mode = TRUE,
		.has_group = has_group,
		.hide_others = hide_others,
		.group = WIRE_GROUP,
		.mounter_uid = WIRE_MOUNTER_UID,
		.mounter_gid = WIRE_MOUNTER_GID,
		.started_us = G_GINT64_CONSTANT(1700000000123456),
		.version = "0",
		.dump_dir = "/nowhere",
	};
	wire->kernel_fd = fuse[0];
	wire->open = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	wire->answers = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free,
	                                      (GDestroyNotify)g_byte_array_unref);
	wire->notified = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	wire_broker_init(wire, link[0]);
	wire->model = model_new(link[1], -1, &wire->settings, &model_callbacks, wire);
	wire->edge = edge_new_custom(fuse[1], &wire_io, wire->model, &edge_callbacks, wire);
	g_assert_nonnull(wire->edge);
	say_init(wire);
	return wire;
}

Wire *wire_new(unsigned interval_ms)
{
	return wire_new_with(interval_ms, TRUE, FALSE);
}

void wire_free(Wire *wire)
{
	wire_settle(wire);
	if (wire->edge != NULL)
		wire_stop_edge(wire);
	g_assert_cmpuint(wire_unanswered(wire), ==, 0);
	model_free(wire->model);
	wire_broker_clear(wire);
	if (wire->kernel_fd >= 0)
		close(wire->kernel_fd);
	g_hash_table_destroy(wire->open);
	g_hash_table_destroy(wire->answers);
	g_hash_table_destroy(wire->notified);
	g_free(wire);
}

void wire_interrupt(Wire *wire, guint64 unique)
{
	struct fuse_interrupt_in in = { .unique = unique };

	send_numbered(wire, unique | INTERRUPT_BIT, FUSE_INTERRUPT, 0, &in, sizeof(in));
}
