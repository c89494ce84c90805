#pragma once
/*
 * The events of System.Diagnostics.Metrics (ipc/nettrace/meter-events.h has their fields) as runtimes from 6
 * to 11 write them: payloads of one event, and a stream of them into a writer.
 *
 * What follows an event id are the fields of its newest version, in their order: a text is a const char *
 * (NULL: ""), an i32 an int, an i64 and a DateTime a gint64, an f64 a double. Those that the version does
 * not have are passed over. Numbers of measurements are texts, "" for none.
 *
 * On the stream of a test (counter-stream.h): its writer, first_id 100, and counter_stream_flush() after
 * every meter_stream_define() and meter_stream_flush().
 */
#include <glib.h>
#include <stdarg.h>
#include "tests/lib/nettrace-writer.h"

enum {
	METER_STREAM_EVENTS = 20, /* ids are below it */
	METER_STREAM_THREAD = 88,
};

/* The version of an event that a release (6, 8, 9, 10) sends; the newest of all for a higher one. */
unsigned meter_stream_version(unsigned event_id, unsigned release);
/* A definition; what it refers to is static. False for an id that is no event's. */
gboolean meter_stream_metadata(NettraceWriterMetadata *ret, uint32_t id, unsigned event_id,
                               unsigned version);
void meter_stream_put(GByteArray *out, unsigned event_id, unsigned version, ...);

typedef struct {
	NettraceWriter *writer; /* not owned */
	unsigned release;
	const char *session; /* not owned */
	unsigned first_id;   /* of metadata; METER_STREAM_EVENTS ids are used from there */
	guint64 timestamp;   /* of the next events; the caller's to set */
	unsigned sequence;   /* of METER_STREAM_THREAD */
	GArray *events;      /* NettraceWriterEvent, with payloads of their own */
} MeterStream;

void meter_stream_init(MeterStream *stream, NettraceWriter *writer, unsigned release,
                       const char *session, unsigned first_id);
void meter_stream_clear(MeterStream *stream);

/* A MetadataBlock with all events. */
void meter_stream_define(MeterStream *stream);
/* An event, kept until the flush: an EventBlock of all. */
void meter_stream_add(MeterStream *stream, unsigned event_id, ...);
void meter_stream_flush(MeterStream *stream);

typedef struct {
	const char *meter, *version, *name; /* NULL: "", as everywhere here */
	const char *type; /* "Counter", "ObservableGauge" ...: as the class is called */
	const char *unit, *description;
	const char *tags, *meter_tags, *scope_hash;
	int id; /* 9 and later */
} MeterStreamInstrument;

/* 7, 8 or 11. */
void meter_stream_instrument(MeterStream *stream, unsigned event_id,
                             const MeterStreamInstrument *instrument);
/* 4 or 16. */
void meter_stream_rate(MeterStream *stream, unsigned event_id,
                       const MeterStreamInstrument *instrument, const char *tags, const char *rate,
                       const char *value);
void meter_stream_gauge(MeterStream *stream, const MeterStreamInstrument *instrument,
                        const char *tags, const char *value);
void meter_stream_histogram(MeterStream *stream, const MeterStreamInstrument *instrument,
                            const char *tags, const char *quantiles, int count, double sum);
/* 2 and 3, around the values: an interval that ends now. */
void meter_stream_collection(MeterStream *stream, unsigned event_id, double interval_s);
