#pragma once
/*
 * How the level of a heap is followed while a trigger needs it, and what that decision rests on.
 *
 *   alloc    allocation ticks and ends of collections: every spike is seen
 *   gc       ends of collections: for programs that allocate so fast that ticks would cost them much
 *   sampled  the counter alone
 *   auto     alloc, or gc while the program would send more than so many ticks a second
 *
 * The rate is what `alloc-rate` says over the last 10 s, divided by the 100 kB of a tick: a spike
 * runs at 3,000 to 21,000 ticks a second for some 100 ms, and must not blind us to itself.
 *
 * Plain state and its rules; sessions are model-detect.c's.
 */
#include "fs/model/heap-estimate.h"
#include "fs/model/session.h"

typedef enum {
	DETECT_AUTO,
	DETECT_ALLOC,
	DETECT_GC,
	DETECT_SAMPLED,
	DETECT_N_MODES,
} DetectMode;

enum {
	DETECT_RATES_MAX = 110,
	DETECT_RATE_WINDOW_S = 10,
	DETECT_SWITCH_EVERY_S = 60,
	DETECT_TICK_BYTES = 100000,
	DETECT_TICKS_MAX = 20000, /* a second */
	/* Before 9, which takes a stack with each. Measured on 8.0, in points of a core: 0.6 at 1,000, 2.2 at
	 * 5,000, 4.9 at 10,000 a second; 10.0 has 1.4 at 5,000 and 2.5 at 20,000. */
	DETECT_TICKS_MAX_OLD = 5000,
};

typedef struct {
	gint64 time_us; /* monotonic */
	double bytes;
} DetectRate;

typedef struct {
	DetectMode wanted;
	DetectMode in_force; /* alloc, gc or sampled */
	const char *reason;  /* for that; static */
	gint64 written_us;   /* wall clock of the last accepted write; 0 never */
	unsigned n_rates;
	DetectRate rates[DETECT_RATES_MAX]; /* oldest first */
	gint64 switched_us;                 /* monotonic; 0 never */

	HeapEstimate *estimate; /* while a session is open, else NULL */
	Session *session;       /* the one whose events count; NULL */
	RecordSession row;      /* of the session that is open or asked for */
	guint64 ask;            /* id of a START_SESSION under way; 0 */
	gboolean unanswered;    /* never repeated while the request is open */
	unsigned failures;
	gint64 retry_us;        /* monotonic: not before */
	guint64 dropped;        /* events that this session lost, as far as was seen */
	guint64 dropped_before; /* in sessions that ended */
	double allocated;       /* bytes by the counter, since the session was opened */
	double before_mb;       /* the last sample before it: shown until there is a base; 0 none */
	gboolean is_blind;      /* none of them came as a tick */
} Detect;

const char *detect_mode_name(DetectMode mode);
/* -EINVAL for none of the names. */
int detect_mode_parse(const char *text, DetectMode *ret);

void detect_add_rate(Detect *detect, double bytes, gint64 now_us);
/* Ticks a second, over the last 10 s. */
double detect_ticks_per_s(const Detect *detect, gint64 now_us);
/*
 * What should be in force, and why. major: of the runtime, 0 unknown. auto changes its mind at most
 * once in 60 s, and goes back below half the rate alone.
 */
DetectMode detect_choose(const Detect *detect, unsigned major, gint64 now_us,
                         const char **ret_reason);
