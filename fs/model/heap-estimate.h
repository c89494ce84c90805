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
 * GC.GetTotalMemory of 10.0 takes the free list of generation 0 off twice (20 MB of 53 with pinned objects;
 * 8.0, 9.0 and 11.0 do not), and that is what the counter says and what a user compares with. Which of the two
 * a runtime does is learned from its samples. So is how much of what its threads take from that free list is
 * left over and no object, although ticks count it: a quarter on 3.1 with objects of 4 kB, until the list is used
 * up; what is taken from fresh memory is never made less.
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
};

typedef struct HeapEstimate HeapEstimate;

HeapEstimate *heap_estimate_new(void);
void heap_estimate_free(HeapEstimate *estimate);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HeapEstimate, heap_estimate_free)

/* Forgets everything but what was learned of the runtime. mb is what is known at the beginning: 0 at the birth
 * of a process, exact; the last sample otherwise, or 0 without one: a lower bound until the first base. */
void heap_estimate_reset(HeapEstimate *estimate, double mb, gboolean exact);

void heap_estimate_tick(HeapEstimate *estimate, gint64 stamp_ns, guint64 bytes);
/* One heap of the collection that ends: what is alive in it, what is free between, and how much of that is on
 * the free list of generation 0. */
void heap_estimate_history(HeapEstimate *estimate, guint32 heap, guint64 alive_bytes,
                           guint64 free_bytes, guint64 young_bytes);
/* The end itself: takes what HISTORY said since the last end; where that is less than the size without the
 * free space, the latter (events may be lost, and 3.1 leaves gen 2 out while a background collection runs). */
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
