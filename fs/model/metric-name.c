/* See metric-name.h. */
#include "fs/model/metric-name.h"
#include <string.h>

#define SYSTEM_RUNTIME "System.Runtime"

enum {
	SOURCE_DIGITS = 8,
	WORD_MAX = 20, /* of a unit that has no row */
};

static const struct {
	const char *unit; /* as runtimes and applications write it */
	const char *word;
	double scale;
} units[] = {
	{ "1", "", 1 },
	{ "%", "ratio", 0.01 },
	{ "B", "bytes", 1 },
	{ "By", "bytes", 1 },
	{ "kB", "bytes", 1e3 },
	{ "KB", "bytes", 1e3 },
	{ "kBy", "bytes", 1e3 },
	{ "MB", "bytes", 1e6 },
	{ "MBy", "bytes", 1e6 },
	{ "GB", "bytes", 1e9 },
	{ "GBy", "bytes", 1e9 },
	{ "KiB", "bytes", 1024 },
	{ "KiBy", "bytes", 1024 },
	{ "MiB", "bytes", 1048576 },
	{ "MiBy", "bytes", 1048576 },
	{ "GiB", "bytes", 1073741824 },
	{ "GiBy", "bytes", 1073741824 },
	{ "ns", "seconds", 1e-9 },
	{ "us", "seconds", 1e-6 },
	{ "\302\265s", "seconds", 1e-6 }, /* U+00B5 */
	{ "\316\274s", "seconds", 1e-6 }, /* U+03BC */
	{ "ms", "seconds", 1e-3 },
	{ "msec", "seconds", 1e-3 },
	{ "s", "seconds", 1 },
	{ "sec", "seconds", 1 },
	{ "min", "seconds", 60 },
	{ "h", "seconds", 3600 },
	{ "d", "seconds", 86400 },
	{ "Hz", "hertz", 1 },
	{ "Cel", "celsius", 1 },
	{ "m", "meters", 1 },
	{ "V", "volts", 1 },
	{ "A", "amperes", 1 },
	{ "J", "joules", 1 },
	{ "W", "watts", 1 },
	{ "g", "grams", 1 },
};

static const char *const lost_by_gauges[] = { "_count", "_sum", "_total", "_bucket", "_info" };

/* The one instrument of a runtime that would have the name of an EventCounter (assembly-count). */
static const struct {
	const char *meter, *name, *words;
} renamed[] = {
	{ SYSTEM_RUNTIME, "dotnet.assembly.count", "dotnet_assemblies" },
};

/* Whether a word begins at a capital. */
static gboolean begins_word(const char *start, const char *at)
{
	if (!g_ascii_isupper(*at) || at == start)
		return FALSE;
	return g_ascii_islower(at[-1]) || g_ascii_isdigit(at[-1]) ||
	       (g_ascii_isupper(at[-1]) && g_ascii_islower(at[1]));
}

/* Appends it clean, as a further word. */
static void append_words(GString *out, const char *raw)
{
	gboolean gap = out->len > 0;

	for (const char *p = raw; *p; p++) {
		if (!g_ascii_isalnum(*p)) {
			gap = out->len > 0;
			continue;
		}
		if ((gap || begins_word(raw, p)) && out->len > 0 && out->str[out->len - 1] != '_')
			g_string_append_c(out, '_');
		gap = FALSE;
		g_string_append_c(out, g_ascii_tolower(*p));
	}
}

char *metric_label_name(const char *raw)
{
	GString *out = g_string_new(NULL);

	append_words(out, raw);
	if (g_ascii_isdigit(*out->str))
		g_string_prepend_c(out, '_');
	if (!out->len)
		g_string_append_c(out, '_');
	return g_string_free(out, FALSE);
}

static gboolean is_word(const char *unit)
{
	gsize len = strspn(unit, "abcdefghijklmnopqrstuvwxyz"
	                         "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	return len > 0 && !unit[len] && len <= WORD_MAX;
}

static void append_unit(GString *out, const char *unit, MetricName *ret)
{
	g_autofree char *word = NULL;

	for (unsigned i = 0; i < G_N_ELEMENTS(units); i++) {
		if (!strcmp(units[i].unit, unit)) {
			ret->scale = units[i].scale;
			word = g_strdup(units[i].word);
		}
	}
	if (!word && is_word(unit))
		word = g_ascii_strdown(unit, -1);
	if (!word || !*word)
		return;
	ret->unit = g_intern_string(word);
	if (g_str_has_suffix(out->str, word) &&
	    (out->len == strlen(word) || out->str[out->len - strlen(word) - 1] == '_'))
		return;
	g_string_append_printf(out, "_%s", word);
}

static void lose_suffixes(GString *out)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(lost_by_gauges); i++) {
		if (!g_str_has_suffix(out->str, lost_by_gauges[i]) ||
		    out->len == strlen(lost_by_gauges[i]))
			continue;
		g_string_truncate(out, out->len - strlen(lost_by_gauges[i]));
		i = (unsigned)-1; /* again: _sum_total */
	}
}

static MetricType type_of(ValueKind kind)
{
	switch (kind) {
	case VALUE_RATE:
	case VALUE_COUNTER:
		return METRIC_COUNTER;
	case VALUE_HISTOGRAM:
		return METRIC_SUMMARY;
	case VALUE_GAUGE:
	case VALUE_UPDOWN:
		break;
	}
	return METRIC_GAUGE;
}

static const char *words_of(const Value *value)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(renamed) && value->source == VALUE_OF_METER; i++) {
		if (!strcmp(renamed[i].meter, value->provider) &&
		    !strcmp(renamed[i].name, value->name))
			return renamed[i].words;
	}
	return value->name;
}

void metric_name_make(const Value *value, MetricName *ret)
{
	GString *out = g_string_new(value->source == VALUE_OF_COUNTER ? "dotnet" : NULL);

	*ret = (MetricName){ .type = type_of(value->kind), .scale = 1, .unit = "" };
	if (value->source == VALUE_OF_COUNTER && strcmp(value->provider, SYSTEM_RUNTIME) != 0)
		append_words(out, value->provider);
	append_words(out, words_of(value));
	if (!out->len || g_ascii_isdigit(*out->str))
		g_string_prepend_c(out, '_');
	append_unit(out, value->unit, ret);
	if (ret->type == METRIC_GAUGE)
		lose_suffixes(out);
	if (ret->type == METRIC_COUNTER && !g_str_has_suffix(out->str, "_total"))
		g_string_append(out, "_total");
	ret->name = g_string_free(out, FALSE);
}

void metric_name_clear(MetricName *name)
{
	g_clear_pointer(&name->name, g_free);
}

char *metric_name_source_digits(const Value *value)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	const guint8 source = value->source == VALUE_OF_METER;
	const char *const texts[] = { value->provider, value->name };

	g_checksum_update(sum, &source, 1);
	for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++)
		g_checksum_update(sum, (const guint8 *)texts[i], (gssize)strlen(texts[i]) + 1);
	return g_strndup(g_checksum_get_string(sum), SOURCE_DIGITS);
}
