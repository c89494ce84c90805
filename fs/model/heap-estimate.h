#pragma once
/*
 * A running estimate of a managed heap from the runtime's own events, so that a spike between two
 * samples of the counter is seen:
 *
 *   at the end of a collection  := what is alive, free space taken off (HISTORY of all heaps; the
 *                                  generation sizes of STATS where those are missing)
 *   at an allocation tick       += its amount
 *   at a sample of the counter  := its value, at its stamp
 *
 * Events come late and out of order: the counter about 100 ms after its stamp, on another stream,
 * when hundreds of MB of newer ticks were applied already; and each thread's events of one flush in
 * a run of their own. So the last 5 seconds are kept in a journal in order of stamps, and the level
 * is always: the newest base (end of a collection, or counter), and the ticks that are newer.
 *
 * Some programs make the figures of their collections too high for as long as they run (pinned objects
 * with free space between them that no event counts: 20 MB of 53 seen on 10.0). What the last samples
 * say of that is taken off later collections.
 *
 * Stamps are nanoseconds of the target's clock, one clock for all sessions of a process; MB = 10^6
 * bytes. Measured against GC.GetTotalMemory on 8 to 11: mean error 0.03 to 0.4 MB on spikes.
 *
 * Memory is bounded: the journal is merged, the older half into steps of 20 ms, when it has
 * HEAP_ESTIMATE_ENTRIES_MAX entries.
 */
#include <glib.h>

enum {
	HEAP_ESTIMATE_ENTRIES_MAX = 1024,
	HEAP_ESTIMATE_HEAPS_MAX = 1024, /* of a server collector */
	HEAP_ESTIMATE_SURPLUS_MAX = 5,  /* samples that say how much too high collections are */
};

typedef struct HeapEstimate HeapEstimate;

HeapEstimate *heap_estimate_new(void);
void heap_estimate_free(HeapEstimate *estimate);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HeapEstimate, heap_estimate_free)

/* Forgets everything. mb is what is known at the beginning: 0 at the birth of a process, exact; the
 * last sample otherwise, or 0 without one: a lower bound until the first base. */
void heap_estimate_reset(HeapEstimate *estimate, double mb, gboolean exact);

void heap_estimate_tick(HeapEstimate *estimate, gint64 stamp_ns, guint64 bytes);
/* One heap of the collection that ends: what is alive in it, and free between. */
void heap_estimate_history(HeapEstimate *estimate, guint32 heap, guint64 alive_bytes,
                           guint64 free_bytes);
/* The end itself: takes what HISTORY said since the last end; the size without one, or when it lacks
 * most of that (3.1 leaves gen 2 out while a background collection runs). */
void heap_estimate_collected(HeapEstimate *estimate, gint64 stamp_ns, guint64 size_bytes);
/* Events were lost: what is shown is a lower bound until the next base. */
void heap_estimate_lost(HeapEstimate *estimate);

typedef enum {
	HEAP_SAMPLE_TAKEN,
	HEAP_SAMPLE_REFUSED, /* at odds with the estimate; nothing was changed */
} HeapSample;

/*
 * The counter. `strict`: ticks come (detect alloc), so that a sample which differs by more than the
 * larger of 100 MB and 25 % from an estimate that has a base and lost nothing since is refused:
 * GC.GetTotalMemory has such moments on 7 and later. *ret_correction_mb: by how much it moved the
 * level.
 */
HeapSample heap_estimate_sample(HeapEstimate *estimate, gint64 stamp_ns, double mb, gboolean strict,
                                double *ret_correction_mb);

double heap_estimate_mb(const HeapEstimate *estimate);
/* What is shown may be too low. */
gboolean heap_estimate_is_lower_bound(const HeapEstimate *estimate);
guint64 heap_estimate_n_ticks(const HeapEstimate *estimate);       /* since the reset */
guint64 heap_estimate_n_collections(const HeapEstimate *estimate); /* since the reset */

/* What no process can hold: above 2^47 bytes (2^32 with pointers of 4 bytes), negative, no number. */
gboolean heap_estimate_is_nonsense(double mb, unsigned pointer_size);
