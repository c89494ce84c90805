/*
 * What a scrape of `metrics` at the root costs: bench-metrics [PROCESSES [VALUES]], 200 of 60 each when not
 * said: 27 counters of System.Runtime, the rest tag sets of meters. CPU time of the making alone; beside it, in
 * the same run, that of printf for as many lines of one label and one number.
 */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fs/model/metrics.h"
#include "tests/bench/clock.h"

enum {
	ROUNDS = 20,
	N_COUNTERS = 27,
	TAG_SETS = 4, /* of an instrument */
};

static MeterEvent event; /* it is large */

static void take_counters(Process *process, unsigned salt)
{
	for (unsigned i = 0; i < N_COUNTERS; i++) {
		EventCounterSample sample = { .provider = "System.Runtime",
			                      .interval_s = 1.000234 };

		g_snprintf(sample.name, sizeof sample.name, "threadpool-counter-%u", i);
		g_snprintf(sample.display_name, sizeof sample.display_name, "ThreadPool Counter %u",
		           i);
		g_strlcpy(sample.unit, i % 3 ? "" : "MB", sizeof sample.unit);
		sample.kind = i % 4 ? EVENT_COUNTER_MEAN : EVENT_COUNTER_SUM;
		sample.value = (double)(salt * 7919 + i * 104729) / (i % 3 ? 1 : 1e6);
		counter_store_take(process->counters, &sample, 1, 1);
	}
}

static void take_meters(Process *process, unsigned salt, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		memset(&event, 0, sizeof event);
		event.kind = METER_EVENT_COUNTER;
		g_strlcpy(event.meter, "Microsoft.AspNetCore.Hosting", sizeof event.meter);
		g_snprintf(event.instrument, sizeof event.instrument, "http.server.requests.%u",
		           i / TAG_SETS);
		g_snprintf(
			event.tags, sizeof event.tags,
			"http.request.method=GET,http.route=/api/%u,http.response.status_code=200",
			i % TAG_SETS);
		event.has_value = event.has_rate = TRUE;
		event.value = salt * 31 + i;
		event.rate = 1;
		meter_store_take(process->meters, &event, 1, 1, 1);
	}
}

static Process *make_process(unsigned pid, unsigned n_values)
{
	const RecordFound found = { .pid = (int)pid, .flags = RECORD_FOUND_OLD };
	Process *process = process_new(pid, &found, "www-data", "dotnet Shop.dll", "/tmp/s", 1000);

	take_counters(process, pid);
	take_meters(process, pid, MAX(n_values, N_COUNTERS) - N_COUNTERS);
	return process;
}

static double best_of(void (*run)(void *data, GString *out), void *data, gsize *ret_len)
{
	int64_t best = INT64_MAX;

	for (unsigned i = 0; i < ROUNDS; i++) {
		g_autoptr(GString) out = g_string_new(NULL);
		int64_t start = now_us(CLOCK_PROCESS_CPUTIME_ID);

		run(data, out);
		best = MIN(best, now_us(CLOCK_PROCESS_CPUTIME_ID) - start);
		*ret_len = out->len;
	}
	return (double)best / 1000;
}

typedef struct {
	Metrics *metrics;
	Process **processes;
	unsigned n, n_values;
} Bench;

static void scrape(void *data, GString *out)
{
	Bench *bench = data;

	metrics_append(bench->metrics, bench->processes, bench->n, METRIC_TEXT_PROMETHEUS, 1, out);
}

static void print(void *data, GString *out)
{
	const Bench *bench = data;

	for (unsigned i = 0; i < bench->n * bench->n_values; i++)
		g_string_append_printf(out, "name{pid=\"%u\"} %.15g\n", i, i / 7.0);
}

int main(int argc, char **argv)
{
	Bench bench = { .metrics = metrics_new(), .n = 200, .n_values = 60 };
	double made, printed;
	gsize len, printed_len;

	if (argc > 1)
		bench.n = (unsigned)strtoul(argv[1], NULL, 10);
	if (argc > 2)
		bench.n_values = (unsigned)strtoul(argv[2], NULL, 10);
	bench.processes = g_new(Process *, bench.n);
	for (unsigned i = 0; i < bench.n; i++)
		bench.processes[i] = make_process(i + 1, bench.n_values);
	made = best_of(scrape, &bench, &len);
	printed = best_of(print, &bench, &printed_len);
	printf("metrics %.1f ms of CPU, %u processes of %u values, %.2f MB; best of %d rounds\n",
	       made, bench.n, bench.n_values, (double)len / 1e6, ROUNDS);
	printf("printf %.1f ms of CPU, %u lines, %.2f MB\n", printed, bench.n * bench.n_values,
	       (double)printed_len / 1e6);
	for (unsigned i = 0; i < bench.n; i++)
		process_free(bench.processes[i]);
	g_free(bench.processes);
	metrics_free(bench.metrics);
	return EXIT_SUCCESS;
}
