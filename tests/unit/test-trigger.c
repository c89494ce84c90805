/* States of a trigger. */
#include "fs/model/trigger.h"
#include <math.h>

static HeapLevel level_of(double mb)
{
	HeapLevel level = { 0 };

	heap_level_sample(&level, mb, 100, 200);
	return level;
}

static gboolean fires_at(Trigger *trigger, double mb)
{
	HeapLevel level = level_of(mb);

	return trigger_sample(trigger, &level);
}

static void test_threshold(void)
{
	const TriggerKind *kind = trigger_kind_find("threshold");
	g_autoptr(GString) text = g_string_new(NULL);
	HeapLevel unknown = { 0 };
	Trigger trigger = { 0 };

	g_assert_true(kind == &trigger_threshold);
	g_assert_null(trigger_kind_find("nonsense"));
	g_assert_false(fires_at(&trigger, 1e9));
	trigger_arm(&trigger, kind, 500, 1);
	trigger_describe(&trigger, text);
	g_assert_cmpstr(text->str, ==, "heap >= 500");
	g_assert_false(trigger_sample(&trigger, &unknown));
	g_assert_false(fires_at(&trigger, 499.999999));
	g_assert_false(fires_at(&trigger, NAN));
	g_assert_false(fires_at(&trigger, -INFINITY));
	g_assert_cmpint(trigger.state, ==, TRIGGER_ARMED);
	g_assert_true(fires_at(&trigger, 500));
	g_assert_cmpint(trigger.state, ==, TRIGGER_QUEUED);
	/* Once. */
	g_assert_false(fires_at(&trigger, 501));
}

static void test_one_dump(void)
{
	Trigger trigger = { 0 };

	trigger_arm(&trigger, &trigger_threshold, 1, 1);
	g_assert_true(fires_at(&trigger, INFINITY));
	trigger_dump_running(&trigger, trigger.generation);
	g_assert_cmpstr(trigger_state_name(trigger.state), ==, "dumping");
	trigger_dump_done(&trigger, trigger.generation);
	g_assert_cmpstr(trigger_state_name(trigger.state), ==, "fired");
	g_assert_false(fires_at(&trigger, 2));
	/* The threshold stays readable, and a write arms again. */
	g_assert_cmpfloat(trigger.limit_mb, ==, 1);
	trigger_arm(&trigger, &trigger_threshold, 1, 2);
	g_assert_true(fires_at(&trigger, 2));
	trigger_dump_failed(&trigger, trigger.generation);
	g_assert_cmpstr(trigger_state_name(trigger.state), ==, "failed");
	g_assert_false(fires_at(&trigger, 2));
	trigger_disarm(&trigger, 3);
	g_assert_cmpint(trigger.written_us, ==, 3);
	g_assert_false(fires_at(&trigger, 2));
}

static void test_missed(void)
{
	Trigger trigger = { 0 };

	trigger_arm(&trigger, &trigger_threshold, 1, 1);
	g_assert_true(fires_at(&trigger, 2));
	g_assert_true(trigger_dump_missed(&trigger, trigger.generation));
	g_assert_cmpint(trigger.state, ==, TRIGGER_ARMED);
	/* Tried again with the next sample, told once. */
	g_assert_true(fires_at(&trigger, 2));
	g_assert_false(trigger_dump_missed(&trigger, trigger.generation));
	g_assert_true(fires_at(&trigger, 2));
	trigger_dump_done(&trigger, trigger.generation);
	g_assert_cmpint(trigger.state, ==, TRIGGER_FIRED);
}

/* The end of a dump that an earlier write asked for is not that of this one. */
static void test_generations(void)
{
	Trigger trigger = { 0 };
	unsigned old;

	trigger_arm(&trigger, &trigger_threshold, 1, 1);
	g_assert_true(fires_at(&trigger, 2));
	old = trigger.generation;
	trigger_arm(&trigger, &trigger_threshold, 9, 2);
	trigger_dump_running(&trigger, old);
	trigger_dump_failed(&trigger, old);
	trigger_dump_done(&trigger, old);
	g_assert_false(trigger_dump_missed(&trigger, old));
	g_assert_cmpint(trigger.state, ==, TRIGGER_ARMED);
	trigger_disarm(&trigger, 3);
	trigger_dump_done(&trigger, old);
	g_assert_cmpint(trigger.state, ==, TRIGGER_OFF);
}

static void test_level(void)
{
	HeapLevel level = { 0 };

	g_assert_false(heap_level_fresh(&level, 100, 1000));
	heap_level_sample(&level, 5, 100, 1);
	g_assert_true(heap_level_fresh(&level, 1100, 1000));
	g_assert_false(heap_level_fresh(&level, 1101, 1000));
	heap_level_sample(&level, NAN, 100, 1);
	g_assert_false(heap_level_fresh(&level, 100, 1000));
	g_assert_cmpuint(level.seq, ==, 2);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/trigger/threshold", test_threshold);
	g_test_add_func("/trigger/one-dump", test_one_dump);
	g_test_add_func("/trigger/missed", test_missed);
	g_test_add_func("/trigger/generations", test_generations);
	g_test_add_func("/trigger/level", test_level);
	return g_test_run();
}
