/* Interned counters: names, values, caps. */
#include "fs/model/counter-store.h"
#include <math.h>
#include <string.h>
#include "fs/model/file-name.h"

static EventCounterSample mean(const char *provider, const char *name, double value)
{
	EventCounterSample sample = { .provider = provider, .kind = EVENT_COUNTER_MEAN };

	g_strlcpy(sample.name, name, sizeof sample.name);
	sample.value = value;
	return sample;
}

static void test_from_the_start(void)
{
	g_autoptr(CounterStore) store = counter_store_new();
	const Counter *heap = counter_store_find(store, 0, "gc-heap-size");

	g_assert_cmpuint(counter_store_n(store), ==, 19);
	g_assert_cmpuint(counter_store_n_providers(store), ==, 1);
	g_assert_cmpstr(counter_store_provider(store, 0)->file, ==, "");
	g_assert_nonnull(heap);
	g_assert_true(heap == counter_store_heap(store));
	g_assert_false(heap->has_value);
	g_assert_cmpstr(heap->unit, ==, "MB");
	g_assert_null(counter_store_find(store, 0, "poh-size"));
	g_assert_null(counter_store_find_provider(store, ""));
	g_assert_null(counter_store_get(store, 19));
}

static void test_expected(void)
{
	static const struct {
		unsigned major, n;
	} table[] = {
		{ 0, 19 }, { 3, 19 }, { 5, 23 }, { 6, 25 }, { 7, 25 }, { 8, 27 }, { 11, 27 }
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autoptr(CounterStore) store = counter_store_new();
		const Counter *heap = counter_store_heap(store);

		counter_store_expect(store, table[i].major);
		counter_store_expect(store, table[i].major);
		g_assert_cmpuint(counter_store_n(store), ==, table[i].n);
		g_assert_cmpuint(counter_store_refused(store), ==, 0);
		g_assert_cmpuint(counter_store_seq(store), ==, 0);
		g_assert_true(counter_store_heap(store) == heap);
		for (unsigned id = 0; id < table[i].n; id++)
			g_assert_false(counter_store_get(store, id)->has_value);
	}
}

/* What was sent before the runtime's version was known stays as it was. */
static void test_expected_late(void)
{
	g_autoptr(CounterStore) store = counter_store_new();
	EventCounterSample sample = mean("System.Runtime", "time-in-jit", 7);
	const Counter *counter;

	g_strlcpy(sample.unit, "s", sizeof sample.unit);
	counter = counter_store_take(store, &sample, 1, 1);
	counter_store_expect(store, 8);
	g_assert_cmpuint(counter_store_n(store), ==, 27);
	g_assert_cmpuint(counter->id, ==, 19);
	g_assert_true(counter->has_value);
	g_assert_cmpstr(counter->unit, ==, "s");
	g_assert_cmpint(counter->kind, ==, EVENT_COUNTER_MEAN);
	g_assert_cmpstr(counter_store_find(store, 0, "poh-size")->unit, ==, "B");
}

static void test_values(void)
{
	g_autoptr(CounterStore) store = counter_store_new();
	EventCounterSample sample = mean("System.Runtime", "gc-heap-size", 388.5);
	const Counter *counter;

	g_strlcpy(sample.unit, "MB", sizeof sample.unit);
	g_strlcpy(sample.display_name, "GC Heap Size", sizeof sample.display_name);
	counter = counter_store_take(store, &sample, 10, 20);
	g_assert_true(counter == counter_store_heap(store));
	g_assert_true(counter->has_value);
	g_assert_cmpfloat(counter->value, ==, 388.5);
	g_assert_cmpint(counter->time_us, ==, 10);
	g_assert_cmpint(counter->wall_us, ==, 20);
	g_assert_cmpuint(counter->seq, ==, 1);
	g_assert_cmpstr(counter->display, ==, "GC Heap Size");
	sample = mean("System.Runtime", "poh-size", NAN);
	counter = counter_store_take(store, &sample, 11, 21);
	g_assert_cmpuint(counter->id, ==, 19);
	g_assert_true(isnan(counter->value));
	g_assert_cmpuint(counter_store_seq(store), ==, 2);
}

/* Increments are rates; a report over no time says nothing. */
static void test_rates(void)
{
	g_autoptr(CounterStore) store = counter_store_new();
	EventCounterSample sample = mean("System.Runtime", "alloc-rate", 1000);
	const Counter *counter;

	sample.kind = EVENT_COUNTER_SUM;
	sample.interval_s = 0;
	g_assert_null(counter_store_take(store, &sample, 1, 1));
	sample.interval_s = 0.001;
	g_assert_null(counter_store_take(store, &sample, 1, 1));
	sample.interval_s = -1;
	g_assert_null(counter_store_take(store, &sample, 1, 1));
	sample.interval_s = NAN;
	g_assert_null(counter_store_take(store, &sample, 1, 1));
	sample.interval_s = 2;
	counter = counter_store_take(store, &sample, 1, 1);
	g_assert_cmpfloat(counter->value, ==, 500);
	g_assert_cmpuint(counter_store_refused(store), ==, 0);
}

static void test_providers(void)
{
	g_autoptr(CounterStore) store = counter_store_new();
	EventCounterSample sample = mean("Microsoft.AspNetCore.Hosting", "current-requests", 1);
	const CounterProvider *provider;

	counter_store_take(store, &sample, 1, 1);
	provider = counter_store_find_provider(store, "Microsoft.AspNetCore.Hosting");
	g_assert_cmpuint(provider->id, ==, 1);
	g_assert_nonnull(counter_store_find(store, 1, "current-requests"));
	g_assert_null(counter_store_find(store, 0, "current-requests"));
	/* A directory cannot take a flat counter's name, nor the other way round. */
	sample = mean("cpu-usage", "x", 1);
	counter_store_take(store, &sample, 1, 1);
	g_assert_nonnull(counter_store_find_provider(store, "cpu-usage~"));
	sample = mean("System.Runtime", "Microsoft.AspNetCore.Hosting", 1);
	counter_store_take(store, &sample, 1, 1);
	g_assert_nonnull(counter_store_find(store, 0, "Microsoft.AspNetCore.Hosting~"));
	g_assert_true(counter_store_find_provider(store, "Microsoft.AspNetCore.Hosting") ==
	              provider);
}

static void test_caps(void)
{
	enum {
		N = 1000000
	};
	g_autoptr(CounterStore) store = counter_store_new();
	EventCounterSample sample;
	char name[32];

	for (unsigned i = 0; i < N; i++) {
		g_snprintf(name, sizeof name, "c%u", i);
		sample = mean("System.Runtime", name, i);
		counter_store_take(store, &sample, 1, 1);
	}
	g_assert_cmpuint(counter_store_n(store), ==, COUNTER_MAX);
	g_assert_cmpuint(counter_store_refused(store), ==, N - (COUNTER_MAX - 19));
	/* Those that exist go on. */
	sample = mean("System.Runtime", "c5", 77);
	g_assert_cmpfloat(counter_store_take(store, &sample, 2, 2)->value, ==, 77);
	for (unsigned i = 0; i < 200; i++) {
		g_snprintf(name, sizeof name, "p%u", i);
		sample = mean(name, "x", i);
		g_assert_null(counter_store_take(store, &sample, 1, 1));
	}
	g_assert_cmpuint(counter_store_n_providers(store), ==, COUNTER_PROVIDERS_MAX);
}

/* A target that sends any bytes: names stay unique, safe and findable. */
static void test_random_names(void)
{
	g_autoptr(CounterStore) store = counter_store_new();

	for (unsigned i = 0; i < 5000; i++) {
		EventCounterSample sample = mean("System.Runtime", "", i);
		unsigned len = (unsigned)g_test_rand_int_range(0, EVENT_COUNTER_NAME_MAX - 1);
		const Counter *counter;

		for (unsigned k = 0; k < len; k++)
			sample.name[k] = (char)g_test_rand_int_range(1, 256);
		counter = counter_store_take(store, &sample, 1, 1);
		if (!counter)
			continue;
		g_assert_cmpuint(strlen(counter->file), <, FILE_NAME_SIZE);
		g_assert_null(strchr(counter->file, '/'));
		g_assert_cmpstr(counter->file, !=, "..");
		g_assert_true(counter_store_find(store, 0, counter->file) == counter);
		g_assert_true(counter_store_get(store, counter->id) == counter);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/counter-store/from-the-start", test_from_the_start);
	g_test_add_func("/counter-store/expected", test_expected);
	g_test_add_func("/counter-store/expected-late", test_expected_late);
	g_test_add_func("/counter-store/row-H10/values", test_values);
	g_test_add_func("/counter-store/row-H10/rates", test_rates);
	g_test_add_func("/counter-store/providers", test_providers);
	g_test_add_func("/counter-store/row-H8/caps", test_caps);
	g_test_add_func("/counter-store/row-H9/random-names", test_random_names);
	return g_test_run();
}
