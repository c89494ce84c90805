#include "ipc/nettrace/decoder.h"

#include <errno.h>
#include <glib.h>
#include <malloc.h>
#include <string.h>
#include "tests/lib/nettrace-writer.h"

/* Made by hand from the format's description, not by the writer: three events of thread 300, the
 * second earlier than the first, two numbers missing before the third, one more by the SPBlock. */
static const uint8_t golden[] = {
	/* "Nettrace", 20, "!FastSerialization.1" */
	0x4e, 0x65, 0x74, 0x74, 0x72, 0x61, 0x63, 0x65, 0x14, 0x00, 0x00, 0x00, 0x21, 0x46, 0x61,
	0x73, 0x74, 0x53, 0x65, 0x72, 0x69, 0x61, 0x6c, 0x69, 0x7a, 0x61, 0x74, 0x69, 0x6f, 0x6e,
	0x2e, 0x31,
	/* Trace 4/4: 2024-02-29 23:59:58.125, tick 1000, 10 MHz, 4-byte pointers, pid 7 */
	0x05, 0x05, 0x01, 0x04, 0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00,
	0x54, 0x72, 0x61, 0x63, 0x65, 0x06, 0xe8, 0x07, 0x02, 0x00, 0x04, 0x00, 0x1d, 0x00, 0x17,
	0x00, 0x3b, 0x00, 0x3a, 0x00, 0x7d, 0x00, 0xe8, 0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x80, 0x96, 0x98, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00, 0x07, 0x00, 0x00,
	0x00, 0x02, 0x00, 0x00, 0x00, 0x40, 0x42, 0x0f, 0x00, 0x06,
	/* MetadataBlock, 78 bytes behind 1 of padding */
	0x05, 0x05, 0x01, 0x02, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x0d, 0x00, 0x00, 0x00,
	0x4d, 0x65, 0x74, 0x61, 0x64, 0x61, 0x74, 0x61, 0x42, 0x6c, 0x6f, 0x63, 0x6b, 0x06, 0x4e,
	0x00, 0x00, 0x00, 0x00,
	/* header; blob: payload of 44 bytes, all numbers 0; provider P, id 77, name E; i32 x */
	0x14, 0x00, 0x01, 0x00, 0x05, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x09, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x82, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x00, 0xff, 0xff, 0xff,
	0xff, 0x0f, 0x00, 0x2c, 0x01, 0x00, 0x00, 0x00, 0x50, 0x00, 0x00, 0x00, 0x4d, 0x00, 0x00,
	0x00, 0x45, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x00,
	0x00, 0x00, 0x04, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x09, 0x00, 0x00, 0x00, 0x78,
	0x00, 0x00, 0x00, 0x06,
	/* EventBlock, 68 bytes behind 3 of padding */
	0x05, 0x05, 0x01, 0x02, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x0a, 0x00, 0x00, 0x00,
	0x45, 0x76, 0x65, 0x6e, 0x74, 0x42, 0x6c, 0x6f, 0x63, 0x6b, 0x06, 0x44, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x14, 0x00, 0x01, 0x00, 0x05, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x09, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* id 1, number 1, both threads 300, time 2000, 4 bytes: -2 */
	0x87, 0x01, 0x00, 0xac, 0x02, 0xff, 0xff, 0xff, 0xff, 0x0f, 0xac, 0x02, 0xd0, 0x0f, 0x04,
	0xfe, 0xff, 0xff, 0xff,
	/* nothing but time -500 and 5 */
	0x00, 0x8c, 0xfc, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x05, 0x00, 0x00, 0x00,
	/* number +3, time +10, and 6 */
	0x02, 0x02, 0xac, 0x02, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x0a, 0x06, 0x00, 0x00, 0x00, 0x06,
	/* SPBlock, 24 bytes without padding: thread 300 wrote 6 */
	0x05, 0x05, 0x01, 0x02, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x07, 0x00, 0x00, 0x00,
	0x53, 0x50, 0x42, 0x6c, 0x6f, 0x63, 0x6b, 0x06, 0x18, 0x00, 0x00, 0x00, 0xb8, 0x0b, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x2c, 0x01, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x06, 0x00, 0x00, 0x00, 0x06,
	/* end */
	0x01
};

static const char golden_log[] = "1:P:77:E 2000 300 feffffff\n"
				 "1:P:77:E 1500 300 05000000\n"
				 "1:P:77:E 1510 300 06000000\n";

/* A decoder and a line for each event that came out of it. */
typedef struct {
	NettraceDecoder *decoder;
	GString *log;
} Run;

static void on_event(const NettraceEvent *event, void *data)
{
	const NettraceMetadata *m = event->metadata;
	GString *log = data;

	g_string_append_printf(log, "%u:%s:%u:%s %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " ",
	                       m->id, m->provider, m->event_id, m->name, event->timestamp,
	                       event->thread_id);
	for (size_t i = 0; i < event->payload_len; i++)
		g_string_append_printf(log, "%02x", event->payload[i]);
	g_string_append_c(log, '\n');
}

static Run run_new(void)
{
	Run run = { .log = g_string_new(NULL) };

	run.decoder = nettrace_decoder_new(on_event, run.log);
	g_assert_nonnull(run.decoder);
	return run;
}

static void run_clear(Run *run)
{
	nettrace_decoder_free(run->decoder);
	g_string_free(run->log, TRUE);
}

#define AUTO_RUN __attribute__((cleanup(run_clear))) Run

/* An exact copy on the heap, so that a read past its end shows under ASan. */
static int push(Run *run, const void *data, size_t len)
{
	g_autofree uint8_t *copy = g_memdup2(data, len);

	return nettrace_decoder_push(run->decoder, copy, len);
}

static int push_in_chunks(Run *run, const uint8_t *data, size_t len, size_t chunk)
{
	int r = 0;

	for (size_t i = 0; !r && i < len; i += chunk)
		r = push(run, data + i, MIN(chunk, len - i));
	return r;
}

static const NettraceStats *stats(const Run *run)
{
	return nettrace_decoder_stats(run->decoder);
}

/* An event with a payload of a text's bytes. */
static NettraceWriterEvent event_of(uint32_t id, uint64_t thread, uint32_t sequence, uint64_t time,
                                    const char *payload)
{
	return (NettraceWriterEvent){ .metadata_id = id,
		                      .sequence = sequence,
		                      .capture_thread = thread,
		                      .timestamp = time,
		                      .payload = payload,
		                      .payload_len = strlen(payload) };
}

static const NettraceWriterMetadata plain = {
	.id = 1, .provider = "Provider", .event_id = 9, .name = "Event", .level = 4
};

static NettraceWriter *writer_started(void)
{
	NettraceTrace trace = nettrace_writer_trace_default();
	NettraceWriter *w = nettrace_writer_new();

	nettrace_writer_start(w, &trace);
	return w;
}

/* Everything that a stream can have, in both kinds of headers. */
static GByteArray *varied_stream(void)
{
	static const NettraceWriterField members[] = { { .name = "a", .type = NETTRACE_TYPE_U8 },
		                                       { .name = "b",
		                                         .type = NETTRACE_TYPE_STRING } };
	static const NettraceWriterField fields[] = {
		{ .name = "list",
		  .type = NETTRACE_TYPE_ARRAY,
		  .element = NETTRACE_TYPE_OBJECT,
		  .fields = members,
		  .n_fields = 2 },
		{ .name = "last", .type = NETTRACE_TYPE_I64 },
	};
	NettraceWriterMetadata list[] = {
		plain,
		{ .id = 2, .provider = "Q", .fields = fields, .n_fields = 2, .v2 = true },
		nettrace_writer_counter_mean(3, "System.Runtime"),
		nettrace_writer_counter_sum(4, "System.Runtime"),
	};
	NettraceWriterEvent events[] = {
		event_of(1, 10, 1, 5000, "one"),     event_of(1, 10, 2, 5100, ""),
		event_of(2, UINT64_MAX, 1, 40, "q"), event_of(2, UINT64_MAX, 2, UINT64_MAX, "qq"),
		event_of(1, 10, 3, 6000, "three"),   event_of(7, 10, 4, 6001, "unknown"),
	};
	NettraceWriterPoint points[] = { { 10, 4 }, { UINT64_MAX, 2 } };
	g_autoptr(NettraceWriter) w = writer_started();

	events[3].activity = true;
	events[4].stack_id = 2;
	events[4].thread = 11;
	nettrace_writer_metadata(w, list, G_N_ELEMENTS(list));
	nettrace_writer_stacks(w, 1, 3);
	nettrace_writer_events(w, events, G_N_ELEMENTS(events), NETTRACE_WRITER_COMPRESSED);
	nettrace_writer_points(w, 7000, points, G_N_ELEMENTS(points));
	for (unsigned i = 0; i < G_N_ELEMENTS(events); i++)
		events[i].sequence += i < 2 || i > 3 ? 4 : 2;
	nettrace_writer_object(w, "FutureBlock", 1, 1, "whatever", 8);
	nettrace_writer_events(w, events, G_N_ELEMENTS(events), NETTRACE_WRITER_UNCOMPRESSED);
	nettrace_writer_end(w);
	return nettrace_writer_steal(w);
}

static void test_golden(void)
{
	const NettraceTrace *trace;
	AUTO_RUN run = run_new();

	g_assert_null(nettrace_decoder_trace(run.decoder));
	g_assert_cmpint(nettrace_decoder_utc_us(run.decoder, 1), ==, 0);
	g_assert_cmpint(push(&run, golden, sizeof golden), ==, 0);
	g_assert_cmpstr(run.log->str, ==, golden_log);
	g_assert_true(nettrace_decoder_ended(run.decoder));
	g_assert_null(nettrace_decoder_error(run.decoder));
	g_assert_cmpuint(stats(&run)->bytes, ==, sizeof golden);
	g_assert_cmpuint(stats(&run)->events, ==, 3);
	g_assert_cmpuint(stats(&run)->dropped, ==, 3);
	g_assert_cmpuint(stats(&run)->unknown_metadata, ==, 0);

	trace = nettrace_decoder_trace(run.decoder);
	g_assert_nonnull(trace);
	g_assert_cmpint(trace->utc_ms, ==, 1709251198125);
	g_assert_cmpint(trace->sync_ticks, ==, 1000);
	g_assert_cmpint(trace->ticks_per_second, ==, 10000000);
	g_assert_cmpuint(trace->pointer_size, ==, 4);
	g_assert_cmpuint(trace->pid, ==, 7);
	g_assert_cmpint(nettrace_decoder_utc_us(run.decoder, 1000), ==, 1709251198125000);
	g_assert_cmpint(nettrace_decoder_utc_us(run.decoder, 20001010), ==, 1709251200125001);
	g_assert_cmpint(nettrace_decoder_utc_us(run.decoder, 990), ==, 1709251198124999);

	g_assert_cmpint(push(&run, "", 0), ==, 0);
	g_assert_cmpint(push(&run, "x", 1), ==, -EPROTO);
	g_assert_nonnull(strstr(nettrace_decoder_error(run.decoder), "end mark"));
}

static void test_chunks(void)
{
	g_autoptr(GByteArray) stream = varied_stream();
	AUTO_RUN whole = run_new();

	g_assert_cmpint(push(&whole, stream->data, stream->len), ==, 0);
	g_assert_cmpuint(stats(&whole)->events, ==, 10);
	g_assert_cmpuint(stats(&whole)->unknown_metadata, ==, 2);
	g_assert_cmpuint(stats(&whole)->skipped_objects, ==, 1);
	g_assert_cmpuint(stats(&whole)->dropped, ==, 0);
	for (size_t chunk = 1; chunk < 70; chunk++) {
		AUTO_RUN run = run_new();

		g_assert_cmpint(push_in_chunks(&run, stream->data, stream->len, chunk), ==, 0);
		g_assert_cmpstr(run.log->str, ==, whole.log->str);
		g_assert_cmpmem(stats(&run), sizeof(NettraceStats), stats(&whole),
		                sizeof(NettraceStats));
		g_assert_true(nettrace_decoder_ended(run.decoder));
	}
}

static void test_splits(void)
{
	g_autoptr(GByteArray) stream = varied_stream();
	AUTO_RUN whole = run_new();

	push(&whole, stream->data, stream->len);
	for (size_t cut = 0; cut <= stream->len; cut++) {
		AUTO_RUN run = run_new();

		g_assert_cmpint(push(&run, stream->data, cut), ==, 0);
		g_assert_cmpint(push(&run, stream->data + cut, stream->len - cut), ==, 0);
		g_assert_cmpstr(run.log->str, ==, whole.log->str);
		g_assert_true(nettrace_decoder_ended(run.decoder));
	}
}

/* A target that dies leaves a stream that ends anywhere: what came in whole blocks counts. */
static void test_cut(void)
{
	size_t kept = 0;

	for (size_t cut = 0; cut < sizeof golden; cut++) {
		AUTO_RUN run = run_new();

		g_assert_cmpint(push(&run, golden, cut), ==, 0);
		g_assert_false(nettrace_decoder_ended(run.decoder));
		g_assert_null(nettrace_decoder_error(run.decoder));
		g_assert_true(g_str_has_prefix(golden_log, run.log->str));
		g_assert_cmpuint(run.log->len, >=, kept);
		kept = run.log->len;
	}
	g_assert_cmpuint(kept, ==,
	                 strlen(golden_log)); /* all of its blocks, without the end's byte */
}

static void flip_bits(const uint8_t *data, size_t len)
{
	g_autofree uint8_t *copy = g_memdup2(data, len);

	for (size_t bit = 0; bit < 8 * len; bit++) {
		AUTO_RUN whole = run_new();
		AUTO_RUN split = run_new();
		int r;

		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		r = push(&whole, copy, len);
		g_assert_cmpint(push_in_chunks(&split, copy, len, 7), ==, r);
		g_assert_cmpint(push(&whole, "", 0), ==, r);
		g_assert_cmpstr(split.log->str, ==, whole.log->str);
		g_assert_cmpstr(nettrace_decoder_error(split.decoder), ==,
		                nettrace_decoder_error(whole.decoder));
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static void test_bit_flips(void)
{
	g_autoptr(GByteArray) stream = varied_stream();

	flip_bits(golden, sizeof golden);
	flip_bits(stream->data, stream->len);
}

static void test_refused(void)
{
	static const struct {
		const char *bytes;
		size_t len;
		int error;
		const char *sentence;
	} cases[] = {
		{ "\x14\0\0\0!FastSerialization.1\x04", 25, -EOPNOTSUPP, "V3" },
		{ "!FastSerialization.1", 20, -EOPNOTSUPP, "V3" },
		{ "Nettrace\0\0\0\0\x06\0\0\0", 16, -EOPNOTSUPP, "V6" },
		{ "Nettrace\x15\0\0\0!FastSerialization.1", 32, -EPROTO, "no event stream" },
		{ "Nettrace\x14\0\0\0!FastSerialization.2", 32, -EPROTO, "no event stream" },
		{ "HTTP/1.1 400 Bad Request\r\n", 26, -EPROTO, "no event stream" },
		{ "\0", 1, -EPROTO, "no event stream" },
		{ "Nettrace\x14\0\0\0!FastSerialization.1\x01", 33, -EPROTO, "begins" },
		{ "Nettrace\x14\0\0\0!FastSerialization.1\x04", 33, -EPROTO, "begins" },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		for (size_t chunk = 1; chunk <= cases[i].len; chunk++) {
			const uint8_t *bytes = (const uint8_t *)cases[i].bytes;
			AUTO_RUN run = run_new();

			g_assert_cmpint(push_in_chunks(&run, bytes, cases[i].len, chunk), ==,
			                cases[i].error);
			g_assert_nonnull(
				strstr(nettrace_decoder_error(run.decoder), cases[i].sentence));
			/* It stays so. */
			g_assert_cmpint(push(&run, golden, sizeof golden), ==, cases[i].error);
			g_assert_cmpuint(run.log->len, ==, 0);
		}
	}
}

/* The golden stream with bytes at a place replaced. */
static int push_golden_with(size_t at, const void *bytes, size_t len, const char *sentence)
{
	g_autofree uint8_t *copy = g_memdup2(golden, sizeof golden);
	AUTO_RUN run = run_new();
	int r;

	memcpy(copy + at, bytes, len);
	r = push(&run, copy, sizeof golden);
	if (sentence)
		g_assert_nonnull(strstr(nettrace_decoder_error(run.decoder), sentence));
	return r;
}

static void test_objects(void)
{
	enum {
		TRACE = 32,
		TRACE_BODY = TRACE + 21,
		METADATA = TRACE_BODY + 49
	};

	/* The Trace object: a newer reader wanted, clocks that cannot be, a name too long */
	g_assert_cmpint(push_golden_with(TRACE + 7, "\5", 1, "version 5"), ==, -EOPNOTSUPP);
	g_assert_cmpint(push_golden_with(TRACE + 11, "\x41", 1, "name"), ==, -EPROTO);
	g_assert_cmpint(push_golden_with(TRACE + 11, "\0", 1, "name"), ==, -EPROTO);
	g_assert_cmpint(push_golden_with(TRACE_BODY + 2, "\x0d", 1, "impossible"), ==, -EPROTO);
	g_assert_cmpint(push_golden_with(TRACE_BODY + 24, "\0\0\0\0", 4, "impossible"), ==,
	                -EPROTO);
	g_assert_cmpint(push_golden_with(TRACE_BODY + 31, "\x80", 1, "impossible"), ==, -EPROTO);
	g_assert_cmpint(push_golden_with(TRACE_BODY + 32, "\x03", 1, "impossible"), ==, -EPROTO);
	g_assert_cmpint(push_golden_with(TRACE_BODY + 48, "\x07", 1, "end"), ==, -EPROTO);
	/* Blocks: a newer reader, one that is not first, too large, a size that lies */
	g_assert_cmpint(push_golden_with(METADATA + 7, "\3", 1, "version 3"), ==, -EOPNOTSUPP);
	g_assert_cmpint(push_golden_with(TRACE + 15, "Tracy", 5, "first"), ==, -EPROTO);
	g_assert_cmpint(push_golden_with(METADATA + 29, "\x01\x00\x40\x00", 4, "4194305 bytes"), ==,
	                -E2BIG);
	g_assert_cmpint(push_golden_with(METADATA + 29, "\xff\xff\xff\xff", 4, "bytes"), ==,
	                -E2BIG);
	g_assert_cmpint(push_golden_with(METADATA + 29, "\x4d", 1, NULL), ==, -EPROTO);
	g_assert_cmpint(push_golden_with(METADATA + 29, "\x13", 1, NULL), ==, -EPROTO);
	g_assert_cmpint(push_golden_with(METADATA + 34, "\x13", 1, NULL), ==, -EPROTO);
	/* Another name: passed over, and its events have no definition. */
	g_assert_cmpint(push_golden_with(METADATA + 15, "MetadataBlick", 13, NULL), ==, 0);
}

/* A size that cannot be is refused as soon as it is read: nothing is set aside for it. */
static void test_block_sizes(void)
{
	static const struct {
		const char *size;
		int error;
	} rows[] = {
		{ "\0\0\0\0", -EPROTO },  { "\xff\xff\xff\x7f", -E2BIG },
		{ "\0\0\0\x80", -E2BIG }, { "\xff\xff\xff\xff", -E2BIG },
		{ "\1\0\x40\0", -E2BIG },
	};
	enum {
		METADATA_SIZE = 32 + 21 + 49 + 29
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree uint8_t *copy = g_memdup2(golden, sizeof golden);
		AUTO_RUN run = run_new();
		size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;

		memcpy(copy + METADATA_SIZE, rows[i].size, 4);
		g_assert_cmpint(push_in_chunks(&run, copy, METADATA_SIZE + 4, 1), ==,
		                rows[i].error == -E2BIG ? -E2BIG : 0);
		g_assert_cmpuint(mallinfo2().uordblks + mallinfo2().hblkhd - before, <, 1 << 20);
		g_assert_cmpint(push(&run, copy + METADATA_SIZE + 4,
		                     sizeof golden - METADATA_SIZE - 4),
		                ==, rows[i].error);
	}
}

static void test_trace_twice(void)
{
	g_autoptr(NettraceWriter) w = writer_started();
	g_autoptr(GByteArray) stream = NULL;
	AUTO_RUN run = run_new();

	nettrace_writer_object(w, "Trace", 4, 4, "", 0);
	stream = nettrace_writer_steal(w);
	g_assert_cmpint(push(&run, stream->data, stream->len), ==, -EPROTO);
}

/* A clock of one tick a second: times beyond what microseconds can say. */
static void test_clock_limits(void)
{
	NettraceTrace trace = nettrace_writer_trace_default();
	g_autoptr(NettraceWriter) w = nettrace_writer_new();
	g_autoptr(GByteArray) stream = NULL;
	AUTO_RUN run = run_new();

	trace.ticks_per_second = 1;
	trace.sync_ticks = 0;
	nettrace_writer_start(w, &trace);
	stream = nettrace_writer_steal(w);
	g_assert_cmpint(push(&run, stream->data, stream->len), ==, 0);
	g_assert_cmpint(nettrace_decoder_trace(run.decoder)->utc_ms, ==, trace.utc_ms);
	g_assert_cmpint(nettrace_decoder_utc_us(run.decoder, 2), ==, trace.utc_ms * 1000 + 2000000);
	g_assert_cmpint(nettrace_decoder_utc_us(run.decoder, INT64_MAX), ==, INT64_MAX);
	g_assert_cmpint(nettrace_decoder_utc_us(run.decoder, (uint64_t)INT64_MAX + 1), ==,
	                INT64_MIN);
}

static void test_payload_limits(void)
{
	g_autofree char *large = g_malloc0(NETTRACE_MAX_PAYLOAD + 1);
	NettraceWriterEvent event = event_of(1, 1, 1, 1, "");
	g_autoptr(NettraceWriter) w = writer_started();
	g_autoptr(GByteArray) stream = NULL;
	AUTO_RUN run = run_new();

	nettrace_writer_metadata(w, &plain, 1);
	event.payload = large;
	event.payload_len = NETTRACE_MAX_PAYLOAD;
	nettrace_writer_events(w, &event, 1, NETTRACE_WRITER_COMPRESSED);
	event.payload_len++;
	nettrace_writer_events(w, &event, 1, NETTRACE_WRITER_COMPRESSED);
	stream = nettrace_writer_steal(w);
	g_assert_cmpint(push_in_chunks(&run, stream->data, stream->len, 1000), ==, -EPROTO);
	g_assert_cmpuint(stats(&run)->events, ==, 1);
}

/* Pushes one EventBlock with events of these (thread, number) and returns what was dropped in
 * all. */
static uint64_t drops(const NettraceWriterPoint *numbers, unsigned n,
                      const NettraceWriterPoint *points, unsigned n_points)
{
	g_autofree NettraceWriterEvent *events = g_new0(NettraceWriterEvent, n ? n : 1);
	g_autoptr(NettraceWriter) w = writer_started();
	g_autoptr(GByteArray) stream = NULL;
	AUTO_RUN run = run_new();

	for (unsigned i = 0; i < n; i++)
		events[i] = event_of(1, numbers[i].thread, numbers[i].sequence, i, "");
	nettrace_writer_metadata(w, &plain, 1);
	nettrace_writer_events(w, events, n, NETTRACE_WRITER_COMPRESSED);
	if (n_points)
		nettrace_writer_points(w, n, points, n_points);
	stream = nettrace_writer_steal(w);
	g_assert_cmpint(push(&run, stream->data, stream->len), ==, 0);
	g_assert_cmpuint(stats(&run)->events, ==, n);
	return stats(&run)->dropped;
}

#define DROPS(...)                                                                                \
	drops((const NettraceWriterPoint[]){ __VA_ARGS__ },                                       \
	      sizeof((const NettraceWriterPoint[]){ __VA_ARGS__ }) / sizeof(NettraceWriterPoint), \
	      NULL, 0)

static void test_dropped(void)
{
	const NettraceWriterPoint numbers[] = { { 1, 1 }, { 2, 1 }, { 1, 4 }, { 2, 2 } };
	const NettraceWriterPoint points[] = { { 1, 5 }, { 2, 2 }, { 3, 7 }, { 4, 0 } };

	g_assert_cmpuint(DROPS({ 1, 1 }, { 1, 2 }, { 1, 3 }), ==, 0);
	g_assert_cmpuint(DROPS({ 1, 1 }, { 1, 4 }), ==, 2);
	g_assert_cmpuint(DROPS({ 1, 1 }, { 2, 1 }, { 1, 3 }, { 2, 4 }), ==, 3);
	/* The first that is seen of a thread may be any. */
	g_assert_cmpuint(DROPS({ 1, 1000 }, { 1, 1001 }), ==, 0);
	/* The id of a thread that ended was given away again. */
	g_assert_cmpuint(DROPS({ 1, 500 }, { 1, 1 }, { 1, 2 }), ==, 0);
	g_assert_cmpuint(DROPS({ 1, 500 }, { 1, 3 }, { 1, 5 }), ==, 1);
	g_assert_cmpuint(DROPS({ 1, 0x90000000 }, { 1, 1 }, { 1, 2 }), ==, 0);
	/* Numbers wrap around. */
	g_assert_cmpuint(DROPS({ 1, UINT32_MAX }, { 1, 0 }, { 1, 1 }), ==, 0);
	g_assert_cmpuint(DROPS({ 1, UINT32_MAX - 1 }, { 1, 2 }), ==, 3);
	/* Thread 1 lost two before an event and one behind it, thread 3 all of its seven. */
	g_assert_cmpuint(drops(numbers, 4, NULL, 0), ==, 2);
	g_assert_cmpuint(drops(numbers, 4, points, 2), ==, 3);
	g_assert_cmpuint(drops(numbers, 4, points, 4), ==, 10);
	g_assert_cmpuint(drops(NULL, 0, points, 4), ==, 14);
}

/* A blob without a definition's id does not count as an event of its thread. */
static void test_blob_without_id(void)
{
	static const uint8_t body[] = {
		20,   0, 1, 0, 0, 0, 0,    0, 0, 0, 0, 0, 0, 0,
		0,    0, 0, 0, 0, 0, 0x03, 1, 0, 5, 0, 1, /* id 1, number 1 of thread 5, time +1 */
		0x01, 0, 1,                               /* id 0 */
		0x01, 1, 1,                               /* id 1, number 2 */
	};
	NettraceWriterPoint point = { 5, 2 };
	g_autoptr(NettraceWriter) w = writer_started();
	g_autoptr(GByteArray) stream = NULL;
	AUTO_RUN run = run_new();

	nettrace_writer_metadata(w, &plain, 1);
	nettrace_writer_object(w, "EventBlock", 2, 2, body, sizeof body);
	nettrace_writer_points(w, 1, &point, 1);
	stream = nettrace_writer_steal(w);
	g_assert_cmpint(push(&run, stream->data, stream->len), ==, 0);
	g_assert_cmpuint(stats(&run)->events, ==, 2);
	g_assert_cmpuint(stats(&run)->unknown_metadata, ==, 1);
	g_assert_cmpuint(stats(&run)->dropped, ==, 0);
}

/* Uncompressed blobs whose size does not have the padding in it, the id's top bit set; the last one
 * comes without padding. */
static void test_uncompressed_padding(void)
{
	g_autoptr(GByteArray) body = g_byte_array_new();
	g_autoptr(NettraceWriter) w = writer_started();
	g_autoptr(GByteArray) stream = NULL;
	AUTO_RUN run = run_new();

	nettrace_writer_put_le(body, 20, 4);
	nettrace_writer_put_le(body, 0, 8);
	nettrace_writer_put_le(body, 0, 8);
	for (unsigned i = 1; i <= 5; i++) {
		while (body->len % 4)
			nettrace_writer_put_le(body, 0, 1);
		nettrace_writer_put_le(body, 76 + i, 4);
		nettrace_writer_put_le(body, 0x80000001, 4);
		nettrace_writer_put_le(body, i, 4);
		nettrace_writer_put_le(body, 7, 8);
		nettrace_writer_put_le(body, 8, 8);
		nettrace_writer_put_le(body, 0, 8);
		nettrace_writer_put_le(body, 100 + i, 8);
		for (unsigned guid = 0; guid < 4; guid++)
			nettrace_writer_put_le(body, 0, 8);
		nettrace_writer_put_le(body, i, 4);
		nettrace_writer_put_le(body, 0x5544332211, i);
	}
	nettrace_writer_metadata(w, &plain, 1);
	nettrace_writer_object(w, "EventBlock", 2, 2, body->data, body->len);
	stream = nettrace_writer_steal(w);
	g_assert_cmpint(push(&run, stream->data, stream->len), ==, 0);
	g_assert_cmpstr(run.log->str, ==,
	                "1:Provider:9:Event 101 7 11\n"
	                "1:Provider:9:Event 102 7 1122\n"
	                "1:Provider:9:Event 103 7 112233\n"
	                "1:Provider:9:Event 104 7 11223344\n"
	                "1:Provider:9:Event 105 7 1122334455\n");
	g_assert_cmpuint(stats(&run)->dropped, ==, 0);
}

/* More threads than are kept: none is reported as lost that was not. */
static void test_many_threads(void)
{
	enum {
		THREADS = 3 * NETTRACE_MAX_THREADS
	};
	g_autofree NettraceWriterPoint *numbers = g_new0(NettraceWriterPoint, 2 * THREADS);
	NettraceWriterPoint point = { 5, 9 };

	for (unsigned i = 0; i < THREADS; i++) {
		numbers[i] = (NettraceWriterPoint){ 100000 + 8 * i, 1 };
		numbers[THREADS + i] = (NettraceWriterPoint){ 100000 + 8 * i, 2 };
	}
	g_assert_cmpuint(drops(numbers, 2 * THREADS, &point, 1), ==, 0);
	/* As many as fit are kept exactly. */
	for (unsigned i = 0; i < 1000; i++)
		numbers[1000 + i] = (NettraceWriterPoint){ numbers[i].thread, 3 };
	g_assert_cmpuint(drops(numbers, 2000, NULL, 0), ==, 1000);
}

static void test_broken_points(void)
{
	static const uint8_t body[] = { 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0,
		                        1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0 };
	g_autoptr(NettraceWriter) w = writer_started();
	g_autoptr(GByteArray) stream = NULL;
	AUTO_RUN run = run_new();

	nettrace_writer_object(w, "SPBlock", 2, 2, body, sizeof body);
	stream = nettrace_writer_steal(w);
	g_assert_cmpint(push(&run, stream->data, stream->len), ==, -EPROTO);
}

/* The definition of the first event, kept for a look while it is valid. */
typedef struct {
	void (*look)(const NettraceMetadata *m);
	unsigned n;
} Look;

static void on_look(const NettraceEvent *event, void *data)
{
	Look *look = data;

	g_assert_cmpuint(event->pointer_size, ==, 8);
	look->look(event->metadata);
	look->n++;
}

static void look_at_metadata(const NettraceWriterMetadata *list, unsigned n,
                             void (*look)(const NettraceMetadata *m))
{
	NettraceWriterEvent event = event_of(list[0].id, 1, 1, 1, "");
	Look data = { look, 0 };
	NettraceDecoder *d = nettrace_decoder_new(on_look, &data);
	g_autoptr(NettraceWriter) w = writer_started();
	g_autoptr(GByteArray) stream = NULL;

	nettrace_writer_metadata(w, list, n);
	nettrace_writer_events(w, &event, 1, NETTRACE_WRITER_COMPRESSED);
	stream = nettrace_writer_steal(w);
	g_assert_cmpint(nettrace_decoder_push(d, stream->data, stream->len), ==, 0);
	g_assert_cmpuint(nettrace_decoder_stats(d)->metadata_refused, ==, 0);
	g_assert_cmpuint(data.n, ==, 1);
	nettrace_decoder_free(d);
}

static void look_at_members(const NettraceMetadata *m)
{
	g_assert_cmpstr(m->provider, ==, "Prövider");
	g_assert_cmpstr(m->name, ==, "Event");
	g_assert_cmpuint(m->id, ==, 3);
	g_assert_cmpuint(m->event_id, ==, 9);
	g_assert_cmpuint(m->keywords, ==, 0xf00000000001);
	g_assert_cmpuint(m->version, ==, 2);
	g_assert_cmpuint(m->level, ==, 5);
	g_assert_cmpuint(m->opcode, ==, 11);
	g_assert_cmpuint(m->n_fields, ==, 0);
	g_assert_null(m->user);
}

static void look_at_nested(const NettraceMetadata *m)
{
	const NettraceField *inner;

	g_assert_cmpuint(m->n_fields, ==, 1);
	g_assert_cmpstr(m->fields[0].name, ==, "");
	g_assert_cmpuint(m->fields[0].type, ==, NETTRACE_TYPE_OBJECT);
	g_assert_cmpuint(m->fields[0].n_fields, ==, 1);
	inner = m->fields[0].fields;
	g_assert_cmpstr(inner->name, ==, "Payload");
	g_assert_cmpuint(inner->n_fields, ==, 12);
	g_assert_cmpstr(inner->fields[2].name, ==, "Mean");
	g_assert_cmpuint(inner->fields[2].type, ==, NETTRACE_TYPE_F64);
	g_assert_cmpstr(inner->fields[11].name, ==, "DisplayUnits");
}

static const NettraceWriterField v2_members[] = { { .name = "a", .type = NETTRACE_TYPE_U8 },
	                                          { .name = "b", .type = NETTRACE_TYPE_STRING } };
static const NettraceWriterField v2_inner = { .type = NETTRACE_TYPE_ARRAY,
	                                      .element = NETTRACE_TYPE_I32 };
static const NettraceWriterField v2_fields[] = {
	{ .name = "numbers", .type = NETTRACE_TYPE_ARRAY, .element = NETTRACE_TYPE_F64 },
	{ .name = "objects",
	  .type = NETTRACE_TYPE_ARRAY,
	  .element = NETTRACE_TYPE_OBJECT,
	  .fields = v2_members,
	  .n_fields = 2 },
	{ .name = "object", .type = NETTRACE_TYPE_OBJECT, .fields = v2_members, .n_fields = 2 },
	{ .name = "arrays",
	  .type = NETTRACE_TYPE_ARRAY,
	  .element = NETTRACE_TYPE_ARRAY,
	  .fields = &v2_inner,
	  .n_fields = 1 },
	{ .name = "last", .type = NETTRACE_TYPE_GUID },
};

static void look_at_v2(const NettraceMetadata *m)
{
	g_assert_cmpuint(m->opcode, ==, 3);
	g_assert_cmpuint(m->n_fields, ==, 5);
	g_assert_cmpstr(m->fields[0].name, ==, "numbers");
	g_assert_cmpuint(m->fields[0].element, ==, NETTRACE_TYPE_F64);
	g_assert_cmpuint(m->fields[0].n_fields, ==, 0);
	g_assert_cmpuint(m->fields[1].element, ==, NETTRACE_TYPE_OBJECT);
	g_assert_cmpuint(m->fields[1].n_fields, ==, 2);
	g_assert_cmpstr(m->fields[1].fields[1].name, ==, "b");
	g_assert_cmpuint(m->fields[2].type, ==, NETTRACE_TYPE_OBJECT);
	g_assert_cmpuint(m->fields[2].n_fields, ==, 2);
	g_assert_cmpuint(m->fields[3].element, ==, NETTRACE_TYPE_ARRAY);
	g_assert_cmpuint(m->fields[3].n_fields, ==, 1);
	g_assert_cmpuint(m->fields[3].fields->element, ==, NETTRACE_TYPE_I32);
	g_assert_cmpstr(m->fields[4].name, ==, "last");
	g_assert_cmpuint(m->fields[4].type, ==, NETTRACE_TYPE_GUID);
}

static void test_metadata(void)
{
	/* A tag of an unknown kind, then one that is cut. */
	static const uint8_t tail[] = { 3, 0, 0, 0, 99, 'a', 'b', 'c', 200, 0, 0, 0, 1, 2 };
	NettraceWriterMetadata members = { .id = 3,
		                           .provider = "Prövider",
		                           .event_id = 9,
		                           .name = "Event",
		                           .keywords = 0xf00000000001,
		                           .version = 2,
		                           .level = 5,
		                           .opcode = 11,
		                           .tail = tail,
		                           .tail_len = sizeof tail };
	NettraceWriterMetadata nested = nettrace_writer_counter_mean(8, "System.Runtime");
	NettraceWriterMetadata v2 = { .id = 2,
		                      .provider = "P",
		                      .fields = v2_fields,
		                      .n_fields = G_N_ELEMENTS(v2_fields),
		                      .v2 = true,
		                      .opcode = 3 };
	/* The second definition of an id is the one that counts. */
	NettraceWriterMetadata twice[] = { plain, members };

	look_at_metadata(&members, 1, look_at_members);
	look_at_metadata(&nested, 1, look_at_nested);
	look_at_metadata(&v2, 1, look_at_v2);
	twice[0].id = 3;
	twice[0].fields = v2_members;
	twice[0].n_fields = 2;
	look_at_metadata(twice, 2, look_at_members);
}

/* Pushes definitions as given in bytes and an event of each id from 1 on. */
static NettraceStats push_definitions(GByteArray *const *payloads, unsigned n)
{
	g_autofree NettraceWriterEvent *events = g_new0(NettraceWriterEvent, n);
	g_autoptr(GByteArray) body = g_byte_array_new();
	g_autoptr(NettraceWriter) w = writer_started();
	g_autoptr(GByteArray) stream = NULL;
	AUTO_RUN run = run_new();

	nettrace_writer_put_le(body, 20, 2);
	nettrace_writer_put_le(body, 1, 2);
	nettrace_writer_put_le(body, 0, 8);
	nettrace_writer_put_le(body, 0, 8);
	for (unsigned i = 0; i < n; i++) {
		nettrace_writer_put_le(body, 0x80, 1);
		nettrace_writer_put_varint(body, 0);
		nettrace_writer_put_varint(body, payloads[i]->len);
		g_byte_array_append(body, payloads[i]->data, payloads[i]->len);
		events[i] = event_of(i + 1, 1, i + 1, i, "");
	}
	nettrace_writer_object(w, "MetadataBlock", 2, 2, body->data, body->len);
	nettrace_writer_events(w, events, n, NETTRACE_WRITER_COMPRESSED);
	stream = nettrace_writer_steal(w);
	g_assert_cmpint(push(&run, stream->data, stream->len), ==, 0);
	g_assert_cmpuint(stats(&run)->events + stats(&run)->unknown_metadata, ==, n);
	return *stats(&run);
}

/* id 1, a provider and what stands before the fields */
static GByteArray *definition_start(uint32_t id)
{
	GByteArray *out = g_byte_array_new();

	nettrace_writer_put_le(out, id, 4);
	nettrace_writer_put_utf16z(out, "P");
	nettrace_writer_put_le(out, 1, 4);
	nettrace_writer_put_utf16z(out, "E");
	nettrace_writer_put_le(out, 0, 8);
	nettrace_writer_put_le(out, 0, 8);
	return out;
}

static bool is_accepted(GByteArray *definition)
{
	NettraceStats s = push_definitions(&definition, 1);

	g_assert_cmpuint(s.metadata_refused, ==, s.unknown_metadata);
	g_byte_array_unref(definition);
	return s.metadata_refused == 0;
}

/* Objects in objects, `depth` of them around one number. */
static GByteArray *nested_definition(unsigned depth)
{
	GByteArray *out = definition_start(1);

	for (unsigned i = 0; i < depth; i++) {
		nettrace_writer_put_le(out, 1, 4);
		nettrace_writer_put_le(out, NETTRACE_TYPE_OBJECT, 4);
	}
	nettrace_writer_put_le(out, 1, 4);
	nettrace_writer_put_le(out, NETTRACE_TYPE_I32, 4);
	for (unsigned i = 0; i <= depth; i++)
		nettrace_writer_put_utf16z(out, "x");
	return out;
}

/* Arrays in arrays, in a V2 tag. */
static GByteArray *nested_array_definition(unsigned depth)
{
	GByteArray *out = definition_start(1);

	nettrace_writer_put_le(out, 0, 4);
	nettrace_writer_put_le(out, 4 + 4 + 4 + 4 * depth + 4, 4);
	nettrace_writer_put_le(out, 2, 1);
	nettrace_writer_put_le(out, 1, 4);
	nettrace_writer_put_le(out, 4 + 4 + 4 * depth + 4, 4);
	nettrace_writer_put_utf16z(out, "x");
	for (unsigned i = 0; i < depth; i++)
		nettrace_writer_put_le(out, NETTRACE_TYPE_ARRAY, 4);
	nettrace_writer_put_le(out, NETTRACE_TYPE_I32, 4);
	return out;
}

static GByteArray *wide_definition(unsigned n_fields, unsigned claimed)
{
	GByteArray *out = definition_start(1);

	nettrace_writer_put_le(out, claimed, 4);
	for (unsigned i = 0; i < n_fields; i++) {
		nettrace_writer_put_le(out, NETTRACE_TYPE_I32, 4);
		nettrace_writer_put_utf16z(out, "x");
	}
	return out;
}

static void test_metadata_limits(void)
{
	GByteArray *cut = g_byte_array_new();

	/* A definition may end behind the provider, and behind the level. */
	nettrace_writer_put_le(cut, 1, 4);
	nettrace_writer_put_utf16z(cut, "P");
	g_assert_true(is_accepted(cut));
	g_assert_true(is_accepted(definition_start(1)));
	cut = g_byte_array_new();
	nettrace_writer_put_le(cut, 1, 4);
	nettrace_writer_put_le(cut, 'P', 2);
	g_assert_false(is_accepted(cut));
	g_assert_false(is_accepted(definition_start(0)));
	g_assert_false(is_accepted(definition_start(NETTRACE_MAX_METADATA_ID + 1)));

	g_assert_true(is_accepted(nested_definition(NETTRACE_MAX_FIELD_DEPTH - 1)));
	g_assert_false(is_accepted(nested_definition(NETTRACE_MAX_FIELD_DEPTH)));
	g_assert_false(is_accepted(nested_definition(1000)));
	g_assert_true(is_accepted(nested_array_definition(NETTRACE_MAX_FIELD_DEPTH)));
	g_assert_false(is_accepted(nested_array_definition(NETTRACE_MAX_FIELD_DEPTH + 1)));
	g_assert_false(is_accepted(nested_array_definition(1000)));
	g_assert_true(is_accepted(wide_definition(NETTRACE_MAX_FIELDS, NETTRACE_MAX_FIELDS)));
	g_assert_false(
		is_accepted(wide_definition(NETTRACE_MAX_FIELDS + 1, NETTRACE_MAX_FIELDS + 1)));
	g_assert_false(is_accepted(wide_definition(2, 3)));
	g_assert_false(is_accepted(wide_definition(2, UINT32_MAX)));
}

static void test_metadata_table_limits(void)
{
	enum {
		N = NETTRACE_MAX_METADATA + 5
	};
	g_autoptr(GPtrArray) small =
		g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
	g_autoptr(GPtrArray) large =
		g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
	NettraceStats s;

	for (unsigned i = 0; i < N; i++)
		g_ptr_array_add(small, definition_start(i + 1));
	s = push_definitions((GByteArray *const *)small->pdata, N);
	g_assert_cmpuint(s.metadata_refused, ==, 5);
	g_assert_cmpuint(s.events, ==, NETTRACE_MAX_METADATA);

	/* 100 of about 40 KB each: the bytes run out first. */
	for (unsigned i = 0; i < 100; i++) {
		GByteArray *definition = wide_definition(NETTRACE_MAX_FIELDS, NETTRACE_MAX_FIELDS);

		definition->data[0] = (guint8)(i + 1);
		g_ptr_array_add(large, definition);
	}
	s = push_definitions((GByteArray *const *)large->pdata, 100);
	g_assert_cmpuint(s.metadata_refused, >, 50);
	g_assert_cmpuint(s.events, >, 10);
}

/* A million of them, a block of a thousand at a time: the table stays what it is. */
static void test_million_definitions(void)
{
	enum {
		N = 1000000,
		A_BLOCK = 1000
	};
	g_autoptr(NettraceWriter) w = writer_started();
	size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
	AUTO_RUN run = run_new();

	for (unsigned id = 1; id <= N;) {
		g_autoptr(GByteArray) body = g_byte_array_new();
		g_autoptr(GByteArray) stream = NULL;

		nettrace_writer_put_le(body, 20, 2);
		nettrace_writer_put_le(body, 1, 2);
		nettrace_writer_put_le(body, 0, 8);
		nettrace_writer_put_le(body, 0, 8);
		for (unsigned i = 0; i < A_BLOCK; i++, id++) {
			g_autoptr(GByteArray) definition = definition_start(id);

			nettrace_writer_put_le(body, 0x80, 1);
			nettrace_writer_put_varint(body, 0);
			nettrace_writer_put_varint(body, definition->len);
			g_byte_array_append(body, definition->data, definition->len);
		}
		nettrace_writer_object(w, "MetadataBlock", 2, 2, body->data, body->len);
		stream = nettrace_writer_steal(w);
		g_assert_cmpint(push(&run, stream->data, stream->len), ==, 0);
	}
	g_assert_cmpuint(stats(&run)->metadata_refused, ==, N - NETTRACE_MAX_METADATA);
	g_assert_cmpuint(mallinfo2().uordblks + mallinfo2().hblkhd - before, <, 2 << 20);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/decoder/golden", test_golden);
	g_test_add_func("/decoder/chunks", test_chunks);
	g_test_add_func("/decoder/splits", test_splits);
	g_test_add_func("/decoder/row-H4/cut", test_cut);
	g_test_add_func("/decoder/row-H5/bit-flips", test_bit_flips);
	g_test_add_func("/decoder/refused", test_refused);
	g_test_add_func("/decoder/objects", test_objects);
	g_test_add_func("/decoder/row-H6/block-sizes", test_block_sizes);
	g_test_add_func("/decoder/trace-twice", test_trace_twice);
	g_test_add_func("/decoder/clock-limits", test_clock_limits);
	g_test_add_func("/decoder/payload-limits", test_payload_limits);
	g_test_add_func("/decoder/dropped", test_dropped);
	g_test_add_func("/decoder/many-threads", test_many_threads);
	g_test_add_func("/decoder/blob-without-id", test_blob_without_id);
	g_test_add_func("/decoder/uncompressed-padding", test_uncompressed_padding);
	g_test_add_func("/decoder/broken-points", test_broken_points);
	g_test_add_func("/decoder/metadata", test_metadata);
	g_test_add_func("/decoder/metadata-limits", test_metadata_limits);
	g_test_add_func("/decoder/row-H7/table-limits", test_metadata_table_limits);
	g_test_add_func("/decoder/row-H7/million-definitions", test_million_definitions);
	return g_test_run();
}
