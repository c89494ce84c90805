/* Control files, dumps and environ: what waits for the broker's word. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fs/tree/node.h"
#include "tests/wire/fuse-wire.h"

enum {
	INTERVAL_MS = 10000
};

static Wire *begin(guint32 flags)
{
	Wire *wire = wire_new(INTERVAL_MS);

	wire_found(wire, 7, WIRE_PID, RECORD_FOUND_OLD | flags);
	return wire;
}

static void check_text(Wire *wire, const char *path, const char *expected)
{
	g_autofree char *text = NULL;

	g_assert_cmpint(wire_text(wire, path, &text), ==, 0);
	g_assert_cmpstr(text, ==, expected);
}

/* Writes that are on their way; the answer is the caller's to fetch. */
typedef struct {
	Wire *wire;
	guint64 ino, fh, unique;
} Written;

static Written write_async(Wire *wire, const char *path, const char *text)
{
	Written self = { .wire = wire, .ino = wire_walk(wire, path) };
	struct fuse_open_out open;

	g_assert_cmpint(wire_open(wire, self.ino, O_WRONLY | O_TRUNC, &open), ==, 0);
	self.fh = open.fh;
	self.unique = wire_send_write(wire, self.ino, self.fh, 0, text, strlen(text));
	wire_settle(wire);
	return self;
}

static int finish(const Written *self)
{
	int error = wire_answer(self->wire, self->unique, NULL);

	g_assert_cmpint(wire_release(self->wire, self->ino, self->fh), ==, 0);
	return error;
}

static void arm(Wire *wire, const char *text, int error)
{
	Written write = write_async(wire, "4807/threshold_mb", text);
	Record ask = wire_ask(wire, RECORD_PREFLIGHT);

	g_assert_cmpuint(ask.serial, ==, 7);
	g_assert_false(wire_is_answered(wire, write.unique));
	wire_reply(wire, ask.id, error, -1, 0, error < 0 ? "a sentence" : NULL);
	g_assert_cmpint(finish(&write), ==, error);
}

static void test_threshold(void)
{
	Wire *wire = begin(0);
	struct fuse_open_out open;
	guint64 ino = wire_walk(wire, "4807/threshold_mb");
	struct fuse_attr_out before, after;

	check_text(wire, "4807/threshold_mb", "off\n");
	g_assert_cmpint(wire_getattr(wire, ino, &before), ==, 0);
	arm(wire, "500MiB\n", 0);
	check_text(wire, "4807/threshold_mb", "524.288\n");
	g_assert_cmpint(wire_getattr(wire, ino, &after), ==, 0);
	g_assert_cmpuint(after.attr.mtime, >, before.attr.mtime);
	arm(wire, "600", 0);
	check_text(wire, "4807/threshold_mb", "600\n");
	/* A refusal changes nothing. */
	arm(wire, "700", -EOPNOTSUPP);
	check_text(wire, "4807/threshold_mb", "600\n");
	/* Nor does truncating alone. */
	g_assert_cmpint(wire_open(wire, ino, O_WRONLY | O_TRUNC, &open), ==, 0);
	g_assert_cmpint(wire_release(wire, ino, open.fh), ==, 0);
	check_text(wire, "4807/threshold_mb", "600\n");
	g_assert_cmpint(wire_command(wire, "4807/threshold_mb", "off\n"), ==, 0);
	check_text(wire, "4807/threshold_mb", "off\n");
	wire_free(wire);
}

static void test_wrong(void)
{
	static const struct {
		const char *text;
		int error;
	} wrong[] = {
		{ "abc\n", -EINVAL },
		{ "nan", -EINVAL },
		{ "5x", -EINVAL },
		{ "1e3", -EINVAL },
		{ "0x10", -EINVAL },
		{ "-5\n", -ERANGE },
		{ "5 5", -EINVAL },
		{ "9300000000000", -ERANGE },
		{ "99999999999999999999", -ERANGE },
	};
	Wire *wire = begin(0);
	g_autofree char *big = g_strnfill(NODE_COMMAND_MAX + 1, ' ');

	arm(wire, "500", 0);
	for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_test_message("%s", wrong[i].text);
		g_assert_cmpint(wire_command(wire, "4807/threshold_mb", wrong[i].text), ==,
		                wrong[i].error);
	}
	big[0] = '7';
	g_assert_cmpint(wire_command(wire, "4807/threshold_mb", big), ==, -EINVAL);
	g_assert_cmpint(wire_command(wire, "4807/threshold_mb", ""), ==, 0);
	check_text(wire, "4807/threshold_mb", "500\n");
	g_assert_cmpint(wire_command(wire, "4807/dump_type", "huge"), ==, -EINVAL);
	g_assert_cmpint(wire_command(wire, "4807/dump", "never"), ==, -EINVAL);
	g_assert_false(wire_has_ask(wire, RECORD_PREFLIGHT));
	g_assert_false(wire_has_ask(wire, RECORD_DUMP));
	wire_free(wire);
}

/* A second command through the same descriptor arrives behind the first. */
static void test_offsets(void)
{
	Wire *wire = begin(0);
	guint64 ino = wire_walk(wire, "4807/dump_type");
	struct fuse_open_out open;

	g_assert_cmpint(wire_open(wire, ino, O_WRONLY, &open), ==, 0);
	g_assert_cmpint(wire_write(wire, ino, open.fh, 0, "mini\n", 5), ==, 0);
	check_text(wire, "4807/dump_type", "mini\n");
	g_assert_cmpint(wire_write(wire, ino, open.fh, 5, "full\n", 5), ==, 0);
	check_text(wire, "4807/dump_type", "full\n");
	g_assert_cmpint(wire_write(wire, ino, open.fh, 1 << 20, "heap", 4), ==, 0);
	check_text(wire, "4807/dump_type", "heap\n");
	g_assert_cmpint(wire_release(wire, ino, open.fh), ==, 0);
	wire_free(wire);
}

static void test_dump(void)
{
	Wire *wire = begin(0);
	Written write;
	Record ask;

	check_text(wire, "4807/dump", "idle\n");
	write = write_async(wire, "4807/dump", "full\n");
	ask = wire_ask(wire, RECORD_DUMP);
	g_assert_cmpuint(ask.serial, ==, 7);
	g_assert_cmpuint(ask.type, ==, 4);
	g_assert_cmpuint(ask.reason, ==, RECORD_REASON_DEMAND);
	wire_reply(wire, ask.id, 0, -1, 0, NULL);
	g_assert_cmpint(finish(&write), ==, 0);
	g_assert_cmpint(wire_command(wire, "4807/dump", "now"), ==, -EBUSY);
	wire_dump_failed(wire, ask.id, 7, -EIO, "it failed");
	check_text(wire, "4807/dump", "idle\n");
	write = write_async(wire, "4807/dump", "now");
	ask = wire_ask(wire, RECORD_DUMP);
	wire_reply(wire, ask.id, -ENOSPC, -1, 0, "no space");
	g_assert_cmpint(finish(&write), ==, -ENOSPC);
	check_text(wire, "4807/dump", "idle\n");
	wire_free(wire);
}

/* The broker says nothing: the writer is not held for longer than 2 s, and nothing was armed. */
static void test_silent_broker(void)
{
	Wire *wire = begin(0);
	Written write = write_async(wire, "4807/threshold_mb", "500");
	gint64 began_us = g_get_monotonic_time();
	Record ask = wire_ask(wire, RECORD_PREFLIGHT);

	g_assert_cmpint(finish(&write), ==, -ETIMEDOUT);
	g_assert_cmpint(g_get_monotonic_time() - began_us, >=, G_USEC_PER_SEC);
	/* Its word comes late. */
	wire_reply(wire, ask.id, 0, -1, 0, NULL);
	check_text(wire, "4807/threshold_mb", "off\n");
	wire_free(wire);
}

static void test_write_gone(void)
{
	Wire *wire = begin(0);
	Written write = write_async(wire, "4807/threshold_mb", "500");
	guint64 ino = write.ino;
	Written interrupted;
	struct fuse_open_out open;

	g_assert_false(wire_is_answered(wire, write.unique));
	wire_gone(wire, 7);
	g_assert_cmpint(wire_answer(wire, write.unique, NULL), ==, -ESRCH);
	g_assert_cmpint(wire_write(wire, ino, write.fh, 0, "1", 1), ==, -ESRCH);
	g_assert_cmpint(wire_release(wire, ino, write.fh), ==, 0);
	g_assert_cmpint(wire_open(wire, ino, O_WRONLY, &open), ==, -ESRCH);

	wire_found(wire, 8, WIRE_PID, RECORD_FOUND_OLD);
	interrupted = write_async(wire, "4807/threshold_mb", "500");
	wire_interrupt(wire, interrupted.unique);
	g_assert_cmpint(finish(&interrupted), ==, -EINTR);
	wire_free(wire);
}

static void check_dump_file(Wire *wire, const char *path, const char *content)
{
	guint64 ino = wire_walk(wire, path);
	guint64 unique = wire_send_open(wire, ino, O_RDONLY);
	Record ask = wire_ask(wire, RECORD_OPEN_DUMP);
	struct fuse_open_out open;
	g_autoptr(GByteArray) whole = NULL, middle = NULL, end = NULL;

	g_assert_false(wire_is_answered(wire, unique));
	g_assert_cmpuint(ask.serial, ==, 3);
	wire_reply(wire, ask.id, 0, wire_memfd(content, strlen(content)), 0, NULL);
	g_assert_cmpint(wire_answer_struct(wire, unique, &open, sizeof(open)), ==, 0);
	g_assert_cmpuint(open.open_flags & FOPEN_KEEP_CACHE, !=, 0);
	g_assert_cmpuint(open.open_flags & FOPEN_DIRECT_IO, ==, 0);
	g_assert_cmpint(wire_read(wire, ino, open.fh, 0, 65536, &whole), ==, 0);
	g_assert_cmpmem(whole->data, whole->len, content, strlen(content));
	g_assert_cmpint(wire_read(wire, ino, open.fh, 2, 3, &middle), ==, 0);
	g_assert_cmpmem(middle->data, middle->len, content + 2, 3);
	g_assert_cmpint(wire_read(wire, ino, open.fh, 1000, 3, &end), ==, 0);
	g_assert_cmpuint(end->len, ==, 0);
	g_assert_cmpint(wire_release(wire, ino, open.fh), ==, 0);
}

static void test_open_dump(void)
{
	Wire *wire = begin(0);
	guint64 unique, ino;
	Record ask;

	wire_sealed(wire, 3, 7, "core_X", 10);
	check_dump_file(wire, "4807/dumps/core_X", "core bytes");
	check_dump_file(wire, "dumps/core_X_4807", "core bytes");
	check_dump_file(wire, "dumps/core_X_4807.json", "{\"a\": 12}\n");
	ino = wire_walk(wire, "4807/dumps/core_X");
	unique = wire_send_open(wire, ino, O_RDONLY);
	ask = wire_ask(wire, RECORD_OPEN_DUMP);
	wire_reply(wire, ask.id, -EIO, -1, 0, NULL);
	g_assert_cmpint(wire_answer(wire, unique, NULL), ==, -EIO);
	/* Of another size than it was sealed with. */
	unique = wire_send_open(wire, ino, O_RDONLY);
	ask = wire_ask(wire, RECORD_OPEN_DUMP);
	g_test_expect_message("triggerdumpfs", G_LOG_LEVEL_WARNING,
	                      "*10 bytes was changed*: it has 9");
	wire_reply(wire, ask.id, 0, wire_memfd("core byte", 9), 0, NULL);
	g_assert_cmpint(wire_answer(wire, unique, NULL), ==, -EIO);
	g_test_assert_expected_messages();
	unique = wire_send_open(wire, ino, O_RDONLY);
	(void)wire_ask(wire, RECORD_OPEN_DUMP);
	wire_interrupt(wire, unique);
	g_assert_cmpint(wire_answer(wire, unique, NULL), ==, -EINTR);
	g_assert_cmpuint(wire_edge_open_files(wire), ==, 0);
	wire_free(wire);
}

/* Cut while it is read: what is gone is an error, and not the end. */
static void test_cut_dump(void)
{
	Wire *wire = begin(0);
	int fd = memfd_create("dump", MFD_CLOEXEC);
	g_autoptr(GByteArray) first = NULL;
	struct fuse_open_out open;
	guint64 unique, ino;
	Record ask;

	g_assert_cmpint(pwrite(fd, "core bytes", 10, 0), ==, 10);
	wire_sealed(wire, 3, 7, "core_X", 10);
	ino = wire_walk(wire, "4807/dumps/core_X");
	unique = wire_send_open(wire, ino, O_RDONLY);
	ask = wire_ask(wire, RECORD_OPEN_DUMP);
	wire_reply(wire, ask.id, 0, dup(fd), 0, NULL);
	g_assert_cmpint(wire_answer_struct(wire, unique, &open, sizeof(open)), ==, 0);
	g_assert_cmpint(ftruncate(fd, 5), ==, 0);
	g_assert_cmpint(wire_read(wire, ino, open.fh, 0, 5, &first), ==, 0);
	g_assert_cmpmem(first->data, first->len, "core ", 5);
	g_assert_cmpint(wire_read(wire, ino, open.fh, 0, 6, NULL), ==, -EIO);
	g_assert_cmpint(wire_read(wire, ino, open.fh, 8, 100, NULL), ==, -EIO);
	g_assert_cmpint(wire_release(wire, ino, open.fh), ==, 0);
	close(fd);
	wire_free(wire);
}

/* Many reads at once in the pool, and the file is released under them. */
static void test_read_dump(void)
{
	enum {
		SIZE = 1 << 20,
		PIECE = 1 << 13,
		N = 64
	};
	Wire *wire = begin(0);
	g_autofree char *content = g_malloc(SIZE);
	guint64 reads[N], unique, ino;
	struct fuse_open_out open;
	Record ask;

	for (gsize i = 0; i < SIZE; i++)
		content[i] = (char)(i / PIECE + i);
	wire_sealed(wire, 3, 7, "core_X", SIZE);
	ino = wire_walk(wire, "4807/dumps/core_X");
	unique = wire_send_open(wire, ino, O_RDONLY);
	ask = wire_ask(wire, RECORD_OPEN_DUMP);
	wire_reply(wire, ask.id, 0, wire_memfd(content, SIZE), 0, NULL);
	g_assert_cmpint(wire_answer_struct(wire, unique, &open, sizeof(open)), ==, 0);
	for (guint round = 0; round < N; round += 8) {
		for (guint i = round; i < round + 8; i++)
			reads[i] = wire_send_read(wire, ino, open.fh, i * PIECE, PIECE, 0);
		if (round + 8 == N)
			g_assert_cmpint(wire_release(wire, ino, open.fh), ==, 0);
		for (guint i = round; i < round + 8; i++) {
			g_autoptr(GByteArray) body = NULL;

			g_assert_cmpint(wire_answer(wire, reads[i], &body), ==, 0);
			g_assert_cmpmem(body->data, body->len, content + i * PIECE, PIECE);
		}
	}
	wire_free(wire);
}

static void test_unlink(void)
{
	Wire *wire = begin(0);
	struct fuse_entry_out entry;
	struct fuse_open_out open;
	guint64 dumps = wire_walk(wire, "dumps"), unique, ino;
	Record ask;
	g_autoptr(GByteArray) body = NULL;

	wire_sealed(wire, 3, 7, "core_X", 10);
	ino = wire_walk(wire, "4807/dumps/core_X");
	unique = wire_send_open(wire, ino, O_RDONLY);
	ask = wire_ask(wire, RECORD_OPEN_DUMP);
	wire_reply(wire, ask.id, 0, wire_memfd("0123456789", 10), 0, NULL);
	g_assert_cmpint(wire_answer_struct(wire, unique, &open, sizeof(open)), ==, 0);

	unique = wire_send_unlink(wire, dumps, "core_X_4807");
	ask = wire_ask(wire, RECORD_REMOVE_DUMP);
	g_assert_cmpuint(ask.serial, ==, 3);
	g_assert_cmpuint(ask.part, ==, RECORD_PART_CORE);
	g_assert_false(wire_is_answered(wire, unique));
	wire_reply(wire, ask.id, 0, -1, 0, NULL);
	g_assert_cmpint(wire_answer(wire, unique, NULL), ==, 0);
	/* Both names are gone, the sidecar stays, and who has it open reads on. */
	g_assert_cmpint(wire_lookup(wire, dumps, "core_X_4807", &entry), ==, -ENOENT);
	g_assert_cmpint(wire_lookup(wire, wire_walk(wire, "4807/dumps"), "core_X", &entry), ==,
	                -ENOENT);
	g_assert_cmpint(wire_lookup(wire, dumps, "core_X_4807.json", &entry), ==, 0);
	g_assert_cmpint(wire_read(wire, ino, open.fh, 0, 100, &body), ==, 0);
	g_assert_cmpuint(body->len, ==, 10);
	g_assert_cmpint(wire_release(wire, ino, open.fh), ==, 0);
	g_assert_cmpint(wire_answer(wire, wire_send_unlink(wire, dumps, "core_X_4807"), NULL), ==,
	                -ENOENT);
	/* A refusal leaves the name. */
	unique = wire_send_unlink(wire, wire_walk(wire, "4807/dumps"), "core_X.json");
	ask = wire_ask(wire, RECORD_REMOVE_DUMP);
	g_assert_cmpuint(ask.part, ==, RECORD_PART_JSON);
	wire_reply(wire, ask.id, -EROFS, -1, 0, NULL);
	g_assert_cmpint(wire_answer(wire, unique, NULL), ==, -EROFS);
	g_assert_cmpint(wire_lookup(wire, dumps, "core_X_4807.json", &entry), ==, 0);
	wire_free(wire);
}

/* A READ of environ, answered by the broker with these bytes. */
static int read_environ(Wire *wire, RecordEnviron how, const void *data, gsize len,
                        GByteArray **ret)
{
	guint64 ino = wire_walk(wire, "4807/environ"), unique;
	struct fuse_open_out open;
	Record ask;
	int error;

	g_assert_cmpint(wire_open(wire, ino, O_RDONLY, &open), ==, 0);
	g_assert_false(wire_has_ask(wire, RECORD_ASK_ENVIRON));
	unique = wire_send_read(wire, ino, open.fh, 0, 65536, 0);
	ask = wire_ask(wire, RECORD_ASK_ENVIRON);
	wire_reply(wire, ask.id, 0, wire_memfd(data, len), how, NULL);
	error = wire_answer(wire, unique, ret);
	if (error == 0) {
		g_autoptr(GByteArray) rest = NULL;

		/* Later offsets are served from what came. */
		g_assert_cmpint(wire_read(wire, ino, open.fh, 2, 65536, &rest), ==, 0);
		g_assert_cmpmem(rest->data, rest->len, (*ret)->data + 2, (*ret)->len - 2);
	}
	g_assert_cmpint(wire_release(wire, ino, open.fh), ==, 0);
	return error;
}

static void put_utf16(GByteArray *out, const char *text)
{
	guint32 units = (guint32)strlen(text) + 1;

	g_byte_array_append(out, (const guint8 *)&units, sizeof(units));
	for (guint32 i = 0; i < units; i++) {
		guint16 unit = (guint8)text[i];

		g_byte_array_append(out, (const guint8 *)&unit, sizeof(unit));
	}
}

static void test_environ(void)
{
	static const char proc[] = "A=1\0B=two";
	Wire *wire = begin(0);
	g_autoptr(GByteArray) block = g_byte_array_new(), from_proc = NULL, from_ipc = NULL;
	GByteArray *none = NULL;
	guint32 n = 2;

	g_assert_cmpint(read_environ(wire, RECORD_ENVIRON_PROC, proc, sizeof(proc), &from_proc), ==,
	                0);
	g_assert_cmpmem(from_proc->data, from_proc->len, proc, sizeof(proc));
	g_byte_array_append(block, (const guint8 *)&n, sizeof(n));
	put_utf16(block, "A=1");
	put_utf16(block, "B=two");
	g_assert_cmpint(read_environ(wire, RECORD_ENVIRON_IPC, block->data, block->len, &from_ipc),
	                ==, 0);
	g_assert_cmpmem(from_ipc->data, from_ipc->len, proc, sizeof(proc));
	g_assert_cmpint(read_environ(wire, RECORD_ENVIRON_IPC, block->data, block->len - 1, &none),
	                ==, -EPROTO);
	wire_free(wire);
}

static void test_environ_refused(void)
{
	Wire *wire = begin(RECORD_FOUND_STOPPED);
	guint64 ino = wire_walk(wire, "4807/environ"), unique;
	struct fuse_open_out open;
	Record ask;

	g_assert_cmpint(wire_open(wire, ino, O_RDONLY, &open), ==, 0);
	g_assert_cmpint(wire_read(wire, ino, open.fh, 0, 4096, NULL), ==, -EAGAIN);
	wire_found(wire, 7, WIRE_PID, RECORD_FOUND_OLD);
	unique = wire_send_read(wire, ino, open.fh, 0, 4096, 0);
	ask = wire_ask(wire, RECORD_ASK_ENVIRON);
	wire_reply(wire, ask.id, -EACCES, -1, 0, NULL);
	g_assert_cmpint(wire_answer(wire, unique, NULL), ==, -EACCES);
	/* A reply without the descriptor that belongs to it. */
	unique = wire_send_read(wire, ino, open.fh, 0, 4096, 0);
	ask = wire_ask(wire, RECORD_ASK_ENVIRON);
	wire_reply(wire, ask.id, 0, -1, RECORD_ENVIRON_PROC, NULL);
	g_assert_cmpint(wire_answer(wire, unique, NULL), <, 0);
	unique = wire_send_read(wire, ino, open.fh, 0, 4096, 0);
	(void)wire_ask(wire, RECORD_ASK_ENVIRON);
	wire_gone(wire, 7);
	g_assert_cmpint(wire_answer(wire, unique, NULL), ==, -ESRCH);
	g_assert_cmpint(wire_release(wire, ino, open.fh), ==, 0);
	wire_free(wire);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/wire/control/threshold", test_threshold);
	g_test_add_func("/wire/control/row-F9/wrong", test_wrong);
	g_test_add_func("/wire/control/row-F9/offsets", test_offsets);
	g_test_add_func("/wire/control/dump", test_dump);
	g_test_add_func("/wire/control/silent-broker", test_silent_broker);
	g_test_add_func("/wire/control/gone", test_write_gone);
	g_test_add_func("/wire/control/open-dump", test_open_dump);
	g_test_add_func("/wire/control/read-dump", test_read_dump);
	g_test_add_func("/wire/control/cut-dump", test_cut_dump);
	g_test_add_func("/wire/control/unlink", test_unlink);
	g_test_add_func("/wire/control/environ", test_environ);
	g_test_add_func("/wire/control/environ-refused", test_environ_refused);
	return g_test_run();
}
