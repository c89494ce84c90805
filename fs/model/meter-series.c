/* Tag sets, and what their numbers are. Texts are reference counted, the same for all processes that say the same. */
#include <math.h>
#include <string.h>
#include "fs/model/file-name.h"
#include "fs/model/meter-internal.h"
#include "fs/model/owned-name.h"

/* An interval below this says nothing about a rate. */
#define MIN_INTERVAL_S 0.01

#define BIT(value) (1U << (value))

static const struct {
	double q;
	MeterValue value;
} quantiles[] = {
	{ 0.5, METER_P50 },
	{ 0.95, METER_P95 },
	{ 0.99, METER_P99 },
};

static guint tags_hash(gconstpointer key)
{
	const MeterSeries *series = key;

	return owned_name_hash(series->instrument, series->tags);
}

static gboolean tags_equal(gconstpointer one, gconstpointer other)
{
	const MeterSeries *a = one, *b = other;

	return owned_name_equal(a->instrument, a->tags, b->instrument, b->tags);
}

static guint file_hash(gconstpointer key)
{
	const MeterSeries *series = key;

	return owned_name_hash(series->instrument, series->file);
}

static gboolean file_equal(gconstpointer one, gconstpointer other)
{
	const MeterSeries *a = one, *b = other;

	return owned_name_equal(a->instrument, a->file, b->instrument, b->file);
}

void meter_series_tables_init(MeterStore *store)
{
	store->series_by_tags = g_hash_table_new(tags_hash, tags_equal);
	store->series_by_file = g_hash_table_new(file_hash, file_equal);
}

void meter_series_free(void *entry)
{
	MeterSeriesEntry *self = entry;

	g_ref_string_release(self->base.tags);
	g_ref_string_release(self->base.file);
	g_free(self);
}

const MeterSeries *meter_store_find_series(const MeterStore *store, unsigned instrument,
                                           const char *file)
{
	MeterSeries key = { .instrument = instrument, .file = (char *)file };

	return g_hash_table_lookup(store->series_by_file, &key);
}

gboolean meter_series_is_sample(const MeterEvent *event, InstrumentKind kind)
{
	switch (kind) {
	case INSTRUMENT_COUNTER:
	case INSTRUMENT_UPDOWN:
		return event->has_rate || event->has_value;
	case INSTRUMENT_GAUGE:
		return event->has_value;
	case INSTRUMENT_HISTOGRAM:
		return event->has_count || event->n_quantiles > 0;
	case INSTRUMENT_N_KINDS:
		break;
	}
	return FALSE;
}

void meter_series_see(MeterStore *store, const MeterInstrument *instrument, const MeterEvent *event,
                      gint64 now_us)
{
	MeterSeries key = { .instrument = instrument->base.id, .tags = (char *)event->tags };
	MeterSeriesEntry *self =
		event->tags_cut ? NULL : g_hash_table_lookup(store->series_by_tags, &key);

	if (self)
		self->base.seen_us = now_us;
}

MeterSeriesEntry *meter_series_of_value(MeterStore *store, const MeterInstrument *instrument,
                                        const MeterEvent *event)
{
	g_autofree char *file = NULL;
	MeterSeries key = { .instrument = instrument->base.id, .tags = (char *)event->tags };
	MeterSeriesEntry *self;

	if (event->tags_cut) {
		meter_store_refuse(store, METER_NOTICE_TAGS_CUT);
		return NULL;
	}
	self = g_hash_table_lookup(store->series_by_tags, &key);
	if (self)
		return self;
	if (store->series->len >= METER_SERIES_MAX) {
		meter_store_refuse(store, METER_NOTICE_SERIES);
		return NULL;
	}
	file = file_name_make_tags(event->tags);
	if (meter_store_find_series(store, instrument->base.id, file)) {
		store->refused++;
		return NULL;
	}
	if (!meter_store_spend(store, strlen(event->tags) + strlen(file)))
		return NULL;
	self = g_new0(MeterSeriesEntry, 1);
	self->base.id = store->series->len;
	self->base.instrument = instrument->base.id;
	self->base.tags = g_ref_string_new_intern(event->tags);
	self->base.file = g_ref_string_new_intern(file);
	self->base.increment = (double)NAN;
	self->base.before = (double)NAN;
	g_ptr_array_add(store->series, self);
	g_hash_table_add(store->series_by_tags, self);
	g_hash_table_add(store->series_by_file, self);
	return self;
}

static void put(MeterSeries *series, MeterValue value, double number)
{
	series->values[value] = number;
	series->has |= BIT(value);
}

static void put_rate(MeterSeries *series, MeterValue value, double amount, double interval_s)
{
	if (interval_s >= MIN_INTERVAL_S && !isnan(amount))
		put(series, value, amount / interval_s);
	else
		series->has &= ~BIT(value);
}

/* again: in one collection with equal tags. */
static void take_counter(MeterSeriesEntry *self, const MeterEvent *event, double interval_s,
                         gboolean again)
{
	MeterSeries *series = &self->base;
	double value = event->has_value ? event->value : event->rate;
	double increment = event->has_rate ? event->rate : (double)NAN;

	if (again) {
		value += series->values[METER_VALUE];
		increment += series->increment;
	} else if (!event->has_value) {
		value += self->from_value;
	}
	put(series, METER_VALUE, value);
	series->increment = increment;
	put_rate(series, METER_RATE, increment, interval_s);
}

static void take_updown(MeterSeriesEntry *self, const MeterEvent *event)
{
	put(&self->base, METER_VALUE,
	    event->has_value ? event->value : self->from_value + event->rate);
	self->base.increment = event->has_rate ? event->rate : (double)NAN;
}

static double find_quantile(const MeterEvent *event, double q)
{
	unsigned n = MIN(event->n_quantiles, METER_EVENT_QUANTILES_MAX);

	for (unsigned i = 0; i < n; i++) {
		if (fabs(event->quantiles[i].q - q) < 1e-9)
			return event->quantiles[i].value;
	}
	return (double)NAN;
}

static void take_histogram(MeterSeriesEntry *self, const MeterEvent *event, double interval_s)
{
	MeterSeries *series = &self->base;

	for (unsigned i = 0; i < G_N_ELEMENTS(quantiles); i++) {
		double number = find_quantile(event, quantiles[i].q);

		/* Those that never came are no NaN, but not there. */
		if (!isnan(number) || (series->has & BIT(quantiles[i].value)))
			put(series, quantiles[i].value, number);
	}
	if (!event->has_count)
		return;
	put(series, METER_COUNT, self->from_count + event->count);
	put(series, METER_SUM, self->from_sum + event->sum);
	put_rate(series, METER_COUNT_RATE, event->count, interval_s);
}

static double carried(const MeterSeriesEntry *self, gboolean is_of_session, MeterValue value)
{
	return is_of_session && (self->base.has & BIT(value)) ? self->base.values[value] : 0;
}

/* What the sums of this collection begin at. */
static void begin_collection(const MeterStore *store, MeterSeriesEntry *self)
{
	gboolean is_of_session = self->base.seq && self->session == store->session;

	self->from_value = carried(self, is_of_session, METER_VALUE);
	self->from_count = carried(self, is_of_session, METER_COUNT);
	self->from_sum = carried(self, is_of_session, METER_SUM);
	self->base.before = is_of_session && (self->base.has & BIT(METER_VALUE))
	                            ? self->base.values[METER_VALUE]
	                            : (double)NAN;
	self->session = store->session;
	self->collection = store->collection;
}

void meter_series_take(MeterStore *store, MeterSeriesEntry *entry,
                       const MeterInstrument *instrument, const MeterEvent *event,
                       double interval_s)
{
	gboolean again = entry->base.seq && store->in_collection &&
	                 entry->session == store->session && entry->collection == store->collection;

	if (again)
		meter_store_notice(store, METER_NOTICE_EQUAL_TAGS, instrument);
	else
		begin_collection(store, entry);
	switch (instrument->base.kind) {
	case INSTRUMENT_COUNTER:
		take_counter(entry, event, interval_s, again);
		break;
	case INSTRUMENT_UPDOWN:
		take_updown(entry, event);
		break;
	case INSTRUMENT_GAUGE:
		put(&entry->base, METER_VALUE, event->value);
		break;
	case INSTRUMENT_HISTOGRAM:
		take_histogram(entry, event, interval_s);
		break;
	case INSTRUMENT_N_KINDS:
		break;
	}
}
