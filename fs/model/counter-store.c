/*
 * Interned counters. The tables are keyed by the raw names; file names are made once. Memory is
 * bounded by the caps here and those of the payload parser (names of 255 bytes). Texts are reference
 * counted and the same for all processes, which mostly say the same.
 */
#include "fs/model/counter-store.h"
#include <math.h>
#include <string.h>
#include "fs/model/file-name.h"
#include "fs/model/owned-name.h"

/* A sum over less than this says nothing about a rate: runtimes up to 8 report over 0 s at once
 * when somebody lowers the interval. */
#define MIN_INTERVAL_S 0.01

#define SYSTEM_RUNTIME "System.Runtime"
#define GC_HEAP_SIZE   "gc-heap-size"

struct CounterStore {
	GPtrArray *providers; /* CounterProvider * */
	GPtrArray *counters;  /* Counter * */
	GHashTable *by_raw;   /* Counter by provider and raw */
	GHashTable *by_file;  /* and by provider and file */
	GHashTable *provider_by_raw;
	GHashTable *provider_by_file;
	const Counter *heap;
	guint64 seq;
	guint64 refused;
};

/* What runtimes report, and since which major version. */
static const struct {
	const char *name;
	EventCounterKind kind;
	const char *unit;
	unsigned since;
} known_counters[] = {
	{ "cpu-usage", EVENT_COUNTER_MEAN, "%", 3 },
	{ "working-set", EVENT_COUNTER_MEAN, "MB", 3 },
	{ GC_HEAP_SIZE, EVENT_COUNTER_MEAN, "MB", 3 },
	{ "gen-0-gc-count", EVENT_COUNTER_SUM, "", 3 },
	{ "gen-1-gc-count", EVENT_COUNTER_SUM, "", 3 },
	{ "gen-2-gc-count", EVENT_COUNTER_SUM, "", 3 },
	{ "threadpool-thread-count", EVENT_COUNTER_MEAN, "", 3 },
	{ "monitor-lock-contention-count", EVENT_COUNTER_SUM, "", 3 },
	{ "threadpool-queue-length", EVENT_COUNTER_MEAN, "", 3 },
	{ "threadpool-completed-items-count", EVENT_COUNTER_SUM, "", 3 },
	{ "alloc-rate", EVENT_COUNTER_SUM, "B", 3 },
	{ "active-timer-count", EVENT_COUNTER_MEAN, "", 3 },
	{ "exception-count", EVENT_COUNTER_SUM, "", 3 },
	{ "time-in-gc", EVENT_COUNTER_MEAN, "%", 3 },
	{ "gen-0-size", EVENT_COUNTER_MEAN, "B", 3 },
	{ "gen-1-size", EVENT_COUNTER_MEAN, "B", 3 },
	{ "gen-2-size", EVENT_COUNTER_MEAN, "B", 3 },
	{ "loh-size", EVENT_COUNTER_MEAN, "B", 3 },
	{ "assembly-count", EVENT_COUNTER_MEAN, "", 3 },
	{ "gc-fragmentation", EVENT_COUNTER_MEAN, "%", 5 },
	{ "poh-size", EVENT_COUNTER_MEAN, "B", 5 },
	{ "il-bytes-jitted", EVENT_COUNTER_MEAN, "B", 5 },
	{ "methods-jitted-count", EVENT_COUNTER_MEAN, "", 5 },
	{ "gc-committed", EVENT_COUNTER_MEAN, "MB", 6 },
	{ "time-in-jit", EVENT_COUNTER_SUM, "ms", 6 },
	{ "total-pause-time-by-gc", EVENT_COUNTER_SUM, "ms", 8 },
	{ "gen-0-gc-budget", EVENT_COUNTER_MEAN, "MB", 8 },
};

enum {
	OLDEST_MAJOR = 3
};

static guint raw_hash(gconstpointer key)
{
	const Counter *counter = key;

	return owned_name_hash(counter->provider, counter->raw);
}

static gboolean raw_equal(gconstpointer one, gconstpointer other)
{
	const Counter *a = one, *b = other;

	return owned_name_equal(a->provider, a->raw, b->provider, b->raw);
}

static guint file_hash(gconstpointer key)
{
	const Counter *counter = key;

	return owned_name_hash(counter->provider, counter->file);
}

static gboolean file_equal(gconstpointer one, gconstpointer other)
{
	const Counter *a = one, *b = other;

	return owned_name_equal(a->provider, a->file, b->provider, b->file);
}

static void provider_free(gpointer data)
{
	CounterProvider *provider = data;

	g_free(provider->raw);
	g_free(provider->file);
	g_free(provider);
}

static void counter_free(gpointer data)
{
	Counter *counter = data;

	g_ref_string_release(counter->raw);
	g_ref_string_release(counter->file);
	g_ref_string_release(counter->display);
	g_ref_string_release(counter->unit);
	g_free(counter);
}

/*
 * Directories of providers and the flat counters share one directory, and a target may name both as
 * it likes. The later of two with one name gets a '~', which no name has otherwise at its end.
 */
static char *unique_file(const CounterStore *store, gboolean is_provider, unsigned provider,
                         const char *raw)
{
	char *file = file_name_make(raw);
	gboolean taken;

	if (is_provider)
		taken = counter_store_find(store, 0, file) != NULL;
	else
		taken = provider == 0 && g_hash_table_contains(store->provider_by_file, file);
	if (taken) {
		char *marked = g_strconcat(file, "~", NULL);

		g_free(file);
		file = marked;
	}
	return file;
}

static CounterProvider *intern_provider(CounterStore *store, const char *raw)
{
	CounterProvider *provider = g_hash_table_lookup(store->provider_by_raw, raw);
	g_autofree char *file = NULL;

	if (provider)
		return provider;
	file = store->providers->len ? unique_file(store, TRUE, 0, raw) : g_strdup("");
	if (store->providers->len >= COUNTER_PROVIDERS_MAX ||
	    g_hash_table_contains(store->provider_by_file, file)) {
		store->refused++;
		return NULL;
	}
	provider = g_new0(CounterProvider, 1);
	provider->id = store->providers->len;
	provider->raw = g_strdup(raw);
	provider->file = g_steal_pointer(&file);
	g_ptr_array_add(store->providers, provider);
	g_hash_table_insert(store->provider_by_raw, provider->raw, provider);
	if (*provider->file)
		g_hash_table_insert(store->provider_by_file, provider->file, provider);
	return provider;
}

static Counter *intern_counter(CounterStore *store, unsigned provider, const char *raw)
{
	Counter key = { .provider = provider, .raw = (char *)raw };
	g_autofree char *file = NULL;
	Counter *counter = g_hash_table_lookup(store->by_raw, &key);

	if (counter)
		return counter;
	file = unique_file(store, FALSE, provider, raw);
	if (store->counters->len >= COUNTER_MAX || counter_store_find(store, provider, file)) {
		store->refused++;
		return NULL;
	}
	counter = g_new0(Counter, 1);
	counter->id = store->counters->len;
	counter->provider = provider;
	counter->raw = g_ref_string_new_intern(raw);
	counter->file = g_ref_string_new_intern(file);
	counter->display = g_ref_string_new_intern("");
	counter->unit = g_ref_string_new_intern("");
	g_ptr_array_add(store->counters, counter);
	g_hash_table_add(store->by_raw, counter);
	g_hash_table_add(store->by_file, counter);
	return counter;
}

static void replace_text(char **dst, const char *src)
{
	if (strcmp(*dst, src) != 0) {
		g_ref_string_release(*dst);
		*dst = g_ref_string_new_intern(src);
	}
}

void counter_store_expect(CounterStore *store, unsigned major)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(known_counters); i++) {
		Counter *counter;

		if (known_counters[i].since > major)
			continue;
		counter = intern_counter(store, 0, known_counters[i].name);
		if (!counter || counter->seq) /* its samples say what it is */
			continue;
		counter->kind = known_counters[i].kind;
		replace_text(&counter->unit, known_counters[i].unit);
	}
}

CounterStore *counter_store_new(void)
{
	CounterStore *store = g_new0(CounterStore, 1);

	store->providers = g_ptr_array_new_with_free_func(provider_free);
	store->counters = g_ptr_array_new_with_free_func(counter_free);
	store->by_raw = g_hash_table_new(raw_hash, raw_equal);
	store->by_file = g_hash_table_new(file_hash, file_equal);
	store->provider_by_raw = g_hash_table_new(g_str_hash, g_str_equal);
	store->provider_by_file = g_hash_table_new(g_str_hash, g_str_equal);
	intern_provider(store, SYSTEM_RUNTIME);
	counter_store_expect(store, OLDEST_MAJOR);
	store->heap = counter_store_find(store, 0, GC_HEAP_SIZE);
	return store;
}

void counter_store_free(CounterStore *store)
{
	if (!store)
		return;
	g_hash_table_unref(store->by_raw);
	g_hash_table_unref(store->by_file);
	g_hash_table_unref(store->provider_by_raw);
	g_hash_table_unref(store->provider_by_file);
	g_ptr_array_unref(store->counters);
	g_ptr_array_unref(store->providers);
	g_free(store);
}

const Counter *counter_store_take(CounterStore *store, const EventCounterSample *sample,
                                  gint64 now_us, gint64 wall_us)
{
	CounterProvider *provider;
	Counter *counter;
	double value = sample->value;

	if (sample->kind == EVENT_COUNTER_SUM) {
		if (!(sample->interval_s >= MIN_INTERVAL_S))
			return NULL;
		value /= sample->interval_s;
	}
	provider = intern_provider(store, sample->provider);
	counter = provider ? intern_counter(store, provider->id, sample->name) : NULL;
	if (!counter)
		return NULL;
	replace_text(&counter->display, sample->display_name);
	replace_text(&counter->unit, sample->unit);
	counter->kind = sample->kind;
	counter->before = counter->has_value ? counter->value : (double)NAN;
	counter->increment = sample->value;
	if (sample->kind == EVENT_COUNTER_SUM && sample->value > 0 && isfinite(sample->value))
		counter->total += sample->value;
	counter->interval_s = sample->interval_s;
	counter->has_value = TRUE;
	counter->value = value;
	counter->seq = ++store->seq;
	counter->time_us = now_us;
	counter->wall_us = wall_us;
	if (!isnan(value) && (!counter->has_peak || value > counter->peak)) {
		counter->has_peak = TRUE;
		counter->peak = value;
		counter->peak_wall_us = wall_us;
	}
	return counter;
}

void counter_store_forget(CounterStore *store)
{
	for (guint i = 0; i < store->counters->len; i++)
		((Counter *)store->counters->pdata[i])->has_value = FALSE;
}

void counter_store_reset_peak(CounterStore *store, unsigned id, gint64 wall_us)
{
	Counter *counter = store->counters->pdata[id];

	counter->has_peak = counter->has_value && !isnan(counter->value);
	counter->peak = counter->value;
	counter->peak_wall_us = wall_us;
}

unsigned counter_store_n(const CounterStore *store)
{
	return store->counters->len;
}

const Counter *counter_store_get(const CounterStore *store, unsigned id)
{
	return id < store->counters->len ? store->counters->pdata[id] : NULL;
}

unsigned counter_store_n_providers(const CounterStore *store)
{
	return store->providers->len;
}

const CounterProvider *counter_store_provider(const CounterStore *store, unsigned id)
{
	return id < store->providers->len ? store->providers->pdata[id] : NULL;
}

const Counter *counter_store_find(const CounterStore *store, unsigned provider, const char *file)
{
	Counter key = { .provider = provider, .file = (char *)file };

	return g_hash_table_lookup(store->by_file, &key);
}

const CounterProvider *counter_store_find_provider(const CounterStore *store, const char *file)
{
	return g_hash_table_lookup(store->provider_by_file, file);
}

const Counter *counter_store_heap(const CounterStore *store)
{
	return store->heap;
}

guint64 counter_store_seq(const CounterStore *store)
{
	return store->seq;
}

guint64 counter_store_refused(const CounterStore *store)
{
	return store->refused;
}
