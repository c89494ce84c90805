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
	[RECORD_SESSION_GC] = { RUNTIME_PROVIDER, 0x1, 5, 4 },
	[RECORD_SESSION_COLLECTIONS] = { RUNTIME_PROVIDER, 0x1, 4, 4 },
};

gboolean session_name_valid(const char *name)
{
	size_t len = strlen(name);

	if (!len || len > RECORD_NAME_MAX || g_str_has_prefix(name, RUNTIME_PROVIDER))
		return FALSE;
	for (const char *p = name; *p; p++)
		if (!g_ascii_isalnum(*p) && !strchr("._-", *p))
			return FALSE;
	return TRUE;
}

static int take_names(const char *payload, size_t len, const char **names)
{
	unsigned n = 0;

	for (size_t at = 0; at < len; at += strlen(payload + at) + 1) {
		if (n == RECORD_NAMES_MAX || !memchr(payload + at, '\0', len - at) ||
		    !session_name_valid(payload + at))
			return -EINVAL;
		names[n++] = payload + at;
	}
	return n ? (int)n : -EINVAL;
}

int session_build(RecordSession row, unsigned interval_ms, const char *payload, size_t len,
                  unsigned version, IpcRequest *ret)
{
	const char *names[RECORD_NAMES_MAX] = { rows[row].provider };
	IpcProvider providers[RECORD_NAMES_MAX];
	IpcSessionConfig config = { .buffer_mb = rows[row].buffer_mb, .providers = providers };
	char filter[64];
	int n = 1;

	if (!rows[row].provider)
		n = take_names(payload, len, names);
	if (n < 0 || interval_ms < 100)
		return -EINVAL;
	if (interval_ms % 1000 == 0)
		g_snprintf(filter, sizeof filter, "EventCounterIntervalSec=%u", interval_ms / 1000);
	else
		g_snprintf(filter, sizeof filter, "EventCounterIntervalSec=%u.%03u",
		           interval_ms / 1000, interval_ms % 1000);
	for (int i = 0; i < n; i++)
		providers[i] = (IpcProvider){
			.name = names[i],
			.keywords = rows[row].keywords,
			.level = rows[row].level,
			.filter = rows[row].provider ? NULL : filter,
		};
	config.n_providers = (unsigned)n;
	return ipc_build_collect_tracing(version, &config, ret);
}
