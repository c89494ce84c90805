/* poll(): arming, notifying once, hanging up. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>

#include "tests/wire/fuse-wire.h"

enum {
	INTERVAL_MS = 10000,
	READY = POLLIN | POLLPRI
};

typedef struct {
	Wire *wire;
	guint64 ino;
	guint64 fh;
} Polled;

static Polled begin(const char *path)
{
	Polled self = { .wire = wire_new(INTERVAL_MS) };
	struct fuse_open_out open;

	wire_found(self.wire, 7, WIRE_PID, RECORD_FOUND_ATTACHABLE | RECORD_FOUND_OLD);
	wire_stream(self.wire, 7);
	self.ino = wire_walk(self.wire, path);
	g_assert_cmpint(wire_open(self.wire, self.ino, O_RDONLY, &open), ==, 0);
	self.fh = open.fh;
	return self;
}

static guint32 ask(const Polled *self, guint64 kh)
{
	guint32 events;

	g_assert_cmpint(wire_poll(self->wire, self->ino, self->fh, kh, &events), ==, 0);
	return events;
}

static void read_all(const Polled *self)
{
	g_assert_cmpint(wire_read(self->wire, self->ino, self->fh, 0, 65536, NULL), ==, 0);
}

static void end(Polled *self)
{
	g_assert_cmpint(wire_release(self->wire, self->ino, self->fh), ==, 0);
	g_assert_cmpuint(wire_edge_armed(self->wire), ==, 0);
	wire_free(self->wire);
}

static void check_value(const char *path)
{
	Polled self = begin(path);

	g_assert_cmphex(ask(&self, 1), ==, 0);
	g_assert_cmpuint(wire_edge_armed(self.wire), ==, 1);
	wire_sample(self.wire, 7, 1);
	g_assert_cmpuint(wire_notified(self.wire, 1), ==, 1);
	g_assert_cmpuint(wire_edge_armed(self.wire), ==, 0);
	/* Not armed: nobody is told of the next. */
	wire_sample(self.wire, 7, 2);
	g_assert_cmpuint(wire_notified(self.wire, 1), ==, 1);
	g_assert_cmphex(ask(&self, 2), ==, READY);
	read_all(&self);
	g_assert_cmphex(ask(&self, 3), ==, 0);
	/* The newer handle took the place of the older one. */
	wire_sample(self.wire, 7, 3);
	g_assert_cmpuint(wire_notified(self.wire, 2), ==, 0);
	g_assert_cmpuint(wire_notified(self.wire, 3), ==, 1);
	/* Armed while ready: the next sample tells again, for edge-triggered waiters. */
	g_assert_cmphex(ask(&self, 4), ==, READY);
	wire_sample_of(self.wire, 7, "Some.Provider", "other", 1);
	g_assert_cmpuint(wire_notified(self.wire, 4), ==, 0);
	wire_sample(self.wire, 7, 4);
	g_assert_cmpuint(wire_notified(self.wire, 4), ==, 1);
	end(&self);
}

static void test_value(void)
{
	check_value("4807/counters/gc-heap-size");
	check_value("4807/heap_mb");
}

static void test_gone(void)
{
	Polled self = begin("4807/counters/gc-heap-size");

	g_assert_cmphex(ask(&self, 1), ==, 0);
	wire_gone(self.wire, 7);
	g_assert_cmpuint(wire_notified(self.wire, 1), ==, 1);
	g_assert_cmphex(ask(&self, 2) & POLLHUP, ==, POLLHUP);
	end(&self);
}

static void check_state(const char *path)
{
	Polled self = begin(path);

	g_assert_cmphex(ask(&self, 1) & READY, ==, READY);
	read_all(&self);
	g_assert_cmphex(ask(&self, 2) & READY, ==, 0);
	wire_found(self.wire, 7, WIRE_PID,
	           RECORD_FOUND_ATTACHABLE | RECORD_FOUND_OLD | RECORD_FOUND_STOPPED);
	g_assert_cmpuint(wire_notified(self.wire, 2), ==, 1);
	g_assert_cmphex(ask(&self, 3) & READY, ==, READY);
	end(&self);
}

static void test_state(void)
{
	check_state("4807/status");
	check_state("4807/threshold_mb");
	check_state("status");
	check_state("processes");
}

static void check_events(const char *path)
{
	Polled self = begin(path);

	g_assert_cmphex(ask(&self, 1), ==, READY);
	read_all(&self);
	g_assert_cmphex(ask(&self, 2), ==, 0);
	g_assert_cmpint(wire_command(self.wire, "4807/threshold_mb", "nonsense"), ==, -EINVAL);
	wire_gone(self.wire, 7);
	g_assert_cmpuint(wire_notified(self.wire, 2), ==, 1);
	end(&self);
}

static void test_events(void)
{
	check_events("events");
	check_events("4807/events");
}

/* `dump` is ready again when it is idle again. */
static void test_dump(void)
{
	Polled self = begin("4807/dump");
	guint64 unique;
	Record asked;
	struct fuse_open_out open;

	read_all(&self);
	g_assert_cmpint(wire_open(self.wire, self.ino, O_WRONLY, &open), ==, 0);
	unique = wire_send_write(self.wire, self.ino, open.fh, 0, "now\n", 4);
	asked = wire_ask(self.wire, RECORD_DUMP);
	wire_reply(self.wire, asked.id, 0, -1, 0, NULL);
	g_assert_cmpint(wire_answer(self.wire, unique, NULL), ==, 0);
	g_assert_cmphex(ask(&self, 1) & READY, ==, 0);
	wire_dump_failed(self.wire, asked.id, 7, -EIO, "it failed");
	g_assert_cmpuint(wire_notified(self.wire, 1), ==, 1);
	g_assert_cmphex(ask(&self, 2) & READY, ==, READY);
	g_assert_cmpint(wire_release(self.wire, self.ino, open.fh), ==, 0);
	end(&self);
}

/* Files that never change, and handles that nobody gave out. */
static void test_others(void)
{
	Polled self = begin("4807/cmdline");
	guint32 events;

	g_assert_cmphex(ask(&self, 1), ==, POLLIN | POLLOUT);
	g_assert_cmpuint(wire_edge_armed(self.wire), ==, 0);
	g_assert_cmpint(wire_poll(self.wire, self.ino, 12345, 1, &events), ==, -EBADF);
	end(&self);
}

/* Handles that are armed when everything ends are let go without a word. */
static void test_shutdown(void)
{
	Polled self = begin("4807/heap_mb");

	g_assert_cmphex(ask(&self, 1), ==, 0);
	wire_stop_edge(self.wire);
	wire_gone(self.wire, 7);
	g_assert_cmpuint(wire_notified(self.wire, 1), ==, 0);
	wire_free(self.wire);
}

/* Many descriptors of one file. */
static void test_many(void)
{
	Polled self = begin("4807/heap_mb");
	enum {
		N = 100
	};
	g_autofree guint64 *handles = g_new(guint64, N);
	guint32 events;

	for (guint i = 0; i < N; i++) {
		struct fuse_open_out open;

		g_assert_cmpint(wire_open(self.wire, self.ino, O_RDONLY, &open), ==, 0);
		handles[i] = open.fh;
		g_assert_cmpint(wire_poll(self.wire, self.ino, open.fh, 1000 + i, &events), ==, 0);
	}
	g_assert_cmpuint(wire_edge_armed(self.wire), ==, N);
	wire_sample(self.wire, 7, 1);
	g_assert_cmpuint(wire_edge_armed(self.wire), ==, 0);
	for (guint i = 0; i < N; i++) {
		g_assert_cmpuint(wire_notified(self.wire, 1000 + i), ==, 1);
		g_assert_cmpint(wire_release(self.wire, self.ino, handles[i]), ==, 0);
	}
	end(&self);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/wire/poll/value", test_value);
	g_test_add_func("/wire/poll/gone", test_gone);
	g_test_add_func("/wire/poll/state", test_state);
	g_test_add_func("/wire/poll/events", test_events);
	g_test_add_func("/wire/poll/dump", test_dump);
	g_test_add_func("/wire/poll/others", test_others);
	g_test_add_func("/wire/poll/shutdown", test_shutdown);
	g_test_add_func("/wire/poll/many", test_many);
	return g_test_run();
}
