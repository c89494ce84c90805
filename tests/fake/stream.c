#include "tests/fake/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/fake/meters.h"
#include "tests/lib/nettrace-writer.h"

enum {
	QUEUE_MAX = 4 << 20, /* beyond it counters are lost, as in a runtime whose buffer is full */
	FLOOD_QUEUE = 256 << 10,
	GARBAGE_CHUNK = 65536,
	GARBAGE_EVERY_US = 20000,
	MEAN_ID = 1,
	SUM_ID = 2,
	DEFINITION_ID = 3, /* the first of many */
	A_BLOCK = 1000,    /* names, definitions */
};

struct Stream {
	const Scenario *scenario;
	int fd;
	guint64 id;
	gboolean counters;
	Meters *meters; /* NULL: none asked for */
	gint64 interval_us, next_counters_us, next_meters_us, next_send_us;
	NettraceWriter *writer;
	guint32 sequence;
	GByteArray *queue;
	guint64 sent;
	guint n_made; /* names, definitions */
	GRand *random;
	gboolean last; /* nothing follows the queue */
};

typedef struct {
	const char *name, *display_name, *unit;
	gboolean sum;
	gboolean new; /* not in 3.1 */
} RuntimeCounter;

static const RuntimeCounter runtime_counters[] = {
	{ "cpu-usage", "CPU Usage", "%", FALSE, FALSE },
	{ "working-set", "Working Set", "MB", FALSE, FALSE },
	{ "gc-heap-size", "GC Heap Size", "MB", FALSE, FALSE },
	{ "gen-0-gc-count", "Gen 0 GC Count", "", TRUE, FALSE },
	{ "gen-1-gc-count", "Gen 1 GC Count", "", TRUE, FALSE },
	{ "gen-2-gc-count", "Gen 2 GC Count", "", TRUE, FALSE },
	{ "threadpool-thread-count", "ThreadPool Thread Count", "", FALSE, FALSE },
	{ "monitor-lock-contention-count", "Monitor Lock Contention Count", "", TRUE, FALSE },
	{ "threadpool-queue-length", "ThreadPool Queue Length", "", FALSE, FALSE },
	{ "threadpool-completed-items-count", "ThreadPool Completed Work Item Count", "", TRUE,
	  FALSE },
	{ "alloc-rate", "Allocation Rate", "B", TRUE, FALSE },
	{ "active-timer-count", "Number of Active Timers", "", FALSE, FALSE },
	{ "gc-fragmentation", "GC Fragmentation", "%", FALSE, TRUE },
	{ "gc-committed", "GC Committed Bytes", "MB", FALSE, TRUE },
	{ "exception-count", "Exception Count", "", TRUE, FALSE },
	{ "time-in-gc", "% Time in GC since last GC", "%", FALSE, FALSE },
	{ "gen-0-size", "Gen 0 Size", "B", FALSE, FALSE },
	{ "gen-1-size", "Gen 1 Size", "B", FALSE, FALSE },
	{ "gen-2-size", "Gen 2 Size", "B", FALSE, FALSE },
	{ "loh-size", "LOH Size", "B", FALSE, FALSE },
	{ "poh-size", "POH (Pinned Object Heap) Size", "B", FALSE, TRUE },
	{ "assembly-count", "Number of Assemblies Loaded", "", FALSE, FALSE },
	{ "il-bytes-jitted", "IL Bytes Jitted", "B", FALSE, TRUE },
	{ "methods-jitted-count", "Number of Methods Jitted", "", FALSE, TRUE },
	{ "time-in-jit", "Time spent in JIT", "ms", TRUE, TRUE },
	{ "total-pause-time-by-gc", "Time paused by GC", "ms", TRUE, TRUE },
	{ "gen-0-gc-budget", "Gen 0 GC Budget", "MB", FALSE, TRUE },
};

static guint64 clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (guint64)ts.tv_sec * 1000000000u + (guint64)ts.tv_nsec;
}

static void take_written(Stream *stream)
{
	g_autoptr(GByteArray) bytes = nettrace_writer_steal(stream->writer);

	if (bytes->len > 0 && stream->queue->len < QUEUE_MAX)
		g_byte_array_append(stream->queue, bytes->data, bytes->len);
}

static void write_start(Stream *stream)
{
	NettraceTrace trace = nettrace_writer_trace_default();
	NettraceWriterMetadata metadata[] = {
		nettrace_writer_counter_mean(MEAN_ID, "System.Runtime"),
		nettrace_writer_counter_sum(SUM_ID, "System.Runtime"),
	};

	trace.utc_ms = g_get_real_time() / 1000;
	trace.sync_ticks = (gint64)clock_ns();
	trace.ticks_per_second = 1000000000;
	trace.pid = (guint32)getpid();
	nettrace_writer_start(stream->writer, &trace);
	if (stream->counters)
		nettrace_writer_metadata(stream->writer, metadata, G_N_ELEMENTS(metadata));
	if (stream->meters)
		meters_start(stream->meters, clock_ns());
	take_written(stream);
}

static double counter_value(const RuntimeCounter *counter, double heap_mb, guint32 sequence)
{
	if (g_str_equal(counter->name, "gc-heap-size"))
		return heap_mb;
	if (g_str_equal(counter->name, "working-set") || g_str_equal(counter->name, "gc-committed"))
		return heap_mb + 50;
	return counter->sum ? sequence % 7 : 1 + sequence % 5;
}

static NettraceWriterEvent next_event(Stream *stream, guint32 metadata_id, guint64 stamp_ns,
                                      const GByteArray *payload)
{
	return (NettraceWriterEvent){ .metadata_id = metadata_id,
		                      .sequence = ++stream->sequence,
		                      .capture_thread = 1,
		                      .timestamp = stamp_ns,
		                      .payload = payload->data,
		                      .payload_len = payload->len };
}

static void write_counters(Stream *stream, double heap_mb)
{
	NettraceWriterEvent events[G_N_ELEMENTS(runtime_counters)];
	g_autoptr(GPtrArray) payloads =
		g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
	guint64 now = clock_ns();
	unsigned n = 0;

	for (unsigned i = 0; i < G_N_ELEMENTS(runtime_counters); i++) {
		const RuntimeCounter *counter = &runtime_counters[i];
		GByteArray *payload = g_byte_array_new();
		NettraceWriterCounter value = { .name = counter->name,
			                        .display_name = counter->display_name,
			                        .unit = counter->unit,
			                        .value = counter_value(counter, heap_mb,
			                                               stream->sequence),
			                        .interval_s = (float)stream->interval_us / 1e6f };

		g_ptr_array_add(payloads, payload);
		if (counter->new && stream->scenario->n_counters < 27)
			continue;
		if (counter->sum)
			nettrace_writer_put_sum(payload, &value);
		else
			nettrace_writer_put_mean(payload, &value);
		events[n++] = next_event(stream, counter->sum ? SUM_ID : MEAN_ID, now, payload);
	}
	nettrace_writer_events(stream->writer, events, n, NETTRACE_WRITER_COMPRESSED);
	take_written(stream);
}

static void write_names(Stream *stream)
{
	NettraceWriterEvent events[A_BLOCK];
	g_autoptr(GPtrArray) payloads =
		g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);

	for (unsigned i = 0; i < A_BLOCK; i++) {
		g_autofree char *name =
			g_strdup_printf("name-%u", stream->n_made++ % stream->scenario->stream_n);
		GByteArray *payload = g_byte_array_new();
		NettraceWriterCounter value = { .name = name,
			                        .display_name = name,
			                        .unit = "",
			                        .value = i,
			                        .interval_s = (float)stream->interval_us / 1e6f };

		g_ptr_array_add(payloads, payload);
		nettrace_writer_put_mean(payload, &value);
		events[i] = next_event(stream, MEAN_ID, clock_ns(), payload);
	}
	nettrace_writer_events(stream->writer, events, A_BLOCK, NETTRACE_WRITER_COMPRESSED);
	take_written(stream);
}

static void write_definitions(Stream *stream)
{
	NettraceWriterMetadata list[A_BLOCK];

	for (unsigned i = 0; i < A_BLOCK; i++)
		list[i] = (NettraceWriterMetadata){ .id = DEFINITION_ID + stream->n_made++,
			                            .provider = "Provider",
			                            .name = "Event" };
	nettrace_writer_metadata(stream->writer, list, A_BLOCK);
	take_written(stream);
}

/* What a scenario wants to be sent as fast as it is taken. */
static void write_without_pause(Stream *stream, double heap_mb)
{
	const Scenario *s = stream->scenario;

	while (!stream->last && stream->queue->len < FLOOD_QUEUE) {
		if (s->stream == STREAM_FLOOD)
			write_counters(stream, heap_mb);
		else if (s->stream == STREAM_DEFINITIONS && stream->n_made < s->stream_n)
			write_definitions(stream);
		else
			return;
	}
}

static gint64 meters_interval_us(const Stream *stream)
{
	return stream->meters ? (gint64)meters_interval_ms(stream->meters) * 1000 : 0;
}

static void write_meters(Stream *stream)
{
	meters_collect(stream->meters, clock_ns());
	take_written(stream);
	stream->next_meters_us += meters_interval_us(stream);
}

Stream *stream_new(const Scenario *s, int fd, guint64 id, const CollectRequest *request,
                   guint collection)
{
	Stream *stream = g_new0(Stream, 1);
	g_autofree char *text = NULL;
	gsize len;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	stream->scenario = s;
	stream->fd = fd;
	stream->id = id;
	stream->counters =
		s->stream == STREAM_FLOOD ||
		(request->counters && (s->stream == STREAM_COUNTERS || s->stream == STREAM_NAMES ||
	                               s->stream == STREAM_DEFINITIONS));
	stream->interval_us =
		(gint64)(s->interval_ms ? s->interval_ms : request->interval_ms) * 1000;
	stream->next_counters_us = g_get_monotonic_time() + stream->interval_us;
	stream->writer = nettrace_writer_new();
	if (request->meters.asked && s->stream == STREAM_COUNTERS)
		stream->meters = meters_new(s, stream->writer, &request->meters, collection);
	stream->queue = g_byte_array_new();
	stream->random = g_rand_new_with_seed(1);
	if (s->stream == STREAM_FILE) {
		if (g_file_get_contents(s->stream_file, &text, &len, NULL))
			g_byte_array_append(stream->queue, (const guint8 *)text, (guint)len);
		stream->last = TRUE;
	} else if (s->stream != STREAM_SILENT) {
		write_start(stream);
	}
	stream->next_meters_us = g_get_monotonic_time() + meters_interval_us(stream);
	return stream;
}

void stream_free(Stream *stream)
{
	close(stream->fd);
	meters_free(stream->meters);
	nettrace_writer_free(stream->writer);
	g_byte_array_unref(stream->queue);
	g_rand_free(stream->random);
	g_free(stream);
}

guint64 stream_id(const Stream *stream)
{
	return stream->id;
}

int stream_fd(const Stream *stream)
{
	return stream->fd;
}

guint stream_collection(const Stream *stream, const char *session)
{
	return stream->meters && g_str_equal(meters_session(stream->meters), session)
	               ? meters_collection(stream->meters)
	               : 0;
}

gint64 stream_next_us(const Stream *stream)
{
	gint64 next = stream->counters && !stream->last ? stream->next_counters_us : G_MAXINT64;

	if (meters_interval_us(stream) && !stream->last)
		next = MIN(next, stream->next_meters_us);
	return stream->next_send_us ? MIN(next, stream->next_send_us) : next;
}

gboolean stream_wants_out(const Stream *stream, gint64 now_us)
{
	return stream->queue->len > 0 && stream->next_send_us <= now_us;
}

static void append_garbage(Stream *stream)
{
	for (unsigned i = 0; i < GARBAGE_CHUNK; i++) {
		guint8 byte = (guint8)g_rand_int(stream->random);

		g_byte_array_append(stream->queue, &byte, 1);
	}
}

/* How many bytes may be sent now. */
static gsize allowance(const Stream *stream)
{
	const Scenario *s = stream->scenario;
	guint64 n = stream->queue->len;

	if (stream->sent < s->garbage)
		n = MIN(n, s->garbage - stream->sent);
	n = MIN(n, s->cut - stream->sent);
	return s->drip_bytes ? MIN(n, s->drip_bytes) : n;
}

gboolean stream_run(Stream *stream, gint64 now_us, double heap_mb)
{
	const Scenario *s = stream->scenario;
	ssize_t n = 0;

	if (stream->counters && !stream->last && now_us >= stream->next_counters_us) {
		write_counters(stream, heap_mb);
		if (s->stream == STREAM_NAMES)
			write_names(stream);
		stream->next_counters_us += stream->interval_us;
	}
	if (meters_interval_us(stream) && !stream->last && now_us >= stream->next_meters_us)
		write_meters(stream);
	if (stream->counters)
		write_without_pause(stream, heap_mb);
	if (stream->next_send_us > now_us)
		return TRUE;
	stream->next_send_us = 0;
	if (stream->sent >= s->garbage) {
		g_byte_array_set_size(stream->queue, 0);
		append_garbage(stream);
		stream->next_send_us = now_us + GARBAGE_EVERY_US;
	}
	if (allowance(stream) > 0)
		n = send(stream->fd, stream->queue->data, allowance(stream), MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN)
		return FALSE;
	if (n > 0) {
		stream->sent += (guint64)n;
		g_byte_array_remove_range(stream->queue, 0, (guint)n);
		if (s->drip_bytes)
			stream->next_send_us = now_us + (gint64)s->drip_ms * 1000;
	}
	return stream->sent < s->cut && !(stream->last && stream->queue->len == 0);
}

void stream_stop(Stream *stream)
{
	if (stream->scenario->stream != STREAM_SILENT && stream->scenario->stream != STREAM_FILE) {
		nettrace_writer_end(stream->writer);
		take_written(stream);
	}
	stream->last = TRUE;
}
