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

#define METERS_DIR "meters/"

/* The longest path below it: meter, instrument, tag set, value. */
G_STATIC_ASSERT(sizeof METERS_DIR + 3 * METER_FILE_NAME_SIZE + sizeof "count_rate" <=
                TRIGGER_NAME_MAX);

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

/* --- values of counters and meters ------------------------------------------------------------- */

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

/* A value that was sampled. */
typedef struct {
	double value;
	gint64 time_us; /* monotonic */
	const char *unit;
} Sampled;

static gboolean find_meter(const MeterStore *store, const char *path, Sampled *ret)
{
	MeterValue value;
	const MeterSeries *series = meter_store_find_path(store, path, &value);
	const Instrument *instrument;

	if (!series || !(series->has & 1U << value))
		return FALSE;
	instrument = meter_store_instrument(store, series->instrument);
	if (!instrument->is_settled)
		return FALSE;
	*ret = (Sampled){ series->values[value], series->time_us,
		          meter_value_unit(instrument, value) };
	return TRUE;
}

static gboolean find_value(const Process *process, const char *path, Sampled *ret)
{
	const Counter *counter;

	if (g_str_has_prefix(path, METERS_DIR) &&
	    find_meter(process->meters, path + strlen(METERS_DIR), ret))
		return TRUE;
	counter = find_counter(process->counters, path);
	if (!counter || !counter->has_value)
		return FALSE;
	*ret = (Sampled){ counter->value, counter->time_us, counter->unit };
	return TRUE;
}

/* The limit in the value's own unit, now that this is seen. */
static void check_line(Model *model, Process *process, TriggerLine *line, const char *unit)
{
	double own = size_value_unit_bytes(unit);
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
		Sampled sampled;

		if (line->source != TRIGGER_VALUE || line->is_broken)
			continue;
		if (!find_value(process, line->name, &sampled)) {
			warn_unknown(model, process, line);
			continue;
		}
		/* Each sample once. */
		if (sampled.time_us == line->taken_us)
			continue;
		if (!line->is_checked)
			check_line(model, process, line, sampled.unit);
		trigger_line_take(line, sampled.value, FALSE, sampled.time_us,
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
	Sampled sampled;

	if (line->source != TRIGGER_VALUE || !*line->unit ||
	    !find_value(process, line->name, &sampled) || size_value_unit_bytes(sampled.unit) > 0)
		return 0;
	*ret_why = g_strdup_printf("%s has no unit of size", line->name);
	return -EINVAL;
}
