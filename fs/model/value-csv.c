/* Names and rows of dotnet-counters. */
#include "fs/model/value-csv.h"
#include <string.h>
#include "fs/model/event-log.h"
#include "fs/model/number.h"

static const char *const percentiles[VALUE_QUANTILES] = { "50", "95", "99" };

unsigned value_csv_n_rows(ValueKind kind)
{
	return kind == VALUE_HISTOGRAM ? VALUE_QUANTILES : 1;
}

static gboolean is_rate(const Value *value)
{
	return value->kind == VALUE_RATE || value->kind == VALUE_COUNTER;
}

double value_csv_number(const Value *value, unsigned row)
{
	if (value->kind == VALUE_HISTOGRAM)
		return value->quantiles[row];
	return is_rate(value) ? value->increment : value->value;
}

void value_append_tags(GString *out, const Value *value)
{
	const char *const parts[] = { value->scope_tags, value->instrument_tags, value->tags };
	gsize from = out->len;

	for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
		if (*parts[i] && out->len > from)
			g_string_append_c(out, ',');
		g_string_append(out, parts[i]);
	}
}

/* "(B / 1 sec)", "(MB)"; a rate always has one. */
static void append_unit(GString *out, const Value *value, unsigned interval_ms)
{
	const char *unit = value->unit;

	/* EventCounters that say "count" get a capital letter, meters do not. */
	if ((is_rate(value) && !*unit) ||
	    (value->source == VALUE_OF_COUNTER && !strcmp(unit, "count")))
		unit = "Count";
	if (!*unit)
		return;
	g_string_append_printf(out, " (%s", unit);
	if (is_rate(value)) {
		g_string_append(out, " / ");
		number_append(out, interval_ms / 1000.0);
		g_string_append(out, " sec");
	}
	g_string_append_c(out, ')');
}

void value_csv_append_name(GString *out, const Value *value, unsigned row, unsigned interval_ms)
{
	gboolean is_histogram = value->kind == VALUE_HISTOGRAM;
	gsize tags;

	g_string_append(out, value->source == VALUE_OF_COUNTER ? value->display : value->name);
	append_unit(out, value, interval_ms);
	if (!is_histogram && !*value->tags && !*value->scope_tags && !*value->instrument_tags)
		return;
	g_string_append_c(out, '[');
	tags = out->len;
	value_append_tags(out, value);
	/* It takes every comma for one between two tags: nothing is escaped on the wire. */
	for (char *p = out->str + tags; *p; p++)
		*p = *p == ',' ? ';' : *p;
	if (is_histogram)
		g_string_append_printf(out, "%sPercentile=%s", out->len > tags ? ";" : "",
		                       percentiles[row]);
	g_string_append_c(out, ']');
}

/* Puts what stands from `from` on in quotes when it needs them (RFC 4180). */
static void quote_field(GString *out, gsize from)
{
	g_autofree char *plain = NULL;

	if (!strpbrk(out->str + from, ",\"\r\n"))
		return;
	plain = g_strdup(out->str + from);
	g_string_truncate(out, from);
	g_string_append_c(out, '"');
	for (const char *p = plain; *p; p++) {
		if (*p == '"')
			g_string_append_c(out, '"');
		g_string_append_c(out, *p);
	}
	g_string_append_c(out, '"');
}

void value_csv_append(GString *out, const Value *value, unsigned row, unsigned interval_ms,
                      double number, gint64 wall_us)
{
	gsize from;

	event_time_append(out, wall_us);
	g_string_append_c(out, ',');
	from = out->len;
	g_string_append(out, value->provider);
	quote_field(out, from);
	g_string_append_c(out, ',');
	from = out->len;
	value_csv_append_name(out, value, row, interval_ms);
	quote_field(out, from);
	g_string_append(out, is_rate(value) ? ",Rate," : ",Metric,");
	number_append(out, number);
	g_string_append_c(out, '\n');
}
