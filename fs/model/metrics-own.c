/* Rows of a table: a family each. */
#include "fs/model/metrics-own.h"
#include <string.h>
#include "fs/model/metric-name.h"
#include "fs/model/metric-source.h"
#include "fs/model/metrics.h"

#define BYTES_PER_MB 1e6

typedef struct {
	GString *out;
	const char *name, *suffix;
	const Process *process;
	gint64 now_us;
} Line;

static void add(const Line *line, const char *more, double value)
{
	metric_text_sample(line->out, line->name, line->suffix, line->process->metric_labels, more,
	                   value);
}

static void add_info(const Line *line)
{
	if (line->process->metric_info)
		add(line, line->process->metric_info, 1);
}

static void add_up(const Line *line)
{
	add(line, "", process_is_sampled(line->process, line->now_us));
}

static void add_heap(const Line *line)
{
	if (process_has_heap(line->process, line->now_us))
		add(line, "", metric_text_scale(line->process->heap.mb, BYTES_PER_MB));
}

static void add_peak(const Line *line)
{
	if (line->process->heap.has_peak)
		add(line, "", metric_text_scale(line->process->heap.peak_mb, BYTES_PER_MB));
}

static void add_armed(const Line *line)
{
	TriggerState state = line->process->trigger.state;

	add(line, "",
	    state == TRIGGER_ARMED || state == TRIGGER_QUEUED || state == TRIGGER_DUMPING ||
	            state == TRIGGER_COOLDOWN);
}

static void add_dumps(const Line *line)
{
	static const char *const labels[PROCESS_N_DUMP_RESULTS] = {
		[PROCESS_DUMP_DONE] = ",result=\"done\"",
		[PROCESS_DUMP_FAILED] = ",result=\"failed\"",
		[PROCESS_DUMP_MISSED] = ",result=\"missed\"",
	};

	for (unsigned i = 0; i < PROCESS_N_DUMP_RESULTS; i++)
		add(line, labels[i], (double)line->process->dump_results[i]);
}

static void add_dropped(const Line *line)
{
	add(line, "", (double)process_dropped_events(line->process));
}

static const struct {
	const char *name; /* behind METRIC_OWN */
	MetricTextType type;
	const char *unit, *help;
	void (*add)(const Line *line);
} rows[] = {
	{ "process", METRIC_TEXT_INFO, "", "A .NET process: its runtime and its user.", add_info },
	{ "up", METRIC_TEXT_GAUGE, "",
	  "1 while samples arrive; after three intervals without one the values are old ones.",
	  add_up },
	{ "heap_bytes", METRIC_TEXT_GAUGE, "bytes",
	  "The managed heap as thresholds see it: heap_mb.", add_heap },
	{ "peak_bytes", METRIC_TEXT_GAUGE, "bytes",
	  "The highest heap since peak_mb was last written to.", add_peak },
	{ "trigger_armed", METRIC_TEXT_GAUGE, "",
	  "1 while a trigger may take a dump, also while it takes one.", add_armed },
	{ "dumps", METRIC_TEXT_COUNTER, "",
	  "Dumps of the process since the mount: done, failed, or missed.", add_dumps },
	{ "dropped_events", METRIC_TEXT_COUNTER, "",
	  "Events that the runtime dropped as they were not read in time.", add_dropped },
};

void metrics_own_append(Process *const *processes, unsigned n, MetricTextFormat format,
                        gint64 now_us, GString *out)
{
	for (unsigned i = 0; n && i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *name = g_strconcat(METRIC_OWN, rows[i].name, NULL);
		Line line = { .out = out,
			      .name = name,
			      .suffix = metric_text_suffix(rows[i].type),
			      .now_us = now_us };

		metric_text_head(out, format, rows[i].type, name, rows[i].unit, rows[i].help);
		for (unsigned at = 0; at < n; at++) {
			line.process = processes[at];
			rows[i].add(&line);
		}
	}
}

/* Whether a better name may still come: no runtime has one before it runs the application. */
static gboolean may_be_renamed(const Process *process, gint64 now_us)
{
	if (process->has_info && *process->info.entrypoint)
		return FALSE;
	if (process->found.flags & RECORD_FOUND_PAUSED)
		return TRUE;
	if (process->found.flags & RECORD_FOUND_OLD) /* it tells no name */
		return FALSE;
	return now_us - process->found_us < METRICS_NAME_WAIT_S * G_USEC_PER_SEC;
}

/* The program's name: the first word of the command, without its path. */
static char *program_name(const Process *process)
{
	g_autofree char *word = g_strndup(process->command, strcspn(process->command, " "));

	return *word ? g_path_get_basename(word) : g_strdup("");
}

static void append_known(GString *out, const char *key, const char *value)
{
	if (value && *value)
		metric_label_append(out, key, value);
}

/* The labels of ..._info, once the runtime is known. */
static void settle_info(Process *process)
{
	const char *runtime = process_runtime(process);
	g_autofree char *uid = g_strdup_printf("%u", (unsigned)process->found.uid);
	GString *out;

	if (process->metric_info || !runtime)
		return;
	out = g_string_new(NULL);
	metric_label_append(out, "runtime", runtime);
	metric_label_append(out, "user", *process->user ? process->user : uid);
	append_known(out, "os", process->has_info ? process->info.os : NULL);
	append_known(out, "arch", process->has_info ? process->info.arch : NULL);
	process->metric_info = g_string_free(out, FALSE);
}

gboolean metrics_own_label(Process *process, gint64 now_us)
{
	g_autofree char *program = NULL;
	GString *out;

	if (!process->metric_labels && may_be_renamed(process, now_us))
		return FALSE;
	settle_info(process);
	if (process->metric_labels)
		return TRUE;
	program = program_name(process);
	out = g_string_new(NULL);
	g_string_append_printf(out, "pid=\"%d\"", (int)process->found.pid);
	metric_label_append(out, "process",
	                    process->has_info && *process->info.entrypoint
	                            ? process->info.entrypoint
	                            : program);
	process->metric_labels = g_string_free(out, FALSE);
	return TRUE;
}
