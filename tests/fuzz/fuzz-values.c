/*
 * What a target calls its values, up to the names and texts that are made of it. Each value is a line of fields
 * that 0xff ends, lines are ended by 0xfe: a letter for what it is, provider or meter, version, name, unit,
 * tags, display name or description, a number. Then:
 *
 *	paths (catalog.tsv) are distinct, harmless, and lead back to the same tag set;
 *	catalog.tsv and counters.csv have the same number of fields in every row;
 *	metrics and openmetrics have every family in one piece, and no sample twice;
 *	all of it is UTF-8.
 */
#include <errno.h>
#include <glib.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "fs/model/metrics.h"
#include "fs/model/render.h"
#include "fs/model/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	LINE_END = 0xfe,
	FIELD_END = 0xff,
	LINES_MAX = 64,
};

enum {
	WHAT,
	PROVIDER,
	VERSION,
	NAME,
	UNIT,
	TAGS,
	DISPLAY,
	NUMBER,
	N_FIELDS,
};

static const struct {
	char what;
	MeterEventKind kind;
} meters[] = {
	{ 'c', METER_EVENT_COUNTER },    { 'g', METER_EVENT_GAUGE }, { 'h', METER_EVENT_HISTOGRAM },
	{ 'u', METER_EVENT_UPDOWN },     { 'b', METER_EVENT_BEGIN }, { 'e', METER_EVENT_END },
	{ 'n', METER_EVENT_ENUMERATED },
};

static void check(gboolean condition)
{
	if (!condition)
		abort();
}

/* As the parser gives it: what is cut at a size ends with a whole character. */
static void set(char *text, size_t size, const char *field)
{
	const char *end;

	g_strlcpy(text, field, size);
	if (!g_utf8_validate(text, -1, &end))
		text[end - text] = '\0';
}

static void take_counter(Process *process, char **fields, EventCounterKind kind)
{
	EventCounterSample sample = { .provider = fields[PROVIDER], .kind = kind, .interval_s = 1 };

	set(sample.name, sizeof sample.name, fields[NAME]);
	set(sample.display_name, sizeof sample.display_name, fields[DISPLAY]);
	set(sample.unit, sizeof sample.unit, fields[UNIT]);
	sample.value = g_ascii_strtod(fields[NUMBER], NULL);
	counter_store_take(process->counters, &sample, 1, 1);
}

static void take_meter(Process *process, char **fields, MeterEventKind kind)
{
	static MeterEvent event; /* large */

	memset(&event, 0, sizeof event);
	event.kind = kind;
	set(event.meter, sizeof event.meter, fields[PROVIDER]);
	set(event.version, sizeof event.version, fields[VERSION]);
	set(event.instrument, sizeof event.instrument, fields[NAME]);
	set(event.unit, sizeof event.unit, fields[UNIT]);
	set(event.description, sizeof event.description, fields[DISPLAY]);
	set(event.tags, sizeof event.tags, fields[TAGS]);
	if (kind == METER_EVENT_BEGIN) {
		set(event.type, sizeof event.type, fields[DISPLAY]);
		set(event.meter_tags, sizeof event.meter_tags, fields[TAGS]);
		set(event.instrument_tags, sizeof event.instrument_tags, fields[TAGS]);
	}
	event.value = event.rate = event.count = event.sum = g_ascii_strtod(fields[NUMBER], NULL);
	event.has_value = event.has_rate = event.has_count = TRUE;
	event.n_quantiles = 1;
	event.quantiles[0].q = 0.95;
	event.quantiles[0].value = event.value;
	meter_store_take(process->meters, &event, 1, 1, 1);
}

static void take_line(Process *process, const uint8_t *line, size_t len)
{
	char *fields[N_FIELDS];

	for (unsigned i = 0; i < N_FIELDS; i++) {
		const uint8_t *end = len ? memchr(line, FIELD_END, len) : NULL;
		size_t n = end ? (size_t)(end - line) : len;
		g_autofree char *raw = g_strndup((const char *)line, n);

		fields[i] = g_utf8_make_valid(raw, -1);
		line += end ? n + 1 : n;
		len -= end ? n + 1 : n;
	}
	if (*fields[WHAT] == 'm')
		take_counter(process, fields, EVENT_COUNTER_MEAN);
	if (*fields[WHAT] == 's')
		take_counter(process, fields, EVENT_COUNTER_SUM);
	for (unsigned i = 0; i < G_N_ELEMENTS(meters); i++) {
		if (*fields[WHAT] == meters[i].what)
			take_meter(process, fields, meters[i].kind);
	}
	for (unsigned i = 0; i < N_FIELDS; i++)
		g_free(fields[i]);
}

static void check_path(const Process *process, const Value *value, const char *path)
{
	g_auto(GStrv) parts = g_strsplit(path, "/", -1);
	g_autofree char *file = NULL;
	MeterValue which;

	for (char **part = parts; *part; part++) {
		check(**part && strlen(*part) < METER_FILE_NAME_SIZE);
		check(strcmp(*part, ".") != 0 && strcmp(*part, "..") != 0);
		for (const char *p = *part; *p; p++)
			check(g_ascii_isgraph(*p));
	}
	if (value->source != VALUE_OF_METER)
		return;
	check(g_str_has_prefix(path, "meters/"));
	switch (value->kind) {
	case VALUE_HISTOGRAM:
		file = g_strconcat(path, "/count", NULL);
		break;
	case VALUE_COUNTER:
		file = g_strconcat(path, "/value", NULL);
		break;
	case VALUE_GAUGE:
	case VALUE_RATE:
	case VALUE_UPDOWN:
		file = g_strdup(path);
		break;
	}
	check(meter_store_find_path(process->meters, file + strlen("meters/"), &which) ==
	      value->series);
}

static void check_paths(Process *process)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	Value value;

	for (ValueCursor at = { 0 }; value_next(process, &at, &value);) {
		GString *path = g_string_new(NULL);

		value_append_path(process, &value, path);
		check_path(process, &value, path->str);
		check(g_hash_table_add(seen, g_string_free(path, FALSE)));
	}
}

static GString *text_of(int (*render)(Model *model, Process *process, GString *out),
                        Process *process)
{
	GString *out = g_string_new(NULL);

	int result = render(NULL, process, out);

	/* -ENODATA: there is no value. */
	check(result == 0 || (result == -ENODATA && !out->len));
	check(g_utf8_validate(out->str, (gssize)out->len, NULL));
	return out;
}

/* Fields a row, by what parts them; '"' quotes where quotes is set. */
static void check_rows(GString *text, char between, gboolean quotes, unsigned fields)
{
	gboolean quoted = FALSE;
	unsigned n = 1;

	for (const char *p = text->str; *p; p++) {
		if (quotes && *p == '"')
			quoted = !quoted;
		if (quoted)
			continue;
		if (*p == between)
			n++;
		if (*p != '\n')
			continue;
		check(n == fields);
		n = 1;
	}
	check(!quoted && n == 1);
	g_string_free(text, TRUE);
}

static void check_metrics(Process *process, MetricTextFormat format)
{
	g_autoptr(Metrics) metrics = metrics_new();
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GHashTable) families =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GHashTable) samples = g_hash_table_new(g_str_hash, g_str_equal);
	g_auto(GStrv) lines = NULL;
	const char *family = NULL;

	metrics_append(metrics, &process, 1, format, 1000 * G_USEC_PER_SEC, out);
	check(g_utf8_validate(out->str, (gssize)out->len, NULL));
	check(g_str_has_suffix(out->str, "# EOF\n"));
	lines = g_strsplit(out->str, "\n", -1);
	for (char **line = lines; *line; line++) {
		if (g_str_has_prefix(*line, "# TYPE ")) {
			char *name = g_strndup(*line + 7, strcspn(*line + 7, " "));

			check(g_hash_table_add(families, name));
			family = name;
		} else if (**line && **line != '#') {
			char *value = strrchr(*line, ' ');

			check(family && value && g_str_has_prefix(*line, family));
			*value = '\0';
			check(g_hash_table_add(samples, *line));
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const RecordFound found = { .pid = 7 };
	Process *process = process_new(7, &found, "user", "app", "/socket", 1000);

	process->has_info = TRUE;
	process->info.version = 3;
	process->info.command_line = strdup("app");
	g_strlcpy(process->info.entrypoint, "App", sizeof process->info.entrypoint);
	for (unsigned i = 0; size && i < LINES_MAX; i++) {
		const uint8_t *end = memchr(data, LINE_END, size);
		size_t n = end ? (size_t)(end - data) : size;

		take_line(process, data, n);
		data += end ? n + 1 : n;
		size -= end ? n + 1 : n;
	}
	check_paths(process);
	check_rows(text_of(render_process_catalog, process), '\t', FALSE, 11);
	check_rows(text_of(render_process_csv, process), ',', TRUE, 5);
	g_string_free(text_of(render_process_json, process), TRUE);
	g_string_free(text_of(render_process_txt, process), TRUE);
	check_metrics(process, METRIC_TEXT_PROMETHEUS);
	check_metrics(process, METRIC_TEXT_OPENMETRICS);
	process_free(process);
	return 0;
}
