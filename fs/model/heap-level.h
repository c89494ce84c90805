#pragma once
/*
 * The level of the managed heap that thresholds are compared with and `heap_mb` shows. Today it is
 * the last sample of gc-heap-size; an estimate between samples has its place here, and nothing else
 * needs to know which of them it was.
 */
#include <glib.h>

typedef struct {
	gboolean known;
	double mb;
	gint64 time_us; /* monotonic */
	gint64 wall_us;
	guint64 seq; /* goes up with every change; 0 before the first */
} HeapLevel;

void heap_level_sample(HeapLevel *level, double mb, gint64 now_us, gint64 wall_us);
/* Known, a number, and no older than age_us. */
gboolean heap_level_fresh(const HeapLevel *level, gint64 now_us, gint64 age_us);
