/* Requests that wait: what releases them, and that nothing else waits with them. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "tests/wire/fuse-wire.h"

enum {
	LONG_MS = 10000,
	SHORT_MS = 100
};

typedef struct {
	Wire *wire;
	guint64 ino;
	guint64 fh;
	guint64 read;
} Waiting;

/* A READ of `path` of an attachable process without a sample. */
static Waiting begin(unsigned interval_ms, const char *path)
{
	Waiting self = { .wire = wire_new(interval_ms) };
	struct fuse_open_out open;

	wire_found(self.wire, 7, WIRE_PID, RECORD_FOUND_ATTACHABLE | RECORD_FOUND_OLD);
	self.ino = wire_walk(self.wire, path);
	g_assert_cmpint(wire_open(self.wire, self.ino, O_RDONLY, &open), ==, 0);
	self.fh = open.fh;
	self.read = wire_send_read(self.wire, self.ino, self.fh, 0, 4096, 0);
	wire_settle(self.wire);
	return self;
}

static void end(Waiting *self)
{
	g_assert_cmpuint(wire_edge_pending(self->wire), ==, 0);
	g_assert_cmpint(wire_release(self->wire, self->ino, self->fh), ==, 0);
	g_assert_cmpuint(wire_edge_open_files(self->wire), ==, 0);
	wire_free(self->wire);
}

static void check_sample(const char *path)
{
	Waiting self = begin(LONG_MS, path);
	g_autoptr(GByteArray) body = NULL;
	g_autofree char *status = NULL;
	struct fuse_entry_out entry;

	g_assert_false(wire_is_answered(self.wire, self.read));
	g_assert_cmpuint(wire_edge_pending(self.wire), ==, 1);
	/* Everybody else is served meanwhile. */
	g_assert_cmpint(wire_lookup(self.wire, 1, "4807", &entry), ==, 0);
	g_assert_cmpint(wire_text(self.wire, "4807/status", &status), ==, 0);
	wire_stream(self.wire, 7);
	g_assert_false(wire_is_answered(self.wire, self.read));
	/* Another counter's sample is not what it waits for. */
	wire_sample_of(self.wire, 7, "Some.Provider", "other", 1);
	g_assert_false(wire_is_answered(self.wire, self.read));
	wire_sample(self.wire, 7, 12.5);
	g_assert_cmpint(wire_answer(self.wire, self.read, &body), ==, 0);
	g_assert_cmpmem(body->data, body->len, "12.5\n", 5);
	end(&self);
}

static void test_sample(void)
{
	check_sample("4807/counters/gc-heap-size");
	check_sample("4807/heap_mb");
}

static void test_deadline(void)
{
	Waiting self = begin(SHORT_MS, "4807/heap_mb");

	g_assert_cmpint(wire_answer(self.wire, self.read, NULL), ==, -ENODATA);
	/* The wait is counted once per process: now there is none. */
	self.read = wire_send_read(self.wire, self.ino, self.fh, 0, 4096, 0);
	wire_settle(self.wire);
	g_assert_true(wire_is_answered(self.wire, self.read));
	g_assert_cmpint(wire_answer(self.wire, self.read, NULL), ==, -ENODATA);
	end(&self);
}

static void test_interrupt(void)
{
	Waiting self = begin(LONG_MS, "4807/heap_mb");

	wire_interrupt(self.wire, self.read);
	g_assert_cmpint(wire_answer(self.wire, self.read, NULL), ==, -EINTR);
	/* Once more, for what was answered already: without effect. */
	wire_interrupt(self.wire, self.read);
	wire_settle(self.wire);
	end(&self);
}

/* The interrupt overtakes its request. */
static void test_interrupt_first(void)
{
	Waiting self = begin(LONG_MS, "4807/heap_mb");

	wire_interrupt(self.wire, self.read);
	g_assert_cmpint(wire_answer(self.wire, self.read, NULL), ==, -EINTR);
	wire_interrupt(self.wire, self.read + 2);
	self.read = wire_send_read(self.wire, self.ino, self.fh, 0, 4096, 0);
	g_assert_cmpint(wire_answer(self.wire, self.read, NULL), ==, -EINTR);
	end(&self);
}

static void test_gone(void)
{
	Waiting self = begin(LONG_MS, "4807/counters/gc-heap-size");

	wire_gone(self.wire, 7);
	g_assert_cmpint(wire_answer(self.wire, self.read, NULL), ==, -ESRCH);
	end(&self);
}

static void test_stopped(void)
{
	Waiting self = begin(LONG_MS, "4807/heap_mb");

	wire_found(self.wire, 7, WIRE_PID,
	           RECORD_FOUND_ATTACHABLE | RECORD_FOUND_OLD | RECORD_FOUND_STOPPED);
	g_assert_cmpint(wire_answer(self.wire, self.read, NULL), ==, -ENODATA);
	end(&self);
}

static void test_nonblock(void)
{
	Waiting self = begin(LONG_MS, "4807/heap_mb");
	guint64 second =
		wire_send_read(self.wire, self.ino, self.fh, 0, 4096, O_RDONLY | O_NONBLOCK);

	g_assert_cmpint(wire_answer(self.wire, second, NULL), ==, -EAGAIN);
	g_assert_false(wire_is_answered(self.wire, self.read));
	wire_interrupt(self.wire, self.read);
	g_assert_cmpint(wire_answer(self.wire, self.read, NULL), ==, -EINTR);
	end(&self);
}

static void test_starting(void)
{
	Wire *wire = wire_new(LONG_MS);
	char *text = NULL;

	wire_found(wire, 7, WIRE_PID, RECORD_FOUND_OLD);
	g_assert_cmpint(wire_text(wire, "4807/heap_mb", &text), ==, -ENODATA);
	g_assert_cmpint(wire_text(wire, "4807/counters/cpu-usage", &text), ==, -ENODATA);
	wire_free(wire);
}

/* Many wait on one process, one for each way out. */
static void test_many(void)
{
	Waiting self = begin(LONG_MS, "4807/heap_mb");
	guint64 reads[50];

	for (gsize i = 0; i < G_N_ELEMENTS(reads); i++)
		reads[i] = wire_send_read(self.wire, self.ino, self.fh, 0, 4096, 0);
	wire_settle(self.wire);
	g_assert_cmpuint(wire_edge_pending(self.wire), ==, 1 + G_N_ELEMENTS(reads));
	for (gsize i = 0; i < G_N_ELEMENTS(reads); i += 2)
		wire_interrupt(self.wire, reads[i]);
	wire_stream(self.wire, 7);
	wire_sample(self.wire, 7, 1);
	g_assert_cmpint(wire_answer(self.wire, self.read, NULL), ==, 0);
	for (gsize i = 0; i < G_N_ELEMENTS(reads); i++)
		g_assert_cmpint(wire_answer(self.wire, reads[i], NULL), ==,
		                i % 2 == 0 ? -EINTR : 0);
	end(&self);
}

/* The file is released while a READ of it waits. No kernel does that. */
static void test_release(void)
{
	Waiting self = begin(LONG_MS, "4807/heap_mb");

	g_assert_cmpint(wire_release(self.wire, self.ino, self.fh), ==, 0);
	wire_stream(self.wire, 7);
	wire_sample(self.wire, 7, 1);
	g_assert_cmpint(wire_answer(self.wire, self.read, NULL), ==, 0);
	wire_free(self.wire);
}

static void test_shutdown(void)
{
	Waiting self = begin(LONG_MS, "4807/heap_mb");
	guint64 write;
	struct fuse_open_out open;
	guint64 ino = wire_walk(self.wire, "4807/threshold_mb");

	g_assert_cmpint(wire_open(self.wire, ino, O_WRONLY, &open), ==, 0);
	write = wire_send_write(self.wire, ino, open.fh, 0, "500", 3);
	wire_settle(self.wire);
	g_assert_cmpuint(wire_edge_pending(self.wire), ==, 2);
	wire_stop_edge(self.wire);
	g_assert_cmpint(wire_answer(self.wire, self.read, NULL), ==, -EINTR);
	g_assert_cmpint(wire_answer(self.wire, write, NULL), ==, -EINTR);
	wire_free(self.wire);
}

/* The kernel goes while requests wait. */
static void test_hang_up(void)
{
	Waiting self = begin(LONG_MS, "4807/heap_mb");

	wire_hang_up(self.wire);
	wire_until(self.wire, wire_is_ended(self.wire));
	wire_free(self.wire);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/wire/wait/sample", test_sample);
	g_test_add_func("/wire/wait/deadline", test_deadline);
	g_test_add_func("/wire/wait/interrupt", test_interrupt);
	g_test_add_func("/wire/wait/interrupt-first", test_interrupt_first);
	g_test_add_func("/wire/wait/gone", test_gone);
	g_test_add_func("/wire/wait/stopped", test_stopped);
	g_test_add_func("/wire/wait/nonblock", test_nonblock);
	g_test_add_func("/wire/wait/starting", test_starting);
	g_test_add_func("/wire/wait/many", test_many);
	g_test_add_func("/wire/wait/release", test_release);
	g_test_add_func("/wire/wait/shutdown", test_shutdown);
	g_test_add_func("/wire/wait/hang-up", test_hang_up);
	return g_test_run();
}
