#include "tests/fake/meters-request.h"

#include <string.h>

enum {
	INTERVAL_MIN_MS = 100
};

/* The value of a key, without its quotes. NULL: no such key. */
static char *filter_value(const char *filter, const char *key)
{
	while (*filter) {
		const char *equals = filter + strcspn(filter, "=;");
		const char *value = *equals == '=' ? equals + 1 : equals;
		gboolean is_quoted = *value == '"';
		size_t len;

		value += is_quoted;
		len = strcspn(value, is_quoted ? "\"" : ";");
		if (strlen(key) == (size_t)(equals - filter) &&
		    strncmp(filter, key, strlen(key)) == 0)
			return g_strndup(value, len);
		filter = value + len;
		filter += strcspn(filter, ";");
		filter += *filter == ';';
	}
	return NULL;
}

static char *value_or(const char *filter, const char *key, const char *otherwise)
{
	char *value = filter_value(filter, key);

	return value ? value : g_strdup(otherwise);
}

gboolean meters_request_parse(MetersRequest *ret, guint64 keywords, const char *filter)
{
	g_autofree char *interval = value_or(filter, "RefreshInterval", "1");
	char *end;
	double seconds = g_ascii_strtod(interval, &end);

	if (end == interval || *end || !(seconds >= 0 && seconds < 1e6))
		return FALSE;
	meters_request_clear(ret);
	*ret = (MetersRequest){
		.asked = TRUE,
		.keywords = keywords,
		.session = value_or(filter, "SessionId", "4b1f6a0e-0000-4000-8000-000000000001"),
		.metrics = value_or(filter, "Metrics", ""),
		.client = value_or(filter, "ClientId", ""),
		.max_histograms = value_or(filter, "MaxHistograms", ""),
		.max_series = value_or(filter, "MaxTimeSeries", ""),
		.interval_ms = MAX((guint)(seconds * 1000), INTERVAL_MIN_MS),
	};
	return TRUE;
}

void meters_request_clear(MetersRequest *request)
{
	g_free(request->session);
	g_free(request->metrics);
	g_free(request->client);
	g_free(request->max_histograms);
	g_free(request->max_series);
	*request = (MetersRequest){ 0 };
}

MetersRequest meters_request_copy(const MetersRequest *request)
{
	MetersRequest copy = *request;

	copy.session = g_strdup(request->session);
	copy.metrics = g_strdup(request->metrics);
	copy.client = g_strdup(request->client);
	copy.max_histograms = g_strdup(request->max_histograms);
	copy.max_series = g_strdup(request->max_series);
	return copy;
}

static gboolean names(const char *spec, unsigned release, const char *meter, const char *instrument)
{
	const char *backslash = strchr(spec, '\\');
	size_t len = backslash ? (size_t)(backslash - spec) : strlen(spec);

	if (backslash && !g_str_equal(backslash + 1, instrument))
		return FALSE;
	if (!backslash && release >= 9 && g_str_has_suffix(spec, "*"))
		return strncmp(spec, meter, len - 1) == 0;
	return strlen(meter) == len && strncmp(spec, meter, len) == 0;
}

gboolean meters_request_wants(const MetersRequest *request, unsigned release, const char *meter,
                              const char *instrument)
{
	g_auto(GStrv) specs = g_strsplit_set(request->metrics, "\r\n,;", -1);

	for (unsigned i = 0; specs[i]; i++) {
		if (names(g_strstrip(specs[i]), release, meter, instrument))
			return TRUE;
	}
	return FALSE;
}
