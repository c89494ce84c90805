/* Grammar, states and lines of a trigger. */
#include "fs/model/trigger.h"
#include <errno.h>
#include <math.h>
#include <string.h>

#define S   G_USEC_PER_SEC
#define GAP (3 * S)

static TriggerSet parse(const char *text)
{
	g_autofree char *why = NULL;
	TriggerSet set;
	int r = trigger_parse(text, strlen(text), &set, &why);

	if (r < 0)
		g_error("%s: %s", text, why);
	return set;
}

static void write_lines(Trigger *trigger, const char *text)
{
	TriggerSet set = parse(text);

	trigger_replace(trigger, &set, 1);
}

static char *text_of(const Trigger *trigger)
{
	GString *out = g_string_new(NULL);

	trigger_describe(trigger, out);
	return g_string_free(out, FALSE);
}

#define assert_text(trigger, expected)                    \
	do {                                              \
		g_autofree char *text = text_of(trigger); \
		g_assert_cmpstr(text, ==, expected);      \
	} while (0)

static void test_grammar(void)
{
	static const struct {
		const char *text, *canonical;
	} rows[] = {
		{ "heap >= 500", "heap >= 500\n" },
		{ " HEAP>=500MiB ", "heap >= 524.288\n" },
		{ "gc-heap-size < 10", "heap < 10\n" },
		{ "System.Runtime/gc-heap-size < 10", "System.Runtime/gc-heap-size < 10\n" },
		{ "cpu-usage > 90 for 30s", "cpu-usage > 90 for 30s\n" },
		{ "cpu-usage > 90for 2 m", "cpu-usage > 90 for 120s\n" },
		{ "exception-count > 100", "exception-count > 100\n" },
		{ "Microsoft.AspNetCore.Hosting/current-requests >= 200 for 5s",
		  "Microsoft.AspNetCore.Hosting/current-requests >= 200 for 5s\n" },
		{ "heap grows 100MB in 30s", "heap grows 100 in 30s\n" },
		{ "heap grows 1.5 GB in 10 m", "heap grows 1500 in 600s\n" },
		{ "heap >= 80%", "heap >= 80%\n" },
		{ "heap > 12.5 % for 1s", "heap > 12.5% for 1s\n" },
		{ "rss >= 1GB", "rss >= 1000\n" },
		{ "threads > 100\nfds<=0", "threads > 100\nfds <= 0\n" },
		{ "alloc-rate > 100MB", "alloc-rate > 100MB\n" },
		{ "x < -5.25", "x < -5.25\n" },
		{ "meters/App/lag/route=%2Fapi,to=a/p95 > 2",
		  "meters/App/lag/route=%2Fapi,to=a/p95 > 2\n" },
		{ "# why\n\n  \nthreads > 1\n#x", "threads > 1\n" },
		{ "off", "off\n" },
		{ " OFF\n", "off\n" },
		{ "", "off\n" },
		/* The threshold stands first. */
		{ "threads > 1\nheap >= 7", "heap >= 7\nthreads > 1\n" },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		Trigger trigger;
		g_autofree char *again = NULL;

		trigger_init(&trigger);
		write_lines(&trigger, rows[i].text);
		assert_text(&trigger, rows[i].canonical);
		/* What is read can be written. */
		again = text_of(&trigger);
		write_lines(&trigger, again);
		assert_text(&trigger, rows[i].canonical);
		trigger_clear(&trigger);
	}
}

static void test_refused(void)
{
	static const struct {
		const char *text;
		int error;
		const char *why;
	} rows[] = {
		{ "heap", -EINVAL, "line 1, column 5: one of > >= < <= or grows is missing" },
		{ "heap = 5", -EINVAL, "line 1, column 6:" },
		{ "heap >= ", -EINVAL, "line 1, column 8: a number is missing" },
		{ "heap >= 1e3", -EINVAL, "no plain decimal" },
		{ "heap >= 0x10", -EINVAL, "line 1, column 10:" },
		{ "heap >= nan", -EINVAL, "a number is missing" },
		{ "heap >= 5x", -EINVAL, "line 1, column 10: this is no unit" },
		{ "heap >= -5", -ERANGE, "negative" },
		{ "heap >= 0", -ERANGE, "above 0" },
		{ "heap >= 9300000000000", -ERANGE, "9.2e12" },
		{ "heap >= 99999999999999999999", -ERANGE, "9.2e12" },
		/* would be written as one digit more than may be read */
		{ "some >= 9999999999999999999999999999999999999999", -ERANGE, "too large" },
		{ "heap >= 101%", -ERANGE, "percentage" },
		{ "heap >= 0%", -ERANGE, "percentage" },
		{ "rss >= 10%", -EINVAL, "percentage" },
		{ "heap grows 10% in 5s", -EINVAL, "percentage" },
		{ "threads > 5MB", -EINVAL, "threads has no unit" },
		{ "heap >= 5 for 0s", -ERANGE, "1 to 86400" },
		{ "heap >= 5 for 1.5s", -EINVAL, "whole seconds" },
		{ "heap >= 5 for 5", -EINVAL, "s or m" },
		{ "heap >= 5 for 5h", -EINVAL, "s or m" },
		{ "heap grows 5", -EINVAL, "\"in N s\" is missing" },
		{ "heap grows 5 in 11m", -ERANGE, "1 to 600" },
		{ "heap grows 0 in 5s", -ERANGE, "above 0" },
		{ "heap >= 5 now", -EINVAL, "no unit" },
		{ "heap >= 5 for 5s again", -EINVAL, "line 1, column 18: nothing is expected" },
		{ "threads > 1\n  he\"ap > 5", -EINVAL, "line 2, column 5:" },
		{ "/heap > 5", -EINVAL, "no name" },
		{ "../status > 5", -EINVAL, "line 1, column 1: this is no name" },
		{ "a//b > 5", -EINVAL, "no name" },
		{ "a/./b > 5", -EINVAL, "no name" },
		{ "heap/ > 5", -EINVAL, "no name" },
		{ "counters/cpu-usage > 5", -EINVAL, "a counter is named without counters/" },
		{ "> 5", -EINVAL, "a name is missing" },
		{ "heap >= 5\nheap >= 6", -EINVAL, "line 2, column 1: a second threshold" },
		{ "off\nheap > 5", -EINVAL, "line 1, column 4:" },
	};
	g_autoptr(GString) many = g_string_new(NULL);
	g_autofree char *why = NULL;
	TriggerSet set;

	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = NULL;
		int r = trigger_parse(rows[i].text, strlen(rows[i].text), &set, &text);

		g_assert_cmpint(r, ==, rows[i].error);
		g_assert_cmpuint(set.n, ==, 0);
		if (!strstr(text, rows[i].why))
			g_error("%s: \"%s\", wanted \"%s\"", rows[i].text, text, rows[i].why);
	}
	for (unsigned i = 0; i < TRIGGER_LINES_MAX + 1; i++)
		g_string_append_printf(many, "threads > %u\n", i);
	g_assert_cmpint(trigger_parse(many->str, many->len, &set, &why), ==, -EINVAL);
	g_assert_nonnull(strstr(why, "at most 16"));
	g_clear_pointer(&why, g_free);
	g_assert_cmpint(trigger_parse("heap\0> 5", 8, &set, &why), ==, -EINVAL);
}

static void take(Trigger *trigger, double mb, gint64 now_s)
{
	trigger_take_heap(trigger, mb, FALSE, now_s * S, GAP);
}

static gboolean fires(Trigger *trigger, double mb, gint64 now_s)
{
	take(trigger, mb, now_s);
	return trigger_fires(trigger, now_s * S);
}

static void test_threshold(void)
{
	Trigger trigger;

	trigger_init(&trigger);
	g_assert_false(fires(&trigger, 1e9, 1));
	trigger_set_threshold(&trigger, 500, 7);
	g_assert_cmpint(trigger.threshold_written_us, ==, 7);
	assert_text(&trigger, "heap >= 500\n");
	g_assert_false(trigger_fires(&trigger, 1));
	g_assert_cmpstr(trigger_line_state(trigger.set.lines[0]), ==, "unknown");
	g_assert_false(fires(&trigger, 499.999999, 1));
	g_assert_cmpstr(trigger_line_state(trigger.set.lines[0]), ==, "armed");
	g_assert_false(fires(&trigger, (double)NAN, 2));
	g_assert_false(fires(&trigger, (double)-INFINITY, 3));
	g_assert_cmpint(trigger.state, ==, TRIGGER_ARMED);
	g_assert_true(fires(&trigger, 500, 4));
	g_assert_cmpint(trigger.state, ==, TRIGGER_QUEUED);
	g_assert_true(trigger_still_holds(&trigger));
	g_assert_true(trigger.fired == trigger.set.lines[0]);
	/* Once. */
	g_assert_false(fires(&trigger, 501, 5));
	take(&trigger, 400, 6);
	g_assert_false(trigger_still_holds(&trigger));
	trigger_clear(&trigger);
}

static void test_threshold_and_lines(void)
{
	Trigger trigger;

	trigger_init(&trigger);
	trigger_set_threshold(&trigger, 500, 1);
	/* Without a threshold of its own a write keeps it. */
	write_lines(&trigger, "threads > 5");
	assert_text(&trigger, "heap >= 500\nthreads > 5\n");
	write_lines(&trigger, "threads > 6\nheap >= 600");
	assert_text(&trigger, "heap >= 600\nthreads > 6\n");
	g_assert_cmpfloat(trigger_threshold_mb(&trigger), ==, 600);
	/* A percentage is no threshold. */
	write_lines(&trigger, "heap >= 80%");
	assert_text(&trigger, "heap >= 600\nheap >= 80%\n");
	trigger_set_threshold(&trigger, 0, 1);
	assert_text(&trigger, "heap >= 80%\n");
	g_assert_cmpint(trigger.state, ==, TRIGGER_ARMED);
	trigger_set_threshold(&trigger, 1, 1);
	write_lines(&trigger, "off");
	assert_text(&trigger, "heap >= 1\n");
	trigger_set_threshold(&trigger, 0, 1);
	assert_text(&trigger, "off\n");
	g_assert_cmpint(trigger.state, ==, TRIGGER_OFF);
	trigger_clear(&trigger);
}

static void done(Trigger *trigger, gint64 now_s)
{
	trigger_dump_running(trigger, trigger->generation);
	g_assert_cmpint(trigger->state, ==, TRIGGER_DUMPING);
	trigger_dump_done(trigger, trigger->generation, now_s * S);
}

static void test_one_dump(void)
{
	Trigger trigger;

	trigger_init(&trigger);
	trigger_set_threshold(&trigger, 1, 1);
	g_assert_true(fires(&trigger, (double)INFINITY, 1));
	done(&trigger, 2);
	g_assert_cmpstr(trigger_state_name(trigger.state), ==, "fired");
	g_assert_false(fires(&trigger, 0, 100));
	g_assert_false(fires(&trigger, 2, 200));
	g_assert_false(trigger_is_live(&trigger));
	/* The threshold stays readable, and a write arms again. */
	g_assert_cmpfloat(trigger_threshold_mb(&trigger), ==, 1);
	trigger_set_threshold(&trigger, 1, 2);
	g_assert_true(fires(&trigger, 2, 201));
	trigger_dump_failed(&trigger, trigger.generation);
	g_assert_cmpstr(trigger_state_name(trigger.state), ==, "failed");
	/* A write before its end: what becomes of the older dump changes nothing. */
	trigger_set_threshold(&trigger, 1, 3);
	g_assert_true(fires(&trigger, 2, 202));
	{
		unsigned old = trigger.generation;

		trigger_set_threshold(&trigger, 1, 3);
		trigger_dump_done(&trigger, old, 203 * S);
		g_assert_cmpint(trigger.state, ==, TRIGGER_ARMED);
	}
	trigger_clear(&trigger);
}

static void test_storm(void)
{
	Trigger trigger;

	trigger_init(&trigger);
	trigger.max_dumps = 3;
	trigger.cooldown_s = 20;
	trigger_set_threshold(&trigger, 100, 1);
	g_assert_true(fires(&trigger, 150, 1));
	done(&trigger, 5);
	g_assert_cmpstr(trigger_state_name(trigger.state), ==, "cooldown");
	/* It was quiet and holds again within the cooldown: at its end it fires. */
	g_assert_false(fires(&trigger, 50, 6));
	g_assert_false(fires(&trigger, 150, 24));
	g_assert_true(fires(&trigger, 150, 25));
	done(&trigger, 26);
	/* Not quiet: 95 is within 10 % of 100. */
	g_assert_false(fires(&trigger, 95, 60));
	g_assert_false(fires(&trigger, 105, 61));
	g_assert_cmpstr(trigger_line_state(trigger.set.lines[0]), ==, "waits");
	g_assert_false(fires(&trigger, 90, 62));
	g_assert_false(fires(&trigger, 89.9, 63));
	g_assert_true(fires(&trigger, 100, 64));
	done(&trigger, 65);
	g_assert_cmpstr(trigger_state_name(trigger.state), ==, "exhausted");
	trigger_recount(&trigger);
	g_assert_true(fires(&trigger, 100, 66));
	g_assert_cmpuint(trigger.dumps, ==, 0);
	trigger_clear(&trigger);
}

/* Ten times a second above and below, for an hour: one dump a cooldown, and none beyond max_dumps. */
static void test_flapping(void)
{
	enum {
		TENTHS = 36000
	};
	gint64 last_us = 0;
	unsigned n = 0;
	Trigger trigger;

	trigger_init(&trigger);
	trigger.max_dumps = 50;
	trigger.cooldown_s = 60;
	trigger_set_threshold(&trigger, 100, 1);
	for (unsigned i = 1; i <= TENTHS; i++) {
		gint64 now_us = i * (S / 10);

		trigger_take_heap(&trigger, i % 2 ? 150 : 50, FALSE, now_us, S);
		if (!trigger_fires(&trigger, now_us))
			continue;
		g_assert_true(!n || now_us - last_us >= 60 * S);
		trigger_dump_running(&trigger, trigger.generation);
		trigger_dump_done(&trigger, trigger.generation, now_us);
		last_us = now_us;
		n++;
	}
	g_assert_cmpuint(n, ==, 50);
	g_assert_cmpstr(trigger_state_name(trigger.state), ==, "exhausted");
	trigger_clear(&trigger);
}

static void test_missed(void)
{
	Trigger trigger;

	trigger_init(&trigger);
	trigger_set_threshold(&trigger, 100, 1);
	g_assert_true(fires(&trigger, 150, 1));
	g_assert_true(trigger_dump_missed(&trigger, trigger.generation, 1 * S));
	g_assert_cmpint(trigger.state, ==, TRIGGER_ARMED);
	/* Tried again, but not at every event. */
	g_assert_false(trigger_fires(&trigger, 1 * S + S / 2));
	g_assert_true(fires(&trigger, 150, 2));
	g_assert_false(trigger_dump_missed(&trigger, trigger.generation, 2 * S));
	trigger_clear(&trigger);
}

static void test_for(void)
{
	Trigger trigger;

	trigger_init(&trigger);
	write_lines(&trigger, "heap > 100 for 5s");
	g_assert_false(fires(&trigger, 150, 10));
	g_assert_false(fires(&trigger, 150, 12));
	g_assert_false(fires(&trigger, 90, 13));
	g_assert_false(fires(&trigger, 150, 14));
	g_assert_false(fires(&trigger, 150, 16));
	/* Silence: neither counted nor a reset. */
	g_assert_false(fires(&trigger, 150, 26));
	g_assert_false(fires(&trigger, 150, 28));
	/* A dump on demand: time stands still. */
	trigger_pause(&trigger);
	g_assert_false(fires(&trigger, 150, 30));
	g_assert_true(fires(&trigger, 150, 31));
	trigger_clear(&trigger);
}

static void test_grows(void)
{
	Trigger trigger;

	trigger_init(&trigger);
	write_lines(&trigger, "heap grows 100 in 30s");
	g_assert_false(fires(&trigger, 500, 1));
	g_assert_false(fires(&trigger, 420, 10));
	g_assert_false(fires(&trigger, 515, 20));
	/* Set right by a sample: no growth. */
	trigger_correct_heap(&trigger, 50);
	g_assert_false(fires(&trigger, 565, 21));
	/* A lower bound says nothing, and the lowest values are forgotten. */
	trigger_take_heap(&trigger, 900, TRUE, 22 * S, GAP);
	g_assert_false(trigger_fires(&trigger, 22 * S));
	g_assert_false(fires(&trigger, 900, 23));
	g_assert_false(fires(&trigger, 990, 52));
	g_assert_true(fires(&trigger, 1000, 53));
	g_assert_true(trigger.set.lines[0]->waits);
	take(&trigger, 1000, 100);
	g_assert_false(trigger.set.lines[0]->waits);
	/* However fast they come, the room is bounded. */
	for (unsigned i = 0; i < 100000; i++)
		take(&trigger, 1000 + i % 50, 100 + i / 100);
	trigger_clear(&trigger);
}

static void test_lower_bound(void)
{
	Trigger trigger;

	trigger_init(&trigger);
	write_lines(&trigger, "heap < 100");
	trigger_take_heap(&trigger, 5, TRUE, S, GAP);
	g_assert_false(trigger_fires(&trigger, S));
	g_assert_true(fires(&trigger, 5, 2));
	trigger_clear(&trigger);
	trigger_init(&trigger);
	write_lines(&trigger, "heap > 100");
	trigger_take_heap(&trigger, 150, TRUE, S, GAP);
	g_assert_true(trigger_fires(&trigger, S));
	/* It may be higher in truth: not quiet. */
	trigger_take_heap(&trigger, 5, TRUE, 2 * S, GAP);
	g_assert_true(trigger.set.lines[0]->waits);
	trigger_clear(&trigger);
}

static void test_zero(void)
{
	Trigger trigger;
	TriggerLine *line;

	trigger_init(&trigger);
	trigger.max_dumps = 2;
	trigger.cooldown_s = 0;
	write_lines(&trigger, "exception-count > 0");
	line = trigger.set.lines[0];
	/* Its unit is not known yet. */
	trigger_line_take(line, 5, FALSE, S, GAP);
	g_assert_false(trigger_fires(&trigger, S));
	line->limit = line->number;
	trigger_line_take(line, 5, FALSE, 2 * S, GAP);
	g_assert_true(trigger_fires(&trigger, 2 * S));
	done(&trigger, 3);
	trigger_line_take(line, 5, FALSE, 4 * S, GAP);
	g_assert_false(trigger_fires(&trigger, 4 * S));
	trigger_line_take(line, 0, FALSE, 5 * S, GAP);
	trigger_line_take(line, 1, FALSE, 6 * S, GAP);
	g_assert_true(trigger_fires(&trigger, 6 * S));
	trigger_break(&trigger, line);
	g_assert_cmpstr(trigger_line_state(line), ==, "failed");
	g_assert_cmpint(trigger.state, ==, TRIGGER_FAILED);
	trigger_clear(&trigger);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/trigger/grammar", test_grammar);
	g_test_add_func("/trigger/refused", test_refused);
	g_test_add_func("/trigger/row-H10/threshold", test_threshold);
	g_test_add_func("/trigger/threshold-and-lines", test_threshold_and_lines);
	g_test_add_func("/trigger/one-dump", test_one_dump);
	g_test_add_func("/trigger/row-D14/storm", test_storm);
	g_test_add_func("/trigger/row-D14/flapping", test_flapping);
	g_test_add_func("/trigger/missed", test_missed);
	g_test_add_func("/trigger/for", test_for);
	g_test_add_func("/trigger/grows", test_grows);
	g_test_add_func("/trigger/lower-bound", test_lower_bound);
	g_test_add_func("/trigger/zero", test_zero);
	return g_test_run();
}
