/*
 * The end: every session is stopped and drained before the front goes. A runtime notices a close at its next event
 * alone, and while it does not a shared session of meters has an instrument too many for whoever else is in it.
 */
#include "fs/model/model-internal.h"

enum {
	END_LOOK_MS = 20,
	END_STALL_US = 2 * G_USEC_PER_SEC, /* no session ended for so long: the others are closed */
	END_MAX_US = 4 * G_USEC_PER_SEC,   /* in all; the broker waits for 5 s */
};

/* What a stop would be refused by; or nobody knows what a suspended runtime makes of it. */
static gboolean may_stop(const Process *process)
{
	return process && process_takes_requests(process) &&
	       !(process->found.flags & RECORD_FOUND_PAUSED);
}

/* A session that is just asked for: not any more, when that was not sent. */
static gboolean drop_asks(Model *model, Process *process)
{
	if (process->session_ask && ask_queue_drop(model->asks, process->session_ask))
		process->session_ask = 0;
	if (process->detect.ask && ask_queue_drop(model->asks, process->detect.ask))
		process->detect.ask = 0;
	return process->session_ask || process->detect.ask;
}

static void stop_session(Model *model, Process *process, Session *session)
{
	if (process->session == session)
		process->session = NULL;
	if (process->detect.session == session)
		process->detect.session = NULL;
	model_attach_stop(model, session);
}

/* Stops what may be stopped now; how many sessions are waited for. */
static unsigned stop_sessions(Model *model)
{
	unsigned n = 0;

	for (unsigned i = 0; i < model->sessions->len; i++) {
		Session *session = model->sessions->pdata[i];
		Process *process =
			process_table_find(model->processes, session_process_serial(session));

		if (!may_stop(process))
			continue;
		n++;
		stop_session(model, process, session);
	}
	for (Process *p = process_table_next(model->processes, 0); p;
	     p = process_table_next(model->processes, p->serial))
		n += drop_asks(model, p) && may_stop(p);
	return n;
}

static gboolean look(gpointer data)
{
	Model *model = data;
	ModelEnd *end = &model->end;
	unsigned n = stop_sessions(model);
	gint64 now = g_get_monotonic_time();

	if (n != end->n_waited) {
		end->n_waited = n;
		end->progress_us = now;
	}
	if (!end->asked)
		return G_SOURCE_CONTINUE;
	if (n && now < end->progress_us + END_STALL_US && now < end->begin_us + END_MAX_US)
		return G_SOURCE_CONTINUE;
	end->look = 0;
	model_over(model, end->reason);
	return G_SOURCE_REMOVE;
}

void model_begin_end(Model *model)
{
	ModelEnd *end = &model->end;

	if (end->begun || model->ended)
		return;
	end->begun = TRUE;
	end->begin_us = end->progress_us = g_get_monotonic_time();
	end->n_waited = stop_sessions(model);
	end->look = g_timeout_add(END_LOOK_MS, look, model);
}

gboolean model_end_is_told(const Model *model)
{
	return model->end.told;
}

void model_end(Model *model, int reason)
{
	ModelEnd *end = &model->end;

	model_begin_end(model);
	if (end->asked)
		return;
	end->asked = TRUE;
	end->reason = reason;
}

void model_end_clear(Model *model)
{
	if (model->end.look)
		g_source_remove(model->end.look);
	model->end.look = 0;
}
