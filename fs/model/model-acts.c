/* What users ask for by writing, reading and removing files. */
#include <errno.h>
#include <string.h>
#include "fs/model/model-internal.h"
#include "fs/model/number.h"
#include "fs/model/size.h"
#include "fs/util.h"

enum {
	FRESH_INTERVALS = 3
};

typedef enum {
	ACT_THRESHOLD,
	ACT_DUMP,
	ACT_ENVIRON,
	ACT_OPEN,
	ACT_REMOVE,
} ActKind;

struct ModelAct {
	Model *model;
	ActKind kind;
	guint64 ask;
	guint64 serial; /* of the process, or of the dump */
	RecordPart part;
	double limit_mb;
	ModelReply reply; /* NULL: the caller has gone */
	void *data;
	GList link;
};

static ModelAct *act_new(Model *model, ActKind kind, guint64 serial, ModelReply reply, void *data)
{
	ModelAct *act = g_new0(ModelAct, 1);

	act->model = model;
	act->kind = kind;
	act->serial = serial;
	act->reply = reply;
	act->data = data;
	act->link.data = act;
	g_queue_push_tail_link(&model->acts, &act->link);
	return act;
}

static void act_free(ModelAct *act)
{
	g_queue_unlink(&act->model->acts, &act->link);
	g_free(act);
}

void model_act_set_ask(ModelAct *act, guint64 id)
{
	act->ask = id;
}

void model_act_done(ModelAct *act, int error, int fd, guint64 value)
{
	ModelReply reply = act ? act->reply : NULL;
	void *data = act ? act->data : NULL;

	if (act)
		act_free(act);
	if (reply)
		reply(error, fd, value, data);
	else
		util_close_fd(&fd);
}

void model_act_cancel(ModelAct *act)
{
	act->reply = NULL;
	/* A dump that is asked for goes on, and what was removed has to leave the list. */
	if (act->kind == ACT_DUMP || act->kind == ACT_REMOVE)
		return;
	ask_queue_cancel(act->model->asks, act->ask);
	act_free(act);
}

void model_acts_end(Model *model)
{
	while (model->acts.head)
		act_free(model->acts.head->data);
}

/* Sends the ask of an act. 1, or -EAGAIN and the act is gone. */
static int act_send(ModelAct *act, const Record *record, AskReply reply, ModelAct **ret_act)
{
	act->ask = ask_queue_send(act->model->asks, record, NULL, 0, -1, TRUE, reply, act);
	if (!act->ask) {
		act_free(act);
		return -EAGAIN;
	}
	*ret_act = act;
	return 1;
}

/* A write that is not accepted: says why, changes nothing else. Returns error. */
static int refuse(Model *model, Process *process, const char *file, int error, const char *sentence)
{
	g_autofree char *text = g_strdup_printf("%s: %s", file, sentence);

	model_log(model, process, 0, EVENT_REFUSED, "what", file, "error", sentence, NULL);
	model_set_error(model, process, text);
	return error;
}

void model_trigger_look(Model *model, Process *process)
{
	if (trigger_sample(&process->trigger, &process->heap))
		model_dumps_fire(model, process);
}

static void arm(Model *model, Process *process, double limit_mb)
{
	gint64 fresh_us = (gint64)process->interval_ms * 1000 * FRESH_INTERVALS;
	char text[NUMBER_MAX];

	trigger_arm(&process->trigger, &trigger_threshold, limit_mb, util_real_us());
	model_log(model, process, 0, EVENT_ARMED, "threshold_mb", number_format(limit_mb, text),
	          NULL);
	model_touch(model, process);
	if (heap_level_fresh(&process->heap, g_get_monotonic_time(), fresh_us))
		model_trigger_look(model, process);
}

static void disarm(Model *model, Process *process)
{
	gboolean was_on = process->trigger.state != TRIGGER_OFF;

	trigger_disarm(&process->trigger, util_real_us());
	if (was_on)
		model_log(model, process, 0, EVENT_DISARMED, NULL);
	model_touch(model, process);
}

static void on_preflight(int error, const Record *record, const char *payload, gsize len, int fd,
                         void *data)
{
	ModelAct *act = data;
	Process *process = process_table_find(act->model->processes, act->serial);

	util_close_fd(&fd);
	if (!process)
		error = -ESRCH;
	else if (error)
		refuse(act->model, process, "threshold_mb", error,
		       model_sentence(error, payload, len));
	else
		arm(act->model, process, act->limit_mb);
	model_act_done(act, error, -1, 0);
}

int model_write_threshold(Model *model, Process *process, const char *text, gsize len,
                          ModelReply reply, void *data, ModelAct **ret_act)
{
	Record record = record_new(RECORD_PREFLIGHT);
	ModelAct *act;
	double mb;
	int r = size_parse(text, len, &mb);

	if (r == -ERANGE)
		return refuse(model, process, "threshold_mb", r, "out of range: 0 to 9.2e12 MB");
	if (r < 0)
		return refuse(model, process, "threshold_mb", r,
		              "neither a size (500, 500MiB, 1.5GB) nor off");
	if (mb == 0) {
		disarm(model, process);
		return 0;
	}
	act = act_new(model, ACT_THRESHOLD, process->serial, reply, data);
	act->limit_mb = mb;
	record.serial = process->serial;
	record.type = process->dump_type;
	r = act_send(act, &record, on_preflight, ret_act);
	return r < 0 ? refuse(model, process, "threshold_mb", r, "too much is asked for at once")
	             : r;
}

/* The word that was written: without blanks around it, at most a few letters. */
static char *take_word(const char *text, gsize len)
{
	char *word = memchr(text, '\0', len) ? g_strdup("") : g_strndup(text, len);

	return g_strstrip(word);
}

int model_write_dump_type(Model *model, Process *process, const char *text, gsize len)
{
	g_autofree char *word = NULL;
	guint32 type;

	if (len > SIZE_TEXT_MAX)
		return -EINVAL;
	word = take_word(text, len);
	type = dump_type_find(word);
	if (!type)
		return refuse(model, process, "dump_type", -EINVAL,
		              "none of mini, heap, triage, full");
	process->dump_type = type;
	process->dump_type_written_us = util_real_us();
	model_touch(model, process);
	return 0;
}

int model_write_dump(Model *model, Process *process, const char *text, gsize len, ModelReply reply,
                     void *data, ModelAct **ret_act)
{
	g_autofree char *word = NULL;
	ModelAct *act;
	guint32 type;
	int r;

	if (len > SIZE_TEXT_MAX)
		return -EINVAL;
	word = take_word(text, len);
	type = strcmp(word, "now") != 0 ? dump_type_find(word) : process->dump_type;
	if (!type)
		return refuse(model, process, "dump", -EINVAL,
		              "none of now, mini, heap, triage, full");
	if (process->dump_state != PROCESS_DUMP_IDLE)
		return refuse(model, process, "dump", -EBUSY, "a dump is queued or running");
	if (process->found.flags & RECORD_FOUND_STOPPED)
		return refuse(model, process, "dump", -EAGAIN, "the process is stopped");
	act = act_new(model, ACT_DUMP, process->serial, reply, data);
	r = model_dumps_demand(model, process, type, act);
	if (r < 0) {
		act_free(act);
		return refuse(model, process, "dump", r, "too much is asked for at once");
	}
	process->dump_written_us = util_real_us();
	*ret_act = act;
	return 1;
}

/* A READ that fails leaves its sentence in status alone: nothing has happened. */
static int cannot_read(Model *model, Process *process, int error, const char *sentence)
{
	g_autofree char *text = g_strdup_printf("environ: %s", sentence);

	model_set_error(model, process, text);
	return error;
}

static void on_fd(int error, const Record *record, const char *payload, gsize len, int fd,
                  void *data)
{
	ModelAct *act = data;
	Process *process = act->kind == ACT_ENVIRON
	                           ? process_table_find(act->model->processes, act->serial)
	                           : NULL;

	if (!error && fd < 0)
		error = -EIO;
	if (error)
		util_close_fd(&fd);
	if (error && process)
		cannot_read(act->model, process, error, model_sentence(error, payload, len));
	/* The target's descriptors, not ours. */
	if (error == -EMFILE && process)
		error = -EAGAIN;
	model_act_done(act, error, fd, record ? record->value : 0);
}

int model_ask_environ(Model *model, Process *process, ModelReply reply, void *data,
                      ModelAct **ret_act)
{
	Record record = record_new(RECORD_ASK_ENVIRON);
	guint32 flags = process->found.flags;

	if (flags & RECORD_FOUND_STOPPED)
		return cannot_read(model, process, -EAGAIN, "the process is stopped");
	if (process->dump_state == PROCESS_DUMP_RUNNING)
		return cannot_read(model, process, -EBUSY, "a dump is running");
	if (flags & RECORD_FOUND_BUSY)
		return cannot_read(model, process, -ETIMEDOUT, "an earlier request is unanswered");
	if (flags & RECORD_FOUND_NO_FDS)
		return cannot_read(model, process, -EAGAIN, "the process has no free descriptor");
	record.serial = process->serial;
	return act_send(act_new(model, ACT_ENVIRON, process->serial, reply, data), &record, on_fd,
	                ret_act);
}

int model_open_dump(Model *model, guint64 dump, RecordPart part, ModelReply reply, void *data,
                    ModelAct **ret_act)
{
	Record record = record_new(RECORD_OPEN_DUMP);

	record.serial = dump;
	record.part = part;
	return act_send(act_new(model, ACT_OPEN, dump, reply, data), &record, on_fd, ret_act);
}

static void on_removed(int error, const Record *record, const char *payload, gsize len, int fd,
                       void *data)
{
	ModelAct *act = data;
	Model *model = act->model;
	const Dump *dump = dump_list_find(model->dumps, act->serial);
	g_autoptr(GString) name = g_string_new(NULL);
	Process *process;

	util_close_fd(&fd);
	/* Somebody else was quicker, in the store itself: then it is gone from here too. */
	if ((error == 0 || error == -ENOENT) && dump && dump_has_part(dump, act->part)) {
		process = process_table_find(model->processes, dump->info.process_serial);
		dump_name_append(dump, 0, act->part, name);
		model_log(model, process, dump->info.pid, EVENT_DUMP_REMOVED, "name", name->str,
		          NULL);
		dump_list_remove_part(model->dumps, act->serial, act->part, util_real_us());
		if (process) {
			process->dumps_changed_us = util_real_us();
			model_touch(model, process);
		}
		model_notify(model, MODEL_DUMPS, NULL);
	}
	model_act_done(act, error, -1, 0);
}

int model_remove_dump(Model *model, guint64 dump, RecordPart part, ModelReply reply, void *data,
                      ModelAct **ret_act)
{
	Record record = record_new(RECORD_REMOVE_DUMP);
	ModelAct *act = act_new(model, ACT_REMOVE, dump, reply, data);

	act->part = part;
	record.serial = dump;
	record.part = part;
	return act_send(act, &record, on_removed, ret_act);
}
