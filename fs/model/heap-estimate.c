/*
 * The journal: entries in order of stamps, ticks (what they add) and bases (what the level was). Before
 * its first entry stands the floor, a base as well. Sums are in bytes, as integers: nothing drifts.
 */
#include "fs/model/heap-estimate.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_MS   G_GINT64_CONSTANT(1000000)
#define KEEP_NS     (5000 * NS_PER_MS)
#define FINE_NS     (500 * NS_PER_MS) /* newer than this: one entry a millisecond */
#define COARSE_NS   (20 * NS_PER_MS)
#define BYTES_MAX   (G_GINT64_CONSTANT(1) << 47) /* more is no heap: the event is not believed */
#define STAMP_MAX   (G_GINT64_CONSTANT(1) << 62)
#define SUM_MAX     (G_GINT64_CONSTANT(1) << 60)
#define SURPLUS_MIN G_GINT64_CONSTANT(4000000) /* less is what ticks and samples differ by anyway */
#define ODDS_MB     100.0
#define ODDS_SHARE  0.25

enum {
	KEEP_ENTRIES = HEAP_ESTIMATE_ENTRIES_MAX * 3 / 4 - 1
}; /* after a merge */

typedef struct {
	gint64 stamp; /* of a tick: the newest merged into it */
	gint64 bytes;
	gboolean is_base;
	gboolean is_collection;
	gint64 surplus; /* what was taken off its figure */
} Entry;

struct HeapEstimate {
	GArray *entries; /* Entry */
	gint64 floor;    /* bytes before the first entry */
	gboolean floor_is_base;
	gint64 newest;
	gint64 level;   /* at the end of the newest, kept up to date */
	gint64 lost_at; /* stamp as of which something was lost; G_MININT64 never */
	gboolean lower; /* no base since the beginning, or since a loss */
	/* of the collection that ends */
	gint64 alive, free;
	guint heaps;
	guint8 seen[HEAP_ESTIMATE_HEAPS_MAX / 8];
	guint64 ticks, collections;
	/* Collections against the samples that followed them, newest last. */
	guint n_surpluses;
	gint64 surpluses[HEAP_ESTIMATE_SURPLUS_MAX];
};

static Entry *entry(const HeapEstimate *e, guint i)
{
	return &g_array_index(e->entries, Entry, i);
}

/* A hostile target's sums stand still in the end, and never overflow. */
static gint64 add(gint64 a, gint64 b)
{
	return MIN(a + b, SUM_MAX);
}

HeapEstimate *heap_estimate_new(void)
{
	HeapEstimate *e = g_new0(HeapEstimate, 1);

	e->entries = g_array_new(FALSE, FALSE, sizeof(Entry));
	heap_estimate_reset(e, 0, FALSE);
	return e;
}

void heap_estimate_free(HeapEstimate *e)
{
	if (!e)
		return;
	g_array_unref(e->entries);
	g_free(e);
}

static gint64 to_bytes(double mb)
{
	return (gint64)CLAMP(round(mb * 1e6), 0, (double)SUM_MAX);
}

static void forget_histories(HeapEstimate *e)
{
	e->alive = e->free = 0;
	e->heaps = 0;
	memset(e->seen, 0, sizeof e->seen);
}

void heap_estimate_reset(HeapEstimate *e, double mb, gboolean exact)
{
	g_array_set_size(e->entries, 0);
	e->floor = e->level = to_bytes(mb);
	e->floor_is_base = exact;
	e->newest = e->lost_at = G_MININT64;
	e->lower = !exact;
	e->ticks = e->collections = 0;
	e->n_surpluses = 0;
	forget_histories(e);
}

/* Into the floor with the oldest n. */
static void fold(HeapEstimate *e, guint n)
{
	for (guint i = 0; i < n; i++) {
		const Entry *old = entry(e, i);

		e->floor = old->is_base ? old->bytes : add(e->floor, old->bytes);
		e->floor_is_base |= old->is_base;
	}
	if (n)
		g_array_remove_range(e->entries, 0, n);
}

/* What lies 5 s back. */
static void drop_old(HeapEstimate *e)
{
	guint n = 0;

	while (n < e->entries->len && entry(e, n)->stamp < e->newest - KEEP_NS)
		n++;
	fold(e, n);
}

/* Ticks with no base between them, within a step: one entry, as of the newest. */
static void merge(HeapEstimate *e)
{
	guint to = 0;

	for (guint i = 1; i < e->entries->len; i++) {
		Entry *last = entry(e, to), *next = entry(e, i);
		gint64 step = next->stamp < e->newest - FINE_NS ? COARSE_NS : NS_PER_MS;

		if (!last->is_base && !next->is_base && next->stamp / step == last->stamp / step) {
			last->bytes = add(last->bytes, next->bytes);
			last->stamp = next->stamp;
		} else {
			*entry(e, ++to) = *next;
		}
	}
	g_array_set_size(e->entries, to + 1);
	/* Collections without end: the older half is history. */
	if (e->entries->len > KEEP_ENTRIES)
		fold(e, e->entries->len - KEEP_ENTRIES);
}

/* The level at the end of that stamp. *ret_base: the entry it rests on, NULL for the floor. */
static gint64 level_at(const HeapEstimate *e, gint64 stamp, const Entry **ret_base)
{
	gint64 sum = 0;

	for (guint i = e->entries->len; i-- > 0;) {
		const Entry *at = entry(e, i);

		if (at->stamp > stamp)
			continue;
		sum = add(sum, at->bytes);
		if (at->is_base) {
			*ret_base = at;
			return sum;
		}
	}
	*ret_base = NULL;
	return add(sum, e->floor);
}

static void insert(HeapEstimate *e, Entry new)
{
	guint at = e->entries->len;
	const Entry *base;

	new.stamp = CLAMP(new.stamp, 0, STAMP_MAX);
	while (at && entry(e, at - 1)->stamp > new.stamp)
		at--;
	g_array_insert_val(e->entries, at, new);
	e->newest = MAX(e->newest, new.stamp);
	if (at + 1 < e->entries->len)
		e->level = level_at(e, G_MAXINT64, &base);
	else
		e->level = new.is_base ? new.bytes : add(e->level, new.bytes);
	if (e->entries->len >= HEAP_ESTIMATE_ENTRIES_MAX) {
		drop_old(e);
		merge(e);
	}
}

/* A base ends the doubt of what was lost before it. */
static void clear_doubt(HeapEstimate *e, gint64 stamp)
{
	if (stamp > e->lost_at)
		e->lower = FALSE;
}

void heap_estimate_tick(HeapEstimate *e, gint64 stamp, guint64 bytes)
{
	Entry *last = e->entries->len ? entry(e, e->entries->len - 1) : NULL;

	if (bytes > (guint64)BYTES_MAX)
		return;
	e->ticks++;
	/* The usual case: the newest, in the same millisecond as the last. */
	if (last && !last->is_base && stamp >= last->stamp && stamp <= STAMP_MAX &&
	    stamp / NS_PER_MS == last->stamp / NS_PER_MS) {
		last->bytes = add(last->bytes, (gint64)bytes);
		last->stamp = e->newest = stamp;
		e->level = add(e->level, (gint64)bytes);
	} else {
		insert(e, (Entry){ .stamp = stamp, .bytes = (gint64)bytes });
	}
}

void heap_estimate_history(HeapEstimate *e, guint32 heap, guint64 alive_bytes, guint64 free_bytes)
{
	if (heap >= HEAP_ESTIMATE_HEAPS_MAX || alive_bytes > (guint64)BYTES_MAX ||
	    free_bytes > (guint64)BYTES_MAX)
		return;
	/* The same heap again: of a collection whose end was lost. */
	if (e->seen[heap / 8] & 1 << heap % 8)
		forget_histories(e);
	e->seen[heap / 8] |= (guint8)(1 << heap % 8);
	e->heaps++;
	e->alive = add(e->alive, (gint64)alive_bytes);
	e->free = add(e->free, (gint64)free_bytes);
}

static int by_size(const void *a, const void *b)
{
	gint64 first = *(const gint64 *)a, second = *(const gint64 *)b;

	return first < second ? -1 : first > second;
}

/* The middle one of the last, so that one odd sample says nothing; 0 of too few. */
static gint64 usual_surplus(const HeapEstimate *e)
{
	gint64 sorted[HEAP_ESTIMATE_SURPLUS_MAX], middle;

	if (e->n_surpluses < 3)
		return 0;
	memcpy(sorted, e->surpluses, e->n_surpluses * sizeof *sorted);
	qsort(sorted, e->n_surpluses, sizeof *sorted, by_size);
	middle = sorted[(e->n_surpluses - 1) / 2];
	return middle < SURPLUS_MIN ? 0 : middle;
}

void heap_estimate_collected(HeapEstimate *e, gint64 stamp, guint64 size_bytes)
{
	gint64 size = (gint64)MIN(size_bytes, (guint64)BYTES_MAX);
	gint64 bytes = e->heaps ? e->alive : size;
	gint64 surplus;

	if (e->heaps && e->alive + e->free < size / 8)
		bytes = size - e->free;
	surplus = CLAMP(usual_surplus(e), 0, bytes / 2);

	forget_histories(e);
	e->collections++;
	insert(e, (Entry){ .stamp = stamp,
	                   .bytes = bytes - surplus,
	                   .is_base = TRUE,
	                   .is_collection = TRUE,
	                   .surplus = surplus });
	clear_doubt(e, stamp);
}

void heap_estimate_lost(HeapEstimate *e)
{
	e->lost_at = e->newest;
	e->lower = TRUE;
	forget_histories(e);
}

/* By how much the collection before that sample was too high, as far as the ticks since are right. */
static void learn_surplus(HeapEstimate *e, gint64 stamp, gint64 bytes)
{
	const Entry *base;
	gint64 level = level_at(e, stamp, &base);

	if (!base || !base->is_collection || !e->ticks || base->stamp <= e->lost_at)
		return;
	if (e->n_surpluses == HEAP_ESTIMATE_SURPLUS_MAX)
		memmove(e->surpluses, e->surpluses + 1, --e->n_surpluses * sizeof *e->surpluses);
	e->surpluses[e->n_surpluses++] = level + base->surplus - bytes;
}

/* Whether the estimate knows better at that moment. */
static gboolean at_odds(const HeapEstimate *e, gint64 stamp, double mb)
{
	const Entry *base;
	double level = (double)level_at(e, stamp, &base) / 1e6;

	if (!base && !e->floor_is_base)
		return FALSE;
	/* Lost before the base it rests on is no harm. */
	if (e->lost_at != G_MININT64 && (!base || base->stamp <= e->lost_at))
		return FALSE;
	return fabs(mb - level) > MAX(ODDS_MB, ODDS_SHARE * fabs(level));
}

HeapSample heap_estimate_sample(HeapEstimate *e, gint64 stamp, double mb, gboolean strict,
                                double *ret_correction_mb)
{
	gint64 before = e->level;

	*ret_correction_mb = 0;
	if (strict && e->ticks && at_odds(e, stamp, mb))
		return HEAP_SAMPLE_REFUSED;
	learn_surplus(e, stamp, to_bytes(mb));
	insert(e, (Entry){ .stamp = stamp, .bytes = to_bytes(mb), .is_base = TRUE });
	clear_doubt(e, stamp);
	*ret_correction_mb = (double)(e->level - before) / 1e6;
	return HEAP_SAMPLE_TAKEN;
}

double heap_estimate_mb(const HeapEstimate *e)
{
	return (double)e->level / 1e6;
}

gboolean heap_estimate_is_lower_bound(const HeapEstimate *e)
{
	return e->lower;
}

guint64 heap_estimate_n_ticks(const HeapEstimate *e)
{
	return e->ticks;
}

guint64 heap_estimate_n_collections(const HeapEstimate *e)
{
	return e->collections;
}

gboolean heap_estimate_is_nonsense(double mb, unsigned pointer_size)
{
	double limit = pointer_size == 4 ? 4294.967296 : 140737488.355328;

	return !(mb >= 0 && mb <= limit);
}
