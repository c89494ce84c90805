#include "tests/lib/nettrace-writer.h"

#include <string.h>
#include <time.h>

struct NettraceWriter {
	GByteArray *bytes;
	size_t stolen;
};

enum {
	TAG_NULL = 1,
	TAG_BEGIN = 5,
	TAG_END = 6
};

enum {
	FLAG_METADATA = 1 << 0,
	FLAG_CAPTURE = 1 << 1,
	FLAG_THREAD = 1 << 2,
	FLAG_STACK = 1 << 3,
	FLAG_ACTIVITY = 1 << 4,
	FLAG_RELATED = 1 << 5,
	FLAG_SORTED = 1 << 6,
	FLAG_PAYLOAD = 1 << 7,
};

NettraceWriter *nettrace_writer_new(void)
{
	NettraceWriter *w = g_new0(NettraceWriter, 1);

	w->bytes = g_byte_array_new();
	return w;
}

void nettrace_writer_free(NettraceWriter *w)
{
	if (!w)
		return;
	g_byte_array_unref(w->bytes);
	g_free(w);
}

GByteArray *nettrace_writer_steal(NettraceWriter *w)
{
	GByteArray *bytes = w->bytes;

	w->stolen += bytes->len;
	w->bytes = g_byte_array_new();
	return bytes;
}

size_t nettrace_writer_offset(const NettraceWriter *w)
{
	return w->stolen + w->bytes->len;
}

void nettrace_writer_put_le(GByteArray *out, uint64_t v, unsigned width)
{
	for (unsigned i = 0; i < width; i++) {
		uint8_t b = (uint8_t)(v >> (8 * i));

		g_byte_array_append(out, &b, 1);
	}
}

void nettrace_writer_put_f32(GByteArray *out, float v)
{
	uint32_t bits;

	memcpy(&bits, &v, sizeof bits);
	nettrace_writer_put_le(out, bits, 4);
}

void nettrace_writer_put_f64(GByteArray *out, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof bits);
	nettrace_writer_put_le(out, bits, 8);
}

void nettrace_writer_put_utf16z(GByteArray *out, const char *utf8)
{
	glong units = 0;
	g_autofree gunichar2 *text = g_utf8_to_utf16(utf8 ? utf8 : "", -1, NULL, &units, NULL);

	for (glong i = 0; text && i < units; i++)
		nettrace_writer_put_le(out, text[i], 2);
	nettrace_writer_put_le(out, 0, 2);
}

void nettrace_writer_put_varint(GByteArray *out, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		nettrace_writer_put_le(out, (v & 0x7f) | 0x80, 1);
	nettrace_writer_put_le(out, v, 1);
}

void nettrace_writer_raw(NettraceWriter *w, const void *data, size_t len)
{
	if (len)
		g_byte_array_append(w->bytes, data, (guint)len);
}

static void put_text(GByteArray *out, const char *text)
{
	nettrace_writer_put_le(out, strlen(text), 4);
	g_byte_array_append(out, (const guint8 *)text, (guint)strlen(text));
}

static void begin_object(NettraceWriter *w, const char *name, uint32_t version, uint32_t min_reader)
{
	const uint8_t tags[] = { TAG_BEGIN, TAG_BEGIN, TAG_NULL };

	nettrace_writer_raw(w, tags, sizeof tags);
	nettrace_writer_put_le(w->bytes, version, 4);
	nettrace_writer_put_le(w->bytes, min_reader, 4);
	put_text(w->bytes, name);
	nettrace_writer_put_le(w->bytes, TAG_END, 1);
}

NettraceTrace nettrace_writer_trace_default(void)
{
	/* 2026-11-23 10:15:12.250 UTC */
	return (NettraceTrace){ .utc_ms = 1795428912250,
		                .sync_ticks = 1000000000000,
		                .ticks_per_second = 1000000000,
		                .pointer_size = 8,
		                .pid = 4807 };
}

void nettrace_writer_start(NettraceWriter *w, const NettraceTrace *trace)
{
	time_t seconds = (time_t)(trace->utc_ms / 1000);
	GByteArray *out = w->bytes;
	struct tm tm;

	gmtime_r(&seconds, &tm);
	nettrace_writer_raw(w, "Nettrace", 8);
	put_text(out, "!FastSerialization.1");
	begin_object(w, "Trace", 4, 4);
	nettrace_writer_put_le(out, (uint64_t)tm.tm_year + 1900, 2);
	nettrace_writer_put_le(out, (uint64_t)tm.tm_mon + 1, 2);
	nettrace_writer_put_le(out, (uint64_t)tm.tm_wday, 2);
	nettrace_writer_put_le(out, (uint64_t)tm.tm_mday, 2);
	nettrace_writer_put_le(out, (uint64_t)tm.tm_hour, 2);
	nettrace_writer_put_le(out, (uint64_t)tm.tm_min, 2);
	nettrace_writer_put_le(out, (uint64_t)tm.tm_sec, 2);
	nettrace_writer_put_le(out, (uint64_t)(trace->utc_ms % 1000), 2);
	nettrace_writer_put_le(out, (uint64_t)trace->sync_ticks, 8);
	nettrace_writer_put_le(out, (uint64_t)trace->ticks_per_second, 8);
	nettrace_writer_put_le(out, trace->pointer_size, 4);
	nettrace_writer_put_le(out, trace->pid, 4);
	nettrace_writer_put_le(out, 2, 4);
	nettrace_writer_put_le(out, 1000000, 4);
	nettrace_writer_put_le(out, TAG_END, 1);
}

void nettrace_writer_end(NettraceWriter *w)
{
	nettrace_writer_put_le(w->bytes, TAG_NULL, 1);
}

void nettrace_writer_object(NettraceWriter *w, const char *name, uint32_t version,
                            uint32_t min_reader, const void *body, size_t len)
{
	begin_object(w, name, version, min_reader);
	nettrace_writer_put_le(w->bytes, len, 4);
	while (nettrace_writer_offset(w) % 4)
		nettrace_writer_put_le(w->bytes, 0, 1);
	nettrace_writer_raw(w, body, len);
	nettrace_writer_put_le(w->bytes, TAG_END, 1);
}

static void put_fields_v1(GByteArray *out, const NettraceWriterField *fields, unsigned n)
{
	nettrace_writer_put_le(out, n, 4);
	for (unsigned i = 0; i < n; i++) {
		nettrace_writer_put_le(out, fields[i].type, 4);
		if (fields[i].type == NETTRACE_TYPE_OBJECT)
			put_fields_v1(out, fields[i].fields, fields[i].n_fields);
		nettrace_writer_put_utf16z(out, fields[i].name);
	}
}

static void put_fields_v2(GByteArray *out, const NettraceWriterField *fields, unsigned n);

/* A type and what describes it. An array of arrays has its inner array as its only field. */
static void put_type_v2(GByteArray *out, const NettraceWriterField *field, uint32_t type)
{
	nettrace_writer_put_le(out, type, 4);
	if (type == NETTRACE_TYPE_OBJECT)
		put_fields_v2(out, field->fields, field->n_fields);
	else if (type == NETTRACE_TYPE_ARRAY && field->element == NETTRACE_TYPE_ARRAY)
		put_type_v2(out, field->fields, NETTRACE_TYPE_ARRAY);
	else if (type == NETTRACE_TYPE_ARRAY)
		put_type_v2(out, field, field->element);
}

static void put_fields_v2(GByteArray *out, const NettraceWriterField *fields, unsigned n)
{
	nettrace_writer_put_le(out, n, 4);
	for (unsigned i = 0; i < n; i++) {
		g_autoptr(GByteArray) one = g_byte_array_new();

		nettrace_writer_put_utf16z(one, fields[i].name);
		put_type_v2(one, &fields[i], fields[i].type);
		nettrace_writer_put_le(out, one->len + 4, 4);
		g_byte_array_append(out, one->data, one->len);
	}
}

static void put_tag(GByteArray *out, uint8_t kind, const void *data, size_t len)
{
	nettrace_writer_put_le(out, len, 4);
	nettrace_writer_put_le(out, kind, 1);
	g_byte_array_append(out, data, (guint)len);
}

static void put_definition(GByteArray *out, const NettraceWriterMetadata *m)
{
	nettrace_writer_put_le(out, m->id, 4);
	nettrace_writer_put_utf16z(out, m->provider);
	nettrace_writer_put_le(out, m->event_id, 4);
	nettrace_writer_put_utf16z(out, m->name);
	nettrace_writer_put_le(out, m->keywords, 8);
	nettrace_writer_put_le(out, m->version, 4);
	nettrace_writer_put_le(out, m->level, 4);
	put_fields_v1(out, m->fields, m->v2 ? 0 : m->n_fields);
	if (m->opcode)
		put_tag(out, 1, &m->opcode, 1);
	if (m->v2) {
		g_autoptr(GByteArray) tag = g_byte_array_new();

		put_fields_v2(tag, m->fields, m->n_fields);
		put_tag(out, 2, tag->data, tag->len);
	}
	if (m->tail_len)
		g_byte_array_append(out, m->tail, (guint)m->tail_len);
}

/* What the compressed headers of one block refer to: the event before. */
typedef struct {
	NettraceWriterEvent event;
	uint64_t payload_len;
} Previous;

static void put_compressed(GByteArray *out, const NettraceWriterEvent *e, Previous *previous,
                           bool definition)
{
	const NettraceWriterEvent *p = &previous->event;
	const uint8_t ids[32] = { 0xa1, 0x01 };
	uint64_t thread = e->thread ? e->thread : e->capture_thread;
	uint32_t expected = p->sequence + (e->metadata_id ? 1 : 0);
	uint8_t flags = FLAG_SORTED;

	flags |= e->metadata_id != p->metadata_id ? FLAG_METADATA : 0;
	flags |= definition || e->sequence != expected || e->capture_thread != p->capture_thread
	                 ? FLAG_CAPTURE
	                 : 0;
	flags |= thread != p->thread ? FLAG_THREAD : 0;
	flags |= e->stack_id != p->stack_id ? FLAG_STACK : 0;
	flags |= e->activity ? FLAG_ACTIVITY | FLAG_RELATED : 0;
	flags |= e->payload_len != previous->payload_len ? FLAG_PAYLOAD : 0;
	nettrace_writer_put_le(out, flags, 1);
	if (flags & FLAG_METADATA)
		nettrace_writer_put_varint(out, e->metadata_id);
	if (flags & FLAG_CAPTURE) {
		nettrace_writer_put_varint(out, (uint32_t)(e->sequence - p->sequence - 1));
		nettrace_writer_put_varint(out, e->capture_thread);
		nettrace_writer_put_varint(out, UINT32_MAX);
	}
	if (flags & FLAG_THREAD)
		nettrace_writer_put_varint(out, thread);
	if (flags & FLAG_STACK)
		nettrace_writer_put_varint(out, e->stack_id);
	nettrace_writer_put_varint(out, e->timestamp - p->timestamp);
	if (flags & FLAG_ACTIVITY)
		g_byte_array_append(out, ids, 32);
	if (flags & FLAG_PAYLOAD)
		nettrace_writer_put_varint(out, e->payload_len);
	previous->event = *e;
	previous->event.thread = thread;
	previous->payload_len = e->payload_len;
}

static void put_uncompressed(GByteArray *out, const NettraceWriterEvent *e)
{
	enum {
		HEADER_SIZE = 80
	};
	size_t padding = (4 - e->payload_len % 4) % 4;

	/* The size leaves itself out and has the padding in it. */
	nettrace_writer_put_le(out, HEADER_SIZE - 4 + e->payload_len + padding, 4);
	nettrace_writer_put_le(out, e->metadata_id, 4);
	nettrace_writer_put_le(out, e->sequence, 4);
	nettrace_writer_put_le(out, e->thread ? e->thread : e->capture_thread, 8);
	nettrace_writer_put_le(out, e->capture_thread, 8);
	nettrace_writer_put_le(out, UINT32_MAX, 4);
	nettrace_writer_put_le(out, e->stack_id, 4);
	nettrace_writer_put_le(out, e->timestamp, 8);
	for (unsigned i = 0; i < 4; i++)
		nettrace_writer_put_le(out, e->activity ? 0xa1 : 0, 8);
	nettrace_writer_put_le(out, e->payload_len, 4);
	if (e->payload_len)
		g_byte_array_append(out, e->payload, (guint)e->payload_len);
	nettrace_writer_put_le(out, 0, (unsigned)padding);
}

static void put_block(NettraceWriter *w, const char *name, const NettraceWriterEvent *list,
                      unsigned n, NettraceWriterHeaders headers)
{
	bool definitions = strcmp(name, "MetadataBlock") == 0;
	g_autoptr(GByteArray) body = g_byte_array_new();
	uint64_t first = n ? UINT64_MAX : 0, last = 0;
	Previous previous = { 0 };

	for (unsigned i = 0; i < n; i++) {
		first = MIN(first, list[i].timestamp);
		last = MAX(last, list[i].timestamp);
	}
	nettrace_writer_put_le(body, 20, 2);
	nettrace_writer_put_le(body, headers == NETTRACE_WRITER_COMPRESSED, 2);
	nettrace_writer_put_le(body, first, 8);
	nettrace_writer_put_le(body, last, 8);
	for (unsigned i = 0; i < n; i++) {
		if (headers == NETTRACE_WRITER_UNCOMPRESSED) {
			put_uncompressed(body, &list[i]);
			continue;
		}
		put_compressed(body, &list[i], &previous, definitions);
		if (list[i].payload_len)
			g_byte_array_append(body, list[i].payload, (guint)list[i].payload_len);
	}
	nettrace_writer_object(w, name, 2, 2, body->data, body->len);
}

void nettrace_writer_metadata(NettraceWriter *w, const NettraceWriterMetadata *list, unsigned n)
{
	g_autoptr(GPtrArray) payloads =
		g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
	g_autofree NettraceWriterEvent *events = g_new0(NettraceWriterEvent, n ? n : 1);

	for (unsigned i = 0; i < n; i++) {
		GByteArray *payload = g_byte_array_new();

		g_ptr_array_add(payloads, payload);
		put_definition(payload, &list[i]);
		events[i].payload = payload->data;
		events[i].payload_len = payload->len;
	}
	put_block(w, "MetadataBlock", events, n, NETTRACE_WRITER_COMPRESSED);
}

void nettrace_writer_events(NettraceWriter *w, const NettraceWriterEvent *list, unsigned n,
                            NettraceWriterHeaders headers)
{
	put_block(w, "EventBlock", list, n, headers);
}

void nettrace_writer_stacks(NettraceWriter *w, uint32_t first_id, unsigned n)
{
	g_autoptr(GByteArray) body = g_byte_array_new();

	nettrace_writer_put_le(body, first_id, 4);
	nettrace_writer_put_le(body, n, 4);
	for (unsigned i = 0; i < n; i++) {
		nettrace_writer_put_le(body, 16, 4);
		nettrace_writer_put_le(body, 0x7f0000001000 + 16 * i, 8);
		nettrace_writer_put_le(body, 0x7f0000002000, 8);
	}
	nettrace_writer_object(w, "StackBlock", 2, 2, body->data, body->len);
}

void nettrace_writer_points(NettraceWriter *w, uint64_t timestamp, const NettraceWriterPoint *list,
                            unsigned n)
{
	g_autoptr(GByteArray) body = g_byte_array_new();

	nettrace_writer_put_le(body, timestamp, 8);
	nettrace_writer_put_le(body, n, 4);
	for (unsigned i = 0; i < n; i++) {
		nettrace_writer_put_le(body, list[i].thread, 8);
		nettrace_writer_put_le(body, list[i].sequence, 4);
	}
	nettrace_writer_object(w, "SPBlock", 2, 2, body->data, body->len);
}

static NettraceWriterMetadata counter_metadata(uint32_t id, const char *provider,
                                               const NettraceWriterField *outer)
{
	return (NettraceWriterMetadata){ .id = id,
		                         .provider = provider,
		                         .event_id = 65530 + id,
		                         .name = "EventCounters",
		                         .fields = outer,
		                         .n_fields = 1 };
}

NettraceWriterMetadata nettrace_writer_counter_mean(uint32_t id, const char *provider)
{
	static const NettraceWriterField members[] = {
		{ .name = "Name", .type = NETTRACE_TYPE_STRING },
		{ .name = "DisplayName", .type = NETTRACE_TYPE_STRING },
		{ .name = "Mean", .type = NETTRACE_TYPE_F64 },
		{ .name = "StandardDeviation", .type = NETTRACE_TYPE_F64 },
		{ .name = "Count", .type = NETTRACE_TYPE_I32 },
		{ .name = "Min", .type = NETTRACE_TYPE_F64 },
		{ .name = "Max", .type = NETTRACE_TYPE_F64 },
		{ .name = "IntervalSec", .type = NETTRACE_TYPE_F32 },
		{ .name = "Series", .type = NETTRACE_TYPE_STRING },
		{ .name = "CounterType", .type = NETTRACE_TYPE_STRING },
		{ .name = "Metadata", .type = NETTRACE_TYPE_STRING },
		{ .name = "DisplayUnits", .type = NETTRACE_TYPE_STRING },
	};
	static const NettraceWriterField inner = { .name = "Payload",
		                                   .type = NETTRACE_TYPE_OBJECT,
		                                   .fields = members,
		                                   .n_fields = G_N_ELEMENTS(members) };
	static const NettraceWriterField outer = {
		.name = "", .type = NETTRACE_TYPE_OBJECT, .fields = &inner, .n_fields = 1
	};

	return counter_metadata(id, provider, &outer);
}

NettraceWriterMetadata nettrace_writer_counter_sum(uint32_t id, const char *provider)
{
	static const NettraceWriterField members[] = {
		{ .name = "Name", .type = NETTRACE_TYPE_STRING },
		{ .name = "DisplayName", .type = NETTRACE_TYPE_STRING },
		{ .name = "DisplayRateTimeScale", .type = NETTRACE_TYPE_STRING },
		{ .name = "Increment", .type = NETTRACE_TYPE_F64 },
		{ .name = "IntervalSec", .type = NETTRACE_TYPE_F32 },
		{ .name = "Metadata", .type = NETTRACE_TYPE_STRING },
		{ .name = "Series", .type = NETTRACE_TYPE_STRING },
		{ .name = "CounterType", .type = NETTRACE_TYPE_STRING },
		{ .name = "DisplayUnits", .type = NETTRACE_TYPE_STRING },
	};
	static const NettraceWriterField inner = { .name = "Payload",
		                                   .type = NETTRACE_TYPE_OBJECT,
		                                   .fields = members,
		                                   .n_fields = G_N_ELEMENTS(members) };
	static const NettraceWriterField outer = {
		.name = "", .type = NETTRACE_TYPE_OBJECT, .fields = &inner, .n_fields = 1
	};

	return counter_metadata(id, provider, &outer);
}

static void put_series(GByteArray *out, float interval_s)
{
	g_autofree char *series = g_strdup_printf("Interval=%d", (int)MIN(interval_s * 1000, 1e9f));

	nettrace_writer_put_utf16z(out, series);
}

void nettrace_writer_put_mean(GByteArray *out, const NettraceWriterCounter *counter)
{
	nettrace_writer_put_utf16z(out, counter->name);
	nettrace_writer_put_utf16z(out, counter->display_name);
	nettrace_writer_put_f64(out, counter->value);
	nettrace_writer_put_f64(out, 0);
	nettrace_writer_put_le(out, 1, 4);
	nettrace_writer_put_f64(out, counter->value);
	nettrace_writer_put_f64(out, counter->value);
	nettrace_writer_put_f32(out, counter->interval_s);
	put_series(out, counter->interval_s);
	nettrace_writer_put_utf16z(out, "Mean");
	nettrace_writer_put_utf16z(out, "");
	nettrace_writer_put_utf16z(out, counter->unit);
}

void nettrace_writer_put_sum(GByteArray *out, const NettraceWriterCounter *counter)
{
	nettrace_writer_put_utf16z(out, counter->name);
	nettrace_writer_put_utf16z(out, counter->display_name);
	nettrace_writer_put_utf16z(out, "00:00:01");
	nettrace_writer_put_f64(out, counter->value);
	nettrace_writer_put_f32(out, counter->interval_s);
	nettrace_writer_put_utf16z(out, "");
	put_series(out, counter->interval_s);
	nettrace_writer_put_utf16z(out, "Sum");
	nettrace_writer_put_utf16z(out, counter->unit);
}
