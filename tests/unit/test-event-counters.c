#include "ipc/nettrace/event-counters.h"

#include <errno.h>
#include <glib.h>
#include <math.h>
#include <string.h>
#include "tests/lib/nettrace-writer.h"

/* What came of the events of one stream: the last sample, and how often each result. */
typedef struct {
	EventCounterSample sample;
	char *provider;
	unsigned counters, others, broken;
} Result;

static void on_event(const NettraceEvent *event, void *data)
{
	Result *result = data;
	int r = event_counter_parse(event, &result->sample);

	if (r < 0)
		g_assert_cmpint(r, ==, -EPROTO);
	result->counters += r == 1;
	result->others += r == 0;
	result->broken += r < 0;
	g_free(result->provider);
	result->provider = r == 1 ? g_strdup(result->sample.provider) : NULL;
	result->sample.provider = NULL;
}

/* One event of a type, twice: the second finds what the first kept. */
static Result parse(const NettraceWriterMetadata *metadata, const void *payload, size_t len)
{
	NettraceWriterEvent events[2] = { { .metadata_id = metadata->id,
		                            .sequence = 1,
		                            .capture_thread = 1,
		                            .payload = payload,
		                            .payload_len = len } };
	NettraceTrace trace = nettrace_writer_trace_default();
	g_autoptr(NettraceWriter) w = nettrace_writer_new();
	g_autoptr(GByteArray) stream = NULL;
	Result result = { 0 };
	NettraceDecoder *d = nettrace_decoder_new(on_event, &result);

	events[1] = events[0];
	events[1].sequence = 2;
	nettrace_writer_start(w, &trace);
	nettrace_writer_metadata(w, metadata, 1);
	nettrace_writer_events(w, events, 2, NETTRACE_WRITER_COMPRESSED);
	stream = nettrace_writer_steal(w);
	g_assert_cmpint(nettrace_decoder_push(d, stream->data, stream->len), ==, 0);
	g_assert_cmpuint(nettrace_decoder_stats(d)->metadata_refused, ==, 0);
	g_assert_cmpuint(result.counters + result.others + result.broken, ==, 2);
	g_assert_cmpuint(result.counters, !=, 1);
	g_assert_cmpuint(result.broken, !=, 1);
	nettrace_decoder_free(d);
	return result;
}

static void test_mean(void)
{
	const NettraceWriterCounter counter = { .name = "gc-heap-size",
		                                .display_name = "GC Heap Size",
		                                .unit = "MB",
		                                .value = 388.682712,
		                                .interval_s = 1.0f };
	NettraceWriterMetadata metadata = nettrace_writer_counter_mean(7, "System.Runtime");
	g_autoptr(GByteArray) payload = g_byte_array_new();
	EventCounterSample *s;
	Result result;

	nettrace_writer_put_mean(payload, &counter);
	result = parse(&metadata, payload->data, payload->len);
	s = &result.sample;
	g_assert_cmpuint(result.counters, ==, 2);
	g_assert_cmpstr(result.provider, ==, "System.Runtime");
	g_assert_cmpstr(s->name, ==, "gc-heap-size");
	g_assert_cmpstr(s->display_name, ==, "GC Heap Size");
	g_assert_cmpstr(s->unit, ==, "MB");
	g_assert_cmpint(s->kind, ==, EVENT_COUNTER_MEAN);
	g_assert_cmpfloat(s->value, ==, 388.682712);
	g_assert_cmpfloat(s->min, ==, 388.682712);
	g_assert_cmpfloat(s->max, ==, 388.682712);
	g_assert_cmpfloat(s->stddev, ==, 0);
	g_assert_cmpint(s->count, ==, 1);
	g_assert_cmpfloat(s->interval_s, ==, 1);
	g_free(result.provider);
}

static void test_sum(void)
{
	const NettraceWriterCounter counter = { .name = "alloc-rate",
		                                .display_name = "Allocation Rate",
		                                .value = 8192,
		                                .interval_s = 0.5f };
	NettraceWriterMetadata metadata = nettrace_writer_counter_sum(7, "Any.Provider");
	g_autoptr(GByteArray) payload = g_byte_array_new();
	Result result;

	nettrace_writer_put_sum(payload, &counter);
	result = parse(&metadata, payload->data, payload->len);
	g_assert_cmpuint(result.counters, ==, 2);
	g_assert_cmpstr(result.sample.name, ==, "alloc-rate");
	g_assert_cmpstr(result.sample.unit, ==, "");
	g_assert_cmpint(result.sample.kind, ==, EVENT_COUNTER_SUM);
	g_assert_cmpfloat(result.sample.value, ==, 8192);
	g_assert_cmpfloat(result.sample.interval_s, ==, 0.5);
	g_free(result.provider);
}

/* Other events, also of the same provider, are none of ours. */
static void test_others(void)
{
	NettraceWriterMetadata metadata = nettrace_writer_counter_sum(7, "System.Runtime");
	Result result;

	metadata.name = "EventCountersX";
	result = parse(&metadata, "", 0);
	g_assert_cmpuint(result.others, ==, 2);
	metadata.name = "";
	result = parse(&metadata, "", 0);
	g_assert_cmpuint(result.others, ==, 2);
}

/* A payload that ends anywhere before the last field that we read. */
static void test_cut(void)
{
	const NettraceWriterCounter counter = { .name = "n", .display_name = "d", .unit = "u" };
	NettraceWriterMetadata mean = nettrace_writer_counter_mean(1, "P");
	NettraceWriterMetadata sum = nettrace_writer_counter_sum(1, "P");
	g_autoptr(GByteArray) mean_payload = g_byte_array_new();
	g_autoptr(GByteArray) sum_payload = g_byte_array_new();

	nettrace_writer_put_mean(mean_payload, &counter);
	nettrace_writer_put_sum(sum_payload, &counter);
	for (size_t cut = 0; cut < mean_payload->len; cut++)
		g_assert_cmpuint(parse(&mean, mean_payload->data, cut).broken, ==, 2);
	for (size_t cut = 0; cut < sum_payload->len; cut++)
		g_assert_cmpuint(parse(&sum, sum_payload->data, cut).broken, ==, 2);
}

static NettraceWriterMetadata metadata_of(const NettraceWriterField *fields, unsigned n, bool v2)
{
	return (NettraceWriterMetadata){ .id = 1,
		                         .provider = "P",
		                         .name = "EventCounters",
		                         .fields = fields,
		                         .n_fields = n,
		                         .v2 = v2 };
}

static const NettraceWriterField extra_members[] = {
	{ .name = "Mean", .type = NETTRACE_TYPE_F64 }, /* not ours: another object's */
	{ .name = "text", .type = NETTRACE_TYPE_STRING },
};
static const NettraceWriterField extra_inner = { .type = NETTRACE_TYPE_ARRAY,
	                                         .element = NETTRACE_TYPE_STRING };

/* Fields in another order, on the top level, among others of every type. */
static void test_extra_fields(void)
{
	const NettraceWriterField fields[] = {
		{ .name = "numbers", .type = NETTRACE_TYPE_ARRAY, .element = NETTRACE_TYPE_F64 },
		{ .name = "Increment", .type = NETTRACE_TYPE_I64 },
		{ .name = "b", .type = NETTRACE_TYPE_BOOLEAN },
		{ .name = "c", .type = NETTRACE_TYPE_CHAR },
		{ .name = "d", .type = NETTRACE_TYPE_DECIMAL },
		{ .name = "e", .type = NETTRACE_TYPE_DATETIME },
		{ .name = "f", .type = NETTRACE_TYPE_GUID },
		{ .name = "objects",
		  .type = NETTRACE_TYPE_ARRAY,
		  .element = NETTRACE_TYPE_OBJECT,
		  .fields = extra_members,
		  .n_fields = 2 },
		{ .name = "Extra",
		  .type = NETTRACE_TYPE_OBJECT,
		  .fields = extra_members,
		  .n_fields = 2 },
		{ .name = "arrays",
		  .type = NETTRACE_TYPE_ARRAY,
		  .element = NETTRACE_TYPE_ARRAY,
		  .fields = &extra_inner,
		  .n_fields = 1 },
		{ .name = "Name", .type = NETTRACE_TYPE_STRING },
		{ .name = "Name", .type = NETTRACE_TYPE_STRING },
		{ .name = "IntervalSec", .type = NETTRACE_TYPE_F64 },
		{ .name = "future", .type = 77 },
	};
	NettraceWriterMetadata metadata = metadata_of(fields, G_N_ELEMENTS(fields), true);
	g_autoptr(GByteArray) out = g_byte_array_new();
	Result result;

	nettrace_writer_put_le(out, 3, 2);
	for (unsigned i = 0; i < 3; i++)
		nettrace_writer_put_f64(out, i);
	nettrace_writer_put_le(out, (uint64_t)-42, 8);
	nettrace_writer_put_le(out, 1, 4);
	nettrace_writer_put_le(out, 'x', 2);
	for (unsigned i = 0; i < 5; i++)
		nettrace_writer_put_le(out, i, 8);
	nettrace_writer_put_le(out, 2, 2);
	for (unsigned i = 0; i < 3; i++) {
		nettrace_writer_put_f64(out, 99);
		nettrace_writer_put_utf16z(out, "texts");
	}
	nettrace_writer_put_le(out, 2, 2);
	for (unsigned i = 0; i < 2; i++) {
		nettrace_writer_put_le(out, 1, 2);
		nettrace_writer_put_utf16z(out, "in an array of arrays");
	}
	nettrace_writer_put_utf16z(out, "first");
	nettrace_writer_put_utf16z(out, "second");
	nettrace_writer_put_f64(out, 0.25);
	result = parse(&metadata, out->data, out->len);
	g_assert_cmpuint(result.counters, ==, 2);
	g_assert_cmpstr(result.sample.name, ==, "first");
	g_assert_cmpint(result.sample.kind, ==, EVENT_COUNTER_SUM);
	g_assert_cmpfloat(result.sample.value, ==, -42);
	g_assert_cmpfloat(result.sample.interval_s, ==, 0.25);
	g_free(result.provider);
}

/* With both fields CounterType decides. */
static void test_both_kinds(void)
{
	static const NettraceWriterField fields[] = {
		{ .name = "Name", .type = NETTRACE_TYPE_STRING },
		{ .name = "Mean", .type = NETTRACE_TYPE_F32 },
		{ .name = "Increment", .type = NETTRACE_TYPE_U8 },
		{ .name = "Count", .type = NETTRACE_TYPE_I32 },
		{ .name = "CounterType", .type = NETTRACE_TYPE_STRING },
	};
	static const char *const types[] = { "Mean", "Sum", "", "Sum and more" };
	NettraceWriterMetadata metadata = metadata_of(fields, G_N_ELEMENTS(fields), false);

	for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
		g_autoptr(GByteArray) out = g_byte_array_new();
		Result result;

		nettrace_writer_put_utf16z(out, "n");
		nettrace_writer_put_f32(out, 1.5f);
		nettrace_writer_put_le(out, 200, 1);
		nettrace_writer_put_le(out, (uint64_t)-7, 4);
		nettrace_writer_put_utf16z(out, types[i]);
		result = parse(&metadata, out->data, out->len);
		g_assert_cmpuint(result.counters, ==, 2);
		g_assert_cmpint(result.sample.kind, ==,
		                i == 1 ? EVENT_COUNTER_SUM : EVENT_COUNTER_MEAN);
		g_assert_cmpfloat(result.sample.value, ==, i == 1 ? 200 : 1.5);
		g_assert_cmpint(result.sample.count, ==, 0);
		g_free(result.provider);
	}
}

/* A value of any number's type. */
static void test_number_types(void)
{
	static const struct {
		uint32_t type;
		unsigned width;
		uint64_t bits;
		double value;
	} cases[] = {
		{ NETTRACE_TYPE_I8, 1, 0x80, -128 },
		{ NETTRACE_TYPE_U8, 1, 0x80, 128 },
		{ NETTRACE_TYPE_I16, 2, 0x8000, -32768 },
		{ NETTRACE_TYPE_U16, 2, 0x8000, 32768 },
		{ NETTRACE_TYPE_I32, 4, 0x80000000, -2147483648.0 },
		{ NETTRACE_TYPE_U32, 4, 0x80000000, 2147483648.0 },
		{ NETTRACE_TYPE_I64, 8, (uint64_t)1 << 63, -9223372036854775808.0 },
		{ NETTRACE_TYPE_U64, 8, (uint64_t)1 << 63, 9223372036854775808.0 },
		{ NETTRACE_TYPE_F32, 4, 0xbfc00000, -1.5 },
		{ NETTRACE_TYPE_F64, 8, 0x4004000000000000, 2.5 },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		const NettraceWriterField fields[] = {
			{ .name = "Increment", .type = cases[i].type },
			{ .name = "Name", .type = NETTRACE_TYPE_STRING },
		};
		NettraceWriterMetadata metadata = metadata_of(fields, 2, false);
		g_autoptr(GByteArray) out = g_byte_array_new();
		Result result;

		nettrace_writer_put_le(out, cases[i].bits, cases[i].width);
		nettrace_writer_put_utf16z(out, "n");
		result = parse(&metadata, out->data, out->len);
		g_assert_cmpuint(result.counters, ==, 2);
		g_assert_cmpfloat(result.sample.value, ==, cases[i].value);
		g_free(result.provider);
	}
}

/* Behind what we cannot measure nothing can be found. */
static void test_unknown_types(void)
{
	static const NettraceWriterField unknown[] = {
		{ .name = "future", .type = 99 },
		{ .name = "futures", .type = NETTRACE_TYPE_ARRAY, .element = 99 },
		{ .name = "array", .type = NETTRACE_TYPE_ARRAY }, /* in a V1 list: of nothing */
	};
	static const uint8_t ones[64] = { 1, 0 };

	for (unsigned i = 0; i < G_N_ELEMENTS(unknown); i++) {
		const NettraceWriterField fields[] = {
			unknown[i],
			{ .name = "Name", .type = NETTRACE_TYPE_STRING },
			{ .name = "Mean", .type = NETTRACE_TYPE_F64 },
		};
		NettraceWriterMetadata metadata = metadata_of(fields, 3, i == 1);

		g_assert_cmpuint(parse(&metadata, ones, sizeof ones).broken, ==, 2);
	}
}

/* A name or a value that is not there, or of a type that it cannot have. */
static void test_broken_metadata(void)
{
	static const NettraceWriterField fields[][2] = {
		{ { .name = "Name", .type = NETTRACE_TYPE_STRING },
		  { .name = "Mean", .type = NETTRACE_TYPE_STRING } },
		{ { .name = "Name", .type = NETTRACE_TYPE_I32 },
		  { .name = "Mean", .type = NETTRACE_TYPE_F64 } },
		{ { .name = "name", .type = NETTRACE_TYPE_STRING },
		  { .name = "Mean", .type = NETTRACE_TYPE_F64 } },
		{ { .name = "Name", .type = NETTRACE_TYPE_STRING },
		  { .name = "mean", .type = NETTRACE_TYPE_F64 } },
		{ { .name = "future", .type = 99 }, { .name = "Mean", .type = NETTRACE_TYPE_F64 } },
	};
	static const uint8_t zeros[64];

	for (unsigned i = 0; i < G_N_ELEMENTS(fields); i++) {
		NettraceWriterMetadata metadata = metadata_of(fields[i], 2, false);

		g_assert_cmpuint(parse(&metadata, zeros, sizeof zeros).broken, ==, 2);
	}
}

/* Numbers that are none pass; texts are cut at a whole character. */
static void test_values(void)
{
	static const double values[] = { NAN, INFINITY, -INFINITY, -0.0, 1e308, 5e-324 };
	NettraceWriterMetadata metadata = nettrace_writer_counter_mean(1, "P");
	g_autofree char *name = g_strnfill(1000, 'a');

	memcpy(name + 253, "\xe2\x82\xac", 3); /* one byte too far */
	for (unsigned i = 0; i < G_N_ELEMENTS(values); i++) {
		NettraceWriterCounter counter = { .name = name, .unit = name, .value = values[i] };
		g_autoptr(GByteArray) payload = g_byte_array_new();
		Result result;

		nettrace_writer_put_mean(payload, &counter);
		result = parse(&metadata, payload->data, payload->len);
		g_assert_cmpuint(result.counters, ==, 2);
		g_assert_cmpmem(&result.sample.value, sizeof(double), &values[i], sizeof(double));
		g_assert_cmpuint(strlen(result.sample.name), ==, 253);
		g_assert_cmpuint(strlen(result.sample.unit), ==, EVENT_COUNTER_UNIT_MAX - 1);
		g_free(result.provider);
	}
}

/* A definition that makes a small payload a long walk: it ends, and says so. */
static void test_long_walk(void)
{
	static const NettraceWriterField nothing[] = {
		{ .name = "a", .type = NETTRACE_TYPE_OBJECT },
		{ .name = "b", .type = NETTRACE_TYPE_OBJECT },
	};
	static const NettraceWriterField fields[] = {
		{ .name = "empty",
		  .type = NETTRACE_TYPE_ARRAY,
		  .element = NETTRACE_TYPE_OBJECT,
		  .fields = nothing,
		  .n_fields = 2 },
		{ .name = "Name", .type = NETTRACE_TYPE_STRING },
		{ .name = "Mean", .type = NETTRACE_TYPE_F64 },
	};
	NettraceWriterMetadata metadata = metadata_of(fields, G_N_ELEMENTS(fields), true);
	static const uint8_t few[12] = { 5, 0 };
	static const uint8_t many[12] = { 0xff, 0xff };
	Result result = parse(&metadata, few, sizeof few);

	g_assert_cmpuint(result.counters, ==, 2);
	g_free(result.provider);
	g_assert_cmpuint(parse(&metadata, many, sizeof many).broken, ==, 2);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/event-counters/mean", test_mean);
	g_test_add_func("/event-counters/sum", test_sum);
	g_test_add_func("/event-counters/others", test_others);
	g_test_add_func("/event-counters/cut", test_cut);
	g_test_add_func("/event-counters/extra-fields", test_extra_fields);
	g_test_add_func("/event-counters/both-kinds", test_both_kinds);
	g_test_add_func("/event-counters/number-types", test_number_types);
	g_test_add_func("/event-counters/unknown-types", test_unknown_types);
	g_test_add_func("/event-counters/broken-metadata", test_broken_metadata);
	g_test_add_func("/event-counters/row-H10/values", test_values);
	g_test_add_func("/event-counters/long-walk", test_long_walk);
	return g_test_run();
}
