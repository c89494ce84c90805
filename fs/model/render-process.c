/* The files of one process. */
#include <errno.h>
#include <string.h>
#include "fs/model/model-internal.h"
#include "fs/model/number.h"
#include "fs/model/render.h"
#include "fs/model/size.h"

/* A text that a target made up, in a line of its own: control bytes as '?'. */
static void append_line(GString *out, const char *text)
{
	for (const char *p = text; *p; p++)
		g_string_append_c(out, (guchar)*p < ' ' || *p == 0x7f ? '?' : *p);
	g_string_append_c(out, '\n');
}

/* "key value", "-" for what is unknown. */
static void append_key(GString *out, const char *key, const char *value)
{
	g_string_append_printf(out, "%s ", key);
	append_line(out, value && *value ? value : "-");
}

static void append_count(GString *out, const char *key, guint64 value)
{
	g_string_append_printf(out, "%s %" G_GUINT64_FORMAT "\n", key, value);
}

int render_process_cmdline(Model *model, Process *process, GString *out)
{
	append_line(out, process_command_line(process));
	return 0;
}

int render_process_runtime(Model *model, Process *process, GString *out)
{
	const IpcProcessInfo *info = process->has_info ? &process->info : NULL;
	g_autoptr(GString) started = g_string_new(NULL);

	event_time_append(started, process->found.start_us);
	append_key(out, "version", process_runtime(process));
	append_key(out, "os", info ? info->os : NULL);
	append_key(out, "arch", info ? info->arch : NULL);
	append_key(out, "rid", info ? info->rid : NULL);
	append_key(out, "entrypoint", info ? info->entrypoint : NULL);
	append_count(out, "pid_in_namespace", (guint64)process->found.nspid);
	append_key(out, "cookie", info ? info->cookie : NULL);
	append_key(out, "started", started->str);
	append_key(out, "socket", process->socket);
	return 0;
}

static void append_lines(GString *out, const Trigger *trigger)
{
	for (unsigned i = 0; i < trigger->set.n; i++) {
		const TriggerLine *line = trigger->set.lines[i];

		g_string_append_printf(out, "line.%u \"", i + 1);
		trigger_line_describe(line, out);
		g_string_append(out, "\" ");
		if (line->has_value)
			number_append(out, line->value);
		else
			g_string_append_c(out, '-');
		g_string_append_printf(out, " %s\n", trigger_line_state(line));
	}
}

/* How the heap is followed, and how far that can be trusted. */
static void append_detect(GString *out, const Process *process)
{
	const Detect *detect = &process->detect;
	gboolean is_on = trigger_is_live(&process->trigger) &&
	                 trigger_needs(&process->trigger, TRIGGER_HEAP);
	g_autoptr(GString) limit = g_string_new(NULL);

	append_count(out, "samples_refused", process->samples_refused);
	append_key(out, "detect",
	           !is_on            ? NULL
	           : detect->session ? detect_mode_name(detect->in_force)
	                             : "sampled");
	append_key(out, "detect_why",
	           !is_on                             ? NULL
	           : detect->is_blind                 ? "blind between collections"
	           : detect->session                  ? detect->reason
	           : detect->wanted == DETECT_SAMPLED ? "asked for"
	           : detect->unanswered               ? "unanswered"
	                                              : "no session yet");
	append_key(out, "heap_bound",
	           !process->heap.known           ? NULL
	           : is_on && !detect->session    ? "sample"
	           : process->heap.is_lower_bound ? "lower"
	                                          : "exact");
	if (process->heap_limit_source) {
		number_append(limit, process->heap_limit_mb);
		g_string_append_printf(limit, " %s", process->heap_limit_source);
	}
	append_key(out, "heap_limit", limit->str);
}

/* Of the last sample, in steps of a tenth: other tools can lower it, and the runtime counts in its own way. */
static void append_interval_seen(GString *out, const Process *process)
{
	double seen = counter_store_heap(process->counters)->interval_s;

	if (process->sample_us && seen > 0)
		g_string_append_printf(out, "%.1f\n", MIN(seen, 1e6));
	else
		g_string_append(out, "-\n");
}

/* `waiting` for meters_delay, or for the compiler to have less to do; `left` to another tool. */
static const char *meters_state(const Model *model, const Process *process)
{
	if (process->session && process->session_config.values.meters)
		return "on";
	if (g_get_monotonic_time() < process->meters_from_us)
		return "left";
	if (model->settings->meters_delay_s == RECORD_METERS_OFF ||
	    process->found.flags & RECORD_FOUND_OLD)
		return "off";
	return "waiting";
}

static const char *socket_state(guint32 flags)
{
	static const char *const states[] = { "ok", "unlinked", "insecure", "unlinked insecure" };

	return states[(flags & RECORD_FOUND_UNLINKED ? 1 : 0) +
	              (flags & RECORD_FOUND_INSECURE ? 2 : 0)];
}

/* Whose its files are, and why, when they are not its user's. */
static void append_owner(GString *out, const Process *process)
{
	if (process->owner_why[0])
		g_string_append_printf(out, "owner root: %s\n", process->owner_why);
	else
		append_key(out, "owner", process->user);
}

int render_process_status(Model *model, Process *process, GString *out)
{
	gint64 now = model_now_us(model);
	gint64 age_ms = process_sample_age_ms(process, now);
	guint32 flags = process->found.flags;

	append_key(out, "state", process_state_name(process_state(process, now)));
	append_key(out, "trigger", trigger_state_name(process->trigger.state));
	g_string_append(out, "threshold_mb ");
	render_process_threshold(model, process, out);
	append_lines(out, &process->trigger);
	append_key(out, "dump", process_dump_state_name(process->dump_state));
	append_count(out, "dump_bytes", process->dump_bytes);
	append_count(out, "dump_expected", process->dump_expected);
	append_count(out, "dumps", dump_list_n(model->dumps, process->serial));
	append_count(out, "sessions", model_attach_sessions(model, process->serial));
	g_string_append(out, "interval ");
	number_append(out, process->interval_ms / 1000.0);
	g_string_append(out, "\ninterval_seen ");
	append_interval_seen(out, process);
	if (age_ms < 0)
		append_key(out, "sample_age_ms", NULL);
	else
		append_count(out, "sample_age_ms", (guint64)age_ms);
	append_count(out, "dropped_events", process_dropped_events(process));
	append_count(out, "counters_refused", counter_store_refused(process->counters));
	append_count(out, "definitions_refused", process_definitions_refused(process));
	append_detect(out, process);
	append_key(out, "attach",
	           !(flags & RECORD_FOUND_ATTACHABLE)             ? "waiting"
	           : model_values_are_wanted(model, process, now) ? "ready"
	                                                          : "lazy");
	append_key(out, "meters", meters_state(model, process));
	append_key(out, "meters_limits", meter_store_limits(process->meters));
	append_key(out, "socket", socket_state(flags));
	append_owner(out, process);
	append_key(out, "last_error", process->last_error);
	return 0;
}

int render_process_threshold(Model *model, Process *process, GString *out)
{
	size_append(out, trigger_threshold_mb(&process->trigger));
	g_string_append_c(out, '\n');
	return 0;
}

int render_process_heap(Model *model, Process *process, GString *out)
{
	if (!process->heap.known)
		return -ENODATA;
	number_append(out, process->heap.mb);
	g_string_append_c(out, '\n');
	return 0;
}

int render_process_peak(Model *model, Process *process, GString *out)
{
	if (!process->heap.has_peak)
		return -ENODATA;
	number_append(out, process->heap.peak_mb);
	g_string_append_c(out, '\n');
	return 0;
}

int render_process_trigger(Model *model, Process *process, GString *out)
{
	trigger_describe(&process->trigger, out);
	return 0;
}

int render_process_max_dumps(Model *model, Process *process, GString *out)
{
	g_string_append_printf(out, "%u\n", process->trigger.max_dumps);
	return 0;
}

int render_process_cooldown(Model *model, Process *process, GString *out)
{
	g_string_append_printf(out, "%u\n", process->trigger.cooldown_s);
	return 0;
}

int render_process_detect(Model *model, Process *process, GString *out)
{
	append_line(out, detect_mode_name(process->detect.wanted));
	return 0;
}

int render_process_providers(Model *model, Process *process, GString *out)
{
	provider_list_render(&process->providers, out);
	return 0;
}

int render_process_interval(Model *model, Process *process, GString *out)
{
	number_append(out, process->interval_ms / 1000.0);
	g_string_append_c(out, '\n');
	return 0;
}

int render_process_dump_type(Model *model, Process *process, GString *out)
{
	append_line(out, dump_type_name(process->dump_type));
	return 0;
}

int render_process_dump(Model *model, Process *process, GString *out)
{
	append_line(out, process_dump_state_name(process->dump_state));
	return 0;
}

int render_counter(const Counter *counter, GString *out)
{
	if (!counter->has_value)
		return -ENODATA;
	number_append(out, counter->value);
	g_string_append_c(out, '\n');
	return 0;
}

int render_meter(const MeterSeries *series, MeterValue value, GString *out)
{
	if (!(series->has & 1U << value))
		return -ENODATA;
	number_append(out, series->values[value]);
	g_string_append_c(out, '\n');
	return 0;
}

int render_counter_peak(const Counter *counter, GString *out)
{
	if (!counter->has_peak)
		return -ENODATA;
	number_append(out, counter->peak);
	g_string_append_c(out, '\n');
	return 0;
}
