/* The trigger of a process: what it is fed with, and when it is looked at. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include "fs/model/model-internal.h"
#include "fs/model/number.h"
#include "fs/model/size.h"
#include "fs/util.h"

enum {
	FRESH_INTERVALS = 3,
};

gint64 model_trigger_gap_us(const Process *process)
{
	return (gint64)process->interval_ms * 1000 * FRESH_INTERVALS;
}

static void tell_rearmed(Model *model, Process *process, gboolean was_cooling)
{
	const TriggerLine *line;

	if (!trigger_is_live(&process->trigger))
		return;
	while ((line = trigger_take_rearmed(&process->trigger))) {
		g_autoptr(GString) text = g_string_new(NULL);

		trigger_line_describe(line, text);
		model_log(model, process, 0, EVENT_ARMED, "reason", "quiet", "trigger", text->str,
		          NULL);
		model_touch(model, process);
	}
	if (was_cooling && process->trigger.state != TRIGGER_COOLDOWN)
		model_log(model, process, 0, EVENT_ARMED, "reason", "cooldown-over", NULL);
}

static void fire(Model *model, Process *process)
{
	gboolean was_cooling = process->trigger.state == TRIGGER_COOLDOWN;
	gboolean fires = trigger_fires(&process->trigger, g_get_monotonic_time());

	tell_rearmed(model, process, was_cooling);
	if (fires)
		model_dumps_fire(model, process);
}

void model_trigger_look(Model *model, Process *process)
{
	TriggerState before = process->trigger.state;

	fire(model, process);
	if (process->trigger.state != before)
		model_touch(model, process);
	model_detect_look(model, process);
}

void model_trigger_heap(Model *model, Process *process, gint64 now_us)
{
	const HeapLevel *heap = &process->heap;

	if (process->dump_state == PROCESS_DUMP_RUNNING)
		trigger_pause(&process->trigger);
	trigger_take_heap(&process->trigger, heap->mb, heap->is_lower_bound, now_us,
	                  model_trigger_gap_us(process));
	if (trigger_is_live(&process->trigger))
		fire(model, process);
}

/* --- values of counters ------------------------------------------------------------------------ */

/* A line's path: "counter" of System.Runtime, or "provider/counter", as the tree names them. */
static const Counter *find_counter(const CounterStore *store, const char *path)
{
	const char *slash = strrchr(path, '/');
	g_autofree char *name = NULL;
	const CounterProvider *provider;

	if (!slash)
		return counter_store_find(store, 0, path);
	name = g_strndup(path, (gsize)(slash - path));
	if (!strcmp(name, counter_store_provider(store, 0)->raw))
		return counter_store_find(store, 0, slash + 1);
	provider = counter_store_find_provider(store, name);
	return provider ? counter_store_find(store, provider->id, slash + 1) : NULL;
}

/* The limit in the counter's own unit, now that this is seen. */
static void check_line(Model *model, Process *process, TriggerLine *line, const Counter *counter)
{
	double own = size_unit_bytes(counter->unit);
	g_autofree char *text = NULL;

	line->is_checked = TRUE;
	if (!*line->unit) {
		line->limit = line->number;
		return;
	}
	if (own > 0) {
		line->limit = line->number * size_unit_bytes(line->unit) / own;
		return;
	}
	text = g_strdup_printf("%s has no unit of size", line->name);
	trigger_break(&process->trigger, line);
	model_log(model, process, 0, EVENT_WARNING, "text", text, NULL);
	model_set_error(model, process, text);
	model_touch(model, process);
}

static void warn_unknown(Model *model, Process *process, TriggerLine *line)
{
	g_autofree char *text = NULL;

	if (line->is_warned || line->has_value)
		return;
	line->is_warned = TRUE;
	text = g_strdup_printf("there is no %s so far: the line waits for it", line->name);
	model_log(model, process, 0, EVENT_WARNING, "text", text, NULL);
}

void model_trigger_values(Model *model, Process *process, gint64 now_us)
{
	Trigger *trigger = &process->trigger;

	if (!trigger_is_live(trigger))
		return;
	for (unsigned i = 0; i < trigger->set.n; i++) {
		TriggerLine *line = trigger->set.lines[i];
		const Counter *counter;

		if (line->source != TRIGGER_VALUE || line->is_broken)
			continue;
		counter = find_counter(process->counters, line->name);
		if (!counter || !counter->has_value) {
			warn_unknown(model, process, line);
			continue;
		}
		/* Each sample once. */
		if (counter->time_us == line->taken_us)
			continue;
		if (!line->is_checked)
			check_line(model, process, line, counter);
		trigger_line_take(line, counter->value, FALSE, counter->time_us,
		                  model_trigger_gap_us(process));
	}
	model_trigger_look(model, process);
}

/* --- values of /proc --------------------------------------------------------------------------- */

static gboolean needs_proc(const Trigger *trigger)
{
	return trigger_needs(trigger, TRIGGER_RSS) || trigger_needs(trigger, TRIGGER_THREADS) ||
	       trigger_needs(trigger, TRIGGER_FDS);
}

static double proc_value(const RecordProc *proc, TriggerSource source)
{
	switch (source) {
	case TRIGGER_RSS:
		return (double)proc->rss_bytes / 1e6;
	case TRIGGER_THREADS:
		return (double)proc->threads;
	case TRIGGER_FDS:
		return proc->fds == RECORD_PROC_UNKNOWN ? (double)NAN : (double)proc->fds;
	case TRIGGER_HEAP:
	case TRIGGER_VALUE:
		break;
	}
	return (double)NAN;
}

static void on_proc(int error, const Record *record, const char *payload, gsize len, int fd,
                    void *data)
{
	Model *model = data;
	Process *process = record ? process_table_find(model->processes, record->serial) : NULL;
	gint64 now = g_get_monotonic_time();
	RecordProc proc;

	util_close_fd(&fd);
	if (!process)
		return;
	process->proc_ask = 0;
	if (error || len != sizeof proc)
		return;
	memcpy(&proc, payload, sizeof proc);
	for (unsigned i = 0; i < process->trigger.set.n; i++) {
		TriggerLine *line = process->trigger.set.lines[i];
		double value = proc_value(&proc, line->source);

		if (!isnan(value))
			trigger_line_take(line, value, FALSE, now, model_trigger_gap_us(process));
	}
	model_trigger_look(model, process);
}

void model_trigger_tick(Model *model, Process *process)
{
	Record record = record_new(RECORD_ASK_PROC);

	if (!trigger_is_live(&process->trigger))
		return;
	/* The end of a cooldown, and another attempt after a miss, need no new value. */
	if (process->trigger.state == TRIGGER_COOLDOWN || process->trigger.missed)
		model_trigger_look(model, process);
	if (process->proc_ask || !needs_proc(&process->trigger))
		return;
	record.serial = process->serial;
	process->proc_ask =
		ask_queue_send(model->asks, &record, NULL, 0, -1, FALSE, on_proc, model);
}

/* Of a value that is there already, it is known whether a size can be compared with it. */
int model_trigger_check_unit(Process *process, const TriggerLine *line, char **ret_why)
{
	const Counter *counter = line->source == TRIGGER_VALUE && *line->unit
	                                 ? find_counter(process->counters, line->name)
	                                 : NULL;

	if (!counter || !counter->has_value || size_unit_bytes(counter->unit) > 0)
		return 0;
	*ret_why = g_strdup_printf("%s has no unit of size", line->name);
	return -EINVAL;
}
