/* Descriptors and times of many watches, and what the callbacks may do. */
#include "fs/model/stream-watch.h"
#include <unistd.h>

typedef struct {
	StreamWatch watch; /* first */
	int ends[2];
	unsigned calls;
	GIOCondition seen;
	void (*then)(StreamWatch *watch);
	StreamWatch *other;
} End;

static void on_ready(StreamWatch *watch, GIOCondition seen)
{
	End *end = (End *)watch;

	end->calls++;
	end->seen = seen;
	if (end->then)
		end->then(watch);
	else
		stream_watch_set(watch, FALSE, -1);
}

static void begin_as(End *end, gboolean is_patient)
{
	*end = (End){ 0 };
	g_assert_cmpint(pipe(end->ends), ==, 0);
	stream_watch_add(&end->watch, end->ends[0], is_patient, on_ready);
}

static void begin(End *end)
{
	begin_as(end, FALSE);
}

static void end_end(End *end)
{
	stream_watch_remove(&end->watch);
	close(end->ends[0]);
	if (end->ends[1] >= 0)
		close(end->ends[1]);
}

static void feed(End *end)
{
	g_assert_cmpint(write(end->ends[1], "x", 1), ==, 1);
}

/* Until nothing happens without waiting. */
static void settle(void)
{
	while (g_main_context_iteration(NULL, FALSE))
		;
}

static void wait_for_calls(const End *end, unsigned calls)
{
	while (end->calls < calls)
		g_main_context_iteration(NULL, TRUE);
}

static void test_input(void)
{
	End end;

	begin(&end);
	feed(&end);
	settle();
	g_assert_cmpuint(end.calls, ==, 0); /* not asked for */
	stream_watch_set(&end.watch, TRUE, -1);
	wait_for_calls(&end, 1);
	g_assert_cmpint(end.seen, ==, G_IO_IN);
	settle();
	g_assert_cmpuint(end.calls, ==, 1); /* not any more: it was set so in the callback */
	end_end(&end);
}

/* Each hears of what came, whoever is there beside it. */
static void test_patient(void)
{
	End first, second, urgent;

	begin_as(&first, TRUE);
	begin_as(&second, TRUE);
	stream_watch_set(&first.watch, TRUE, -1);
	stream_watch_set(&second.watch, TRUE, -1);
	for (unsigned round = 1; round < 20; round++) {
		feed(&first);
		stream_watch_set(&first.watch, TRUE, -1);
		wait_for_calls(&first, round);
		feed(&second);
		stream_watch_set(&second.watch, TRUE, -1);
		wait_for_calls(&second, round);
	}
	/* Nobody asks the kernel now, and somebody comes who will not wait. */
	begin(&urgent);
	stream_watch_set(&urgent.watch, TRUE, -1);
	feed(&urgent);
	wait_for_calls(&urgent, 1);
	end_end(&urgent);
	close(second.ends[1]);
	second.ends[1] = -1;
	wait_for_calls(&second, 20);
	g_assert_cmpint(second.seen & G_IO_HUP, ==, G_IO_HUP);
	end_end(&first);
	end_end(&second);
}

static void test_hup_is_always_seen(void)
{
	End end;

	begin(&end);
	end.then = stream_watch_remove;
	close(end.ends[1]);
	end.ends[1] = -1;
	wait_for_calls(&end, 1);
	g_assert_cmpint(end.seen, ==, G_IO_HUP);
	settle();
	g_assert_cmpuint(end.calls, ==, 1);
	end_end(&end);
}

static void test_times(void)
{
	End ends[3];
	gint64 now = g_get_monotonic_time();

	for (unsigned i = 0; i < 3; i++)
		begin(&ends[i]);
	stream_watch_set(&ends[0].watch, FALSE, now + 3600 * (gint64)G_USEC_PER_SEC);
	stream_watch_set(&ends[1].watch, FALSE, now + 20000);
	stream_watch_set(&ends[2].watch, FALSE, 0);
	wait_for_calls(&ends[2], 1);
	g_assert_cmpint(ends[2].seen, ==, 0);
	wait_for_calls(&ends[1], 1);
	g_assert_cmpint(g_get_monotonic_time(), >=, now + 20000);
	g_assert_cmpuint(ends[0].calls, ==, 0);
	stream_watch_set(&ends[0].watch, FALSE, -1);
	settle();
	g_assert_cmpuint(ends[0].calls, ==, 0);
	g_assert_cmpuint(ends[2].calls, ==, 1);
	for (unsigned i = 0; i < 3; i++)
		end_end(&ends[i]);
}

static void set_at_once(StreamWatch *watch)
{
	stream_watch_set(watch, FALSE, 0);
}

/* One that always has more does not keep the others waiting. */
static void test_fair(void)
{
	End busy, other;

	begin(&busy);
	begin(&other);
	busy.then = set_at_once;
	stream_watch_set(&busy.watch, FALSE, 0);
	stream_watch_set(&other.watch, TRUE, -1);
	wait_for_calls(&busy, 3);
	feed(&other);
	wait_for_calls(&other, 1);
	end_end(&busy);
	end_end(&other);
}

static void remove_both(StreamWatch *watch)
{
	stream_watch_remove(((End *)watch)->other);
	stream_watch_remove(watch);
}

/* Two are ready in one round, by descriptor or by time: the first removes both. */
static void test_removed_in_a_callback(void)
{
	for (unsigned timed = 0; timed < 2; timed++) {
		End one, two;

		begin(&one);
		begin(&two);
		one.then = two.then = remove_both;
		one.other = &two.watch;
		two.other = &one.watch;
		feed(&one);
		feed(&two);
		stream_watch_set(&one.watch, !timed, timed ? 0 : -1);
		stream_watch_set(&two.watch, !timed, timed ? 0 : -1);
		while (!one.calls && !two.calls)
			g_main_context_iteration(NULL, TRUE);
		settle();
		g_assert_cmpuint(one.calls + two.calls, ==, 1);
		end_end(&one);
		end_end(&two);
	}
}

/* More than one wake takes, some of them removed in between. */
static void test_many(void)
{
	static End ends[3 * STREAM_WATCH_BATCH];

	for (unsigned i = 0; i < G_N_ELEMENTS(ends); i++) {
		begin(&ends[i]);
		stream_watch_set(&ends[i].watch, TRUE,
		                 g_get_monotonic_time() + 3600 * (gint64)G_USEC_PER_SEC);
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(ends); i++) {
		if (i % 3)
			feed(&ends[i]);
		else
			stream_watch_remove(&ends[i].watch);
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(ends); i++) {
		if (i % 3)
			wait_for_calls(&ends[i], 1);
	}
	settle();
	for (unsigned i = 0; i < G_N_ELEMENTS(ends); i++) {
		g_assert_cmpuint(ends[i].calls, ==, i % 3 ? 1 : 0);
		end_end(&ends[i]);
	}
}

/* The kernel watches no ordinary file: such a one is tried now and then. */
static void test_unlisted(void)
{
	End end = { .ends = { -1, -1 } };
	g_autofree char *name = NULL;
	int fd = g_file_open_tmp(NULL, &name, NULL);

	g_assert_cmpint(fd, >=, 0);
	unlink(name);
	stream_watch_add(&end.watch, fd, FALSE, on_ready);
	settle();
	g_assert_cmpuint(end.calls, ==, 0);
	stream_watch_set(&end.watch, TRUE, -1);
	wait_for_calls(&end, 1);
	g_assert_cmpint(end.seen, ==, G_IO_IN);
	stream_watch_set(&end.watch, FALSE, 0);
	wait_for_calls(&end, 2);
	g_assert_cmpint(end.seen, ==, 0);
	stream_watch_remove(&end.watch);
	stream_watch_remove(&end.watch); /* a second time does nothing */
	close(fd);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/stream-watch/input", test_input);
	g_test_add_func("/stream-watch/patient", test_patient);
	g_test_add_func("/stream-watch/hup", test_hup_is_always_seen);
	g_test_add_func("/stream-watch/times", test_times);
	g_test_add_func("/stream-watch/fair", test_fair);
	g_test_add_func("/stream-watch/removed", test_removed_in_a_callback);
	g_test_add_func("/stream-watch/many", test_many);
	g_test_add_func("/stream-watch/unlisted", test_unlisted);
	return g_test_run();
}
