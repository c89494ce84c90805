/*
 * How fast the decoder is: bench-decode [STREAM]. Without a stream it makes one of at least 64 MB,
 * of allocation ticks, garbage collections and counters as an armed process sends them. Beside it,
 * in the same run, a memcpy of the same bytes in the same chunks.
 */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/nettrace/decoder.h"
#include "ipc/nettrace/event-counters.h"
#include "tests/lib/nettrace-writer.h"

enum {
	CHUNK = 64 << 10, /* what one read of a stream gives at most */
	ROUNDS = 5,
	STREAM_LEAST = 64000000,
	BLOCK_EVENTS = 1000,
	TICKS_PER_GC = 200,
	EVENTS_PER_COUNTERS = 2000,
	N_COUNTERS = 27,
};

enum {
	ID_MEAN = 1,
	ID_SUM,
	ID_TICK,
	ID_GC_START,
	ID_GC_END,
	ID_HEAP_STATS,
	ID_HEAP_HISTORY
};

/* The runtime's events have no fields in their definitions. */
static const struct {
	uint32_t id, event_id, version;
	unsigned payload; /* bytes */
} gc_events[] = {
	{ ID_TICK, 10, 4, 74 },  { ID_GC_START, 1, 2, 26 },    { ID_HEAP_HISTORY, 204, 3, 486 },
	{ ID_GC_END, 2, 1, 10 }, { ID_HEAP_STATS, 4, 2, 110 },
};

/* A stream in the making: the events of the next block, and their payloads. */
typedef struct {
	NettraceWriter *w;
	GArray *events; /* NettraceWriterEvent */
	GPtrArray *payloads;
	uint64_t time;
	uint32_t sequence[3];
} Stream;

static void add_event(Stream *s, uint32_t id, GByteArray *payload, unsigned thread)
{
	NettraceWriterEvent event = { .metadata_id = id,
		                      .sequence = ++s->sequence[thread],
		                      .capture_thread = 4800 + thread,
		                      .timestamp = s->time += 15000 + thread,
		                      .payload = payload->data,
		                      .payload_len = payload->len };

	g_array_append_val(s->events, event);
	g_ptr_array_add(s->payloads, payload);
}

static void add_gc_event(Stream *s, unsigned which, unsigned thread)
{
	GByteArray *payload = g_byte_array_new();

	while (payload->len < gc_events[which].payload)
		nettrace_writer_put_le(payload, s->time + payload->len, 1);
	add_event(s, gc_events[which].id, payload, thread);
}

static void add_counters(Stream *s)
{
	for (unsigned i = 0; i < N_COUNTERS; i++) {
		bool sum = i % 3 == 0;
		NettraceWriterCounter counter = { .name = "threadpool-completed-items-count",
			                          .display_name =
			                                  "ThreadPool Completed Work Item Count",
			                          .unit = "MB",
			                          .value = (double)s->time / 7,
			                          .interval_s = 1 };
		GByteArray *payload = g_byte_array_new();

		if (sum)
			nettrace_writer_put_sum(payload, &counter);
		else
			nettrace_writer_put_mean(payload, &counter);
		add_event(s, sum ? ID_SUM : ID_MEAN, payload, 2);
	}
}

static void write_block(Stream *s)
{
	NettraceWriterPoint points[3];

	nettrace_writer_events(s->w, (NettraceWriterEvent *)(void *)s->events->data, s->events->len,
	                       NETTRACE_WRITER_COMPRESSED);
	for (unsigned i = 0; i < G_N_ELEMENTS(points); i++)
		points[i] = (NettraceWriterPoint){ 4800 + i, s->sequence[i] };
	nettrace_writer_points(s->w, s->time, points, G_N_ELEMENTS(points));
	g_array_set_size(s->events, 0);
	g_ptr_array_set_size(s->payloads, 0);
}

static GByteArray *make_stream(void)
{
	NettraceWriterMetadata list[2 + G_N_ELEMENTS(gc_events)] = {
		nettrace_writer_counter_mean(ID_MEAN, "System.Runtime"),
		nettrace_writer_counter_sum(ID_SUM, "System.Runtime"),
	};
	NettraceTrace trace = nettrace_writer_trace_default();
	Stream s = { .w = nettrace_writer_new(),
		     .events = g_array_new(FALSE, FALSE, sizeof(NettraceWriterEvent)),
		     .payloads = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref),
		     .time = (uint64_t)trace.sync_ticks };
	GByteArray *stream;

	for (unsigned i = 0; i < G_N_ELEMENTS(gc_events); i++)
		list[2 + i] = (NettraceWriterMetadata){
			.id = gc_events[i].id,
			.provider = "Microsoft-Windows-DotNETRuntime",
			.event_id = gc_events[i].event_id,
			.version = gc_events[i].version,
		};
	nettrace_writer_start(s.w, &trace);
	nettrace_writer_metadata(s.w, list, G_N_ELEMENTS(list));
	for (unsigned n = 1; nettrace_writer_offset(s.w) < STREAM_LEAST; n++) {
		add_gc_event(&s, 0, n % 2);
		for (unsigned i = 1; n % TICKS_PER_GC == 0 && i < G_N_ELEMENTS(gc_events); i++)
			add_gc_event(&s, i, 0);
		if (n % EVENTS_PER_COUNTERS == 0)
			add_counters(&s);
		if (n % BLOCK_EVENTS == 0)
			write_block(&s);
	}
	nettrace_writer_end(s.w);
	stream = nettrace_writer_steal(s.w);
	nettrace_writer_free(s.w);
	g_array_unref(s.events);
	g_ptr_array_unref(s.payloads);
	return stream;
}

/* Counters are read; of the others as much is touched as a reader of GC events would. */
static void on_event(const NettraceEvent *event, void *data)
{
	uint64_t *sum = data;
	EventCounterSample sample;

	*sum += event->metadata->event_id + event->timestamp;
	if (event_counter_parse(event, &sample) == 1)
		*sum += (uint64_t)sample.kind;
	else if (event->payload_len)
		*sum += event->payload[event->payload_len - 1];
}

static double decode(const GByteArray *stream, NettraceStats *ret)
{
	uint64_t sum = 0;
	gint64 start = g_get_monotonic_time();
	NettraceDecoder *d = nettrace_decoder_new(on_event, &sum);
	int r = 0;

	for (size_t i = 0; !r && i < stream->len; i += CHUNK)
		r = nettrace_decoder_push(d, stream->data + i, MIN(CHUNK, stream->len - i));
	if (r) {
		fprintf(stderr, "bench-decode: %s\n", nettrace_decoder_error(d));
		exit(EXIT_FAILURE);
	}
	*ret = *nettrace_decoder_stats(d);
	nettrace_decoder_free(d);
	return (double)(g_get_monotonic_time() - start) / 1e6;
}

static double copy(const GByteArray *stream)
{
	g_autofree uint8_t *to = g_malloc(CHUNK);
	gint64 start = g_get_monotonic_time();

	for (size_t i = 0; i < stream->len; i += CHUNK) {
		memcpy(to, stream->data + i, MIN(CHUNK, stream->len - i));
		/* The copy counts as used. */
		__asm__ volatile("" : : "r"(to) : "memory");
	}
	return (double)(g_get_monotonic_time() - start) / 1e6;
}

static GByteArray *load(const char *path)
{
	g_autoptr(GError) error = NULL;
	char *data;
	gsize len;

	if (!g_file_get_contents(path, &data, &len, &error)) {
		fprintf(stderr, "bench-decode: %s\n", error->message);
		exit(EXIT_FAILURE);
	}
	return g_byte_array_new_take((guint8 *)data, len);
}

int main(int argc, char **argv)
{
	g_autoptr(GByteArray) stream = argc > 1 ? load(argv[1]) : make_stream();
	double best = G_MAXDOUBLE, best_copy = G_MAXDOUBLE;
	double mb = (double)stream->len / 1e6;
	NettraceStats stats = { 0 };

	for (unsigned i = 0; i < ROUNDS; i++) {
		double copied = copy(stream);
		double decoded = decode(stream, &stats);

		best = MIN(best, decoded);
		best_copy = MIN(best_copy, copied);
	}
	printf("stream %.1f MB, %" G_GUINT64_FORMAT " events, %" G_GUINT64_FORMAT " dropped, "
	       "chunks of %d bytes, best of %d rounds\n",
	       mb, stats.events, stats.dropped, CHUNK, ROUNDS);
	printf("decode %.0f MB/s, %.2f million events/s\n", mb / best,
	       (double)stats.events / best / 1e6);
	printf("memcpy %.0f MB/s\n", mb / best_copy);
	return EXIT_SUCCESS;
}
