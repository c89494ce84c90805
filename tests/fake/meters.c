#include "tests/fake/meters.h"

#include <math.h>
#include <stdlib.h>

enum {
	FIRST_METADATA_ID = 100,
	KEYWORD_MESSAGES = 1,
	KEYWORD_VALUES = 2,
};

struct Meters {
	const ScenarioMeters *scenario;
	MetersRequest request;
	unsigned release;
	MeterStream stream;
	guint interval_ms, collection;
	gboolean *wanted; /* by instrument */
	gboolean is_refused;
	gboolean has_joined; /* with other settings than those in force */
};

static const ScenarioInstrument *instrument_at(const Meters *meters, guint i)
{
	return g_ptr_array_index(meters->scenario->instruments, i);
}

Meters *meters_new(const Scenario *s, NettraceWriter *writer, const MetersRequest *request,
                   guint collection)
{
	Meters *meters = g_new0(Meters, 1);

	meters->scenario = s->meters;
	meters->request = meters_request_copy(request);
	meters->release = (unsigned)strtoul(s->runtime, NULL, 10);
	meters->interval_ms = s->interval_ms ? s->interval_ms : request->interval_ms;
	meters->collection = collection;
	meter_stream_init(&meters->stream, writer, meters->release, meters->request.session,
	                  FIRST_METADATA_ID);
	meters->wanted = g_new0(gboolean, s->meters->instruments->len + 1);
	for (guint i = 0; i < s->meters->instruments->len; i++) {
		const MeterStreamInstrument *wire = &instrument_at(meters, i)->wire;

		meters->wanted[i] =
			request->keywords & KEYWORD_VALUES &&
			meters_request_wants(request, meters->release, wire->meter, wire->name);
	}
	return meters;
}

void meters_free(Meters *meters)
{
	if (!meters)
		return;
	meter_stream_clear(&meters->stream);
	meters_request_clear(&meters->request);
	g_free(meters->wanted);
	g_free(meters);
}

guint meters_interval_ms(const Meters *meters)
{
	return meters->is_refused || !(meters->request.keywords & KEYWORD_VALUES)
	               ? 0
	               : meters->interval_ms;
}

guint meters_collection(const Meters *meters)
{
	return meters->collection;
}

const char *meters_session(const Meters *meters)
{
	return meters->request.session;
}

/* "SECONDS" for this session, "SECONDS CLIENT" for another's that it hears of. */
static void other_settings(Meters *meters, const char *text)
{
	const MetersRequest *request = &meters->request;
	g_auto(GStrv) words = g_strsplit(text, " ", 2);
	g_autofree char *asked = g_strdup_printf("%g", request->interval_ms / 1000.0);

	meter_stream_add(&meters->stream, 17, words[1] ? words[1] : request->client, "20",
	                 *request->max_histograms ? request->max_histograms : "20", "1000",
	                 *request->max_series ? request->max_series : "1000", words[0], asked);
	if (words[1])
		return;
	meters->interval_ms = MAX((guint)(g_ascii_strtod(words[0], NULL) * 1000), 1);
	meters->has_joined = TRUE;
}

static void end_instrument(Meters *meters, const char *name)
{
	guint i = (guint)scenario_meters_find(meters->scenario, name);

	if (meters->wanted[i])
		meter_stream_instrument(&meters->stream, 8, &instrument_at(meters, i)->wire);
	meters->wanted[i] = FALSE;
}

static void add_event(Meters *meters, const ScenarioEvent *event)
{
	MeterStream *stream = &meters->stream;

	switch (event->kind) {
	case SCENARIO_SERIES_LIMIT:
		meter_stream_add(stream, 12, stream->session);
		return;
	case SCENARIO_HISTOGRAM_LIMIT:
		meter_stream_add(stream, 13, stream->session);
		return;
	case SCENARIO_ERROR:
		meter_stream_add(stream, 9, stream->session, event->text);
		return;
	case SCENARIO_CALLBACK_ERROR:
		meter_stream_add(stream, 14, stream->session, event->text);
		return;
	case SCENARIO_NO_SHARING:
		meter_stream_add(stream, 15, event->text);
		meters->is_refused = TRUE;
		return;
	case SCENARIO_OTHER_SETTINGS:
		other_settings(meters, event->text);
		return;
	case SCENARIO_END:
		end_instrument(meters, event->text);
		return;
	}
	g_assert_not_reached();
}

static void add_events(Meters *meters, guint collection)
{
	for (guint i = 0; i < meters->scenario->events->len; i++) {
		const ScenarioEvent *event = g_ptr_array_index(meters->scenario->events, i);

		if (event->collection == collection)
			add_event(meters, event);
	}
}

void meters_start(Meters *meters, guint64 stamp_ns)
{
	MeterStream *stream = &meters->stream;

	stream->timestamp = stamp_ns;
	meter_stream_define(stream);
	if (meters->request.keywords & KEYWORD_MESSAGES && meters->release >= 9)
		meter_stream_add(stream, 18, (int)meters->release, 0, 1);
	add_events(meters, 0);
	if (meters_interval_ms(meters) && !meters->has_joined) {
		for (guint i = 0; i < meters->scenario->instruments->len; i++) {
			if (meters->wanted[i])
				meter_stream_instrument(stream, 7, &instrument_at(meters, i)->wire);
		}
		meter_stream_add(stream, 10, stream->session);
	}
	meter_stream_flush(stream);
}

/* The word of a collection, counted from 1; "" for no measurement. */
static const char *word_at(const ScenarioValue *value, guint collection)
{
	guint last = g_strv_length(value->words) - 1;
	const char *word = value->words[MIN(collection - 1, last)];

	return g_str_equal(word, "-") ? "" : word;
}

static void add_rate(Meters *meters, const ScenarioInstrument *instrument,
                     const ScenarioValue *value)
{
	const char *total = word_at(value, meters->collection);
	char rate[G_ASCII_DTOSTR_BUF_SIZE] = "";
	double increment;

	if (meters->collection > 1) {
		increment = g_ascii_strtod(total, NULL) -
		            g_ascii_strtod(word_at(value, meters->collection - 1), NULL);
		if (isfinite(increment))
			g_ascii_dtostr(rate, sizeof rate, increment);
	}
	meter_stream_rate(&meters->stream, instrument->event_id, &instrument->wire, value->tags,
	                  rate, total);
}

static void add_value(Meters *meters, const ScenarioValue *value)
{
	const ScenarioInstrument *instrument = instrument_at(meters, value->instrument);
	MeterStream *stream = &meters->stream;

	if (instrument->event_id == 5)
		meter_stream_gauge(stream, &instrument->wire, value->tags,
		                   word_at(value, meters->collection));
	else if (instrument->event_id == 6)
		meter_stream_histogram(stream, &instrument->wire, value->tags, value->words[2],
		                       atoi(value->words[0]),
		                       g_ascii_strtod(value->words[1], NULL));
	else
		add_rate(meters, instrument, value);
}

void meters_collect(Meters *meters, guint64 stamp_ns)
{
	MeterStream *stream = &meters->stream;
	double interval_s = meters->interval_ms / 1000.0;

	meters->collection++;
	stream->timestamp = stamp_ns;
	meter_stream_collection(stream, 2, interval_s);
	add_events(meters, meters->collection);
	for (guint i = 0; i < meters->scenario->values->len; i++) {
		const ScenarioValue *value = g_ptr_array_index(meters->scenario->values, i);

		if (meters->wanted[value->instrument])
			add_value(meters, value);
	}
	meter_stream_collection(stream, 3, interval_s);
	meter_stream_flush(stream);
}
