/* Names, types and numbers as dotnet-counters 10.0.750501 writes them. */
#include "fs/model/value-csv.h"
#include <math.h>
#include <string.h>

static Value counter(const char *display, const char *unit, ValueKind kind)
{
	return (Value){
		.source = VALUE_OF_COUNTER,
		.kind = kind,
		.provider = "System.Runtime",
		.version = "",
		.name = "raw-name",
		.display = display,
		.description = "",
		.unit = unit,
		.tags = "",
		.scope_tags = "",
		.instrument_tags = "",
		.has_value = TRUE,
		.value = 2.5,
		.increment = 5,
	};
}

static Value meter(const char *name, const char *unit, ValueKind kind, const char *tags)
{
	Value value = counter("A display name", unit, kind);

	value.source = VALUE_OF_METER;
	value.provider = "Microsoft.AspNetCore.Hosting";
	value.name = name;
	value.tags = tags;
	value.quantiles[0] = 0.5;
	value.quantiles[1] = 0.25;
	value.quantiles[2] = NAN;
	return value;
}

static void check(const Value *value, unsigned row, unsigned interval_ms, const char *wanted)
{
	g_autoptr(GString) out = g_string_new("before,");

	value_csv_append_name(out, value, row, interval_ms);
	g_assert_cmpstr(out->str + strlen("before,"), ==, wanted);
}

static void test_counters(void)
{
	static const struct {
		const char *display, *unit;
		ValueKind kind;
		const char *name;
	} table[] = {
		{ "GC Heap Size", "MB", VALUE_GAUGE, "GC Heap Size (MB)" },
		{ "ThreadPool Thread Count", "", VALUE_GAUGE, "ThreadPool Thread Count" },
		{ "% Time in GC since last GC", "%", VALUE_GAUGE,
		  "% Time in GC since last GC (%)" },
		{ "Allocation Rate", "B", VALUE_RATE, "Allocation Rate (B / 1 sec)" },
		{ "Exception Count", "", VALUE_RATE, "Exception Count (Count / 1 sec)" },
		{ "Gets", "count", VALUE_RATE, "Gets (Count / 1 sec)" },
		{ "Connections", "count", VALUE_GAUGE, "Connections (Count)" },
		{ "Hard connects", "count / sec", VALUE_GAUGE, "Hard connects (count / sec)" },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		Value value = counter(table[i].display, table[i].unit, table[i].kind);

		check(&value, 0, 1000, table[i].name);
	}
}

static void test_meters(void)
{
	static const struct {
		const char *name, *unit, *tags;
		ValueKind kind;
		const char *wanted;
	} table[] = {
		{ "dotnet.assembly.count", "{assembly}", "", VALUE_UPDOWN,
		  "dotnet.assembly.count ({assembly})" },
		{ "dotnet.gc.collections", "{collection}", "gc.heap.generation=gen0", VALUE_COUNTER,
		  "dotnet.gc.collections ({collection} / 1 sec)[gc.heap.generation=gen0]" },
		{ "plain", "", "", VALUE_COUNTER, "plain (Count / 1 sec)" },
		{ "plain", "count", "", VALUE_COUNTER, "plain (count / 1 sec)" },
		{ "plain", "", "", VALUE_GAUGE, "plain" },
		{ "http.server.active_requests", "{request}",
		  "http.request.method=GET,url.scheme=http", VALUE_UPDOWN,
		  "http.server.active_requests ({request})"
		  "[http.request.method=GET;url.scheme=http]" },
		{ "http.server.request.duration", "s", "a=b", VALUE_HISTOGRAM,
		  "http.server.request.duration (s)[a=b;Percentile=50]" },
		{ "h", "", "", VALUE_HISTOGRAM, "h[Percentile=50]" },
	};
	Value value;

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		value = meter(table[i].name, table[i].unit, table[i].kind, table[i].tags);
		check(&value, 0, 1000, table[i].wanted);
	}
	value = meter("h", "s", VALUE_HISTOGRAM, "a=b");
	value.scope_tags = "of=meter";
	check(&value, 2, 1000, "h (s)[of=meter;a=b;Percentile=99]");
	value.instrument_tags = "c=d,e=f";
	check(&value, 2, 1000, "h (s)[of=meter;c=d;e=f;a=b;Percentile=99]");
	value.instrument_tags = value.tags = "";
	check(&value, 1, 1000, "h (s)[of=meter;Percentile=95]");
}

static void test_intervals(void)
{
	Value value = counter("Allocation Rate", "B", VALUE_RATE);

	check(&value, 0, 5000, "Allocation Rate (B / 5 sec)");
	check(&value, 0, 100, "Allocation Rate (B / 0.1 sec)");
}

static void test_numbers(void)
{
	Value value = counter("x", "", VALUE_GAUGE);

	g_assert_cmpuint(value_csv_n_rows(VALUE_GAUGE), ==, 1);
	g_assert_cmpuint(value_csv_n_rows(VALUE_HISTOGRAM), ==, VALUE_QUANTILES);
	g_assert_cmpfloat(value_csv_number(&value, 0), ==, 2.5);
	value.kind = VALUE_RATE;
	g_assert_cmpfloat(value_csv_number(&value, 0), ==, 5);
	value.kind = VALUE_COUNTER;
	g_assert_cmpfloat(value_csv_number(&value, 0), ==, 5);
	value = meter("h", "s", VALUE_HISTOGRAM, "");
	g_assert_cmpfloat(value_csv_number(&value, 1), ==, 0.25);
	g_assert_true(isnan(value_csv_number(&value, 2)));
}

static void test_rows(void)
{
	g_autoptr(GString) out = g_string_new(NULL);
	Value value = counter("Allocation Rate", "B", VALUE_RATE);
	const gint64 wall_us = G_GINT64_CONSTANT(1795515312345678);

	value_csv_append(out, &value, 0, 1000, 354224, wall_us);
	g_assert_cmpstr(out->str, ==,
	                "2026-11-24T10:15:12.345Z,System.Runtime,Allocation Rate (B / 1 "
	                "sec),Rate,354224\n");
	g_string_truncate(out, 0);
	value = counter("a, \"b\"", "", VALUE_GAUGE);
	value.provider = "x\ny";
	value_csv_append(out, &value, 0, 1000, NAN, wall_us);
	g_assert_cmpstr(out->str, ==,
	                "2026-11-24T10:15:12.345Z,\"x\ny\",\"a, \"\"b\"\"\",Metric,NaN\n");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/value-csv/counters", test_counters);
	g_test_add_func("/value-csv/meters", test_meters);
	g_test_add_func("/value-csv/intervals", test_intervals);
	g_test_add_func("/value-csv/numbers", test_numbers);
	g_test_add_func("/value-csv/rows", test_rows);
	return g_test_run();
}
