/* See counter-stream.h. */
#include "tests/lib/counter-stream.h"
#include <sys/socket.h>
#include "fs/util.h"

enum {
	METADATA_MEAN = 1,
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

void counter_stream_start(CounterStream *stream)
{
	NettraceTrace trace = nettrace_writer_trace_default();
	NettraceWriterMetadata mean = nettrace_writer_counter_mean(METADATA_MEAN, "System.Runtime");

	nettrace_writer_start(stream->writer, &trace);
	nettrace_writer_metadata(stream->writer, &mean, 1);
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
		.timestamp = stream->sequence,
	};

	nettrace_writer_put_mean(payload, &counter);
	event.payload = payload->data;
	event.payload_len = payload->len;
	nettrace_writer_events(stream->writer, &event, 1, NETTRACE_WRITER_COMPRESSED);
	flush(stream);
}
