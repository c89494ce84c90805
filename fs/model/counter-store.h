#pragma once
/*
 * The counters of one process: interned names with the last value of each.
 *
 * Ids are append-only and small (below COUNTER_MAX), so that they serve as rows of inode numbers
 * and as cookies of readdir; a name never goes and never changes its place. Provider 0 is
 * System.Runtime, whose counters lie flat in counters/; every other provider is a directory there.
 * The 19 counters that runtimes have had since 3.1 exist from the start, without a value, so that a
 * name can be looked up before anything was heard.
 *
 * What a target sends beyond the caps is dropped and counted; those that exist go on.
 */
#include <glib.h>
#include "ipc/nettrace/event-counters.h"

enum {
	COUNTER_PROVIDERS_MAX = 64,
	COUNTER_MAX = 1024,
};

typedef struct {
	unsigned id;
	char *raw;  /* as sent, UTF-8 */
	char *file; /* its directory's name in counters/; "" for provider 0 */
} CounterProvider;

typedef struct {
	unsigned id;
	unsigned provider;
	char *raw;  /* as sent */
	char *file; /* its name in its directory */
	char *display;
	char *unit; /* "" for none */
	EventCounterKind kind;
	gboolean has_value;
	double value;      /* MEAN: the mean; SUM: per second */
	double before;     /* the value before it; NaN: there was none */
	double increment;  /* SUM: of the last interval, raw */
	double total;      /* SUM: of all intervals so far */
	double interval_s; /* of the last sample, as the runtime measured it */
	guint64 seq;       /* of the store, at its last sample; 0 before */
	gint64 time_us;    /* monotonic, of the last sample */
	gint64 wall_us;
	gboolean has_peak; /* the highest value since its file in peaks/ was last written */
	double peak;
	gint64 peak_wall_us; /* when it was reached, or written */
} Counter;

typedef struct CounterStore CounterStore;

CounterStore *counter_store_new(void);
void counter_store_free(CounterStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CounterStore, counter_store_free)

/*
 * Which runtime it is, by its major version: the further counters of System.Runtime that one is known
 * to send exist from now on, without a value like the 19. 0 for unknown, which adds nothing.
 */
void counter_store_expect(CounterStore *store, unsigned major);

/*
 * Takes one sample. Returns the counter, or NULL when the sample was not used: over a cap, or a sum
 * over an interval below 0.01 s, which says nothing about a rate.
 */
const Counter *counter_store_take(CounterStore *store, const EventCounterSample *sample,
                                  gint64 now_us, gint64 wall_us);

/* No counter has a value until its next sample. */
void counter_store_forget(CounterStore *store);

/* From now on its peak is its value. */
void counter_store_reset_peak(CounterStore *store, unsigned id, gint64 wall_us);

unsigned counter_store_n(const CounterStore *store);
const Counter *counter_store_get(const CounterStore *store, unsigned id); /* NULL: no such id */
unsigned counter_store_n_providers(const CounterStore *store);
const CounterProvider *counter_store_provider(const CounterStore *store, unsigned id);

/* By the names of the tree. A provider's directory is found by its file name, provider 0 is not. */
const Counter *counter_store_find(const CounterStore *store, unsigned provider, const char *file);
const CounterProvider *counter_store_find_provider(const CounterStore *store, const char *file);

/* System.Runtime/gc-heap-size: what a threshold is compared with. Never NULL. */
const Counter *counter_store_heap(const CounterStore *store);

guint64 counter_store_seq(const CounterStore *store);     /* samples taken */
guint64 counter_store_refused(const CounterStore *store); /* over the caps */
