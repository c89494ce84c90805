/* Writes the first inputs of the targets whose inputs are not texts: fuzz-seeds DIRECTORY makes
 * DIRECTORY/nettrace, counters, meters, records, store-meta and elf-core. */
#include <elf.h>
#include <errno.h>
#include <glib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fs/broker/store-meta.h"
#include "ipc/commands.h"
#include "tests/lib/meter-stream.h"
#include "tests/lib/nettrace-writer.h"

static const char *directory;

static void save(const char *target, const char *name, const void *data, size_t len)
{
	g_autofree char *folder = g_build_filename(directory, target, NULL);
	g_autofree char *path = g_build_filename(folder, name, NULL);
	g_autoptr(GError) error = NULL;

	if (g_mkdir_with_parents(folder, 0755) < 0 ||
	    !g_file_set_contents(path, data, (gssize)len, &error)) {
		fprintf(stderr, "%s: %s\n", path, error ? error->message : g_strerror(errno));
		exit(EXIT_FAILURE);
	}
}

static NettraceWriter *started(void)
{
	NettraceTrace trace = nettrace_writer_trace_default();
	NettraceWriter *w = nettrace_writer_new();

	nettrace_writer_start(w, &trace);
	return w;
}

static void save_stream(const char *name, NettraceWriter *w)
{
	g_autoptr(GByteArray) stream = NULL;

	nettrace_writer_end(w);
	stream = nettrace_writer_steal(w);
	save("nettrace", name, stream->data, stream->len);
	nettrace_writer_free(w);
}

static const NettraceWriterCounter counters[] = {
	{ "gc-heap-size", "GC Heap Size", "MB", 388.682712, 1.0f },
	{ "alloc-rate", "Allocation Rate", "B", 8192, 0.0f },
	{ "n\xc3\xb6", "", "", (double)NAN, 1e9f },
};

static const NettraceWriterField members[] = { { "a", NETTRACE_TYPE_U8, 0, NULL, 0 },
	                                       { "b", NETTRACE_TYPE_STRING, 0, NULL, 0 } };
static const NettraceWriterField inner_array = { "", NETTRACE_TYPE_ARRAY, NETTRACE_TYPE_U16, NULL,
	                                         0 };
static const NettraceWriterField array_fields[] = {
	{ "objects", NETTRACE_TYPE_ARRAY, NETTRACE_TYPE_OBJECT, members, 2 },
	{ "arrays", NETTRACE_TYPE_ARRAY, NETTRACE_TYPE_ARRAY, &inner_array, 1 },
	{ "texts", NETTRACE_TYPE_ARRAY, NETTRACE_TYPE_STRING, NULL, 0 },
	{ "Name", NETTRACE_TYPE_STRING, 0, NULL, 0 },
	{ "Increment", NETTRACE_TYPE_I16, 0, NULL, 0 },
};

static NettraceWriterMetadata metadata_with(const NettraceWriterField *fields, unsigned n, bool v2)
{
	return (NettraceWriterMetadata){ .id = 1,
		                         .provider = "Provider",
		                         .event_id = 9,
		                         .name = "EventCounters",
		                         .fields = fields,
		                         .n_fields = n,
		                         .v2 = v2,
		                         .opcode = v2 ? 3 : 0 };
}

static void put_array_payload(GByteArray *out)
{
	nettrace_writer_put_le(out, 1, 2);
	nettrace_writer_put_le(out, 7, 1);
	nettrace_writer_put_utf16z(out, "b");
	nettrace_writer_put_le(out, 2, 2);
	nettrace_writer_put_le(out, 0, 2);
	nettrace_writer_put_le(out, 1, 2);
	nettrace_writer_put_le(out, 5, 2);
	nettrace_writer_put_le(out, 1, 2);
	nettrace_writer_put_utf16z(out, "text");
	nettrace_writer_put_utf16z(out, "name");
	nettrace_writer_put_le(out, (uint64_t)-3, 2);
}

static NettraceWriterEvent event(uint32_t id, uint64_t thread, uint32_t sequence, uint64_t time)
{
	return (NettraceWriterEvent){ .metadata_id = id,
		                      .sequence = sequence,
		                      .capture_thread = thread,
		                      .timestamp = time,
		                      .payload = "payload",
		                      .payload_len = 7 };
}

static void save_counter_streams(NettraceWriterHeaders headers, const char *name)
{
	NettraceWriterMetadata list[] = { nettrace_writer_counter_mean(1, "System.Runtime"),
		                          nettrace_writer_counter_sum(2, "System.Runtime") };
	NettraceWriterEvent events[2 * G_N_ELEMENTS(counters)];
	GByteArray *payloads[G_N_ELEMENTS(events)];
	NettraceWriterPoint point = { 77, G_N_ELEMENTS(events) };
	NettraceWriter *w = started();

	for (unsigned i = 0; i < G_N_ELEMENTS(events); i++) {
		payloads[i] = g_byte_array_new();
		if (i % 2)
			nettrace_writer_put_sum(payloads[i], &counters[i / 2]);
		else
			nettrace_writer_put_mean(payloads[i], &counters[i / 2]);
		events[i] = event(1 + i % 2, 77, i + 1, 1000 + i);
		events[i].payload = payloads[i]->data;
		events[i].payload_len = payloads[i]->len;
	}
	nettrace_writer_metadata(w, list, 2);
	nettrace_writer_events(w, events, G_N_ELEMENTS(events), headers);
	nettrace_writer_points(w, 2000, &point, 1);
	for (unsigned i = 0; i < G_N_ELEMENTS(events); i++)
		g_byte_array_unref(payloads[i]);
	save_stream(name, w);
}

static void save_numbers(void)
{
	NettraceWriterMetadata list[] = { metadata_with(members, 2, false),
		                          metadata_with(array_fields, 5, true) };
	NettraceWriterEvent events[] = {
		event(1, 300, 1, 5000),     event(1, 300, 4, UINT64_MAX),
		event(1, UINT64_MAX, 9, 2), event(3, 300, 5, 6000),
		event(0, 0, 0, 0),          event(1, 300, 1, 5001),
		event(16383, 1, 1, 1),      event(1, 300, UINT32_MAX, 1),
		event(1, 300, 0, 1),
	};
	NettraceWriterPoint points[] = { { 300, 3 }, { UINT64_MAX, 20 }, { 4, 0 } };
	NettraceWriter *w = started();

	events[1].activity = true;
	events[2].thread = 5;
	events[2].stack_id = 1;
	nettrace_writer_metadata(w, list, 1);
	nettrace_writer_stacks(w, 1, 2);
	nettrace_writer_events(w, events, G_N_ELEMENTS(events), NETTRACE_WRITER_COMPRESSED);
	nettrace_writer_points(w, 7000, points, G_N_ELEMENTS(points));
	/* the same id once more, now with arrays */
	list[1].id = 1;
	nettrace_writer_metadata(w, &list[1], 1);
	nettrace_writer_object(w, "FutureBlock", 1, 1, "skipped", 7);
	nettrace_writer_events(w, events, 3, NETTRACE_WRITER_UNCOMPRESSED);
	save_stream("numbers", w);
}

/* Blocks whose sizes and counts lie. */
static void save_liars(void)
{
	static const char huge[] = "\x14\0\1\0aaaaaaaabbbbbbbb\x81\1\1\xff\xff\xff\xff\x0f";
	static const char fields[] = "\x14\0\1\0aaaaaaaabbbbbbbb\x80\0\x30"
				     "\1\0\0\0P\0\0\0\1\0\0\0E\0\0\0"
				     "00000000"
				     "1111"
				     "2222"
				     "\xff\xff\xff\xff\1\0\0\0\xff\xff\xff\xff";
	static const char points[] = "timestam\xff\xff\xff\x7f"
				     "threadid"
				     "numb";
	static const char header[] = "\xff\xff\1\0";
	NettraceWriter *w = started();

	nettrace_writer_object(w, "EventBlock", 2, 2, huge, sizeof huge - 1);
	save_stream("liar-payload", w);
	w = started();
	nettrace_writer_object(w, "MetadataBlock", 2, 2, fields, sizeof fields - 1);
	save_stream("liar-fields", w);
	w = started();
	nettrace_writer_object(w, "SPBlock", 2, 2, points, sizeof points - 1);
	save_stream("liar-points", w);
	w = started();
	nettrace_writer_object(w, "EventBlock", 2, 2, header, sizeof header - 1);
	save_stream("liar-header", w);
	w = started();
	nettrace_writer_object(w, "NewerBlock", 9, 9, "", 0);
	save_stream("newer", w);
	w = started();
	nettrace_writer_raw(w, "\5\5\1\2\0\0\0\2\0\0\0\x0a\0\0\0EventBlock\6\xff\xff\xff\xff", 30);
	save_stream("liar-size", w);
}

/* Objects in objects, deeper than allowed. */
static void save_deep(void)
{
	NettraceWriterField chain[24] = { { "x", NETTRACE_TYPE_I32, 0, NULL, 0 } };
	NettraceWriter *w = started();

	for (unsigned i = 1; i < G_N_ELEMENTS(chain); i++)
		chain[i] = (NettraceWriterField){ "", NETTRACE_TYPE_OBJECT, 0, &chain[i - 1], 1 };
	for (unsigned depth = 6; depth < G_N_ELEMENTS(chain); depth += 1 + depth / 9 * 8) {
		NettraceWriterMetadata m = metadata_with(&chain[depth], 1, depth % 2);

		m.id = depth;
		nettrace_writer_metadata(w, &m, 1);
	}
	save_stream("deep", w);
}

/* The definition alone: what stands in a MetadataBlock behind its header and that of the blob. */
static void save_counter(const char *name, const NettraceWriterMetadata *m, const void *payload,
                         size_t len)
{
	g_autoptr(GByteArray) out = g_byte_array_new();
	g_autoptr(GByteArray) block = NULL;
	g_autoptr(NettraceWriter) w = nettrace_writer_new();
	const guint8 *id;
	size_t definition;

	nettrace_writer_metadata(w, m, 1);
	block = nettrace_writer_steal(w);
	id = memmem(block->data, block->len, "\xff\xff\xff\xff\x0f\0\xff\xff\xff\xff\x0f", 11);
	g_assert_nonnull(id);
	id += 12; /* behind the time stamp; the length is a varint of one or two bytes */
	id += *id & 0x80 ? 2 : 1;
	definition = (size_t)(block->data + block->len - 1 - id);
	nettrace_writer_put_le(out, definition, 2);
	g_byte_array_append(out, id, (guint)definition);
	g_byte_array_append(out, payload, (guint)len);
	save("counters", name, out->data, out->len);
}

static void save_counters(void)
{
	NettraceWriterMetadata mean = nettrace_writer_counter_mean(1, "System.Runtime");
	NettraceWriterMetadata sum = nettrace_writer_counter_sum(2, "System.Runtime");
	NettraceWriterMetadata arrays = metadata_with(array_fields, 5, true);
	NettraceWriterMetadata flat = mean;
	NettraceWriterMetadata other = sum;
	g_autoptr(GByteArray) out = g_byte_array_new();

	for (unsigned i = 0; i < G_N_ELEMENTS(counters); i++) {
		g_autofree char *mean_name = g_strdup_printf("mean-%u", i);
		g_autofree char *sum_name = g_strdup_printf("sum-%u", i);

		g_byte_array_set_size(out, 0);
		nettrace_writer_put_mean(out, &counters[i]);
		save_counter(mean_name, &mean, out->data, out->len);
		g_byte_array_set_size(out, 0);
		nettrace_writer_put_sum(out, &counters[i]);
		save_counter(sum_name, &sum, out->data, out->len);
	}
	other.name = "Other";
	save_counter("other", &other, out->data, out->len);
	save_counter("swapped", &mean, out->data, out->len);
	save_counter("cut", &sum, out->data, out->len / 2);
	save_counter("empty", &sum, "", 0);
	save_counter("no-nul", &sum, "a\0b\0c", 5);
	flat.fields = mean.fields->fields->fields;
	flat.n_fields = mean.fields->fields->n_fields;
	g_byte_array_set_size(out, 0);
	nettrace_writer_put_mean(out, &counters[0]);
	save_counter("flat", &flat, out->data, out->len);
	g_byte_array_set_size(out, 0);
	put_array_payload(out);
	save_counter("arrays", &arrays, out->data, out->len);
	save_counter("array-too-long", &arrays, "\xff\xff\1\0", 4);
	save("counters", "no-definition", "\xff\xff\1", 3);
}

static GByteArray *meter_event(unsigned id, unsigned version)
{
	GByteArray *out = g_byte_array_new();

	nettrace_writer_put_le(out, id, 1);
	nettrace_writer_put_le(out, version, 1);
	return out;
}

static void save_meter(GByteArray *event, const char *name)
{
	save("meters", name, event->data, event->len);
	g_byte_array_unref(event);
}

#define NAMES "SHARED", "Meter", "1.0", "n\xc3\xb6"

/* The events of an instrument, in every version that has more than the one before. */
static void save_instrument_events(unsigned version)
{
	static const unsigned ids[] = { 4, 5, 6, 7 };

	for (unsigned i = 0; i < G_N_ELEMENTS(ids); i++) {
		g_autofree char *name = g_strdup_printf("event-%u-v%u", ids[i], version);
		GByteArray *out = meter_event(ids[i], version);

		if (ids[i] == 4)
			meter_stream_put(out, 4, version, NAMES, "By", "a=b,c=\xf0\x9f\x98\x80", "",
			                 "1E-05", 7);
		else if (ids[i] == 5)
			meter_stream_put(out, 5, version, NAMES, "", "", "-Infinity", 7);
		else if (ids[i] == 6)
			meter_stream_put(out, 6, version, NAMES, "s", "a=\"1,\n",
			                 "0.5=1.2;0,95=NaN;0.99=\xe2\x88\x92\xe2\x88\x9e", 12, 34.5,
			                 7);
		else
			meter_stream_put(out, 7, version, NAMES, "Counter`1", "By", "What", "it=1",
			                 "mt=2", "12345678", 7, "https://example.invalid/");
		save_meter(out, name);
	}
}

static void save_meters(void)
{
	GByteArray *out = meter_event(2, 0);

	for (unsigned version = 0; version < 4; version++)
		save_instrument_events(version);
	meter_stream_put(out, 2, 0, "SHARED", (gint64)133769664000000000,
	                 (gint64)133769664010000000);
	save_meter(out, "collection");
	out = meter_event(9, 0);
	meter_stream_put(out, 9, 0, "SHARED", "it broke");
	save_meter(out, "error");
	out = meter_event(12, 0);
	meter_stream_put(out, 12, 0, "SHARED");
	save_meter(out, "limit");
	out = meter_event(17, 0);
	meter_stream_put(out, 17, 0, "client", "20", "21", "1000", "1001", "1", "0.5");
	save_meter(out, "settings");
	out = meter_event(18, 0);
	meter_stream_put(out, 18, 0, 9, 0, 1);
	save_meter(out, "version");
	out = meter_event(19, 1);
	meter_stream_put(out, 19, 1, NAMES, 7, "s", "a=b", 20, 34.5, (gint64)5, (gint64)1, 0.25,
	                 64.0, "1, 2");
	save_meter(out, "exponential");
	save("meters", "no-nul", "\4\2S\0H\0A", 7);
	save("meters", "lone-surrogates", "\x0a\0\0\xd8z\0\0\xdc\0\0", 10);
}

/* The first byte of an input, as fuzz-records.c reads it. */
enum {
	FROM_FRONT = 1,
	WITH_FD = 2,
	PUT_RIGHT = 4,
};

static void save_record(RecordKind kind, guint8 flags, const char *payload, size_t len,
                        const char *name)
{
	g_autoptr(GByteArray) out = g_byte_array_new();
	Record record = record_new(kind);

	flags |= PUT_RIGHT | (kind < RECORD_FOUND ? FROM_FRONT : 0);
	record.id = 7;
	record.serial = 9;
	record.row = strcmp(name, "start-gc") ? RECORD_SESSION_COUNTERS : RECORD_SESSION_GC;
	record.interval_ms = 1000;
	record.type = IPC_DUMP_HEAP;
	record.part = RECORD_PART_JSON;
	if (kind == RECORD_DUMP_SEALED)
		record.sealed =
			(RecordSealed){ .type = IPC_DUMP_HEAP, .written_type = IPC_DUMP_FULL };
	if (!strcmp(name, "start-meters"))
		record.values = (RecordValues){ .meters = 1, .client = { 1, 2 } };
	g_byte_array_append(out, &flags, 1);
	g_byte_array_append(out, (const guint8 *)&record, sizeof record);
	if (len)
		g_byte_array_append(out, (const guint8 *)payload, (guint)len);
	save("records", name, out->data, out->len);
}

static void save_records(void)
{
	static const char names[] = "System.Runtime\0Some.Provider";
	static const char all[] = "System.Runtime\0*";
	static const char texts[] = "root\0/app/twin spike\0/tmp/dotnet-diagnostic-7-99-socket";

	for (guint32 kind = 1; kind < RECORD_N_KINDS; kind++) {
		gboolean has_fd = kind == RECORD_ANNEX || kind == RECORD_STREAM;

		if (strcmp(record_kind_name(kind), "unknown") != 0)
			save_record((RecordKind)kind, has_fd ? WITH_FD : 0, NULL, 0,
			            record_kind_name(kind));
	}
	save_record(RECORD_START_SESSION, 0, names, sizeof names, "start-counters");
	save_record(RECORD_START_SESSION, 0, all, sizeof all, "start-meters");
	save_record(RECORD_START_SESSION, 0, NULL, 0, "start-gc");
	save_record(RECORD_START_SESSION, 0, "Microsoft-Windows-DotNETRuntime", 32,
	            "start-refused");
	save_record(RECORD_FOUND, 0, texts, sizeof texts, "found-texts");
	save_record(RECORD_FOUND, WITH_FD, texts, sizeof texts - 5, "found-cut");
	save("records", "short", "\5\1", 2);
}

static void save_metas(void)
{
	const RecordSealed info = { .pid = 4807,
		                    .uid = 1000,
		                    .gid = 1000,
		                    .start_ticks = 99,
		                    .type = IPC_DUMP_HEAP,
		                    .written_type = IPC_DUMP_FULL,
		                    .requested_us = 1795700538000000,
		                    .sealed_us = 1795700539000000,
		                    .frozen_us = 250000,
		                    .frozen_at_us = 1795700538100000 };
	g_autofree char *text = store_meta_format("core_20261126_101512", "boot", &info);

	save("store-meta", "whole", text, strlen(text));
	save("store-meta", "older", text, (size_t)(strstr(text, "reason") - text));
	save("store-meta", "cut", text, strlen(text) / 2);
	memcpy(strstr(text, "boot boot"), "boot bood", 9);
	save("store-meta", "other-boot", text, strlen(text));
	memcpy(strstr(text, "type "), "type 0", 6);
	save("store-meta", "no-type", text, strlen(text));
}

typedef struct {
	guint64 claimed;
	Elf64_Ehdr header;
	Elf64_Phdr segments[2];
	Elf64_Shdr section;
} Core;

static void save_core(const char *name, Core core)
{
	save("elf-core", name, &core, sizeof core);
}

static void save_cores(void)
{
	Core core = {
		.claimed = 0x3000,
		.header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
		                         ELFDATA2LSB },
		            .e_type = ET_CORE,
		            .e_phoff = sizeof core.header,
		            .e_shoff = sizeof core.header + sizeof core.segments,
		            .e_phentsize = sizeof core.segments[0],
		            .e_shentsize = sizeof core.section,
		            .e_phnum = 2 },
		.segments = { { .p_type = PT_NOTE, .p_offset = 0x1000, .p_filesz = 0x1000 },
		              { .p_type = PT_LOAD, .p_offset = 0x2000, .p_filesz = 0x1000 } },
		.section = { .sh_info = 2 },
	};

	save_core("whole", core);
	core.header.e_phnum = PN_XNUM;
	save_core("count-in-section", core);
	core.section.sh_info = G_MAXUINT32;
	core.claimed = (guint64)1 << 40;
	save_core("too-many", core);
	core.header.e_shoff = G_MAXUINT64 - 8;
	save_core("no-section", core);
	core.header.e_phnum = 2;
	core.claimed = 0x2fff;
	save_core("cut", core);
	core.segments[1].p_filesz = G_MAXUINT64;
	save_core("overflow", core);
	core.segments[1].p_filesz = 1;
	core.segments[0].p_type = PT_LOAD;
	save_core("no-note", core);
	core.header.e_type = ET_EXEC;
	core.header.e_shnum = 1;
	core.section.sh_type = SHT_DYNSYM;
	save_core("executable", core);
}

int main(int argc, char **argv)
{
	NettraceWriter *w;

	if (argc != 2) {
		fprintf(stderr, "usage: fuzz-seeds DIRECTORY\n");
		return EXIT_FAILURE;
	}
	directory = argv[1];
	save_counter_streams(NETTRACE_WRITER_COMPRESSED, "counters");
	save_counter_streams(NETTRACE_WRITER_UNCOMPRESSED, "counters-uncompressed");
	save_numbers();
	save_liars();
	save_deep();
	w = started();
	save_stream("empty", w);
	save("nettrace", "v3", "\x14\0\0\0!FastSerialization.1\4", 25);
	save("nettrace", "v6", "Nettrace\0\0\0\0\6\0\0\0\0\0\0\0", 20);
	save("nettrace", "garbage", "HTTP/1.1 400 Bad Request\r\n", 26);
	save_counters();
	save_meters();
	save_records();
	save_metas();
	save_cores();
	return EXIT_SUCCESS;
}
