/*
 * What is written to the files of a trigger. Arming asks the broker first (can this process be dumped
 * at all; for a percentage, of what), and changes nothing before that was answered well.
 */
#include <errno.h>
#include <string.h>
#include "fs/model/model-internal.h"
#include "fs/model/number.h"
#include "fs/model/size.h"
#include "fs/util.h"

/* After an accepted write: what is known is looked at again, and may fire at once. */
static void begin(Model *model, Process *process)
{
	gint64 now = g_get_monotonic_time();

	if (heap_level_fresh(&process->heap, now, model_trigger_gap_us(process)))
		trigger_take_heap(&process->trigger, process->heap.mb, process->heap.is_lower_bound,
		                  now, model_trigger_gap_us(process));
	if (process->sample_us)
		model_trigger_values(model, process, now);
	model_attach_look(model, process);
	model_trigger_tick(model, process);
	model_touch(model, process);
	model_trigger_look(model, process);
}

static void tell_armed(Model *model, Process *process, gboolean by_threshold)
{
	g_autoptr(GString) lines = g_string_new(NULL);
	char text[NUMBER_MAX];

	if (!process->trigger.set.n) {
		model_log(model, process, 0, EVENT_DISARMED, NULL);
	} else if (by_threshold && trigger_threshold_mb(&process->trigger) > 0) {
		model_log(model, process, 0, EVENT_ARMED, "threshold_mb",
		          number_format(trigger_threshold_mb(&process->trigger), text), NULL);
	} else {
		trigger_describe(&process->trigger, lines);
		g_string_truncate(lines, lines->len - 1);
		model_log(model, process, 0, EVENT_ARMED, "trigger", lines->str, NULL);
	}
}

static void apply(Model *model, Process *process, ModelAct *act)
{
	gboolean was_on = process->trigger.set.n != 0;

	if (act->is_threshold)
		trigger_set_threshold(&process->trigger, act->limit_mb, util_real_us());
	else
		trigger_replace(&process->trigger, &act->set, util_real_us());
	model_dumps_withdraw(model, process);
	if (was_on || process->trigger.set.n)
		tell_armed(model, process, act->is_threshold);
	begin(model, process);
}

static void finish(ModelAct *act, Process *process, int error, const char *sentence)
{
	if (!process)
		error = -ESRCH;
	else if (error)
		model_refuse(act->model, process, act->is_threshold ? "threshold_mb" : "trigger",
		             error, sentence);
	else
		apply(act->model, process, act);
	model_act_done(act, error, -1, 0);
}

static void on_limit(int error, const Record *record, const char *payload, gsize len, int fd,
                     void *data)
{
	ModelAct *act = data;
	Process *process = process_table_find(act->model->processes, act->serial);
	RecordLimit limit;

	util_close_fd(&fd);
	if (!error && len < sizeof limit)
		error = -EPROTO;
	if (error || !process) {
		finish(act, process, error, model_sentence(error, payload, len));
		return;
	}
	memcpy(&limit, payload, sizeof limit);
	for (unsigned i = 0; i < act->set.n; i++) {
		TriggerLine *line = act->set.lines[i];

		if (!line->is_percent)
			continue;
		line->limit = (double)limit.bytes / 1e6 * line->number / 100;
		line->is_checked = TRUE;
	}
	process->heap_limit_mb = (double)limit.bytes / 1e6;
	util_set_str(&process->heap_limit_source,
	             record_text(payload + sizeof limit, len - sizeof limit, 0));
	finish(act, process, 0, NULL);
}

static gboolean has_percent(const TriggerSet *set)
{
	for (unsigned i = 0; i < set->n; i++) {
		if (set->lines[i]->is_percent)
			return TRUE;
	}
	return FALSE;
}

static void on_preflight(int error, const Record *record, const char *payload, gsize len, int fd,
                         void *data)
{
	ModelAct *act = data;
	Model *model = act->model;
	Process *process = process_table_find(model->processes, act->serial);
	Record ask = record_new(RECORD_ASK_LIMIT);

	util_close_fd(&fd);
	if (error || !process || !has_percent(&act->set)) {
		finish(act, process, error, model_sentence(error, payload, len));
		return;
	}
	ask.serial = process->serial;
	ask.value = process_runtime_major(process);
	act->ask = ask_queue_send(model->asks, &ask, NULL, 0, -1, FALSE, on_limit, act);
}

/* Asks the broker, or applies at once what needs no dump: turning something off. */
static int start(Model *model, Process *process, ModelAct *act, ModelAct **ret_act)
{
	const char *file = act->is_threshold ? "threshold_mb" : "trigger";
	gboolean is_off = act->is_threshold ? act->limit_mb == 0 : act->set.n == 0;
	Record record = record_new(RECORD_PREFLIGHT);
	int r;

	if (is_off) {
		apply(model, process, act);
		model_act_drop(act);
		return 0;
	}
	record.serial = process->serial;
	record.type = process->dump_type;
	r = model_act_send(act, &record, on_preflight, ret_act);
	return r < 0 ? model_refuse(model, process, file, r, "too much is asked for at once") : r;
}

int model_write_threshold(Model *model, Process *process, const char *text, gsize len,
                          ModelReply reply, void *data, ModelAct **ret_act)
{
	ModelAct *act;
	double mb;
	int r = size_parse(text, len, &mb);

	if (r == -ERANGE)
		return model_refuse(model, process, "threshold_mb", r,
		                    "out of range: 0 to 9.2e12 MB");
	if (r < 0)
		return model_refuse(model, process, "threshold_mb", r,
		                    "neither a size (500, 500MiB, 1.5GB) nor off");
	if (mb > 0 && process->trigger.set.n == TRIGGER_LINES_MAX &&
	    !trigger_threshold_mb(&process->trigger))
		return model_refuse(model, process, "threshold_mb", -EINVAL,
		                    "trigger has 16 conditions already");
	act = model_act_new(model, MODEL_ACT_ARM, process->serial, reply, data);
	act->is_threshold = TRUE;
	act->limit_mb = mb;
	return start(model, process, act, ret_act);
}

int model_write_trigger(Model *model, Process *process, const char *text, gsize len,
                        ModelReply reply, void *data, ModelAct **ret_act)
{
	gboolean has_threshold = trigger_threshold_mb(&process->trigger) > 0;
	g_autofree char *why = NULL;
	ModelAct *act;
	TriggerSet set;
	int r = trigger_parse(text, len, &set, &why);

	if (r < 0)
		return model_refuse(model, process, "trigger", r, why);
	for (unsigned i = 0; i < set.n; i++)
		has_threshold &= !trigger_line_is_threshold(set.lines[i]);
	if (set.n == TRIGGER_LINES_MAX && has_threshold) {
		trigger_set_clear(&set);
		return model_refuse(model, process, "trigger", -EINVAL,
		                    "at most 16 conditions, that of threshold_mb among them");
	}
	for (unsigned i = 0; i < set.n && r == 0; i++)
		r = model_trigger_check_unit(process, set.lines[i], &why);
	if (r < 0) {
		trigger_set_clear(&set);
		return model_refuse(model, process, "trigger", r, why);
	}
	act = model_act_new(model, MODEL_ACT_ARM, process->serial, reply, data);
	act->set = set;
	return start(model, process, act, ret_act);
}

/* A whole number of at most a few digits. */
static int parse_count(const char *text, gsize len, guint64 lowest, guint64 highest, guint64 *ret)
{
	g_autofree char *word = model_take_word(text, len);
	gboolean negative = *word == '-';

	if (!*(word + negative) || strspn(word + negative, "0123456789") != strlen(word + negative))
		return -EINVAL;
	*ret = g_ascii_strtoull(word + negative, NULL, 10);
	if ((negative && *ret) || *ret < lowest || *ret > highest)
		return -ERANGE;
	return 0;
}

static int write_count(Model *model, Process *process, const char *file, const char *text,
                       gsize len, guint64 lowest, guint64 highest, unsigned *field,
                       gint64 *written_us)
{
	g_autofree char *why = g_strdup_printf(
		"a whole number from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT, lowest, highest);
	guint64 n;
	int r = parse_count(text, len, lowest, highest, &n);

	if (r < 0)
		return model_refuse(model, process, file, r, why);
	*field = (unsigned)n;
	*written_us = util_real_us();
	trigger_recount(&process->trigger);
	begin(model, process);
	return 0;
}

int model_write_max_dumps(Model *model, Process *process, const char *text, gsize len)
{
	Trigger *trigger = &process->trigger;

	return write_count(model, process, "max_dumps", text, len, 1, TRIGGER_MAX_DUMPS_MAX,
	                   &trigger->max_dumps, &trigger->max_dumps_written_us);
}

int model_write_cooldown(Model *model, Process *process, const char *text, gsize len)
{
	Trigger *trigger = &process->trigger;

	return write_count(model, process, "cooldown_s", text, len, 0, TRIGGER_COOLDOWN_S_MAX,
	                   &trigger->cooldown_s, &trigger->cooldown_written_us);
}
