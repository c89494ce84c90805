/* See sessions.h. */
#include "fs/broker/sessions.h"
#include <errno.h>
#include <string.h>

#define RUNTIME_PROVIDER "Microsoft-Windows-DotNETRuntime"

typedef struct {
	const char *provider; /* NULL: the names that the front gives */
	uint64_t keywords;
	unsigned level;
	unsigned buffer_mb;
} SessionRow;

/*
 * Counters at keywords 0 and level 1: all counters and nothing else (level 4 also sends every request of a
 * web application, 272,000 events in 4 s). GC: keyword 0x1 at level 5 has the allocation ticks, at 4 the
 * collections alone.
 */
static const SessionRow rows[RECORD_N_SESSIONS] = {
	[RECORD_SESSION_COUNTERS] = { NULL, 0, 1, 4 },
	[RECORD_SESSION_COUNTERS_NEXT] = { NULL, 0, 1, 4 },
	[RECORD_SESSION_GC] = { RUNTIME_PROVIDER, 0x1, 5, 4 },
	[RECORD_SESSION_COLLECTIONS] = { RUNTIME_PROVIDER, 0x1, 4, 4 },
};

/* MetricsEventSource: TimeSeriesValues, which brings what instruments there are as well. The limits are those of
 * the vendor's tools: a session that is shared takes nobody in who asks for others. */
#define METERS_PROVIDER "System.Diagnostics.Metrics"
enum {
	METERS_KEYWORDS = 0x2,
	METERS_LEVEL = 4,
	METERS_MAX_SERIES = 1000,
	METERS_MAX_HISTOGRAMS = 10,
	PROVIDERS_MAX = RECORD_NAMES_MAX + 1,
};

typedef struct {
	const char *names[RECORD_NAMES_MAX];
	unsigned n;
	gboolean all_meters; /* "*" was among them, and is not in names */
} Names;

static int take_names(const char *payload, size_t len, gboolean meters, Names *ret)
{
	*ret = (Names){ 0 };
	for (size_t at = 0; at < len; at += strlen(payload + at) + 1) {
		const char *name = payload + at;

		if (!memchr(name, '\0', len - at))
			return -EINVAL;
		if (meters && !strcmp(name, "*")) {
			ret->all_meters = TRUE;
			continue;
		}
		if (ret->n == RECORD_NAMES_MAX || !record_name_valid(name))
			return -EINVAL;
		ret->names[ret->n++] = name;
	}
	return ret->n || ret->all_meters ? 0 : -EINVAL;
}

/* In whole seconds where it is one: the target parses it in its own culture. */
static void append_seconds(GString *out, unsigned ms)
{
	g_string_append_printf(out, "%u", ms / 1000);
	if (ms % 1000)
		g_string_append_printf(out, ".%03u", ms % 1000);
}

static void append_meters_filter(GString *out, const Names *names, const RecordValues *values,
                                 unsigned interval_ms)
{
	char client[RECORD_CLIENT_TEXT_SIZE];

	record_client_text(values->client, client);
	g_string_append_printf(out, "SessionId=%s;Metrics=", values->shared ? "SHARED" : client);
	if (names->all_meters)
		g_string_append_c(out, '*');
	for (unsigned i = 0; i < names->n && !names->all_meters; i++)
		g_string_append_printf(out, i ? ",%s" : "%s", names->names[i]);
	g_string_append(out, ";RefreshInterval=");
	append_seconds(out, interval_ms);
	g_string_append_printf(out, ";MaxTimeSeries=%d;MaxHistograms=%d;ClientId=%s",
	                       METERS_MAX_SERIES, METERS_MAX_HISTOGRAMS, client);
}

static int build_values(const SessionRow *row, unsigned interval_ms, const RecordValues *values,
                        const char *payload, size_t len, unsigned version, IpcRequest *ret)
{
	g_autoptr(GString) filter = g_string_new("EventCounterIntervalSec=");
	g_autoptr(GString) meters_filter = g_string_new(NULL);
	gboolean meters = values && values->meters;
	IpcProvider providers[PROVIDERS_MAX];
	IpcSessionConfig config = { .buffer_mb = row->buffer_mb, .providers = providers };
	Names names;
	int r = take_names(payload, len, meters, &names);

	if (r < 0 || (meters && !values->client[0] && !values->client[1]))
		return -EINVAL;
	append_seconds(filter, interval_ms);
	for (unsigned i = 0; i < names.n; i++)
		providers[config.n_providers++] = (IpcProvider){
			.name = names.names[i],
			.keywords = row->keywords,
			.level = row->level,
			.filter = filter->str,
		};
	if (meters) {
		append_meters_filter(meters_filter, &names, values, interval_ms);
		providers[config.n_providers++] = (IpcProvider){
			.name = METERS_PROVIDER,
			.keywords = METERS_KEYWORDS,
			.level = METERS_LEVEL,
			.filter = meters_filter->str,
		};
	}
	return ipc_build_collect_tracing(version, &config, ret);
}

int session_build(RecordSession row, unsigned interval_ms, const RecordValues *values,
                  const char *payload, size_t len, unsigned version, IpcRequest *ret)
{
	const IpcProvider own = {
		.name = rows[row].provider,
		.keywords = rows[row].keywords,
		.level = rows[row].level,
	};
	const IpcSessionConfig config = {
		.buffer_mb = rows[row].buffer_mb,
		.providers = &own,
		.n_providers = 1,
	};

	if (interval_ms < 100)
		return -EINVAL;
	if (!rows[row].provider)
		return build_values(&rows[row], interval_ms, values, payload, len, version, ret);
	return ipc_build_collect_tracing(version, &config, ret);
}
