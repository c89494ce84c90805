/*
 * The journal: entries in order of stamps, ticks (what they add) and bases (what the level was). Before
 * its first entry stands the floor, a base as well. Sums are in bytes, as integers: nothing drifts.
 */
#include "fs/model/heap-estimate.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_MS  G_GINT64_CONSTANT(1000000)
#define KEEP_NS    (5000 * NS_PER_MS)
#define FINE_NS    (500 * NS_PER_MS) /* newer than this: one entry a millisecond */
#define COARSE_NS  (20 * NS_PER_MS)
#define BYTES_MAX  (G_GINT64_CONSTANT(1) << 47) /* more is no heap: the event is not believed */
#define STAMP_MAX  (G_GINT64_CONSTANT(1) << 62)
#define SUM_MAX    (G_GINT64_CONSTANT(1) << 60)
#define YOUNG_MIN  G_GINT64_CONSTANT(4000000) /* less is what ticks and samples differ by anyway */
#define WASTE_MAX  0.5 /* of what is taken from a free list: more is something else */
#define ODDS_MB    100.0
#define ODDS_SHARE 0.25

enum {
	KEEP_ENTRIES = HEAP_ESTIMATE_ENTRIES_MAX * 3 / 4 - 1, /* after a merge */
	TWICE = 2, /* at least so many more samples say so than say the contrary */
	TWICE_MAX = 3,
	WASTES_MAX = 5, /* samples whose middle one says how much is wasted */
};

typedef struct {
	gint64 stamp; /* of a tick: the newest merged into it */
	gint64 bytes;
	gboolean is_base;
	gboolean is_collection;
	gint64 young;      /* of a base: what was on the free list of generation 0 then */
	gboolean is_twice; /* of a collection: that was taken off once more */
} Entry;

/* A base, and the ticks since. */
typedef struct {
	gint64 bytes, ticks;
	gint64 young;
} Level;

struct HeapEstimate {
	GArray *entries; /* Entry */
	Level floor;     /* before the first entry */
	gboolean floor_is_base;
	gint64 newest;
	Level level;    /* at the end of the newest, kept up to date */
	gint64 lost_at; /* stamp as of which something was lost; G_MININT64 never */
	gboolean lower; /* no base since the beginning, or since a loss */
	/* of the collection that ends */
	gint64 alive, free, young;
	guint8 seen[HEAP_ESTIMATE_HEAPS_MAX / 8];
	guint64 ticks, collections;
	guint n_wastes;
	double wastes[WASTES_MAX]; /* shares, newest last */
	double waste;              /* in force */
	int twice; /* samples that say that generation 0's free list is taken off twice, less those that do not */
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

static void apply(Level *level, const Entry *next)
{
	if (next->is_base)
		*level = (Level){ .bytes = next->bytes, .young = next->young };
	else
		level->ticks = add(level->ticks, next->bytes);
}

/* Ticks count what threads took for their objects; of what they take from a free list they leave some. */
static gint64 bytes_of(const HeapEstimate *e, const Level *level)
{
	gint64 wasted = (gint64)(e->waste * (double)MIN(level->ticks, level->young));

	return add(level->bytes, level->ticks - wasted);
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
	e->alive = e->free = e->young = 0;
	memset(e->seen, 0, sizeof e->seen);
}

void heap_estimate_reset(HeapEstimate *e, double mb, gboolean exact)
{
	g_array_set_size(e->entries, 0);
	e->floor = e->level = (Level){ .bytes = to_bytes(mb) };
	e->floor_is_base = exact;
	e->newest = e->lost_at = G_MININT64;
	e->lower = !exact;
	e->ticks = e->collections = 0;
	forget_histories(e);
}

/* Into the floor with the oldest n. */
static void fold(HeapEstimate *e, guint n)
{
	for (guint i = 0; i < n; i++) {
		const Entry *old = entry(e, i);

		apply(&e->floor, old);
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
static Level level_at(const HeapEstimate *e, gint64 stamp, const Entry **ret_base)
{
	Level level = { 0 };
	gint64 ticks = 0;

	for (guint i = e->entries->len; i-- > 0;) {
		const Entry *at = entry(e, i);

		if (at->stamp > stamp)
			continue;
		if (at->is_base) {
			*ret_base = at;
			apply(&level, at);
			level.ticks = ticks;
			return level;
		}
		ticks = add(ticks, at->bytes);
	}
	*ret_base = NULL;
	level = e->floor;
	level.ticks = add(level.ticks, ticks);
	return level;
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
		apply(&e->level, &new);
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
		e->level.ticks = add(e->level.ticks, (gint64)bytes);
	} else {
		insert(e, (Entry){ .stamp = stamp, .bytes = (gint64)bytes });
	}
}

void heap_estimate_history(HeapEstimate *e, guint32 heap, guint64 alive_bytes, guint64 free_bytes,
                           guint64 young_bytes)
{
	if (heap >= HEAP_ESTIMATE_HEAPS_MAX || alive_bytes > (guint64)BYTES_MAX ||
	    free_bytes > (guint64)BYTES_MAX || young_bytes > (guint64)BYTES_MAX)
		return;
	/* The same heap again: of a collection whose end was lost. */
	if (e->seen[heap / 8] & 1 << heap % 8)
		forget_histories(e);
	e->seen[heap / 8] |= (guint8)(1 << heap % 8);
	e->alive = add(e->alive, (gint64)alive_bytes);
	e->free = add(e->free, (gint64)free_bytes);
	e->young = add(e->young, (gint64)young_bytes);
}

void heap_estimate_collected(HeapEstimate *e, gint64 stamp, guint64 size_bytes)
{
	gint64 size = (gint64)MIN(size_bytes, (guint64)BYTES_MAX);
	gint64 bytes = MAX(e->alive, size - e->free);
	gint64 young = e->young;
	gboolean is_twice = e->twice >= TWICE;

	forget_histories(e);
	e->collections++;
	insert(e, (Entry){ .stamp = stamp,
	                   .bytes = bytes - (is_twice ? MIN(young, bytes) : 0),
	                   .is_base = TRUE,
	                   .is_collection = TRUE,
	                   .young = young,
	                   .is_twice = is_twice });
	clear_doubt(e, stamp);
}

void heap_estimate_lost(HeapEstimate *e)
{
	e->lost_at = e->newest;
	e->lower = TRUE;
	forget_histories(e);
}

/* Which reading of the collection before it does that sample fit, as far as the ticks since are right? */
static void learn_twice(HeapEstimate *e, const Entry *base, gint64 level, gint64 bytes)
{
	gint64 once = level + (base->is_twice ? base->young : 0);
	gint64 off_once = ABS(once - bytes), off_twice = ABS(once - base->young - bytes);

	/* The first one is believed, and it takes two to change that. */
	if (off_twice < off_once / 2)
		e->twice = e->twice ? MIN(e->twice + 1, TWICE_MAX) : TWICE_MAX;
	else if (off_once < off_twice / 2)
		e->twice = e->twice ? MAX(e->twice - 1, -TWICE_MAX) : -TWICE_MAX;
}

static int by_size(const void *a, const void *b)
{
	double first = *(const double *)a, second = *(const double *)b;

	return (first > second) - (first < second);
}

/* How much of what was taken from the free list is no object, if that is all by which the sample is off. */
static void learn_waste(HeapEstimate *e, const Level *level, gint64 bytes)
{
	gint64 used = MIN(level->ticks, level->young);
	double share = (double)(level->bytes + level->ticks - bytes) / (double)MAX(used, 1);
	double sorted[WASTES_MAX];

	if (used < YOUNG_MIN || fabs(share) > WASTE_MAX)
		return;
	if (e->n_wastes == WASTES_MAX)
		memmove(e->wastes, e->wastes + 1, --e->n_wastes * sizeof *e->wastes);
	e->wastes[e->n_wastes++] = share;
	memcpy(sorted, e->wastes, sizeof sorted);
	qsort(sorted, e->n_wastes, sizeof *sorted, by_size);
	e->waste = MAX(sorted[(e->n_wastes - 1) / 2], 0);
}

/* What a sample says of the collection before it. */
static void learn(HeapEstimate *e, const Entry *base, const Level *level, gint64 bytes)
{
	if (!base || !base->is_collection || base->young < YOUNG_MIN || !e->ticks ||
	    base->stamp <= e->lost_at)
		return;
	learn_twice(e, base, bytes_of(e, level), bytes);
	if (base->is_twice == (e->twice >= TWICE))
		learn_waste(e, level, bytes);
}

/* Whether the estimate knows better at that moment. */
static gboolean at_odds(const HeapEstimate *e, const Entry *base, const Level *level, double mb)
{
	double known = (double)bytes_of(e, level) / 1e6;

	if (!base && !e->floor_is_base)
		return FALSE;
	/* Lost before the base it rests on is no harm. */
	if (e->lost_at != G_MININT64 && (!base || base->stamp <= e->lost_at))
		return FALSE;
	return fabs(mb - known) > MAX(ODDS_MB, ODDS_SHARE * fabs(known));
}

HeapSample heap_estimate_sample(HeapEstimate *e, gint64 stamp, double mb, gboolean strict,
                                double *ret_correction_mb)
{
	gint64 before = bytes_of(e, &e->level);
	const Entry *base;
	Level level = level_at(e, stamp, &base);

	*ret_correction_mb = 0;
	if (strict && e->ticks && at_odds(e, base, &level, mb))
		return HEAP_SAMPLE_REFUSED;
	learn(e, base, &level, to_bytes(mb));
	insert(e, (Entry){ .stamp = stamp,
	                   .bytes = to_bytes(mb),
	                   .is_base = TRUE,
	                   .young = level.young - MIN(level.ticks, level.young) });
	clear_doubt(e, stamp);
	*ret_correction_mb = (double)(bytes_of(e, &e->level) - before) / 1e6;
	return HEAP_SAMPLE_TAKEN;
}

double heap_estimate_mb(const HeapEstimate *e)
{
	return (double)bytes_of(e, &e->level) / 1e6;
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
