/* All values of a process in one text: counters.csv, counters.json, counters.txt, catalog.tsv. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include "fs/model/event-log.h"
#include "fs/model/json.h"
#include "fs/model/number.h"
#include "fs/model/render.h"
#include "fs/model/text-table.h"
#include "fs/model/value-csv.h"

enum {
	/* Bytes, and values behind it are left out: no honest process comes near, and a hostile one
	 * could have gigabytes made of its tags. */
	TEXT_MAX = 16 << 20,
	/* In counters.txt: numbers stay on a screen of 100 columns, whatever the tags. */
	NAME_WIDTH = 56,
};

static gboolean has_any(const Process *process)
{
	Value value;

	for (ValueCursor at = { 0 }; value_next(process, &at, &value);) {
		if (value.has_value)
			return TRUE;
	}
	return FALSE;
}

int render_process_csv(Model *model, Process *process, GString *out)
{
	Value value;

	if (!has_any(process))
		return -ENODATA;
	g_string_append(out, VALUE_CSV_HEAD);
	for (ValueCursor at = { 0 }; value_next(process, &at, &value);) {
		if (!value.has_value || out->len > TEXT_MAX)
			continue;
		for (unsigned row = 0; row < value_csv_n_rows(value.kind); row++) {
			double number = value_csv_number(&value, row);

			/* A percentile of nothing, or what this runtime never sends. */
			if (value.source == VALUE_OF_METER && isnan(number))
				continue;
			value_csv_append(out, &value, row, value_interval_ms(process, value.source),
			                 number, value.wall_us);
		}
	}
	return 0;
}

static void append_member(GString *out, const char *key, double number, gboolean is_known)
{
	g_string_append_printf(out, ", \"%s\": ", key);
	json_append_number(out, is_known ? number : (double)NAN);
}

static void append_numbers(GString *out, const Value *value)
{
	static const char *const quantiles[VALUE_QUANTILES] = { "p50", "p95", "p99" };

	if (value->kind == VALUE_HISTOGRAM) {
		for (unsigned i = 0; i < VALUE_QUANTILES; i++)
			append_member(out, quantiles[i], value->quantiles[i], value->has_value);
		append_member(out, "count", value->count, value->has_value);
		append_member(out, "sum", value->sum, value->has_value);
		append_member(out, "count_rate", value->count_rate, value->has_value);
		return;
	}
	append_member(out, "value", value->value, value->has_value);
	if (value->kind == VALUE_RATE || value->kind == VALUE_COUNTER)
		append_member(out, "increment", value->increment, value->has_value);
}

static void append_object(GString *out, const Process *process, const Value *value)
{
	g_autoptr(GString) text = g_string_new(NULL);

	value_append_path(process, value, text);
	json_append_text(out, text->str);
	g_string_append(out, ": {\"provider\": ");
	json_append_text(out, value->provider);
	g_string_append(out, ", \"name\": ");
	json_append_text(out, value->name);
	g_string_truncate(text, 0);
	value_append_tags(text, value);
	g_string_append(out, ", \"version\": ");
	json_append_text(out, value->version);
	g_string_append(out, ", \"tags\": ");
	json_append_text(out, text->str);
	g_string_append(out, ", \"kind\": ");
	json_append_text(out, value_kind_name(value->kind));
	g_string_append(out, ", \"unit\": ");
	json_append_text(out, value->unit);
	g_string_truncate(text, 0);
	event_time_append(text, value->wall_us);
	g_string_append(out, ", \"time\": ");
	json_append_text(out, value->has_value ? text->str : NULL);
	g_string_append_printf(out, ", \"old\": %s", value->is_old ? "true" : "false");
	append_numbers(out, value);
	g_string_append_c(out, '}');
}

int render_process_json(Model *model, Process *process, GString *out)
{
	const char *before = "{\n  ";
	Value value;

	if (!has_any(process))
		return -ENODATA;
	for (ValueCursor at = { 0 }; value_next(process, &at, &value);) {
		if (out->len > TEXT_MAX)
			break;
		g_string_append(out, before);
		append_object(out, process, &value);
		before = ",\n  ";
	}
	g_string_append(out, "\n}\n");
	return 0;
}

/* For eyes: at most six digits behind the point; what would be 0 then is written in full. */
static void add_number(TextTable *table, double value, gboolean with_sign)
{
	char text[NUMBER_MAX];
	char *end;

	if (!isfinite(value) || (value != 0 && fabs(value) < 1e-6)) {
		text_table_add(table, isnan(value) ? NULL : number_format(value, text));
		return;
	}
	g_ascii_formatd(text, sizeof text, with_sign ? "%+.6f" : "%.6f", value);
	for (end = text + strlen(text); end[-1] == '0'; end--)
		end[-1] = '\0';
	if (end[-1] == '.')
		end[-1] = '\0';
	text_table_add(table, !strcmp(text, "+0") || !strcmp(text, "-0") ? "0" : text);
}

/* Rates a second, whatever the interval: what the files have. Returns the bytes of the names. */
static gsize add_rows(TextTable *table, const Value *value)
{
	const unsigned second_ms = 1000;
	gboolean is_histogram = value->kind == VALUE_HISTOGRAM;
	Value shown = *value;
	gsize n = 0;

	/* A total is no rate. */
	if (value->kind == VALUE_COUNTER)
		shown.kind = VALUE_GAUGE;
	for (unsigned row = 0; row < value_csv_n_rows(value->kind); row++) {
		g_autoptr(GString) name = g_string_new(NULL);

		value_csv_append_name(name, &shown, row, second_ms);
		text_table_add(table, value->provider);
		text_table_add(table, name->str);
		add_number(table, is_histogram ? value->quantiles[row] : value->value, FALSE);
		if (value->is_old)
			text_table_add(table, "old");
		else
			add_number(table, is_histogram ? (double)NAN : value->value - value->before,
			           TRUE);
		n += name->len;
	}
	return n;
}

static gboolean is_of_runtime(const Value *value)
{
	return !strcmp(value->provider, "System.Runtime");
}

/* Those of a provider together, the runtime's own first, and of a name; else in the order in which they came. */
static gint by_provider(gconstpointer a, gconstpointer b)
{
	const Value *x = a, *y = b;
	int order = is_of_runtime(y) - is_of_runtime(x);

	order = order ? order : strcmp(x->provider, y->provider);
	return order || x->source != y->source || x->source == VALUE_OF_COUNTER
	               ? order
	               : strcmp(x->name, y->name);
}

int render_process_txt(Model *model, Process *process, GString *out)
{
	static const TextTableColumn columns[] = {
		{ "PROVIDER", TEXT_TABLE_LEFT },
		{ "NAME", TEXT_TABLE_LEFT, NAME_WIDTH },
		{ "VALUE", TEXT_TABLE_POINT },
		{ "CHANGE", TEXT_TABLE_POINT },
	};
	g_autoptr(TextTable) table = NULL;
	g_autoptr(GArray) values = NULL;
	gsize n = 0;
	Value value;

	if (!has_any(process))
		return -ENODATA;
	values = g_array_new(FALSE, FALSE, sizeof value);
	for (ValueCursor at = { 0 }; value_next(process, &at, &value);) {
		if (value.has_value)
			g_array_append_val(values, value);
	}
	g_array_sort(values, by_provider);
	table = text_table_new(columns, G_N_ELEMENTS(columns));
	for (guint i = 0; i < values->len && n <= TEXT_MAX; i++)
		n += add_rows(table, &g_array_index(values, Value, i));
	text_table_append(table, out);
	return 0;
}

/* A field of a line: what would end either, and other control characters, escaped as in C. */
static void append_field(GString *out, const char *text)
{
	for (const guchar *p = (const guchar *)text; *p; p++) {
		if (*p == '\\')
			g_string_append(out, "\\\\");
		else if (*p == '\t')
			g_string_append(out, "\\t");
		else if (*p == '\n')
			g_string_append(out, "\\n");
		else if (*p == '\r')
			g_string_append(out, "\\r");
		else if (*p < ' ' || *p == 0x7f)
			g_string_append_printf(out, "\\%03o", *p);
		else
			g_string_append_c(out, (char)*p);
	}
	g_string_append_c(out, '\t');
}

/* What a value counts from: "-" for what is no count. */
static const char *since(const Value *value)
{
	switch (value->kind) {
	case VALUE_COUNTER:
	case VALUE_UPDOWN:
		return value->is_absolute ? "absolute" : "session";
	case VALUE_HISTOGRAM:
		return "session";
	case VALUE_GAUGE:
	case VALUE_RATE:
		break;
	}
	return "-";
}

int render_process_catalog(Model *model, Process *process, GString *out)
{
	Value value;

	g_string_append(out, "path\tprovider\tname\tkind\tunit\tdisplay_name\tdescription\ttags\t"
	                     "interval_s\tsince\tversion\n");
	for (ValueCursor at = { 0 }; value_next(process, &at, &value);) {
		g_autoptr(GString) text = g_string_new(NULL);

		if (out->len > TEXT_MAX)
			break;
		value_append_path(process, &value, text);
		append_field(out, text->str);
		append_field(out, value.provider);
		append_field(out, value.name);
		append_field(out, value_kind_name(value.kind));
		append_field(out, value.unit);
		append_field(out, value.display);
		append_field(out, value.description);
		g_string_truncate(text, 0);
		value_append_tags(text, &value);
		append_field(out, text->str);
		number_append(out, value_interval_ms(process, value.source) / 1000.0);
		g_string_append_printf(out, "\t%s\t", since(&value));
		append_field(out, value.version);
		out->str[out->len - 1] = '\n';
	}
	return 0;
}
