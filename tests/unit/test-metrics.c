/* Expositions: families over all processes, names that meet, labels, and that the text is one that a scraper takes. */
#include "fs/model/metrics.h"
#include <math.h>
#include <string.h>
#include "fs/model/metric-source.h"

#define WALL_US G_GINT64_CONSTANT(1795515312345678)

enum {
	NOW = 1000 * G_USEC_PER_SEC
};

static MeterEvent event; /* it is large */

static Process *new_process(pid_t pid, const char *runtime)
{
	const RecordFound found = { .pid = pid, .uid = 33 };
	Process *process = process_new((guint64)pid, &found, "", "/usr/bin/dotnet App.dll -x",
	                               "/socket", 1000);

	process->has_info = TRUE;
	process->info.version = 3;
	process->info.command_line = strdup("dotnet");
	g_strlcpy(process->info.entrypoint, "Shop", sizeof process->info.entrypoint);
	g_strlcpy(process->info.arch, "x64", sizeof process->info.arch);
	g_strlcpy(process->info.runtime_version, runtime, sizeof process->info.runtime_version);
	return process;
}

static void take(Process *process, const char *provider, const char *name, const char *unit,
                 EventCounterKind kind, double value)
{
	EventCounterSample sample = { .provider = provider, .kind = kind };

	g_strlcpy(sample.name, name, sizeof sample.name);
	g_snprintf(sample.display_name, sizeof sample.display_name, "The %s", name);
	g_strlcpy(sample.unit, unit, sizeof sample.unit);
	sample.value = value;
	sample.interval_s = 2;
	g_assert_nonnull(counter_store_take(process->counters, &sample, 1, WALL_US));
}

static MeterEvent *fill(MeterEventKind kind, const char *meter, const char *version,
                        const char *instrument, const char *unit, const char *tags)
{
	memset(&event, 0, sizeof event);
	event.kind = kind;
	g_strlcpy(event.meter, meter, sizeof event.meter);
	g_strlcpy(event.version, version, sizeof event.version);
	g_strlcpy(event.instrument, instrument, sizeof event.instrument);
	g_strlcpy(event.unit, unit, sizeof event.unit);
	g_strlcpy(event.tags, tags, sizeof event.tags);
	return &event;
}

static void measure(Process *process, MeterEventKind kind, const char *meter, const char *version,
                    const char *instrument, const char *unit, const char *tags, double value)
{
	fill(kind, meter, version, instrument, unit, tags);
	event.has_value = event.has_rate = TRUE;
	event.value = event.rate = value;
	g_assert_true(meter_store_take(process->meters, &event, 1, 1, WALL_US));
}

static void record(Process *process, const char *meter, const char *instrument, const char *unit,
                   const char *tags, double p95, double count, double sum)
{
	fill(METER_EVENT_HISTOGRAM, meter, "", instrument, unit, tags);
	event.n_quantiles = 1;
	event.quantiles[0].q = 0.95;
	event.quantiles[0].value = p95;
	event.has_count = TRUE;
	event.count = count;
	event.sum = sum;
	g_assert_true(meter_store_take(process->meters, &event, 1, 1, WALL_US));
}

static char *take_notice(Metrics *metrics)
{
	pid_t pid;

	return metrics_take_notice(metrics, &pid);
}

/* Ours left out: what stands behind them. */
static char *values_of(Metrics *metrics, Process *const *processes, unsigned n,
                       MetricTextFormat format)
{
	g_autoptr(GString) out = g_string_new(NULL);
	const char *at;

	metrics_append(metrics, processes, n, format, NOW, out);
	g_assert_true(g_str_has_suffix(out->str, "# EOF\n"));
	for (at = out->str; g_str_has_prefix(at, "# HELP triggerdumpfs_") ||
	                    g_str_has_prefix(at, "# TYPE triggerdumpfs_") ||
	                    g_str_has_prefix(at, "# UNIT triggerdumpfs_") ||
	                    g_str_has_prefix(at, "triggerdumpfs_");
	     at = strchr(at, '\n') + 1)
		;
	return g_strdup(at);
}

static char *values_of_one(Process *process, MetricTextFormat format)
{
	g_autoptr(Metrics) metrics = metrics_new();

	return values_of(metrics, &process, 1, format);
}

/* What every text has to be: families in one piece, one HELP and TYPE each, no sample twice. */
static void check_text(const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autoptr(GHashTable) families =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GHashTable) samples = g_hash_table_new(g_str_hash, g_str_equal);
	g_autofree char *family = NULL;

	for (char **line = lines; *line; line++) {
		if (g_str_has_prefix(*line, "# TYPE ")) {
			g_free(family);
			family = g_strndup(*line + 7, strcspn(*line + 7, " "));
			g_assert_true(g_hash_table_add(families, g_strdup(family)));
		} else if (**line && **line != '#') {
			char *value = strrchr(*line, ' ');

			g_assert_true(g_str_has_prefix(*line, family));
			*value = '\0';
			g_assert_true(g_hash_table_add(samples, *line));
		}
	}
}

static void test_empty(void)
{
	g_autoptr(Metrics) metrics = metrics_new();
	g_autoptr(GString) out = g_string_new(NULL);

	metrics_append(metrics, NULL, 0, METRIC_TEXT_PROMETHEUS, NOW, out);
	g_assert_cmpstr(out->str, ==, "# EOF\n");
}

static void test_formats(void)
{
	Process *process = new_process(7, "10.0.1");
	g_autofree char *text = NULL, *strict = NULL;

	take(process, "System.Runtime", "gc-heap-size", "MB", EVENT_COUNTER_MEAN, 388.682712);
	take(process, "System.Runtime", "cpu-usage", "%", EVENT_COUNTER_MEAN, 12.3);
	measure(process, METER_EVENT_COUNTER, "My App", "", "jobs", "", "to=a \"b\"", 3);
	record(process, "My App", "lag", "ms", "", 1.5, 4, 10);
	text = values_of_one(process, METRIC_TEXT_PROMETHEUS);
	strict = values_of_one(process, METRIC_TEXT_OPENMETRICS);
	check_text(text);
	check_text(strict);
	g_assert_cmpstr(
		text, ==,
		"# HELP dotnet_cpu_usage_ratio The cpu-usage\n"
		"# TYPE dotnet_cpu_usage_ratio gauge\n"
		"dotnet_cpu_usage_ratio{pid=\"7\",process=\"Shop\"} 0.123\n"
		"# HELP dotnet_gc_heap_size_bytes The gc-heap-size\n"
		"# TYPE dotnet_gc_heap_size_bytes gauge\n"
		"dotnet_gc_heap_size_bytes{pid=\"7\",process=\"Shop\"} 388682712\n"
		"# HELP jobs_total jobs (since triggerdumpfs began to watch)\n"
		"# TYPE jobs_total counter\n"
		"jobs_total{pid=\"7\",process=\"Shop\",otel_scope_name=\"My App\",to=\"a "
		"\\\"b\\\"\"} 3\n"
		"# HELP lag_seconds lag (since triggerdumpfs began to watch)\n"
		"# TYPE lag_seconds summary\n"
		"lag_seconds{pid=\"7\",process=\"Shop\",otel_scope_name=\"My "
		"App\",quantile=\"0.5\"} NaN\n"
		"lag_seconds{pid=\"7\",process=\"Shop\",otel_scope_name=\"My "
		"App\",quantile=\"0.95\"} 0.0015\n"
		"lag_seconds{pid=\"7\",process=\"Shop\",otel_scope_name=\"My "
		"App\",quantile=\"0.99\"} NaN\n"
		"lag_seconds_sum{pid=\"7\",process=\"Shop\",otel_scope_name=\"My App\"} 0.01\n"
		"lag_seconds_count{pid=\"7\",process=\"Shop\",otel_scope_name=\"My App\"} 4\n"
		"# EOF\n");
	g_assert_nonnull(strstr(strict, "# TYPE jobs counter\njobs_total{"));
	g_assert_nonnull(strstr(strict, "# TYPE dotnet_cpu_usage_ratio gauge\n"
	                                "# UNIT dotnet_cpu_usage_ratio ratio\n"));
	g_assert_nonnull(
		strstr(strict, "# TYPE lag_seconds summary\n# UNIT lag_seconds seconds\n"));
	process_free(process);
}

static void test_numbers(void)
{
	Process *process = new_process(7, "10.0.1");
	g_autofree char *text = NULL, *strict = NULL;

	take(process, "P", "a", "", EVENT_COUNTER_MEAN, INFINITY);
	take(process, "P", "b", "", EVENT_COUNTER_MEAN, -INFINITY);
	take(process, "P", "c", "", EVENT_COUNTER_MEAN, NAN);
	take(process, "P", "d", "MB", EVENT_COUNTER_SUM, 0.1);
	measure(process, METER_EVENT_COUNTER, "M", "", "down", "", "", -1);
	text = values_of_one(process, METRIC_TEXT_PROMETHEUS);
	strict = values_of_one(process, METRIC_TEXT_OPENMETRICS);
	g_assert_nonnull(strstr(text, "\ndotnet_p_a{pid=\"7\",process=\"Shop\"} +Inf\n"));
	g_assert_nonnull(strstr(text, "\ndotnet_p_b{pid=\"7\",process=\"Shop\"} -Inf\n"));
	g_assert_nonnull(strstr(text, "\ndotnet_p_c{pid=\"7\",process=\"Shop\"} NaN\n"));
	g_assert_nonnull(
		strstr(text, "\ndotnet_p_d_bytes_total{pid=\"7\",process=\"Shop\"} 100000\n"));
	g_assert_nonnull(strstr(text, "\ndown_total{"));
	/* A total that is negative is none, strictly. */
	g_assert_null(strstr(strict, "\ndown_total{"));
	process_free(process);
}

static void test_families(void)
{
	Process *processes[] = { new_process(7, "3.1.32"), new_process(8, "10.0.1"),
		                 new_process(9, "8.0.9") };
	g_autoptr(Metrics) metrics = metrics_new();
	g_autofree char *text = NULL;

	for (unsigned i = 0; i < G_N_ELEMENTS(processes); i++) {
		take(processes[i], "System.Runtime", "gc-heap-size", "MB", EVENT_COUNTER_MEAN, i);
		take(processes[i], "System.Runtime", "odd", i == 1 ? "B" : "MB", EVENT_COUNTER_MEAN,
		     1);
	}
	text = values_of(metrics, processes, 3, METRIC_TEXT_PROMETHEUS);
	check_text(text);
	g_assert_nonnull(strstr(text,
	                        "# TYPE dotnet_gc_heap_size_bytes gauge\n"
	                        "dotnet_gc_heap_size_bytes{pid=\"7\",process=\"Shop\"} 0\n"
	                        "dotnet_gc_heap_size_bytes{pid=\"8\",process=\"Shop\"} 1000000\n"
	                        "dotnet_gc_heap_size_bytes{pid=\"9\",process=\"Shop\"} 2000000\n"
	                        "# HELP"));
	/* Each in its own unit. */
	g_assert_nonnull(strstr(text, "dotnet_odd_bytes{pid=\"7\",process=\"Shop\"} 1000000\n"
	                              "dotnet_odd_bytes{pid=\"8\",process=\"Shop\"} 1\n"));
	g_assert_null(take_notice(metrics));
	for (unsigned i = 0; i < G_N_ELEMENTS(processes); i++)
		process_free(processes[i]);
}

/* The type is that of the newest runtime, whoever comes first; what is of another has a family of its own. */
static void test_other_type(void)
{
	Process *processes[] = { new_process(7, "8.0.1"), new_process(8, "10.0.1"),
		                 new_process(9, "9.0.9") };
	g_autoptr(Metrics) metrics = metrics_new();
	g_autofree char *text = NULL, *strict = NULL;

	measure(processes[0], METER_EVENT_COUNTER, "App", "", "jobs", "", "", 1);
	measure(processes[1], METER_EVENT_GAUGE, "App", "", "jobs", "", "", 2);
	record(processes[2], "App", "jobs", "", "a=b", 3, 4, 5);
	text = values_of(metrics, processes, 3, METRIC_TEXT_PROMETHEUS);
	strict = values_of(metrics, processes, 3, METRIC_TEXT_OPENMETRICS);
	check_text(text);
	check_text(strict);
#define APP(pid) "{pid=\"" #pid "\",process=\"Shop\",otel_scope_name=\"App\""
	g_assert_cmpstr(
		text, ==,
		"# HELP jobs jobs\n"
		"# TYPE jobs gauge\n"
		"jobs" APP(
			8) "} 2\n"
			   "# HELP jobs_untyped jobs\n"
			   "# TYPE jobs_untyped untyped\n"
			   "jobs_untyped" APP(
				   7) "} 1\n"
				      "jobs_untyped" APP(
					      9) ",a=\"b\",quantile=\"0.5\"} NaN\n"
						 "jobs_untyped" APP(
							 9) ",a=\"b\",quantile=\"0.95\"} 3\n"
							    "jobs_untyped" APP(
								    9) ",a=\"b\",quantile=\"0.99\"}"
								       " NaN\n"
								       "# HELP jobs_count_untyped "
								       "jobs\n"
								       "# TYPE jobs_count_untyped "
								       "untyped\n"
								       "jobs_count_untyped" APP(
									       9) ",a=\"b\"} 4\n"
										  "# HELP "
										  "jobs_sum_"
										  "untyped jobs\n"
										  "# TYPE "
										  "jobs_sum_"
										  "untyped "
										  "untyped\n"
										  "jobs_sum_"
										  "untyped" APP(
											  9) ",a="
											     "\"b\""
											     "} 5\n"
											     "# "
											     "EOF"
											     "\n");
	g_assert_nonnull(strstr(strict, "# TYPE jobs_untyped unknown\n"));
	for (unsigned i = 0; i < G_N_ELEMENTS(processes); i++)
		process_free(processes[i]);
}

static void test_meet(void)
{
	Process *process = new_process(7, "10.0.1");
	g_autoptr(Metrics) metrics = metrics_new();
	g_autofree char *first = NULL, *text = NULL, *notice = NULL, *again = NULL;

	/* The later in C order comes first. */
	measure(process, METER_EVENT_UPDOWN, "Z", "", "jobs", "", "", 26);
	first = values_of(metrics, &process, 1, METRIC_TEXT_PROMETHEUS);
	g_assert_nonnull(strstr(first, "\njobs{"));
	/* The same of another meter is told by its label; another kind is another metric. */
	measure(process, METER_EVENT_COUNTER, "B", "", "jobs", "", "", 2);
	measure(process, METER_EVENT_COUNTER, "A", "", "jobs", "", "", 1);
	take(process, "P", "x.y", "", EVENT_COUNTER_MEAN, 1);
	take(process, "P", "x-y", "", EVENT_COUNTER_MEAN, 2);
	text = values_of(metrics, &process, 1, METRIC_TEXT_PROMETHEUS);
	check_text(text);
	g_assert_nonnull(strstr(text, "\"B\"} 2\njobs_total"));
	g_assert_nonnull(strstr(text, "\"A\"} 1\n"));
	g_assert_true(g_regex_match_simple("\njobs_[0-9a-f]{8}\\{.*\"Z\"\\} 26\n", text, 0, 0));
	g_assert_true(g_regex_match_simple("\ndotnet_p_x_y\\{.*\\} 2\n", text, 0, 0));
	g_assert_true(g_regex_match_simple("\ndotnet_p_x_y_[0-9a-f]{8}\\{.*\\} 1\n", text, 0, 0));
	notice = take_notice(metrics);
	g_assert_nonnull(strstr(notice, "x.y of P is called dotnet_p_x_y_"));
	g_clear_pointer(&notice, g_free);
	notice = take_notice(metrics);
	g_assert_nonnull(strstr(notice, "jobs of Z is called jobs_"));
	g_assert_null(take_notice(metrics));
	again = values_of(metrics, &process, 1, METRIC_TEXT_PROMETHEUS);
	g_assert_cmpstr(again, ==, text);
	g_assert_null(take_notice(metrics));
	process_free(process);
}

/* Whatever a process calls its own: what is built in keeps its name and type, also where it is not there. */
static void test_built_in(void)
{
	Process *processes[] = { new_process(7, "8.0.1"), new_process(8, "10.0.1") };
	g_autoptr(Metrics) metrics = metrics_new();
	g_autofree char *text = NULL;

	take(processes[0], "System.Runtime", "cpu-usage", "%", EVENT_COUNTER_MEAN, 1);
	measure(processes[1], METER_EVENT_GAUGE, "A", "", "dotnet.cpu.usage", "%", "", 2);
	measure(processes[1], METER_EVENT_GAUGE, "A", "", "dotnet.timer.count", "{timer}", "", 3);
	/* The right source in another kind: its samples are the ones of another type. */
	measure(processes[0], METER_EVENT_COUNTER, "System.Runtime", "", "dotnet.gc.pause.time",
	        "s", "", 4);
	record(processes[1], "System.Runtime", "dotnet.gc.pause.time", "s", "", 1, 1, 1);
	/* A Counter on 9 and 10, none on 11: one name. */
	measure(processes[0], METER_EVENT_COUNTER, "System.Runtime", "",
	        "dotnet.thread_pool.queue.length", "{work_item}", "", 5);
	measure(processes[1], METER_EVENT_UPDOWN, "System.Runtime", "",
	        "dotnet.thread_pool.queue.length", "{work_item}", "", 6);
	text = values_of(metrics, processes, 2, METRIC_TEXT_PROMETHEUS);
	check_text(text);
	g_assert_true(g_regex_match_simple("\ndotnet_cpu_usage_ratio\\{pid=\"7\"", text, 0, 0));
	g_assert_true(g_regex_match_simple("\ndotnet_cpu_usage_ratio_[0-9a-f]{8}\\{pid=\"8\"", text,
	                                   0, 0));
	g_assert_true(g_regex_match_simple("\ndotnet_timer_[0-9a-f]{8}\\{", text, 0, 0));
	g_assert_nonnull(strstr(text, "# TYPE dotnet_gc_pause_time_seconds_total counter\n"
	                              "dotnet_gc_pause_time_seconds_total{pid=\"7\""));
	g_assert_nonnull(strstr(text, "\ndotnet_gc_pause_time_seconds_untyped{pid=\"8\""));
	g_assert_nonnull(strstr(text, "# TYPE dotnet_thread_pool_queue_length gauge\n"
	                              "dotnet_thread_pool_queue_length{pid=\"7\""));
	g_assert_nonnull(strstr(text, "\ndotnet_thread_pool_queue_length{pid=\"8\""));
	for (unsigned i = 0; i < G_N_ELEMENTS(processes); i++)
		process_free(processes[i]);
}

/* What is not reported any more ends, but not for a process that reports nothing. */
static void test_old(void)
{
	Process *process = new_process(7, "10.0.1");
	g_autofree char *before = NULL, *all_silent = NULL, *after = NULL;

	take(process, "System.Runtime", "cpu-usage", "%", EVENT_COUNTER_MEAN, 1);
	measure(process, METER_EVENT_GAUGE, "A", "", "level", "", "", 2);
	process->sample_us = 5 * G_USEC_PER_SEC;
	before = values_of_one(process, METRIC_TEXT_PROMETHEUS);
	g_assert_nonnull(strstr(before, "\nlevel{"));
	/* Of a Gauge nothing may come for long but that it is there. */
	process->sample_us = 10 * G_USEC_PER_SEC;
	fill(METER_EVENT_GAUGE, "A", "", "level", "", "");
	g_assert_false(meter_store_take(process->meters, &event, 1, 9 * G_USEC_PER_SEC, WALL_US));
	all_silent = values_of_one(process, METRIC_TEXT_PROMETHEUS);
	g_assert_nonnull(strstr(all_silent, "\nlevel{"));
	g_assert_null(strstr(all_silent, "\ndotnet_cpu_usage_ratio{"));
	process->sample_us = 15 * G_USEC_PER_SEC;
	after = values_of_one(process, METRIC_TEXT_PROMETHEUS);
	g_assert_null(strstr(after, "\nlevel{"));
	process_free(process);
}

/* Names that are another's by their form. */
static void test_reserved(void)
{
	static const char *const names[] = { "triggerdumpfs_up", "jobs_untyped" };
	Process *process = new_process(7, "10.0.1");
	g_autofree char *text = NULL;

	record(process, "App", "lag", "", "", 1, 2, 3);
	record(process, "App", "lag_count", "", "", 1, 2, 3);
	record(process, "App", "jobs_total", "", "", 1, 2, 3);
	measure(process, METER_EVENT_COUNTER, "App", "", "jobs", "", "", 1);
	measure(process, METER_EVENT_GAUGE, "App", "", "lag_sum", "", "", 1);
	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
		measure(process, METER_EVENT_GAUGE, "App", "", names[i], "", "", 26);
	text = values_of_one(process, METRIC_TEXT_PROMETHEUS);
	check_text(text);
	g_assert_null(strstr(text, "\n# TYPE lag_count "));
	g_assert_null(strstr(text, "\n# TYPE lag_sum "));
	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *pattern =
			g_strdup_printf("\n%s_[0-9a-f]{8}\\{.*\\} 26\n", names[i]);

		g_assert_true(g_regex_match_simple(pattern, text, 0, 0));
	}
	process_free(process);
}

static void test_labels(void)
{
	Process *process = new_process(7, "10.0.1");
	g_autoptr(Metrics) metrics = metrics_new();
	g_autofree char *text = NULL, *notice = NULL;
	pid_t pid = 0;

	measure(process, METER_EVENT_GAUGE, "App", "1.0", "level", "", "", 1);
	measure(process, METER_EVENT_GAUGE, "App", "2.0", "level", "", "a.b=1", 2);
	/* These two have equal labels. */
	measure(process, METER_EVENT_GAUGE, "App", "2.0", "level", "", "a_b=1", 3);
	text = values_of(metrics, &process, 1, METRIC_TEXT_PROMETHEUS);
	check_text(text);
	g_assert_nonnull(strstr(
		text, "\nlevel" APP(7) ",otel_scope_version=\"1.0\"} 1\n"
				       "level" APP(7) ",otel_scope_version=\"2.0\",a_b=\"1\"} 2\n"
						      "# EOF\n"));
	notice = metrics_take_notice(metrics, &pid);
	g_assert_cmpint(pid, ==, 7);
	g_assert_cmpstr(notice, ==,
	                "some metrics of process 7 are left out: their labels are those of others");
	process_free(process);
}

static void test_process_label(void)
{
	const RecordFound found = { .pid = 7, .uid = 33 };
	Process *process = process_new(1, &found, "", "/opt/my app -x", "/socket", 1000);
	g_autoptr(Metrics) metrics = metrics_new();
	g_autoptr(GString) out = g_string_new(NULL);
	gint64 found_us = process->found_us;

	/* Its name may still come. */
	metrics_append(metrics, &process, 1, METRIC_TEXT_PROMETHEUS, found_us, out);
	g_assert_cmpstr(out->str, ==, "# EOF\n");
	process->found.flags = RECORD_FOUND_PAUSED;
	g_string_truncate(out, 0);
	metrics_append(metrics, &process, 1, METRIC_TEXT_PROMETHEUS, found_us + G_USEC_PER_SEC * 60,
	               out);
	g_assert_cmpstr(out->str, ==, "# EOF\n");
	process->found.flags = 0;
	g_string_truncate(out, 0);
	metrics_append(metrics, &process, 1, METRIC_TEXT_PROMETHEUS,
	               found_us + G_USEC_PER_SEC * METRICS_NAME_WAIT_S, out);
	g_assert_nonnull(strstr(out->str, "\ntriggerdumpfs_up{pid=\"7\",process=\"my\"} 0\n"));
	g_assert_null(strstr(out->str, "process_info{"));
	/* It stays what it was. */
	process->has_info = TRUE;
	process->info.version = 3;
	g_strlcpy(process->info.entrypoint, "Shop", sizeof process->info.entrypoint);
	g_strlcpy(process->info.runtime_version, "9.0.1", sizeof process->info.runtime_version);
	g_string_truncate(out, 0);
	metrics_append(metrics, &process, 1, METRIC_TEXT_PROMETHEUS,
	               found_us + G_USEC_PER_SEC * METRICS_NAME_WAIT_S, out);
	g_assert_nonnull(strstr(out->str, "\ntriggerdumpfs_process_info{pid=\"7\",process=\"my\","
	                                  "runtime=\"9.0.1\",user=\"33\"} 1\n"));
	process_free(process);
}

static void test_own(void)
{
	Process *process = new_process(7, "10.0.1");
	g_autoptr(Metrics) metrics = metrics_new();
	g_autoptr(GString) out = g_string_new(NULL);

	process->sample_us = NOW - G_USEC_PER_SEC;
	heap_level_set(&process->heap, 500.25, FALSE, NOW, WALL_US);
	heap_level_set(&process->heap, 388.682712, FALSE, NOW, WALL_US);
	process->trigger.state = TRIGGER_COOLDOWN;
	process->dump_results[PROCESS_DUMP_DONE] = 3;
	process->dump_results[PROCESS_DUMP_MISSED] = 1;
	process->dropped_before = 12;
	metrics_append(metrics, &process, 1, METRIC_TEXT_OPENMETRICS, NOW, out);
	check_text(out->str);
#define P "{pid=\"7\",process=\"Shop\""
	g_assert_nonnull(strstr(out->str, "# TYPE triggerdumpfs_process info\n"
	                                  "triggerdumpfs_process_info" P
	                                  ",runtime=\"10.0.1\",user=\"33\",arch=\"x64\"} 1\n"));
	g_assert_nonnull(strstr(out->str, "\ntriggerdumpfs_up" P "} 1\n"));
	g_assert_nonnull(strstr(out->str, "# UNIT triggerdumpfs_heap_bytes bytes\n"
	                                  "triggerdumpfs_heap_bytes" P "} 388682712\n"));
	g_assert_nonnull(strstr(out->str, "\ntriggerdumpfs_peak_bytes" P "} 500250000\n"));
	g_assert_nonnull(strstr(out->str, "\ntriggerdumpfs_trigger_armed" P "} 1\n"));
	g_assert_nonnull(strstr(out->str, "# TYPE triggerdumpfs_dumps counter\n"
	                                  "triggerdumpfs_dumps_total" P ",result=\"done\"} 3\n"
	                                  "triggerdumpfs_dumps_total" P ",result=\"failed\"} 0\n"
	                                  "triggerdumpfs_dumps_total" P ",result=\"missed\"} 1\n"));
	g_assert_nonnull(strstr(out->str, "\ntriggerdumpfs_dropped_events_total" P "} 12\n"));
	g_string_truncate(out, 0);
	process->trigger.state = TRIGGER_FIRED;
	metrics_append(metrics, &process, 1, METRIC_TEXT_PROMETHEUS, NOW + 4 * G_USEC_PER_SEC, out);
	g_assert_nonnull(strstr(out->str, "# TYPE triggerdumpfs_process_info gauge\n"));
	g_assert_nonnull(strstr(out->str, "# TYPE triggerdumpfs_dumps_total counter\n"));
	g_assert_nonnull(strstr(out->str, "\ntriggerdumpfs_up" P "} 0\n"));
	g_assert_nonnull(strstr(out->str, "\ntriggerdumpfs_trigger_armed" P "} 0\n"));
	process_free(process);
}

/* Many that clean to one name cost no more than they must, and all are written. */
static void test_many(void)
{
	Process *process = new_process(7, "10.0.1");
	g_autoptr(Metrics) metrics = metrics_new();
	g_autofree char *text = NULL;
	unsigned n = 0, n_notices = 0;
	char *notice;

	for (unsigned i = 0; i < 500; i++) {
		char name[64] = "a";

		for (unsigned bit = 0; bit < 9; bit++)
			strcat(name, i >> bit & 1 ? ".b" : "-b");
		measure(process, METER_EVENT_GAUGE, "App", "", name, "", "", i);
	}
	text = values_of(metrics, &process, 1, METRIC_TEXT_PROMETHEUS);
	check_text(text);
	for (const char *at = text; (at = strstr(at, "\na_b_b_b_b_b_b_b_b_b")); at++)
		n++;
	g_assert_cmpuint(n, ==, 500);
	for (; (notice = take_notice(metrics)); n_notices++)
		g_free(notice);
	g_assert_cmpuint(n_notices, ==, METRIC_NOTICES_MAX);
	process_free(process);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/metrics/empty", test_empty);
	g_test_add_func("/metrics/formats", test_formats);
	g_test_add_func("/metrics/numbers", test_numbers);
	g_test_add_func("/metrics/families", test_families);
	g_test_add_func("/metrics/other-type", test_other_type);
	g_test_add_func("/metrics/meet", test_meet);
	g_test_add_func("/metrics/built-in", test_built_in);
	g_test_add_func("/metrics/old", test_old);
	g_test_add_func("/metrics/reserved", test_reserved);
	g_test_add_func("/metrics/labels", test_labels);
	g_test_add_func("/metrics/process-label", test_process_label);
	g_test_add_func("/metrics/own", test_own);
	g_test_add_func("/metrics/many", test_many);
	return g_test_run();
}
