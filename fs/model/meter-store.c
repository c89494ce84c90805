/*
 * Events in, getters out. Memory is bounded by the caps of the header: instruments and tag sets by number,
 * their texts by METER_TEXT_MAX in all.
 */
#include "fs/model/meter-internal.h"

/* Sentences, or what there is more of than a cap allows. */
static const struct {
	const char *text;
	unsigned cap; /* 0: text is the sentence */
} notices[METER_N_NOTICES] = {
	[METER_NOTICE_SERIES_LIMIT] = { "the runtime's limit of tag sets (time series) is reached: "
	                                "those that are there go on, others do not come",
	                                0 },
	[METER_NOTICE_HISTOGRAM_LIMIT] = { "the runtime's limit of histograms is reached: those "
	                                   "that are there go on, others do not come",
	                                   0 },
	[METER_NOTICE_METERS] = { "meters", METER_MAX },
	[METER_NOTICE_INSTRUMENTS] = { "instruments of meters", METER_INSTRUMENT_MAX },
	[METER_NOTICE_EQUAL] = { "instruments of one meter, version, name and kind",
	                         METER_EQUAL_MAX },
	[METER_NOTICE_SERIES] = { "tag sets of meters", METER_SERIES_MAX },
	[METER_NOTICE_TEXT] = { "bytes of names and tags of meters", METER_TEXT_MAX },
	[METER_NOTICE_TAGS_CUT] = { "bytes of tags of one value of a meter",
	                            METER_EVENT_TAGS_MAX - 1 },
	[METER_NOTICE_EQUAL_TAGS] = { "tag sets that are equal as they are sent: of a counter the "
	                              "sum is shown, of others the last",
	                              0 },
	[METER_NOTICE_AMBIGUOUS] = { "several instruments that cannot be told apart as they are "
	                             "sent: their values are shown as one",
	                             0 },
};

static void meter_free(void *data)
{
	Meter *meter = data;

	g_free(meter->raw);
	g_free(meter->file);
	g_free(meter);
}

MeterStore *meter_store_new(void)
{
	MeterStore *store = g_new0(MeterStore, 1);

	store->meters = g_ptr_array_new_with_free_func(meter_free);
	store->instruments = g_ptr_array_new_with_free_func(meter_instrument_free);
	store->series = g_ptr_array_new_with_free_func(meter_series_free);
	meter_instrument_tables_init(store);
	meter_names_tables_init(store);
	meter_series_tables_init(store);
	return store;
}

void meter_store_free(MeterStore *store)
{
	if (!store)
		return;
	g_hash_table_unref(store->meter_by_raw);
	g_hash_table_unref(store->meter_by_file);
	g_hash_table_unref(store->by_identity);
	g_hash_table_unref(store->by_wire_id);
	g_hash_table_unref(store->by_file);
	g_hash_table_unref(store->series_by_tags);
	g_hash_table_unref(store->series_by_file);
	g_ptr_array_unref(store->unsettled);
	g_ptr_array_unref(store->series);
	g_ptr_array_unref(store->instruments);
	g_ptr_array_unref(store->meters);
	for (unsigned i = 0; i < METER_N_NOTICES; i++)
		g_free(store->notices[i]);
	g_free(store);
}

/* --- what is said ------------------------------------------------------------------------------ */

void meter_store_notice(MeterStore *store, MeterNotice which, const MeterInstrument *about)
{
	if (store->said & 1U << which)
		return;
	store->said |= 1U << which;
	if (notices[which].cap)
		store->notices[which] =
			g_strdup_printf("more than %u %s: what comes beyond them is dropped",
		                        notices[which].cap, notices[which].text);
	else if (about)
		store->notices[which] =
			g_strdup_printf("meters/%s/%s: %s",
		                        meter_store_meter(store, about->base.meter)->file,
		                        about->base.file, notices[which].text);
	else
		store->notices[which] = g_strdup(notices[which].text);
}

char *meter_store_take_notice(MeterStore *store)
{
	for (unsigned i = 0; i < METER_N_NOTICES; i++) {
		if (store->notices[i])
			return g_steal_pointer(&store->notices[i]);
	}
	return NULL;
}

void meter_store_refuse(MeterStore *store, MeterNotice why)
{
	store->refused++;
	meter_store_notice(store, why, NULL);
}

gboolean meter_store_spend(MeterStore *store, gsize bytes)
{
	if (store->text_bytes + bytes > METER_TEXT_MAX) {
		meter_store_refuse(store, METER_NOTICE_TEXT);
		return FALSE;
	}
	store->text_bytes += bytes;
	return TRUE;
}

const char *meter_store_limits(const MeterStore *store)
{
	gboolean series = (store->limits & 1U << METER_NOTICE_SERIES_LIMIT) != 0;
	gboolean histograms = (store->limits & 1U << METER_NOTICE_HISTOGRAM_LIMIT) != 0;

	if (series && histograms)
		return "time-series,histograms";
	if (series)
		return "time-series";
	return histograms ? "histograms" : "-";
}

/* --- events ------------------------------------------------------------------------------------ */

static void on_enumerated(MeterStore *store, const MeterEvent *event)
{
	meter_names_settle(store);
}

static void on_collection(MeterStore *store, const MeterEvent *event)
{
	meter_names_settle(store);
	store->in_collection = event->kind == METER_EVENT_COLLECTION_START;
	store->collection++;
}

static void on_limit(MeterStore *store, const MeterEvent *event)
{
	MeterNotice which = event->kind == METER_EVENT_SERIES_LIMIT ? METER_NOTICE_SERIES_LIMIT
	                                                            : METER_NOTICE_HISTOGRAM_LIMIT;

	store->limits |= 1U << which;
	meter_store_notice(store, which, NULL);
}

static const struct {
	MeterEventKind event;
	InstrumentKind kind;
} values[] = {
	{ METER_EVENT_COUNTER, INSTRUMENT_COUNTER },
	{ METER_EVENT_UPDOWN, INSTRUMENT_UPDOWN },
	{ METER_EVENT_GAUGE, INSTRUMENT_GAUGE },
	{ METER_EVENT_HISTOGRAM, INSTRUMENT_HISTOGRAM },
};

static const struct {
	MeterEventKind event;
	void (*take)(MeterStore *store, const MeterEvent *event);
} others[] = {
	{ METER_EVENT_BEGIN, meter_instrument_begin },
	{ METER_EVENT_END, meter_instrument_end },
	{ METER_EVENT_ENUMERATED, on_enumerated },
	{ METER_EVENT_COLLECTION_START, on_collection },
	{ METER_EVENT_COLLECTION_STOP, on_collection },
	{ METER_EVENT_SERIES_LIMIT, on_limit },
	{ METER_EVENT_HISTOGRAM_LIMIT, on_limit },
};

static gboolean take_value(MeterStore *store, const MeterEvent *event, InstrumentKind kind,
                           double interval_s, gint64 now_us, gint64 wall_us)
{
	MeterInstrument *instrument;
	MeterSeriesEntry *entry;

	store->seen_us = now_us;
	if (!meter_series_is_sample(event, kind)) {
		instrument = meter_instrument_known(store, event, kind);
		if (instrument)
			meter_series_see(store, instrument, event, now_us);
		return FALSE;
	}
	instrument = meter_instrument_of_value(store, event, kind);
	if (!store->in_collection)
		meter_names_settle(store);
	entry = instrument ? meter_series_of_value(store, instrument, event) : NULL;
	if (!entry)
		return FALSE;
	instrument->base.has_ended = FALSE;
	/* Without totals what is observed is known by its changes alone. */
	if (!event->has_value && (kind == INSTRUMENT_COUNTER || kind == INSTRUMENT_UPDOWN))
		instrument->base.is_observable = FALSE;
	meter_series_take(store, entry, instrument, event, interval_s);
	entry->base.seq = ++store->seq;
	entry->base.time_us = now_us;
	entry->base.seen_us = now_us;
	entry->base.wall_us = wall_us;
	return TRUE;
}

gboolean meter_store_take(MeterStore *store, const MeterEvent *event, double interval_s,
                          gint64 now_us, gint64 wall_us)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(values); i++) {
		if (values[i].event == event->kind)
			return take_value(store, event, values[i].kind, interval_s, now_us,
			                  wall_us);
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(others); i++) {
		if (others[i].event == event->kind)
			others[i].take(store, event);
	}
	return FALSE;
}

void meter_store_reset(MeterStore *store, gint64 wall_us)
{
	meter_names_settle(store);
	g_hash_table_remove_all(store->by_wire_id);
	for (unsigned i = 0; i < store->instruments->len; i++) {
		MeterInstrument *instrument = store->instruments->pdata[i];

		instrument->has_id = FALSE;
		instrument->wire_id = 0;
	}
	store->in_collection = FALSE;
	store->limits = 0;
	store->session++;
	store->since_us = wall_us;
}

/* --- getters ----------------------------------------------------------------------------------- */

static void *get(const GPtrArray *rows, unsigned id)
{
	return id < rows->len ? rows->pdata[id] : NULL;
}

unsigned meter_store_n_meters(const MeterStore *store)
{
	return store->meters->len;
}

const Meter *meter_store_meter(const MeterStore *store, unsigned id)
{
	return get(store->meters, id);
}

unsigned meter_store_n_instruments(const MeterStore *store)
{
	return store->instruments->len;
}

const Instrument *meter_store_instrument(const MeterStore *store, unsigned id)
{
	return get(store->instruments, id);
}

unsigned meter_store_n_series(const MeterStore *store)
{
	return store->series->len;
}

const MeterSeries *meter_store_series(const MeterStore *store, unsigned id)
{
	return get(store->series, id);
}

gint64 meter_store_since_us(const MeterStore *store)
{
	return store->since_us;
}

gint64 meter_store_seen_us(const MeterStore *store)
{
	return store->seen_us;
}

guint64 meter_store_seq(const MeterStore *store)
{
	return store->seq;
}

guint64 meter_store_refused(const MeterStore *store)
{
	return store->refused;
}
