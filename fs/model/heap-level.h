#pragma once
/*
 * The level of the managed heap that thresholds are compared with and `heap_mb` shows: the running
 * estimate while one is kept (heap-estimate.h), the last sample of gc-heap-size otherwise. Nothing
 * else needs to know which of them it was.
 */
#include <glib.h>

typedef struct {
	gboolean known;
	gboolean is_lower_bound; /* it may be higher in truth */
	double mb;
	gint64 time_us; /* monotonic */
	gint64 wall_us;
	guint64 seq; /* goes up with every change; 0 before the first */
	/* The highest since `peak_mb` was last written. */
	gboolean has_peak;
	double peak_mb;
	gint64 peak_wall_us; /* when it was reached, or written */
} HeapLevel;

void heap_level_set(HeapLevel *level, double mb, gboolean is_lower_bound, gint64 now_us,
                    gint64 wall_us);
/* From now on the peak is the level as it is. */
void heap_level_reset_peak(HeapLevel *level, gint64 wall_us);
/* Known, a number, and no older than age_us. */
gboolean heap_level_fresh(const HeapLevel *level, gint64 now_us, gint64 age_us);
