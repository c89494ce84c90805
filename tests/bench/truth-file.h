#pragma once
/*
 * Three logs of one run, read into arrays: what the program itself says of its heap (the truth file
 * of tests/app/truth), what the mount's `events` say, and readings of `heap_mb` (sample-file). All
 * stamps are CLOCK_REALTIME microseconds, all sizes MB of 10^6 bytes.
 */
#include <glib.h>

typedef struct {
	gint64 us;
	double mb;
} TruthSample;

/* A spike as the program marks it; 0 where a mark is missing. */
typedef struct {
	gint64 begin_us, top_us, end_us;
} TruthSpike;

typedef struct {
	GArray *samples; /* TruthSample, in order of time */
	GArray *spikes;  /* TruthSpike */
	guint garbage;   /* readings that are no truth; not among the samples */
} Truth;

/*
 * GC.GetTotalMemory has garbage moments on 7 and later, which are no truth: what is negative, what
 * is above any address space, and a reading that is far (100 MB and 25 %) from both its neighbours,
 * on the same side, while these agree. So is what took too long to be of one moment ("x").
 */
gboolean truth_load(const char *path, Truth *ret);
void truth_clear(Truth *truth);

typedef struct {
	gint64 us; /* a whole millisecond: the moment is in it */
	double threshold_mb;
	double value_mb;
	guint crossing; /* which it answers, 1 for the first; 0 none yet */
} FiredEvent;

/* The `fired` lines of a process (0: of all), in order; *ret_armed_us is the first `armed` one, or
 * 0, and *ret_threshold_mb what that armed. */
GArray *events_load(const char *path, int pid, gint64 *ret_armed_us, double *ret_threshold_mb);

typedef struct {
	gint64 us;    /* when it was read */
	gint64 of_us; /* the moment of which it tells (mtime of the file); us where the log has none */
	double mb;
} Reading;

GArray *readings_load(const char *path);
