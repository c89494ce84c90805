/*
 * count-events SOCKET SECONDS [meters | LEVEL] - what a session for values brings, opened by the broker's own
 * request with the providers that a process begins with. For each event, EventCounters by the counter in it, a
 * line, its fields parted by tabs:
 *
 *	PROVIDER EVENT COUNTER COUNT		COUNTER is - for any other event
 *
 * `meters` asks for meters, too. LEVEL asks for the same providers at another level: what the broker's row keeps
 * away. At its end the session is stopped and drained. The status is 1 when the runtime refused or the stream
 * broke, or an event was lost.
 */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "fs/broker/sessions.h"
#include "fs/model/provider-list.h"
#include "ipc/nettrace/event-counters.h"
#include "tests/bench/ask.h"
#include "tests/bench/clock.h"

enum {
	INTERVAL_MS = 1000,
	DRAIN_US = 30000000,
	VERSION = 2, /* of CollectTracing: known to all, from 3.1 on */
};

static void on_event(const NettraceEvent *event, void *data)
{
	const NettraceMetadata *m = event->metadata;
	EventCounterSample sample;
	gboolean counter = event_counter_parse(event, &sample) == 1;
	g_autofree char *row = m->name[0]
	                               ? g_strdup_printf("%s\t%s\t%s", m->provider, m->name,
	                                                 counter ? sample.name : "-")
	                               : g_strdup_printf("%s\tid %u\t-", m->provider, m->event_id);
	guint n = GPOINTER_TO_UINT(g_hash_table_lookup(data, row));

	g_hash_table_insert(data, g_steal_pointer(&row), GUINT_TO_POINTER(n + 1));
}

static int build_at_level(const ProviderList *list, unsigned level, IpcRequest *ret)
{
	IpcProvider providers[PROVIDER_LIST_MAX];
	IpcSessionConfig config = { .buffer_mb = 64, .providers = providers };

	for (guint i = 0; i < list->names->len; i++)
		providers[config.n_providers++] = (IpcProvider){
			.name = list->names->pdata[i],
			.level = level,
			.filter = "EventCounterIntervalSec=1",
		};
	return ipc_build_collect_tracing(VERSION, &config, ret);
}

static int build(const char *what, IpcRequest *ret)
{
	RecordValues values = {
		.meters = !g_strcmp0(what, "meters"),
		.shared = 1,
		.client = { 1, 1 },
	};
	g_autoptr(GString) names = g_string_new(NULL);
	ProviderList list;
	int r;

	provider_list_init(&list);
	provider_list_names(&list, FALSE, names);
	if (what != NULL && !values.meters)
		r = build_at_level(&list, (unsigned)atoi(what), ret);
	else
		r = session_build(RECORD_SESSION_COUNTERS, INTERVAL_MS, &values, names->str,
		                  names->len, VERSION, ret);
	provider_list_clear(&list);
	return r;
}

static int read_until(int64_t end, int fd, NettraceDecoder *decoder)
{
	int status = 0;

	while (status == 0 && now_us(CLOCK_MONOTONIC) < end)
		status = ask_read(fd, decoder, NULL);
	return status;
}

int main(int argc, char **argv)
{
	g_autoptr(GHashTable) rows = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	NettraceDecoder *decoder = nettrace_decoder_new(on_event, rows);
	GHashTableIter iter;
	gpointer row, n;
	IpcRequest request;
	uint64_t session, dropped;
	int fd, status;

	if (argc < 3 || argc > 4 || build(argc > 3 ? argv[3] : NULL, &request) < 0) {
		fprintf(stderr, "usage: count-events SOCKET SECONDS [meters | LEVEL]\n");
		return 2;
	}
	session = ask_stream(argv[1], &request, &fd);
	if (session == 0 || decoder == NULL)
		return 1;
	status = read_until(now_us(CLOCK_MONOTONIC) + (int64_t)(atof(argv[2]) * 1e6), fd, decoder);
	/* The reply comes when all is written: in a child, while the rest is read here. */
	if (status == 0 && fork() == 0)
		_exit(ask_stop(argv[1], session) == 0 ? 0 : 1);
	if (status == 0)
		status = read_until(now_us(CLOCK_MONOTONIC) + DRAIN_US, fd, decoder);
	g_hash_table_iter_init(&iter, rows);
	while (g_hash_table_iter_next(&iter, &row, &n))
		printf("%s\t%u\n", (char *)row, GPOINTER_TO_UINT(n));
	dropped = nettrace_decoder_stats(decoder)->dropped;
	fprintf(stderr, "%" G_GUINT64_FORMAT " bytes, %" G_GUINT64_FORMAT " events dropped\n",
	        nettrace_decoder_stats(decoder)->bytes, dropped);
	nettrace_decoder_free(decoder);
	return status == 1 && dropped == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
