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
} CounterStream;

/* *ret_fd is the reader's end. Nothing is sent yet. */
void counter_stream_init(CounterStream *stream, int *ret_fd);
/* Closes what is open; the reader sees the end. */
void counter_stream_clear(CounterStream *stream);

/* The stream's head: nothing comes before it. */
void counter_stream_start(CounterStream *stream);
/* One sample of a counter that is a value. Sent whole. */
void counter_stream_value(CounterStream *stream, const char *name, double value);
/* Any bytes. */
void counter_stream_raw(CounterStream *stream, const void *data, gsize len);
