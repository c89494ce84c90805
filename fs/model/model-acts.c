/* What users ask for by writing, reading and removing files. */
#include <errno.h>
#include <string.h>
#include "fs/model/model-internal.h"
#include "fs/model/size.h"
#include "fs/util.h"

ModelAct *model_act_new(Model *model, ModelActKind kind, guint64 serial, ModelReply reply,
                        void *data)
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

void model_act_drop(ModelAct *act)
{
	trigger_set_clear(&act->set);
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
		model_act_drop(act);
	if (reply)
		reply(error, fd, value, data);
	else
		util_close_fd(&fd);
}

void model_act_cancel(ModelAct *act)
{
	act->reply = NULL;
	/* A dump that is asked for goes on, and what was removed has to leave the list. */
	if (act->kind == MODEL_ACT_DUMP || act->kind == MODEL_ACT_REMOVE)
		return;
	ask_queue_cancel(act->model->asks, act->ask);
	model_act_drop(act);
}

void model_acts_end(Model *model)
{
	while (model->acts.head)
		model_act_drop(model->acts.head->data);
}

int model_act_send(ModelAct *act, const Record *record, AskReply reply, ModelAct **ret_act)
{
	act->ask = ask_queue_send(act->model->asks, record, NULL, 0, -1, TRUE, reply, act);
	if (!act->ask) {
		model_act_drop(act);
		return -EAGAIN;
	}
	*ret_act = act;
	return 1;
}

int model_refuse(Model *model, Process *process, const char *file, int error, const char *sentence)
{
	g_autofree char *text = g_strdup_printf("%s: %s", file, sentence);

	model_log(model, process, 0, EVENT_REFUSED, "what", file, "error", sentence, NULL);
	model_set_error(model, process, text);
	return error;
}

int model_write_too_long(Model *model, Process *process, const char *file)
{
	return model_refuse(model, process, file, -EINVAL, "a command has at most 4096 bytes");
}

char *model_take_word(const char *text, gsize len)
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
	word = model_take_word(text, len);
	type = dump_type_find(word);
	if (!type)
		return model_refuse(model, process, "dump_type", -EINVAL,
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
	word = model_take_word(text, len);
	type = strcmp(word, "now") != 0 ? dump_type_find(word) : process->dump_type;
	if (!type)
		return model_refuse(model, process, "dump", -EINVAL,
		                    "none of now, mini, heap, triage, full");
	if (process->dump_state != PROCESS_DUMP_IDLE)
		return model_refuse(model, process, "dump", -EBUSY, "a dump is queued or running");
	if (process->found.flags & RECORD_FOUND_STOPPED)
		return model_refuse(model, process, "dump", -EAGAIN, "the process is stopped");
	act = model_act_new(model, MODEL_ACT_DUMP, process->serial, reply, data);
	r = model_dumps_demand(model, process, type, act);
	if (r < 0) {
		model_act_drop(act);
		return model_refuse(model, process, "dump", r, "too much is asked for at once");
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
	Process *process = act->kind == MODEL_ACT_ENVIRON
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
	return model_act_send(model_act_new(model, MODEL_ACT_ENVIRON, process->serial, reply, data),
	                      &record, on_fd, ret_act);
}

int model_open_dump(Model *model, guint64 dump, RecordPart part, ModelReply reply, void *data,
                    ModelAct **ret_act)
{
	Record record = record_new(RECORD_OPEN_DUMP);

	record.serial = dump;
	record.part = part;
	return model_act_send(model_act_new(model, MODEL_ACT_OPEN, dump, reply, data), &record,
	                      on_fd, ret_act);
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
	ModelAct *act = model_act_new(model, MODEL_ACT_REMOVE, dump, reply, data);

	act->part = part;
	record.serial = dump;
	record.part = part;
	return model_act_send(act, &record, on_removed, ret_act);
}
