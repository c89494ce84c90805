/* See metric-name.h. */
#include "fs/model/metric-name.h"
#include <string.h>

#define TOTAL          "_total"
#define SYSTEM_RUNTIME "System.Runtime"
#define UNNAMED        "unnamed" /* what has neither a letter nor a digit */

enum {
	SOURCE_DIGITS = 8,
	WORD_MAX = 20,    /* of a unit that has no row */
	ANY_CASE_MIN = 3, /* units that are shorter mean another in another case: s, S; ms, Ms */
};

typedef struct {
	const char *unit; /* as runtimes and applications write it */
	const char *word; /* "" none */
	double scale;
} Unit;

static const Unit units[] = {
	{ "1", "", 1 },
	{ "%", "ratio", 0.01 },
	{ "percent", "ratio", 0.01 },
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
	{ "TB", "bytes", 1e12 },
	{ "TBy", "bytes", 1e12 },
	{ "TiB", "bytes", 1099511627776 },
	{ "TiBy", "bytes", 1099511627776 },
	{ "byte", "bytes", 1 },
	{ "bytes", "bytes", 1 },
	{ "kilobytes", "bytes", 1e3 },
	{ "megabytes", "bytes", 1e6 },
	{ "gigabytes", "bytes", 1e9 },
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
	{ "second", "seconds", 1 },
	{ "seconds", "seconds", 1 },
	{ "nanoseconds", "seconds", 1e-9 },
	{ "microseconds", "seconds", 1e-6 },
	{ "milliseconds", "seconds", 1e-3 },
	{ "minutes", "seconds", 60 },
	{ "hours", "seconds", 3600 },
	{ "days", "seconds", 86400 },
	{ "Hz", "hertz", 1 },
	{ "Cel", "celsius", 1 },
	{ "m", "meters", 1 },
	{ "V", "volts", 1 },
	{ "A", "amperes", 1 },
	{ "J", "joules", 1 },
	{ "W", "watts", 1 },
	{ "g", "grams", 1 },
	/* As the last word they would say that it is something else. */
	{ "total", "", 1 },
	{ "count", "", 1 },
	{ "sum", "", 1 },
	{ "bucket", "", 1 },
	{ "info", "", 1 },
};

/* At the end of a name; NULL ends each row. */
static const char *const lost[METRIC_N_TYPES][6] = {
	[METRIC_GAUGE] = { "_count", "_sum", TOTAL, "_bucket", "_info" },
	[METRIC_COUNTER] = { TOTAL },
};

/* The one instrument of a runtime that would have the name of an EventCounter (assembly-count). */
static const struct {
	const char *meter, *name, *words;
} renamed[] = {
	{ SYSTEM_RUNTIME, "dotnet.assembly.count", "dotnet_assemblies" },
};

/* What goes up and down, and is a Counter by mistake on 9 and 10; on 11 it is none any more. */
static const struct {
	const char *meter, *name;
} levels[] = {
	{ SYSTEM_RUNTIME, "dotnet.thread_pool.thread.count" },
	{ SYSTEM_RUNTIME, "dotnet.thread_pool.queue.length" },
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

static const Unit *find_unit(const char *unit)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(units); i++)
		if (!strcmp(units[i].unit, unit))
			return &units[i];
	return NULL;
}

static gboolean ends_with_word(const GString *out, const char *word)
{
	gsize len = strlen(word);

	return g_str_has_suffix(out->str, word) &&
	       (out->len == len || out->str[out->len - len - 1] == '_');
}

static void append_unit(GString *out, const char *raw, MetricName *ret)
{
	g_autofree char *lower = NULL;
	const Unit *unit = find_unit(raw);
	const char *word;

	if (!unit && !is_word(raw))
		return;
	lower = g_ascii_strdown(raw, -1);
	if (!unit && strlen(raw) >= ANY_CASE_MIN)
		unit = find_unit(lower);
	if (unit) {
		ret->scale = unit->scale;
		ret->unit = unit->word;
	}
	word = unit ? unit->word : lower;
	if (*word && !ends_with_word(out, word))
		g_string_append_printf(out, "_%s", word);
}

static gboolean lose_suffix(GString *out, MetricType type)
{
	for (const char *const *suffix = lost[type]; *suffix; suffix++) {
		gsize len = strlen(*suffix);

		if (out->len <= len || !g_str_has_suffix(out->str, *suffix))
			continue;
		g_string_truncate(out, out->len - len);
		return TRUE;
	}
	return FALSE;
}

static MetricType type_of(const Value *value)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(levels) && value->source == VALUE_OF_METER; i++) {
		if (value->kind == VALUE_COUNTER && !strcmp(levels[i].meter, value->provider) &&
		    !strcmp(levels[i].name, value->name))
			return METRIC_GAUGE;
	}
	switch (value->kind) {
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

	*ret = (MetricName){ .type = type_of(value), .scale = 1, .unit = "" };
	if (value->source == VALUE_OF_COUNTER && strcmp(value->provider, SYSTEM_RUNTIME) != 0)
		append_words(out, value->provider);
	append_words(out, words_of(value));
	if (!out->len)
		g_string_append(out, UNNAMED);
	if (g_ascii_isdigit(*out->str))
		g_string_prepend_c(out, '_');
	while (lose_suffix(out, ret->type))
		continue; /* _sum_total */
	append_unit(out, value->unit, ret);
	if (ret->type == METRIC_COUNTER)
		g_string_append(out, TOTAL);
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
