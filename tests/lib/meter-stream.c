/* One table says of each event its fields, as definitions and payloads are made of them. */
#include "tests/lib/meter-stream.h"

enum {
	RELEASES = 4,
	VERSIONS = 4,
	FIELDS_MAX = 14,
};

#define FILETIME_EPOCH_US G_GINT64_CONSTANT(11644473600000000) /* 1601 to 1970 */

#define TEXT NETTRACE_TYPE_STRING
#define I32  NETTRACE_TYPE_I32
#define I64  NETTRACE_TYPE_I64
#define F64  NETTRACE_TYPE_F64
#define TIME NETTRACE_TYPE_DATETIME

/* clang-format off */
#define SESSION { "sessionId", TEXT }
#define P4 SESSION, { "meterName", TEXT }, { "meterVersion", TEXT }, { "instrumentName", TEXT }
#define VALUES P4, { "unit", TEXT }, { "tags", TEXT }
#define RATE { VALUES, { "rate", TEXT }, { "value", TEXT }, { "instrumentId", I32 } }
#define INSTRUMENT { P4, { "instrumentType", TEXT }, { "unit", TEXT }, { "description", TEXT }, \
	{ "instrumentTags", TEXT }, { "meterTags", TEXT }, { "meterScopeHash", TEXT }, \
	{ "instrumentId", I32 }, { "meterTelemetrySchemaUrl", TEXT } }
#define COLLECTION { SESSION, { "intervalStartTime", TIME }, { "intervalEndTime", TIME } }

/* n: fields by version, the last for all later ones; versions: of .NET 6, 8, 9 and 10. */
static const struct {
	const char *name;
	guint8 versions[RELEASES];
	guint8 n[VERSIONS];
	guint64 keywords;
	NettraceWriterField fields[FIELDS_MAX];
} rows[METER_STREAM_EVENTS] = {
	[1] = { "Message", { 0 }, { 1 }, 1, { { "Message", TEXT } } },
	[2] = { "CollectionStart", { 0 }, { 3 }, 2, COLLECTION },
	[3] = { "CollectionStop", { 0 }, { 3 }, 2, COLLECTION },
	[4] = { "CounterRateValuePublished", { 0, 1, 2, 2 }, { 7, 8, 9 }, 2, RATE },
	[5] = { "GaugeValuePublished", { 0, 0, 2, 2 }, { 7, 7, 8 }, 2,
		{ VALUES, { "lastValue", TEXT }, { "instrumentId", I32 } } },
	[6] = { "HistogramValuePublished", { 0, 1, 2, 2 }, { 7, 9, 10 }, 2,
		{ VALUES, { "quantiles", TEXT }, { "count", I32 }, { "sum", F64 },
		  { "instrumentId", I32 } } },
	[7] = { "BeginInstrumentReporting", { 0, 1, 2, 3 }, { 7, 10, 11, 12 }, 2, INSTRUMENT },
	[8] = { "EndInstrumentReporting", { 0, 1, 2, 3 }, { 7, 10, 11, 12 }, 2, INSTRUMENT },
	[9] = { "Error", { 0 }, { 2 }, 7, { SESSION, { "errorMessage", TEXT } } },
	[10] = { "InitialInstrumentEnumerationComplete", { 0 }, { 1 }, 6, { SESSION } },
	[11] = { "InstrumentPublished", { 0, 1, 2, 3 }, { 7, 10, 11, 12 }, 4, INSTRUMENT },
	[12] = { "TimeSeriesLimitReached", { 0 }, { 1 }, 2, { SESSION } },
	[13] = { "HistogramLimitReached", { 0 }, { 1 }, 2, { SESSION } },
	[14] = { "ObservableInstrumentCallbackError", { 0 }, { 2 }, 2,
		 { SESSION, { "errorMessage", TEXT } } },
	[15] = { "MultipleSessionsNotSupportedError", { 0 }, { 1 }, 7,
		 { { "runningSessionId", TEXT } } },
	[16] = { "UpDownCounterRateValuePublished", { 0, 1, 2, 2 }, { 7, 8, 9 }, 2, RATE },
	[17] = { "MultipleSessionsConfiguredIncorrectlyError", { 0 }, { 7 }, 2,
		 { { "clientId", TEXT },
		   { "expectedMaxHistograms", TEXT }, { "actualMaxHistograms", TEXT },
		   { "expectedMaxTimeSeries", TEXT }, { "actualMaxTimeSeries", TEXT },
		   { "expectedRefreshInterval", TEXT }, { "actualRefreshInterval", TEXT } } },
	[18] = { "Version", { 0 }, { 3 }, 1, { { "Major", I32 }, { "Minor", I32 }, { "Patch", I32 } } },
	[19] = { "Base2ExponentialHistogramValuePublished", { 1, 1, 1, 1 }, { 14, 14 }, 2,
		 { P4, { "instrumentId", I32 }, { "unit", TEXT }, { "tags", TEXT }, { "scale", I32 },
		   { "sum", F64 }, { "count", I64 }, { "zeroCount", I64 }, { "minimum", F64 },
		   { "maximum", F64 }, { "buckets", TEXT } } },
};
/* clang-format on */

unsigned meter_stream_version(unsigned event_id, unsigned release)
{
	unsigned i = release < 8 ? 0 : release == 8 ? 1 : release == 9 ? 2 : 3;

	return rows[event_id].versions[i];
}

static unsigned n_fields(unsigned event_id, unsigned version)
{
	unsigned n = 0;

	for (unsigned i = 0; i <= version && i < VERSIONS; i++)
		n = MAX(n, rows[event_id].n[i]);
	return n;
}

gboolean meter_stream_metadata(NettraceWriterMetadata *ret, uint32_t id, unsigned event_id,
                               unsigned version)
{
	if (event_id >= METER_STREAM_EVENTS || !rows[event_id].name)
		return FALSE;
	*ret = (NettraceWriterMetadata){ .id = id,
		                         .provider = "System.Diagnostics.Metrics",
		                         .event_id = event_id,
		                         .name = rows[event_id].name,
		                         .keywords = rows[event_id].keywords,
		                         .version = version,
		                         .level = 4,
		                         .fields = rows[event_id].fields,
		                         .n_fields = n_fields(event_id, version) };
	return TRUE;
}

static void put(GByteArray *out, unsigned event_id, unsigned version, va_list args)
{
	unsigned n = n_fields(event_id, version);

	for (unsigned i = 0; i < n; i++) {
		uint32_t type = rows[event_id].fields[i].type;

		if (type == TEXT)
			nettrace_writer_put_utf16z(out, va_arg(args, const char *));
		else if (type == I32)
			nettrace_writer_put_le(out, (guint32)va_arg(args, int), 4);
		else if (type == F64)
			nettrace_writer_put_f64(out, va_arg(args, double));
		else
			nettrace_writer_put_le(out, (guint64)va_arg(args, gint64), 8);
	}
}

void meter_stream_put(GByteArray *out, unsigned event_id, unsigned version, ...)
{
	va_list args;

	va_start(args, version);
	put(out, event_id, version, args);
	va_end(args);
}

static void clear_event(gpointer data)
{
	g_free((gpointer)((NettraceWriterEvent *)data)->payload);
}

void meter_stream_init(MeterStream *stream, NettraceWriter *writer, unsigned release,
                       const char *session, unsigned first_id)
{
	*stream = (MeterStream){
		.writer = writer, .release = release, .session = session, .first_id = first_id
	};
	stream->events = g_array_new(FALSE, FALSE, sizeof(NettraceWriterEvent));
	g_array_set_clear_func(stream->events, clear_event);
}

void meter_stream_clear(MeterStream *stream)
{
	g_array_unref(g_steal_pointer(&stream->events));
}

void meter_stream_define(MeterStream *stream)
{
	NettraceWriterMetadata list[METER_STREAM_EVENTS];
	unsigned n = 0;

	for (unsigned id = 1; id < METER_STREAM_EVENTS; id++) {
		if (meter_stream_metadata(&list[n], stream->first_id + id, id,
		                          meter_stream_version(id, stream->release)))
			n++;
	}
	nettrace_writer_metadata(stream->writer, list, n);
}

void meter_stream_add(MeterStream *stream, unsigned event_id, ...)
{
	GByteArray *payload = g_byte_array_new();
	NettraceWriterEvent event = {
		.metadata_id = stream->first_id + event_id,
		.sequence = ++stream->sequence,
		.capture_thread = METER_STREAM_THREAD,
		.timestamp = stream->timestamp,
	};
	va_list args;

	va_start(args, event_id);
	put(payload, event_id, meter_stream_version(event_id, stream->release), args);
	va_end(args);
	event.payload_len = payload->len;
	event.payload = g_byte_array_free(payload, FALSE);
	g_array_append_val(stream->events, event);
}

void meter_stream_flush(MeterStream *stream)
{
	if (stream->events->len == 0)
		return;
	nettrace_writer_events(stream->writer, (const NettraceWriterEvent *)stream->events->data,
	                       stream->events->len, NETTRACE_WRITER_COMPRESSED);
	g_array_set_size(stream->events, 0);
}

void meter_stream_instrument(MeterStream *stream, unsigned event_id,
                             const MeterStreamInstrument *instrument)
{
	g_autofree char *type = g_strconcat(instrument->type, "`1", NULL);

	meter_stream_add(stream, event_id, stream->session, instrument->meter, instrument->version,
	                 instrument->name, type, instrument->unit, instrument->description,
	                 instrument->tags, instrument->meter_tags, instrument->scope_hash,
	                 instrument->id, "");
}

void meter_stream_rate(MeterStream *stream, unsigned event_id,
                       const MeterStreamInstrument *instrument, const char *tags, const char *rate,
                       const char *value)
{
	meter_stream_add(stream, event_id, stream->session, instrument->meter, instrument->version,
	                 instrument->name, instrument->unit, tags, rate, value, instrument->id);
}

void meter_stream_gauge(MeterStream *stream, const MeterStreamInstrument *instrument,
                        const char *tags, const char *value)
{
	meter_stream_add(stream, 5, stream->session, instrument->meter, instrument->version,
	                 instrument->name, instrument->unit, tags, value, instrument->id);
}

void meter_stream_histogram(MeterStream *stream, const MeterStreamInstrument *instrument,
                            const char *tags, const char *quantiles, int count, double sum)
{
	meter_stream_add(stream, 6, stream->session, instrument->meter, instrument->version,
	                 instrument->name, instrument->unit, tags, quantiles, count, sum,
	                 instrument->id);
}

void meter_stream_collection(MeterStream *stream, unsigned event_id, double interval_s)
{
	gint64 end = (g_get_real_time() + FILETIME_EPOCH_US) * 10;

	meter_stream_add(stream, event_id, stream->session, end - (gint64)(interval_s * 1e7), end);
}
