#pragma once
/*
 * A target's event stream for tests of what reads it: System.Runtime's counters, written to a
 * socket when the test says so.
 */
#include <glib.h>
#include "tests/lib/nettrace-writer.h"

typedef struct {
	NettraceWriter *writer;
	int fd; /* the target's end; owned */
	unsigned sequence;
	gint64 at_us;          /* of the next counter; 0: its number */
	unsigned sequences[4]; /* of GC events, by thread 1 to 3 */
	GArray *events;        /* NettraceWriterEvent, with payloads of their own */
} CounterStream;

/* *ret_fd is the reader's end. Nothing is sent yet. */
void counter_stream_init(CounterStream *stream, int *ret_fd);
/* Closes what is open; the reader sees the end. */
void counter_stream_clear(CounterStream *stream);

/* The stream's head: nothing comes before it. */
void counter_stream_start(CounterStream *stream);
/* One sample of a counter that is a value. Sent whole. */
void counter_stream_value(CounterStream *stream, const char *name, double value);
/*
 * The runtime's GC events, of any thread, stamped in microseconds of the stream's clock (1,000 ns
 * each). They are sent by counter_stream_flush(), in the order given. The stamp of the next counter:
 * counter_stream_at().
 */
void counter_stream_tick(CounterStream *stream, guint64 thread, gint64 us, guint64 bytes);
/* Histories of one heap with so much alive, and the end. */
void counter_stream_collection(CounterStream *stream, guint64 thread, gint64 us,
                               guint64 alive_bytes);
/* These, and what others have written to the writer meanwhile (meter-stream.h). */
void counter_stream_flush(CounterStream *stream);
void counter_stream_at(CounterStream *stream, gint64 us);

/* Any bytes. */
void counter_stream_raw(CounterStream *stream, const void *data, gsize len);
