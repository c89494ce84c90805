/* What happened, told to all who keep it: the root's log, the process's, the journal. */
#include <stdarg.h>
#include <string.h>
#include "fs/model/model-internal.h"
#include "fs/util.h"

static void log_pairs(Model *model, Process *process, pid_t pid, EventWord word, const char *pairs)
{
	gint64 now = util_real_us();
	g_autofree char *text = NULL;
	g_autofree char *line = NULL;

	pid = process ? process->found.pid : pid;
	text = event_line(now, pid, word, pairs);
	line = g_strconcat(text, "\n", NULL);
	event_log_append(model->events, line, strlen(line), now);
	journal_send(&model->journal, word, pid, pairs);
	model_notify(model, MODEL_EVENTS, NULL);
	if (!process)
		return;
	event_log_append(process->events, line, strlen(line), now);
	model_notify(model, MODEL_EVENTS, process);
}

void model_log(Model *model, Process *process, pid_t pid, EventWord word, ...)
{
	g_autoptr(GString) pairs = g_string_new(NULL);
	const char *key;
	va_list list;

	va_start(list, word);
	while ((key = va_arg(list, const char *)))
		event_pair(pairs, key, va_arg(list, const char *));
	va_end(list);
	log_pairs(model, process, pid, word, pairs->str);
}

void model_log_texts(Model *model, Process *process, pid_t pid, EventWord word, const char *texts,
                     gsize len)
{
	g_autoptr(GString) pairs = g_string_new(NULL);
	const char *key;

	for (unsigned i = 0; *(key = record_text(texts, len, i)); i += 2)
		event_pair(pairs, key, record_text(texts, len, i + 1));
	log_pairs(model, process, pid, word, pairs->str);
}

void model_set_error(Model *model, Process *process, const char *sentence)
{
	/* Whoever reads again and again what he may not have wakes nobody. */
	if (!g_strcmp0(process->last_error, sentence))
		return;
	util_set_str(&process->last_error, sentence);
	model_touch(model, process);
}

const char *model_sentence(int error, const char *payload, gsize len)
{
	const char *text = record_text(payload, len, 0);

	/* Without its NUL it is no text of a record, but still a sentence. */
	if (!*text && len)
		text = payload;
	return *text ? text : g_strerror(-error);
}
