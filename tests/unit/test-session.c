/* Event streams on the main loop, with a target that the test plays. */
#include "fs/model/session.h"
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>
#include "fs/util.h"
#include "tests/lib/counter-stream.h"

enum {
	DEADLINE_S = 30,
	SERIAL = 9
};

typedef struct {
	Session *session;
	CounterStream stream;
	unsigned samples, batches, broken, closed;
	double last;
	int reason;
	gboolean may_close, is_flood;
	unsigned gc_batches, gc_events;
	gint64 gc_stamp;
	guint64 gc_bytes;
} Fixture;

static void on_sample(Session *session, const EventCounterSample *sample, gint64 stamp_ns,
                      gint64 wall_us, void *data)
{
	Fixture *f = data;

	f->samples++;
	f->last = sample->value;
	g_assert_cmpint(ABS(wall_us - g_get_real_time()), <, 6 * G_USEC_PER_SEC);
}

static void on_gc_events(Session *session, const SessionGcEvent *events, unsigned n, void *data)
{
	Fixture *f = data;

	f->gc_batches++;
	for (unsigned i = 0; i < n; i++) {
		g_assert_cmpint(events[i].stamp_ns, >=, f->gc_stamp);
		f->gc_stamp = events[i].stamp_ns;
		f->gc_events++;
		f->gc_bytes += events[i].event.kind == GC_EVENT_TICK ? events[i].event.bytes : 0;
	}
}

static void on_batch(Session *session, void *data)
{
	((Fixture *)data)->batches++;
}

static void on_broken(Session *session, const char *why, void *data)
{
	((Fixture *)data)->broken++;
	g_assert_cmpstr(why, !=, "");
	((Fixture *)data)->is_flood = g_str_has_prefix(why, "flood");
	session_retire(session);
}

static void on_closed(Session *session, int reason, void *data)
{
	Fixture *f = data;

	f->closed++;
	f->reason = reason;
	session_free(g_steal_pointer(&f->session));
}

static gboolean on_may_close(Session *session, void *data)
{
	return ((Fixture *)data)->may_close;
}

static const SessionCallbacks callbacks = {
	.sample = on_sample,
	.batch = on_batch,
	.gc_events = on_gc_events,
	.broken = on_broken,
	.closed = on_closed,
	.may_close = on_may_close,
};

static void set_up(Fixture *f, gconstpointer row)
{
	int fd;

	counter_stream_init(&f->stream, &fd);
	f->may_close = TRUE;
	f->session = session_new(fd, (RecordSession)GPOINTER_TO_INT(row), SERIAL, &callbacks, f);
}

static void tear_down(Fixture *f, gconstpointer row)
{
	session_free(f->session);
	counter_stream_clear(&f->stream);
}

static gboolean on_deadline(gpointer data)
{
	g_error("nothing happened in time");
	return G_SOURCE_REMOVE;
}

#define WAIT_FOR(condition)                                                         \
	do {                                                                        \
		guint timer = g_timeout_add_seconds(DEADLINE_S, on_deadline, NULL); \
		while (!(condition))                                                \
			g_main_context_iteration(NULL, TRUE);                       \
		g_source_remove(timer);                                             \
	} while (0)

static void test_samples(Fixture *f, gconstpointer row)
{
	g_assert_cmpint(session_age_us(f->session, g_get_monotonic_time()), ==, -1);
	counter_stream_start(&f->stream);
	counter_stream_value(&f->stream, "gc-heap-size", 1);
	counter_stream_value(&f->stream, "gc-heap-size", 2.5);
	WAIT_FOR(f->samples == 2);
	g_assert_cmpfloat(f->last, ==, 2.5);
	/* Both came with one read: that is what the pause is for. */
	WAIT_FOR(f->batches == 1);
	g_assert_cmpint(session_age_us(f->session, g_get_monotonic_time()), >=, 0);
	g_assert_cmpuint(session_process_serial(f->session), ==, SERIAL);
	/* Numbers 3 and 4 are missing. */
	f->stream.sequence += 2;
	counter_stream_value(&f->stream, "gc-heap-size", 3);
	WAIT_FOR(f->samples == 3);
	g_assert_cmpuint(session_dropped(f->session), ==, 2);
	counter_stream_clear(&f->stream);
	WAIT_FOR(f->closed);
	g_assert_cmpint(f->reason, ==, 0);
	g_assert_cmpuint(f->broken, ==, 0);
}

static void test_garbage(Fixture *f, gconstpointer row)
{
	counter_stream_raw(&f->stream, "this is no event stream at all", 30);
	WAIT_FOR(f->broken == 1);
	/* It is drained further, and said once. */
	counter_stream_raw(&f->stream, "nor is this", 11);
	g_assert_cmpuint(f->closed, ==, 0);
	counter_stream_clear(&f->stream);
	WAIT_FOR(f->closed);
	g_assert_cmpuint(f->broken, ==, 1);
	g_assert_cmpuint(f->samples, ==, 0);
}

static gboolean is_open(const Fixture *f)
{
	return send(f->stream.fd, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1;
}

/* A retired stream is drained without a word, and closed after a while; not that of a stopped
 * target. */
static void test_retired(Fixture *f, gconstpointer row)
{
	gint64 retired_us = g_get_monotonic_time();

	counter_stream_start(&f->stream);
	session_retire(f->session);
	session_retire(f->session);
	counter_stream_value(&f->stream, "gc-heap-size", 1);
	f->may_close = FALSE;
	while (g_get_monotonic_time() < retired_us + (SESSION_CLOSE_MS + 500) * 1000)
		g_main_context_iteration(NULL, TRUE);
	g_assert_cmpuint(f->closed, ==, 0);
	g_assert_true(is_open(f));
	f->may_close = TRUE;
	WAIT_FOR(f->closed);
	g_assert_false(is_open(f));
	g_assert_cmpuint(f->samples, ==, 0);
	g_assert_cmpint(g_get_monotonic_time() - retired_us, >=, 2 * SESSION_CLOSE_MS * 1000);
}

/* Each thread's events of a flush are a run of their own; they come out in order of stamps, in one
 * go, though they were sent in several. */
static void test_gc_events(Fixture *f, gconstpointer row)
{
	/* As much as fits into the socket: nobody reads meanwhile. */
	counter_stream_start(&f->stream);
	for (unsigned i = 0; i < 500; i++)
		counter_stream_tick(&f->stream, 1, 5000 + i * 10, 100000);
	counter_stream_flush(&f->stream);
	for (unsigned i = 0; i < 500; i++)
		counter_stream_tick(&f->stream, 2, 5005 + i * 10, 100000);
	counter_stream_collection(&f->stream, 3, 9000, 1000000);
	counter_stream_flush(&f->stream);
	WAIT_FOR(f->gc_events == 1002);
	g_assert_cmpuint(f->gc_batches, ==, 1);
	g_assert_cmpuint(f->gc_bytes, ==, 1000 * 100000);
	/* At the end of the stream nothing is kept back. */
	counter_stream_tick(&f->stream, 1, 900000, 7);
	counter_stream_flush(&f->stream);
	counter_stream_clear(&f->stream);
	WAIT_FOR(f->closed);
	g_assert_cmpuint(f->gc_events, ==, 1003);
	g_assert_cmpuint(f->broken, ==, 0);
}

/* What nobody wants any more is drained all the same, whatever it is. */
static void test_drained(Fixture *f, gconstpointer row)
{
	g_autofree char *bytes = g_malloc0(SESSION_READ_BUDGET);
	gsize sent = 0;

	session_retire(f->session);
	while (sent < 4 * SESSION_READ_BUDGET) {
		ssize_t n =
			send(f->stream.fd, bytes, SESSION_READ_BUDGET, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n > 0)
			sent += (gsize)n;
		else
			g_main_context_iteration(NULL, TRUE);
	}
	counter_stream_clear(&f->stream);
	WAIT_FOR(f->closed);
	g_assert_cmpuint(f->broken + f->samples, ==, 0);
}

/* Sends while the loop reads; FALSE when the reader has closed. */
static gboolean pump(Fixture *f, const GByteArray *bytes)
{
	for (gsize at = 0; at < bytes->len;) {
		ssize_t n = send(f->stream.fd, bytes->data + at, bytes->len - at,
		                 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n > 0)
			at += (gsize)n;
		else if (errno != EAGAIN)
			return FALSE;
		g_main_context_iteration(NULL, n <= 0);
	}
	return TRUE;
}

/* A valid stream, but as much of it as goes: it is given up, drained and closed. */
static void test_flood(Fixture *f, gconstpointer row)
{
	g_autofree char *body = g_malloc0(128 << 10);
	gsize sent = 0;

	counter_stream_start(&f->stream);
	while (!f->closed) {
		g_autoptr(GByteArray) bytes = NULL;

		nettrace_writer_object(f->stream.writer, "FutureBlock", 1, 1, body, 128 << 10);
		bytes = nettrace_writer_steal(f->stream.writer);
		if (!pump(f, bytes))
			break;
		sent += bytes->len;
		if (sent < SESSION_FLOOD_MAX / 2)
			g_assert_cmpuint(f->broken, ==, 0);
	}
	WAIT_FOR(f->closed);
	g_assert_cmpuint(f->broken, ==, 1);
	g_assert_true(f->is_flood);
	g_assert_cmpuint(sent, >, SESSION_FLOOD_MAX);
	g_assert_cmpint(f->reason, ==, 0);
}

int main(int argc, char **argv)
{
	gpointer counters = GINT_TO_POINTER(RECORD_SESSION_COUNTERS);
	gpointer gc = GINT_TO_POINTER(RECORD_SESSION_GC);

	g_test_init(&argc, &argv, NULL);
	g_test_add("/session/samples", Fixture, counters, set_up, test_samples, tear_down);
	g_test_add("/session/garbage", Fixture, counters, set_up, test_garbage, tear_down);
	g_test_add("/session/retired", Fixture, counters, set_up, test_retired, tear_down);
	g_test_add("/session/gc-events", Fixture, gc, set_up, test_gc_events, tear_down);
	g_test_add("/session/drained", Fixture, gc, set_up, test_drained, tear_down);
	g_test_add("/session/row-H11/flood", Fixture, gc, set_up, test_flood, tear_down);
	return g_test_run();
}
