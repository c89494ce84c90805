/* See counter-stream.h. */
#include "tests/lib/counter-stream.h"
#include <sys/socket.h>
#include "fs/util.h"

enum {
	METADATA_MEAN = 1,
	METADATA_TICK = 2,
	METADATA_HISTORY = 3,
	METADATA_STATS = 4,
	THREAD = 77
};

void counter_stream_init(CounterStream *stream, int *ret_fd)
{
	int fds[2];

	g_assert_no_errno(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
	*stream = (CounterStream){ .writer = nettrace_writer_new(), .fd = fds[1] };
	*ret_fd = fds[0];
}

void counter_stream_clear(CounterStream *stream)
{
	nettrace_writer_free(g_steal_pointer(&stream->writer));
	if (stream->events)
		g_array_unref(g_steal_pointer(&stream->events));
	util_close_fd(&stream->fd);
}

void counter_stream_raw(CounterStream *stream, const void *data, gsize len)
{
	g_assert_cmpint(send(stream->fd, data, len, MSG_NOSIGNAL), ==, (gssize)len);
}

static void flush(CounterStream *stream)
{
	g_autoptr(GByteArray) bytes = nettrace_writer_steal(stream->writer);

	counter_stream_raw(stream, bytes->data, bytes->len);
}

#define RUNTIME "Microsoft-Windows-DotNETRuntime"

/* Without field lists, as runtimes send them too: their layout is fixed. */
static const NettraceWriterMetadata gc_metadata[] = {
	{ .id = METADATA_TICK, .provider = RUNTIME, .event_id = 10, .name = "", .version = 4 },
	{ .id = METADATA_HISTORY, .provider = RUNTIME, .event_id = 204, .name = "", .version = 3 },
	{ .id = METADATA_STATS, .provider = RUNTIME, .event_id = 4, .name = "", .version = 2 },
};

void counter_stream_start(CounterStream *stream)
{
	NettraceTrace trace = nettrace_writer_trace_default();
	NettraceWriterMetadata mean = nettrace_writer_counter_mean(METADATA_MEAN, "System.Runtime");

	nettrace_writer_start(stream->writer, &trace);
	nettrace_writer_metadata(stream->writer, &mean, 1);
	nettrace_writer_metadata(stream->writer, gc_metadata, G_N_ELEMENTS(gc_metadata));
	flush(stream);
}

void counter_stream_value(CounterStream *stream, const char *name, double value)
{
	g_autoptr(GByteArray) payload = g_byte_array_new();
	const NettraceWriterCounter counter = {
		.name = name,
		.display_name = name,
		.unit = "MB",
		.value = value,
		.interval_s = 1,
	};
	NettraceWriterEvent event = {
		.metadata_id = METADATA_MEAN,
		.sequence = ++stream->sequence,
		.capture_thread = THREAD,
		.timestamp = (guint64)(stream->at_us ? stream->at_us * 1000 : stream->sequence),
	};

	nettrace_writer_put_mean(payload, &counter);
	event.payload = payload->data;
	event.payload_len = payload->len;
	nettrace_writer_events(stream->writer, &event, 1, NETTRACE_WRITER_COMPRESSED);
	flush(stream);
}

void counter_stream_at(CounterStream *stream, gint64 us)
{
	stream->at_us = us;
}

static void clear_event(gpointer data)
{
	g_free((gpointer)((NettraceWriterEvent *)data)->payload);
}

static void add(CounterStream *stream, guint metadata, guint64 thread, gint64 us,
                GByteArray *payload)
{
	NettraceWriterEvent event = {
		.metadata_id = metadata,
		.sequence = ++stream->sequences[thread],
		.capture_thread = thread,
		.timestamp = (guint64)us * 1000,
		.payload_len = payload->len,
	};

	if (!stream->events) {
		stream->events = g_array_new(FALSE, FALSE, sizeof event);
		g_array_set_clear_func(stream->events, clear_event);
	}
	event.payload = g_byte_array_free(payload, FALSE);
	g_array_append_val(stream->events, event);
}

void counter_stream_tick(CounterStream *stream, guint64 thread, gint64 us, guint64 bytes)
{
	GByteArray *payload = g_byte_array_new();

	nettrace_writer_put_le(payload, (guint32)bytes, 4);
	nettrace_writer_put_le(payload, 0, 6);
	nettrace_writer_put_le(payload, bytes, 8);
	nettrace_writer_put_le(payload, 0x1234, 8);
	nettrace_writer_put_utf16z(payload, "System.Byte[]");
	nettrace_writer_put_le(payload, 0, 4);
	nettrace_writer_put_le(payload, 0, 8);
	nettrace_writer_put_le(payload, bytes, 8);
	add(stream, METADATA_TICK, thread, us, payload);
}

void counter_stream_collection(CounterStream *stream, guint64 thread, gint64 us,
                               guint64 alive_bytes)
{
	GByteArray *history = g_byte_array_new(), *stats = g_byte_array_new();
	guint64 size = alive_bytes + 33000000;

	/* One generation has it all, with free space in it. */
	for (unsigned i = 0; i < 82; i++)
		nettrace_writer_put_le(history, 0, 1);
	nettrace_writer_put_le(history, 1, 4);
	for (unsigned i = 0; i < 10; i++)
		nettrace_writer_put_le(history, i == 3 ? size : i == 4 ? 33000000 : 0, 8);
	for (unsigned i = 0; i < 8; i++)
		nettrace_writer_put_le(stats, i ? 0 : size, 8);
	for (unsigned i = 0; i < 46; i++)
		nettrace_writer_put_le(stats, 0, 1);
	add(stream, METADATA_HISTORY, thread, us, history);
	add(stream, METADATA_STATS, thread, us, stats);
}

void counter_stream_flush(CounterStream *stream)
{
	if (stream->events) {
		nettrace_writer_events(stream->writer,
		                       (const NettraceWriterEvent *)stream->events->data,
		                       stream->events->len, NETTRACE_WRITER_COMPRESSED);
		g_array_set_size(stream->events, 0);
	}
	flush(stream);
}
