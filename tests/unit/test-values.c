/* The texts that hold all values of a process. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include "fs/model/process.h"
#include "fs/model/render.h"
#include "fs/model/value-log.h"

#define WALL_US G_GINT64_CONSTANT(1795515312345678)

typedef int (*Render)(Model *model, Process *process, GString *out);

static Process *new_process(void)
{
	const RecordFound found = { .pid = 4807 };

	return process_new(7, &found, "user", "app", "/socket", 1000);
}

static void take(Process *process, const char *provider, const char *name, const char *display,
                 const char *unit, EventCounterKind kind, double value)
{
	EventCounterSample sample = { .provider = provider, .kind = kind };

	g_strlcpy(sample.name, name, sizeof sample.name);
	g_strlcpy(sample.display_name, display, sizeof sample.display_name);
	g_strlcpy(sample.unit, unit, sizeof sample.unit);
	sample.value = value;
	sample.interval_s = 2;
	g_assert_nonnull(counter_store_take(process->counters, &sample, 1, WALL_US));
}

static Process *sampled_process(void)
{
	Process *process = new_process();

	take(process, "System.Runtime", "gc-heap-size", "GC Heap Size", "MB", EVENT_COUNTER_MEAN,
	     100);
	take(process, "System.Runtime", "gc-heap-size", "GC Heap Size", "MB", EVENT_COUNTER_MEAN,
	     388.682712);
	take(process, "System.Runtime", "alloc-rate", "Allocation Rate", "B", EVENT_COUNTER_SUM,
	     500);
	take(process, "My \"P\"\t", "odd/name", "Odd, name\n", "", EVENT_COUNTER_MEAN, NAN);
	return process;
}

/* A meter's event, with its texts. */
static void take_meter(Process *process, MeterEventKind kind, const char *type, const char *name,
                       const char *tags, double value)
{
	g_autofree MeterEvent *event = g_new0(MeterEvent, 1);

	event->kind = kind;
	g_strlcpy(event->meter, "App", sizeof event->meter);
	g_strlcpy(event->instrument, name, sizeof event->instrument);
	g_strlcpy(event->type, type, sizeof event->type);
	g_strlcpy(event->unit, "s", sizeof event->unit);
	g_strlcpy(event->tags, tags, sizeof event->tags);
	if (kind == METER_EVENT_BEGIN) {
		g_strlcpy(event->meter_tags, "m=1", sizeof event->meter_tags);
		g_strlcpy(event->instrument_tags, "i=2", sizeof event->instrument_tags);
		g_strlcpy(event->description, "What it is", sizeof event->description);
	}
	event->has_rate = event->has_value = event->has_count = TRUE;
	event->rate = event->count = event->sum = value;
	event->value = 100 + value;
	event->n_quantiles = 1;
	event->quantiles[0].q = 0.95;
	event->quantiles[0].value = value / 2;
	meter_store_take(process->meters, event, 1, 1, WALL_US);
}

static Process *metered_process(void)
{
	Process *process = new_process();

	process->meters_interval_s = 2;
	take_meter(process, METER_EVENT_BEGIN, "ObservableCounter", "count", "", 0);
	take_meter(process, METER_EVENT_BEGIN, "Histogram", "time", "", 0);
	take_meter(process, METER_EVENT_ENUMERATED, "", "", "", 0);
	take_meter(process, METER_EVENT_COLLECTION_START, "", "", "", 0);
	take_meter(process, METER_EVENT_COUNTER, "", "count", "a=b", 3);
	take_meter(process, METER_EVENT_HISTOGRAM, "", "time", "", 5);
	take_meter(process, METER_EVENT_COLLECTION_STOP, "", "", "", 0);
	value_log_add_meters(process->stream, process);
	return process;
}

static char *text_of(Render render, Process *process)
{
	GString *out = g_string_new(NULL);

	g_assert_cmpint(render(NULL, process, out), ==, 0);
	return g_string_free(out, FALSE);
}

static void test_no_sample(void)
{
	static const Render renders[] = { render_process_csv, render_process_json,
		                          render_process_txt };
	Process *process = new_process();
	g_autoptr(GString) out = g_string_new(NULL);
	g_autofree char *catalog = text_of(render_process_catalog, process);

	for (unsigned i = 0; i < G_N_ELEMENTS(renders); i++) {
		g_assert_cmpint(renders[i](NULL, process, out), ==, -ENODATA);
		g_assert_cmpuint(out->len, ==, 0);
	}
	g_assert_nonnull(strstr(catalog,
	                        "\ncounters/gc-heap-size\tSystem.Runtime\tgc-heap-size\tgauge\tMB\t"
	                        "gc-heap-size\t\t\t1\t-\t\n"));
	process_free(process);
}

static void test_csv(void)
{
	Process *process = sampled_process();
	g_autofree char *text = text_of(render_process_csv, process);

	g_assert_cmpstr(
		text, ==,
		"Timestamp,Provider,Counter Name,Counter Type,Mean/Increment\n"
		"2026-11-24T10:15:12.345Z,System.Runtime,GC Heap Size (MB),Metric,388.682712\n"
		"2026-11-24T10:15:12.345Z,System.Runtime,Allocation Rate (B / 1 sec),Rate,500\n"
		"2026-11-24T10:15:12.345Z,\"My \"\"P\"\"\t\",\"Odd, name\n\",Metric,NaN\n");
	process_free(process);
}

static void test_json(void)
{
	Process *process = sampled_process();
	g_autofree char *text = text_of(render_process_json, process);

	g_assert_true(g_str_has_prefix(text, "{\n  \"counters/cpu-usage\": {"));
	g_assert_true(g_str_has_suffix(text, "}\n}\n"));
	g_assert_nonnull(strstr(
		text, "\n  \"counters/gc-heap-size\": {\"provider\": \"System.Runtime\", "
		      "\"name\": \"gc-heap-size\", \"version\": \"\", \"tags\": \"\", \"kind\": "
		      "\"gauge\", "
		      "\"unit\": \"MB\", \"time\": \"2026-11-24T10:15:12.345Z\", \"old\": false, "
		      "\"value\": 388.682712},\n"));
	g_assert_nonnull(strstr(text, "\"value\": 250, \"increment\": 500}"));
	g_assert_nonnull(strstr(text, "\"time\": null, \"old\": false, \"value\": null}"));
	g_assert_nonnull(strstr(text, "\n  \"counters/My%20%22P%22%09/odd%2Fname\": {\"provider\": "
	                              "\"My \\\"P\\\"\\u0009\", \"name\": \"odd/name\""));
	process_free(process);
}

static void test_txt(void)
{
	Process *process = sampled_process();
	g_autofree char *text = text_of(render_process_txt, process);

	g_assert_cmpstr(text, ==,
	                "PROVIDER       NAME                        VALUE        CHANGE\n"
	                "System.Runtime GC Heap Size (MB)             388.682712   +288.682712\n"
	                "System.Runtime Allocation Rate (B / 1 sec)   250             -\n"
	                "My \"P\"?        Odd, name?                      -             -\n");
	process_free(process);
}

static void test_catalog(void)
{
	Process *process = sampled_process();
	g_autofree char *text = text_of(render_process_catalog, process);

	g_assert_true(g_str_has_prefix(text, "path\tprovider\tname\tkind\tunit\tdisplay_name\t"
	                                     "description\ttags\tinterval_s\tsince\tversion\n"));
	g_assert_nonnull(strstr(text, "\ncounters/alloc-rate\tSystem.Runtime\talloc-rate\trate\tB\t"
	                              "Allocation Rate\t\t\t1\t-\t\n"));
	g_assert_nonnull(strstr(
		text, "\ncounters/My%20%22P%22%09/odd%2Fname\tMy \"P\"\\t\todd/name\tgauge\t\t"
		      "Odd, name\\n\t\t\t1\t-\t\n"));
	process_free(process);
}

static void test_meters(void)
{
	Process *process = metered_process();
	g_autofree char *csv = text_of(render_process_csv, process);
	g_autofree char *json = text_of(render_process_json, process);
	g_autofree char *txt = text_of(render_process_txt, process);
	g_autofree char *catalog = text_of(render_process_catalog, process);

	g_assert_cmpstr(
		csv, ==,
		"Timestamp,Provider,Counter Name,Counter Type,Mean/Increment\n"
		"2026-11-24T10:15:12.345Z,App,count (s / 2 sec)[m=1;i=2;a=b],Rate,3\n"
		"2026-11-24T10:15:12.345Z,App,time (s)[m=1;i=2;Percentile=95],Metric,2.5\n");
	g_assert_nonnull(strstr(json, "\n  \"meters/App/count/a=b\": {"));
	g_assert_nonnull(strstr(json, "\"tags\": \"m=1,i=2,a=b\", \"kind\": \"counter\""));
	g_assert_nonnull(strstr(json, ", \"value\": 103, \"increment\": 3},\n"));
	g_assert_nonnull(strstr(json, "\"p50\": null, \"p95\": 2.5, \"p99\": null, \"count\": 5, "
	                              "\"sum\": 5, \"count_rate\": 5}\n"));
	g_assert_nonnull(strstr(txt, "\nApp      count (s)[m=1;i=2;a=b] "));
	g_assert_nonnull(strstr(
		catalog, "\nmeters/App/count/a=b\tApp\tcount\tcounter\ts\tcount\tWhat it is\t"
			 "m=1,i=2,a=b\t2\tabsolute\t\n"));
	g_assert_nonnull(strstr(catalog, "\tm=1,i=2\t2\tsession\t\n"));
	process_free(process);
}

/* What a collection brought is added to the stream once. */
static void test_meters_stream(void)
{
	Process *process = metered_process();
	g_autofree char *csv = text_of(render_process_csv, process);
	g_autoptr(GString) stream = g_string_new(NULL);
	goffset skipped = 0;

	value_log_add_meters(process->stream, process);
	value_log_read(process->stream, process, 0, 4096, FALSE, &skipped, stream);
	g_assert_cmpstr(stream->str, ==, csv);
	take_meter(process, METER_EVENT_COUNTER, "", "count", "a=b", 4);
	value_log_add_meters(process->stream, process);
	g_string_truncate(stream, 0);
	value_log_read(process->stream, process, 0, 4096, FALSE, &skipped, stream);
	g_assert_true(g_str_has_prefix(stream->str, csv));
	g_assert_true(g_str_has_suffix(stream->str, ",Rate,4\n"));
	process_free(process);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/values/no-sample", test_no_sample);
	g_test_add_func("/values/csv", test_csv);
	g_test_add_func("/values/json", test_json);
	g_test_add_func("/values/txt", test_txt);
	g_test_add_func("/values/catalog", test_catalog);
	g_test_add_func("/values/meters", test_meters);
	g_test_add_func("/values/meters-stream", test_meters_stream);
	return g_test_run();
}
