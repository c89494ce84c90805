/* Names of metrics: the table of all that runtimes have built in (metric-names.tsv), and the rules. */
#include "fs/model/metric-name.h"
#include <string.h>
#include "fs/model/counter-store.h"
#include "fs/model/metric-source.h"

#define C VALUE_OF_COUNTER
#define M VALUE_OF_METER

typedef struct {
	ValueSource source;
	const char *provider, *name, *unit;
	ValueKind kind;
	const char *metric;
} Row;

static const Row rules[] = {
	{ M, "x", "requestCount2Fast", "", VALUE_COUNTER, "request_count2_fast_total" },
	{ M, "x", "HTTPServer", "", VALUE_UPDOWN, "http_server" },
	{ M, "x", "MyHTTPServerABC", "", VALUE_UPDOWN, "my_http_server_abc" },
	{ M, "x", "--a..b//c--", "", VALUE_UPDOWN, "a_b_c" },
	{ M, "x", "9lives", "", VALUE_UPDOWN, "_9lives" },
	{ M, "x", "\303\244\303\266", "", VALUE_UPDOWN, "unnamed" },
	{ M, "x", "", "", VALUE_COUNTER, "unnamed_total" },
	{ M, "x", "__", "By", VALUE_COUNTER, "unnamed_bytes_total" },
	{ M, "x", "9", "By", VALUE_COUNTER, "_9_bytes_total" },
	{ C, "System.Runtime", "", "", VALUE_GAUGE, "dotnet" },
	{ M, "x", "a_count_sum", "", VALUE_GAUGE, "a" },
	{ M, "x", "count", "", VALUE_GAUGE, "count" },
	{ M, "x", "a_bucket", "", VALUE_UPDOWN, "a" },
	{ M, "x", "a.info", "", VALUE_GAUGE, "a" },
	{ M, "x", "a.total", "By", VALUE_GAUGE, "a_bytes" },
	{ M, "x", "a.count", "", VALUE_COUNTER, "a_count_total" },
	{ M, "x", "a.count", "", VALUE_HISTOGRAM, "a_count" }, /* gets digits: metric-source.h */
	{ M, "x", "a.total", "By", VALUE_COUNTER, "a_bytes_total" },
	{ M, "x", "a.bytes.total", "By", VALUE_COUNTER, "a_bytes_total" },
	{ M, "x", "a.total.total", "", VALUE_COUNTER, "a_total" },
	{ M, "x", "total", "", VALUE_COUNTER, "total_total" }, /* OpenMetrics: of a family total */
	{ M, "x", "a_total", "", VALUE_COUNTER, "a_total" },
	{ M, "x", "wait.seconds", "s", VALUE_HISTOGRAM, "wait_seconds" },
	{ M, "x", "milliseconds", "ms", VALUE_GAUGE, "milliseconds_seconds" },
	{ M, "x", "load", "%", VALUE_GAUGE, "load_ratio" },
	{ M, "x", "load", "1", VALUE_GAUGE, "load" },
	{ M, "x", "files", "Files", VALUE_GAUGE, "files" },
	{ M, "x", "open", "Files", VALUE_GAUGE, "open_files" },
	{ M, "x", "open", "{file}", VALUE_GAUGE, "open" },
	{ M, "x", "speed", "km/h", VALUE_GAUGE, "speed" },
	{ M, "x", "speed", "count", VALUE_GAUGE, "speed" },
	{ M, "x", "speed", "Count", VALUE_COUNTER, "speed_total" },
	{ M, "x", "speed", "By/s", VALUE_GAUGE, "speed" },
	{ M, "x", "speed", "abcdefghijklmnopqrstu", VALUE_GAUGE, "speed" },
	{ M, "x", "megabytes", "MB", VALUE_GAUGE, "megabytes_bytes" },
	{ M, "x", "bytes", "MB", VALUE_GAUGE, "bytes" },
	{ M, "x", "kilobytes", "B", VALUE_GAUGE, "kilobytes_bytes" },
	{ C, "My.Provider", "a b", "MiB", VALUE_GAUGE, "dotnet_my_provider_a_b_bytes" },
};

static Value value_of(const Row *row)
{
	return (Value){ .source = row->source,
		        .provider = row->provider,
		        .name = row->name,
		        .unit = row->unit,
		        .kind = row->kind };
}

static void check(const Row *row)
{
	Value value = value_of(row);
	MetricName name;

	metric_name_make(&value, &name);
	if (strcmp(name.name, row->metric) != 0)
		g_error("%s %s: %s, not %s", row->provider, row->name, name.name, row->metric);
	metric_name_clear(&name);
}

static unsigned index_of(const char *const *words, unsigned n, const char *word)
{
	for (unsigned i = 0; i < n; i++)
		if (!strcmp(words[i], word))
			return i;
	g_error("%s is none of the words", word);
}

enum {
	FIELD_SOURCE,
	FIELD_PROVIDER,
	FIELD_NAME,
	FIELD_UNIT,
	FIELD_KIND,
	FIELD_METRIC,
	FIELD_TYPE,
	N_FIELDS,
};

/* The lines of the table, each split: GStrv. */
static GPtrArray *read_table(void)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	GPtrArray *table = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);

	if (!g_file_get_contents(METRIC_NAMES, &text, NULL, NULL))
		g_error("no %s", METRIC_NAMES);
	lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line; line++) {
		char **fields;

		if (!**line || **line == '#')
			continue;
		fields = g_strsplit(*line, "\t", -1);
		g_assert_cmpuint(g_strv_length(fields), ==, N_FIELDS);
		g_ptr_array_add(table, fields);
	}
	g_assert_cmpuint(table->len, >, 0);
	return table;
}

static Value value_of_fields(char **fields)
{
	static const char *const sources[] = { [C] = "counter", [M] = "meter" };
	Value value = { .provider = fields[FIELD_PROVIDER],
		        .name = fields[FIELD_NAME],
		        .unit = fields[FIELD_UNIT] };

	value.source = (ValueSource)index_of(sources, G_N_ELEMENTS(sources), fields[FIELD_SOURCE]);
	while (strcmp(value_kind_name(value.kind), fields[FIELD_KIND]) != 0)
		value.kind++;
	return value;
}

static void test_built_in(void)
{
	static const char *const types[] = {
		[METRIC_GAUGE] = "gauge", [METRIC_COUNTER] = "counter", [METRIC_SUMMARY] = "summary"
	};
	g_autoptr(GPtrArray) table = read_table();

	for (unsigned i = 0; i < table->len; i++) {
		char **fields = table->pdata[i];
		Value value = value_of_fields(fields);
		MetricName name;

		metric_name_make(&value, &name);
		g_assert_cmpstr(name.name, ==, fields[FIELD_METRIC]);
		g_assert_cmpuint(name.type, ==,
		                 index_of(types, G_N_ELEMENTS(types), fields[FIELD_TYPE]));
		metric_name_clear(&name);
	}
}

/* Each has the name of its own, without digits; nor is it that of a sample of another. */
static void test_none_meet(void)
{
	pid_t pid;
	g_autoptr(GPtrArray) table = read_table();
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(MetricSources) sources = metric_sources_new();

	for (unsigned i = 0; i < table->len; i++) {
		Value value = value_of_fields(table->pdata[i]);
		const MetricSource *source = metric_sources_get(sources, &value);

		g_assert_cmpstr(source->family, ==, source->plain);
		g_assert_true(g_hash_table_add(seen, g_strdup(source->plain)));
		if (source->metric.type == METRIC_COUNTER)
			g_assert_true(
				g_hash_table_add(seen, g_strconcat(source->plain, "_total", NULL)));
		if (source->metric.type != METRIC_SUMMARY)
			continue;
		g_assert_true(g_hash_table_add(seen, g_strconcat(source->plain, "_count", NULL)));
		g_assert_true(g_hash_table_add(seen, g_strconcat(source->plain, "_sum", NULL)));
	}
	g_assert_null(metric_sources_take_notice(sources, &pid));
}

static gboolean table_has(const GPtrArray *table, const Counter *counter)
{
	const char *kind =
		value_kind_name(counter->kind == EVENT_COUNTER_SUM ? VALUE_RATE : VALUE_GAUGE);

	for (unsigned i = 0; i < table->len; i++) {
		char **fields = table->pdata[i];

		if (!strcmp(fields[FIELD_SOURCE], "counter") &&
		    !strcmp(fields[FIELD_PROVIDER], "System.Runtime") &&
		    !strcmp(fields[FIELD_NAME], counter->raw))
			return !strcmp(fields[FIELD_UNIT], counter->unit) &&
			       !strcmp(fields[FIELD_KIND], kind);
	}
	return FALSE;
}

/* What the tree lists before a sample came is in the table as it will come. */
static void test_known(void)
{
	g_autoptr(GPtrArray) table = read_table();
	g_autoptr(CounterStore) store = counter_store_new();

	counter_store_expect(store, 11);
	g_assert_cmpuint(counter_store_n(store), ==, 27);
	for (unsigned i = 0; i < counter_store_n(store); i++)
		if (!table_has(table, counter_store_get(store, i)))
			g_error("%s is not in the table", counter_store_get(store, i)->raw);
}

static void test_rules(void)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(rules); i++)
		check(&rules[i]);
}

static void test_units(void)
{
	static const struct {
		const char *raw, *name, *unit;
		double scale;
	} table[] = {
		{ "", "a", "", 1 },
		{ "1", "a", "", 1 },
		{ "{thing}", "a", "", 1 },
		{ "{thing}/s", "a", "", 1 },
		{ "\303\251", "a", "", 1 },
		{ "%", "a_ratio", "ratio", 0.01 },
		{ "B", "a_bytes", "bytes", 1 },
		{ "By", "a_bytes", "bytes", 1 },
		{ "Bytes", "a_bytes", "bytes", 1 },
		{ "kB", "a_bytes", "bytes", 1e3 },
		{ "MB", "a_bytes", "bytes", 1e6 },
		{ "GBy", "a_bytes", "bytes", 1e9 },
		{ "KiBy", "a_bytes", "bytes", 1024 },
		{ "MiB", "a_bytes", "bytes", 1048576 },
		{ "TiB", "a_bytes", "bytes", 1099511627776 },
		{ "ns", "a_seconds", "seconds", 1e-9 },
		{ "us", "a_seconds", "seconds", 1e-6 },
		{ "\302\265s", "a_seconds", "seconds", 1e-6 },
		{ "ms", "a_seconds", "seconds", 1e-3 },
		{ "Milliseconds", "a_seconds", "seconds", 1e-3 },
		{ "s", "a_seconds", "seconds", 1 },
		{ "min", "a_seconds", "seconds", 60 },
		{ "h", "a_seconds", "seconds", 3600 },
		/* Words of the application's own: in the name, but no base unit. */
		{ "S", "a_s", "", 1 },
		{ "H", "a_h", "", 1 },
		{ "Files", "a_files", "", 1 },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		Value value = { .source = M,
			        .provider = "x",
			        .name = "a",
			        .kind = VALUE_GAUGE,
			        .unit = table[i].raw };
		MetricName name;

		metric_name_make(&value, &name);
		g_assert_cmpstr(name.name, ==, table[i].name);
		g_assert_cmpstr(name.unit, ==, table[i].unit);
		g_assert_cmpfloat(name.scale, ==, table[i].scale);
		metric_name_clear(&name);
	}
}

static gboolean is_name(const char *name)
{
	if (!g_ascii_isalpha(*name) && *name != '_')
		return FALSE;
	return !name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")];
}

static void check_random(const Value *value)
{
	static const char *const lost[] = { "_count", "_sum", "_total", "_bucket", "_info" };
	MetricName name, again;

	metric_name_make(value, &name);
	metric_name_make(value, &again);
	g_assert_cmpstr(name.name, ==, again.name);
	metric_name_clear(&again);
	g_assert_true(is_name(name.name));
	g_assert_null(strstr(name.name, "__"));
	g_assert_false(g_str_has_suffix(name.name, "_"));
	g_assert_true((name.type == METRIC_COUNTER) <= g_str_has_suffix(name.name, "_total"));
	for (unsigned i = 0; i < G_N_ELEMENTS(lost) && name.type == METRIC_GAUGE; i++)
		g_assert_false(g_str_has_suffix(name.name, lost[i]));
	if (*name.unit && name.type != METRIC_COUNTER)
		g_assert_true(g_str_has_suffix(name.name, name.unit));
	metric_name_clear(&name);
}

/* Whatever an application calls it: bytes, and words and marks in any order. */
static void test_random(void)
{
	static const char *const words[] = { "_",      "__",    ".",        "a",     "B",
		                             "Ab",     "9",     "ms",       "total", "count",
		                             "sum",    "_info", "By",       "MB",    "%",
		                             "{x}",    "\xff",  "\303\244", "bytes", "Total",
		                             "seconds" };
	g_autoptr(GRand) rand = g_rand_new_with_seed(1);

	for (unsigned i = 0; i < 20000; i++) {
		g_autoptr(GString) text = g_string_new(NULL);
		gsize middle = 0;
		Value value = { .source = g_rand_boolean(rand) ? M : C,
			        .provider = "P",
			        .kind = (ValueKind)g_rand_int_range(rand, 0, VALUE_HISTOGRAM + 1) };

		for (unsigned k = 0; k < 8; k++) {
			middle = k == 6 ? text->len : middle;
			if (i % 2)
				g_string_append_c(text, (char)g_rand_int_range(rand, 1, 256));
			else if (g_rand_boolean(rand))
				g_string_append(
					text,
					words[g_rand_int_range(rand, 0, G_N_ELEMENTS(words))]);
		}
		value.unit = text->str + middle;
		value.name = g_strndup(text->str, middle);
		check_random(&value);
		g_free((char *)value.name);
	}
}

static void test_digits(void)
{
	Value one = value_of(&rules[0]), other = value_of(&rules[1]);
	g_autofree char *a = metric_name_source_digits(&one);
	g_autofree char *b = metric_name_source_digits(&other);
	g_autofree char *again = metric_name_source_digits(&one);

	g_assert_cmpuint(strlen(a), ==, 8);
	g_assert_cmpstr(a, !=, b);
	g_assert_cmpstr(a, ==, again);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/metric-name/built-in", test_built_in);
	g_test_add_func("/metric-name/none-meet", test_none_meet);
	g_test_add_func("/metric-name/known", test_known);
	g_test_add_func("/metric-name/rules", test_rules);
	g_test_add_func("/metric-name/units", test_units);
	g_test_add_func("/metric-name/random", test_random);
	g_test_add_func("/metric-name/digits", test_digits);
	return g_test_run();
}
