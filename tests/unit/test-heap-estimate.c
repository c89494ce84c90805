/* The running estimate of a heap: order, corrections, losses, bounds. */
#include "fs/model/heap-estimate.h"
#include <math.h>

#define MS G_GINT64_CONSTANT(1000000)
#define MB G_GUINT64_CONSTANT(1000000)

static HeapSample sample(HeapEstimate *e, gint64 ms, double mb, gboolean strict, double *correction)
{
	double ignored;

	return heap_estimate_sample(e, ms * MS, mb, strict, correction ? correction : &ignored);
}

#define assert_mb(e, mb) g_assert_cmpfloat(heap_estimate_mb(e), ==, mb)

static void test_ticks(void)
{
	g_autoptr(HeapEstimate) e = heap_estimate_new();

	assert_mb(e, 0);
	g_assert_true(heap_estimate_is_lower_bound(e));
	heap_estimate_reset(e, 0, TRUE);
	g_assert_false(heap_estimate_is_lower_bound(e));
	for (unsigned i = 0; i < 50; i++)
		heap_estimate_tick(e, i * MS / 10, 100000);
	assert_mb(e, 5);
	g_assert_cmpuint(heap_estimate_n_ticks(e), ==, 50);
	heap_estimate_reset(e, 388.682712, FALSE);
	g_assert_true(heap_estimate_is_lower_bound(e));
	assert_mb(e, 388.682712);
}

static void test_collection(void)
{
	g_autoptr(HeapEstimate) e = heap_estimate_new();

	heap_estimate_tick(e, 1 * MS, 300 * MB);
	/* Two heaps, free space taken off. */
	heap_estimate_history(e, 0, 40 * MB, 20 * MB, 0);
	heap_estimate_history(e, 1, 48 * MB, 12 * MB, 0);
	heap_estimate_collected(e, 2 * MS, 120 * MB);
	assert_mb(e, 88);
	g_assert_false(heap_estimate_is_lower_bound(e));
	heap_estimate_tick(e, 3 * MS, 2 * MB);
	assert_mb(e, 90);
	/* Without histories the sizes have to do. */
	heap_estimate_collected(e, 4 * MS, 97 * MB);
	assert_mb(e, 97);
	/* The history of a collection whose end was lost is not added to the next one's. */
	heap_estimate_history(e, 0, 500 * MB, 0, 0);
	heap_estimate_history(e, 0, 50 * MB, 0, 0);
	heap_estimate_collected(e, 5 * MS, 1);
	assert_mb(e, 50);
	/* One that lacks a part of what there is. */
	heap_estimate_history(e, 0, 80 * MB, 5 * MB, 0);
	heap_estimate_collected(e, 6 * MS, 185 * MB);
	assert_mb(e, 180);
	/* Free space in two thirds of it is no lack. */
	heap_estimate_history(e, 0, 300 * MB, 600 * MB, 0);
	heap_estimate_collected(e, 7 * MS, 900 * MB);
	assert_mb(e, 300);
	g_assert_cmpuint(heap_estimate_n_collections(e), ==, 5);
}

/* The counter is applied at its stamp: what is newer comes on top again. */
static void test_late_counter(void)
{
	g_autoptr(HeapEstimate) e = heap_estimate_new();
	double correction;

	for (unsigned i = 0; i < 3000; i++)
		heap_estimate_tick(e, 1000 * MS + i * MS / 30, 100000);
	assert_mb(e, 300);
	g_assert_cmpint(sample(e, 999, 88.5, TRUE, &correction), ==, HEAP_SAMPLE_TAKEN);
	assert_mb(e, 388.5);
	g_assert_cmpfloat(correction, ==, 88.5);
	g_assert_false(heap_estimate_is_lower_bound(e));
	/* A collection that is newer than the counter makes it history. */
	heap_estimate_collected(e, 1200 * MS, 90 * MB);
	g_assert_cmpint(sample(e, 1150, 380, TRUE, &correction), ==, HEAP_SAMPLE_TAKEN);
	g_assert_cmpfloat(correction, ==, 0);
	assert_mb(e, 90);
	/* And a tick that comes late, of before that collection, is in its figure. */
	heap_estimate_tick(e, 1199 * MS, 10 * MB);
	assert_mb(e, 90);
	heap_estimate_tick(e, 1201 * MS, 10 * MB);
	assert_mb(e, 100);
	/* A late collection takes off what came before it alone. */
	heap_estimate_tick(e, 1300 * MS, 5 * MB);
	heap_estimate_collected(e, 1250 * MS, 70 * MB);
	assert_mb(e, 75);
}

static void test_odds(void)
{
	g_autoptr(HeapEstimate) e = heap_estimate_new();

	/* Without a base nobody knows better. */
	heap_estimate_tick(e, 1 * MS, 1 * MB);
	g_assert_cmpint(sample(e, 2, 5000, TRUE, NULL), ==, HEAP_SAMPLE_TAKEN);
	heap_estimate_collected(e, 10 * MS, 200 * MB);
	heap_estimate_tick(e, 11 * MS, 100 * MB);
	/* The larger of 100 MB and 25 %, at its stamp. */
	g_assert_cmpint(sample(e, 12, 401, TRUE, NULL), ==, HEAP_SAMPLE_REFUSED);
	assert_mb(e, 300);
	g_assert_cmpint(sample(e, 12, 199, TRUE, NULL), ==, HEAP_SAMPLE_REFUSED);
	g_assert_cmpint(sample(e, 12, 399, TRUE, NULL), ==, HEAP_SAMPLE_TAKEN);
	heap_estimate_collected(e, 20 * MS, 1000 * MB);
	g_assert_cmpint(sample(e, 21, 1240, TRUE, NULL), ==, HEAP_SAMPLE_TAKEN);
	heap_estimate_collected(e, 22 * MS, 1000 * MB);
	g_assert_cmpint(sample(e, 23, 1260, TRUE, NULL), ==, HEAP_SAMPLE_REFUSED);
	/* As it was at the sample's stamp, not as it is now. */
	heap_estimate_tick(e, 30 * MS, 900 * MB);
	g_assert_cmpint(sample(e, 25, 1000, TRUE, NULL), ==, HEAP_SAMPLE_TAKEN);
	assert_mb(e, 1900);
	/* Where no ticks are counted it is believed. */
	g_assert_cmpint(sample(e, 40, 20, FALSE, NULL), ==, HEAP_SAMPLE_TAKEN);
	assert_mb(e, 20);
}

/* A runtime that sends no ticks: every sample is news. */
static void test_blind(void)
{
	g_autoptr(HeapEstimate) e = heap_estimate_new();

	g_assert_cmpint(sample(e, 1, 100, TRUE, NULL), ==, HEAP_SAMPLE_TAKEN);
	g_assert_cmpint(sample(e, 2, 900, TRUE, NULL), ==, HEAP_SAMPLE_TAKEN);
	assert_mb(e, 900);
	g_assert_cmpuint(heap_estimate_n_ticks(e), ==, 0);
}

static void test_losses(void)
{
	g_autoptr(HeapEstimate) e = heap_estimate_new();

	heap_estimate_collected(e, 10 * MS, 100 * MB);
	heap_estimate_tick(e, 11 * MS, 1 * MB);
	heap_estimate_lost(e);
	g_assert_true(heap_estimate_is_lower_bound(e));
	assert_mb(e, 101);
	/* An older sample mends nothing, though it is right for its moment. */
	g_assert_cmpint(sample(e, 9, 99, TRUE, NULL), ==, HEAP_SAMPLE_TAKEN);
	g_assert_true(heap_estimate_is_lower_bound(e));
	/* The next one does, and is not judged by what is known to lack something. */
	g_assert_cmpint(sample(e, 12, 400, TRUE, NULL), ==, HEAP_SAMPLE_TAKEN);
	g_assert_false(heap_estimate_is_lower_bound(e));
	assert_mb(e, 400);
	heap_estimate_lost(e);
	heap_estimate_collected(e, 13 * MS, 50 * MB);
	g_assert_false(heap_estimate_is_lower_bound(e));
	g_assert_cmpint(sample(e, 14, 400, TRUE, NULL), ==, HEAP_SAMPLE_REFUSED);
}

static void collect_young(HeapEstimate *e, unsigned second, unsigned alive, unsigned young)
{
	heap_estimate_history(e, 0, alive * MB, (young + 3) * MB, young * MB);
	heap_estimate_collected(e, second * 1000 * MS, 0);
	heap_estimate_tick(e, (second * 1000 + 1) * MS, 3 * MB);
}

/* A runtime that takes the free list of generation 0 off twice: known after a sample. */
static void test_young(void)
{
	g_autoptr(HeapEstimate) e = heap_estimate_new();

	collect_young(e, 1, 70, 20);
	assert_mb(e, 73);
	sample(e, 1002, 53, TRUE, NULL);
	collect_young(e, 2, 70, 20);
	assert_mb(e, 53);
	sample(e, 2002, 73, TRUE, NULL);
	collect_young(e, 3, 70, 24);
	assert_mb(e, 49);
	/* One odd sample changed nothing, and one that fits nothing does not. */
	sample(e, 3002, 49, TRUE, NULL);
	collect_young(e, 4, 70, 20);
	sample(e, 4002, 53, TRUE, NULL);
	collect_young(e, 5, 70, 20);
	sample(e, 5002, 63, TRUE, NULL);
	collect_young(e, 6, 70, 20);
	assert_mb(e, 53);
	/* Nor does a new session; more than there is cannot be taken off. */
	heap_estimate_reset(e, 50, FALSE);
	collect_young(e, 1, 5, 20);
	assert_mb(e, 3);
	/* It goes when it is no more. */
	for (unsigned i = 10; i <= 13; i++) {
		collect_young(e, i, 70, 20);
		sample(e, i * 1000 + 2, 73, TRUE, NULL);
	}
	collect_young(e, 14, 70, 20);
	assert_mb(e, 73);
	/* Little of it says nothing. */
	for (unsigned i = 15; i <= 20; i++) {
		collect_young(e, i, 70, 2);
		sample(e, i * 1000 + 2, 71, TRUE, NULL);
	}
	collect_young(e, 21, 70, 20);
	assert_mb(e, 73);
}

/* A part of what is taken from the free list of generation 0 is no object, and of fresh memory all is. */
static void test_waste(void)
{
	g_autoptr(HeapEstimate) e = heap_estimate_new();

	for (unsigned i = 0; i < 3; i++) {
		heap_estimate_history(e, 0, 60 * MB, 100 * MB, 100 * MB);
		heap_estimate_collected(e, (10 * i + 1) * MS, 160 * MB);
		heap_estimate_tick(e, (10 * i + 2) * MS, 40 * MB);
		assert_mb(e, i ? 90 : 100);
		sample(e, 10 * i + 3, 90, TRUE, NULL);
		assert_mb(e, 90);
		/* The list has 60 left. */
		heap_estimate_tick(e, (10 * i + 4) * MS, 40 * MB);
		assert_mb(e, 120);
		heap_estimate_tick(e, (10 * i + 5) * MS, 300 * MB);
		assert_mb(e, 90 + 45 + 280);
	}
	/* Without a list nothing is less; what a sample is off by for another reason teaches nothing. */
	heap_estimate_collected(e, 100 * MS, 60 * MB);
	heap_estimate_tick(e, 101 * MS, 40 * MB);
	assert_mb(e, 100);
	for (unsigned i = 11; i < 20; i++) {
		heap_estimate_history(e, 0, 60 * MB, 10 * MB, 10 * MB);
		heap_estimate_collected(e, 10 * i * MS, 70 * MB);
		heap_estimate_tick(e, (10 * i + 1) * MS, 10 * MB);
		sample(e, 10 * i + 2, 120, TRUE, NULL);
	}
	heap_estimate_history(e, 0, 60 * MB, 100 * MB, 100 * MB);
	heap_estimate_collected(e, 300 * MS, 160 * MB);
	heap_estimate_tick(e, 301 * MS, 40 * MB);
	assert_mb(e, 90);
}

/* Hours of ticks and collections: the level is exact to the byte at each step. */
static void test_bounds(void)
{
	g_autoptr(HeapEstimate) e = heap_estimate_new();
	guint64 level = 0;

	heap_estimate_reset(e, 0, TRUE);
	for (unsigned i = 0; i < 400000; i++) {
		heap_estimate_tick(e, i * MS / 7, i % 1000);
		level += i % 1000;
		if (i % 9973 == 0) {
			level = 50 * MB + i;
			heap_estimate_collected(e, i * MS / 7, level);
		}
		g_assert_cmpfloat(heap_estimate_mb(e), ==, (double)level / 1e6);
	}
	/* Collections alone, more than there is room for. */
	for (unsigned i = 0; i < 5000; i++)
		heap_estimate_collected(e, (1000000 + i) * MS / 10, i * MB);
	assert_mb(e, 4999);
	/* What no heap can be changes nothing, or stands still at a bound. */
	heap_estimate_tick(e, G_MAXINT64, G_MAXUINT64);
	heap_estimate_history(e, G_MAXUINT32, 1, 0, 0);
	heap_estimate_history(e, 0, G_MAXUINT64, 0, 0);
	assert_mb(e, 4999);
	for (unsigned i = 0; i < 100000; i++)
		heap_estimate_tick(e, G_MININT64 + i, G_GUINT64_CONSTANT(1) << 47);
	for (unsigned i = 0; i < 100000; i++)
		heap_estimate_tick(e, G_MAXINT64 - i, G_GUINT64_CONSTANT(1) << 47);
	heap_estimate_collected(e, G_MAXINT64, G_MAXUINT64);
	g_assert_true(isfinite(heap_estimate_mb(e)));
}

static void test_nonsense(void)
{
	g_assert_true(heap_estimate_is_nonsense(-12.3, 8));
	g_assert_true(heap_estimate_is_nonsense(18446744073709.5, 8));
	g_assert_true(heap_estimate_is_nonsense((double)NAN, 8));
	g_assert_true(heap_estimate_is_nonsense((double)INFINITY, 8));
	g_assert_true(heap_estimate_is_nonsense(5000, 4));
	g_assert_false(heap_estimate_is_nonsense(5000, 8));
	g_assert_false(heap_estimate_is_nonsense(0, 8));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/heap-estimate/ticks", test_ticks);
	g_test_add_func("/heap-estimate/collection", test_collection);
	g_test_add_func("/heap-estimate/late-counter", test_late_counter);
	g_test_add_func("/heap-estimate/odds", test_odds);
	g_test_add_func("/heap-estimate/blind", test_blind);
	g_test_add_func("/heap-estimate/losses", test_losses);
	g_test_add_func("/heap-estimate/young", test_young);
	g_test_add_func("/heap-estimate/waste", test_waste);
	g_test_add_func("/heap-estimate/bounds", test_bounds);
	g_test_add_func("/heap-estimate/nonsense", test_nonsense);
	return g_test_run();
}
