/*
 * How fast the decoder reads provider, id, time stamp, thread, amount and type name of every event of a captured
 * stream of allocation ticks: bench-ticks FILE. tests/app/ticks does the same with TraceEvent, and prints the
 * same sums. bench-ticks --make TICKS >FILE makes such a stream, for where there is no runtime.
 */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/nettrace/bytes.h"
#include "ipc/nettrace/decoder.h"
#include "ipc/nettrace/gc-events.h"
#include "ipc/nettrace/utf16.h"
#include "tests/lib/nettrace-writer.h"

enum {
	CHUNK = 64 << 10,
	ROUNDS = 5,
	TICK_ID = 10,
	TICK_VERSION = 4,
	NAME_SIZE = 1024, /* bytes */
	BLOCK_EVENTS = 1000,
	THREADS = 2,
};

typedef struct {
	uint64_t events, ticks, amount, letters, rest;
} Sums;

static char is_tick, is_other; /* verdicts: their addresses count */

/* u32 amount, u32 kind, u16, u64 amount, ptr type, utf16z name, ... */
static void take_tick(const NettraceEvent *event, Sums *sums)
{
	ByteReader r = byte_reader(event->payload, event->payload_len);
	/* Not on the stack, where the compiler would fill it with zeros. */
	static char name[NAME_SIZE];
	const uint8_t *text;
	size_t units;

	byte_reader_take(&r, 10);
	sums->amount += byte_reader_u64(&r);
	byte_reader_take(&r, event->pointer_size);
	text = utf16_take_z(&r, &units);
	if (!text)
		return;
	sums->ticks++;
	sums->letters += utf16_to_utf8(text, units, name, sizeof name);
}

static void on_event(const NettraceEvent *event, void *data)
{
	NettraceMetadata *metadata = event->metadata;
	Sums *sums = data;

	/* Once for each type of event. */
	if (!metadata->user)
		metadata->user = !strcmp(metadata->provider, GC_EVENTS_PROVIDER) &&
		                                 metadata->event_id == TICK_ID
		                         ? &is_tick
		                         : &is_other;
	sums->events++;
	sums->rest += strlen(metadata->provider) + metadata->event_id + event->timestamp +
	              event->thread_id;
	if (metadata->user == &is_tick)
		take_tick(event, sums);
}

static double read_stream(const char *stream, gsize len, Sums *ret)
{
	gint64 start = g_get_monotonic_time();
	NettraceDecoder *d = nettrace_decoder_new(on_event, ret);
	int r = 0;

	*ret = (Sums){ 0 };
	for (gsize i = 0; !r && i < len; i += CHUNK)
		r = nettrace_decoder_push(d, stream + i, MIN(CHUNK, len - i));
	if (r) {
		fprintf(stderr, "bench-ticks: %s\n", nettrace_decoder_error(d));
		exit(EXIT_FAILURE);
	}
	nettrace_decoder_free(d);
	return (double)(g_get_monotonic_time() - start) / 1e6;
}

static GByteArray *make_tick(unsigned long i)
{
	static const char *const types[] = {
		"System.Byte[]", "System.String",
		("System.Collections.Generic.Dictionary`2[System.String,"
		 "System.Collections.Generic.List`1[System.Int32]]")
	};
	GByteArray *payload = g_byte_array_new();
	guint64 amount = 106496 + i % 4096;

	nettrace_writer_put_le(payload, amount, 4);
	nettrace_writer_put_le(payload, 0, 4);
	nettrace_writer_put_le(payload, 1, 2);
	nettrace_writer_put_le(payload, amount, 8);
	nettrace_writer_put_le(payload, 0x7f0012345678, 8);
	nettrace_writer_put_utf16z(payload, types[i % G_N_ELEMENTS(types)]);
	nettrace_writer_put_le(payload, 0, 4);
	nettrace_writer_put_le(payload, 0x7f2212345678 + i * 64, 8);
	nettrace_writer_put_le(payload, 4096, 8);
	return payload;
}

static void write_out(NettraceWriter *w)
{
	g_autoptr(GByteArray) bytes = nettrace_writer_steal(w);

	fwrite(bytes->data, 1, bytes->len, stdout);
}

static void write_block(NettraceWriter *w, unsigned long first, unsigned n, uint64_t start)
{
	NettraceWriterEvent events[BLOCK_EVENTS];
	g_autoptr(GPtrArray) payloads =
		g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);

	for (unsigned i = 0; i < n; i++) {
		unsigned long at = first + i;
		GByteArray *payload = make_tick(at);

		g_ptr_array_add(payloads, payload);
		events[i] = (NettraceWriterEvent){ .metadata_id = 1,
			                           .sequence = (uint32_t)(at / THREADS + 1),
			                           .capture_thread = 4800 + at % THREADS,
			                           .timestamp = start + at * 15000,
			                           .payload = payload->data,
			                           .payload_len = payload->len };
	}
	nettrace_writer_events(w, events, n, NETTRACE_WRITER_COMPRESSED);
	write_out(w);
}

static int make(unsigned long ticks)
{
	const NettraceWriterMetadata tick = { .id = 1,
		                              .provider = GC_EVENTS_PROVIDER,
		                              .event_id = TICK_ID,
		                              .version = TICK_VERSION,
		                              .level = 5,
		                              .keywords = 1 };
	NettraceTrace trace = nettrace_writer_trace_default();
	g_autoptr(NettraceWriter) w = nettrace_writer_new();

	nettrace_writer_start(w, &trace);
	nettrace_writer_metadata(w, &tick, 1);
	for (unsigned long i = 0; i < ticks; i += BLOCK_EVENTS)
		write_block(w, i, (unsigned)MIN(BLOCK_EVENTS, ticks - i),
		            (uint64_t)trace.sync_ticks);
	nettrace_writer_end(w);
	write_out(w);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *stream = NULL;
	double best = G_MAXDOUBLE;
	Sums sums;
	gsize len;

	if (argc == 3 && !strcmp(argv[1], "--make"))
		return make(strtoul(argv[2], NULL, 10));
	if (argc != 2) {
		fprintf(stderr, "usage: bench-ticks FILE | --make TICKS >FILE\n");
		return 2;
	}
	if (!g_file_get_contents(argv[1], &stream, &len, &error)) {
		fprintf(stderr, "bench-ticks: %s\n", error->message);
		return EXIT_FAILURE;
	}
	for (unsigned i = 0; i < ROUNDS; i++) {
		double took = read_stream(stream, len, &sums);

		best = MIN(best, took);
	}
	printf("ticks %.0f MB/s, %.2f million ticks/s; %" G_GUINT64_FORMAT
	       " ticks of %" G_GUINT64_FORMAT " bytes, names of %" G_GUINT64_FORMAT " letters\n",
	       (double)len / best / 1e6, (double)sums.ticks / best / 1e6, sums.ticks, sums.amount,
	       sums.letters);
	return sums.ticks && sums.rest ? EXIT_SUCCESS : EXIT_FAILURE;
}
