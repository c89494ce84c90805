/*
 * Sessions: when a process gets one, what its samples do, and what happens when it ends. Every
 * process that may be asked has one for as long as it lives; silence never ends it.
 */
#include <errno.h>
#include <string.h>
#include "fs/model/model-internal.h"
#include "fs/model/number.h"
#include "fs/model/value-log.h"
#include "fs/util.h"

enum {
	RETRY_MAX_S = 60,
	STEADY_US = 10 * G_USEC_PER_SEC, /* a stream that lived so long was no failure */
	GATE_US = 2 * G_USEC_PER_SEC,    /* the stream of a paused process is drained so long */
};

static const SessionCallbacks session_callbacks;

unsigned model_attach_sessions(const Model *model, guint64 serial)
{
	unsigned n = 0;

	for (unsigned i = 0; i < model->sessions->len; i++)
		n += session_process_serial(model->sessions->pdata[i]) == serial;
	return n;
}

gint64 model_attach_retry_us(unsigned *failures)
{
	gint64 wait_s = *failures < 6 ? 1 << *failures : RETRY_MAX_S;

	++*failures;
	return g_get_monotonic_time() + MIN(wait_s, RETRY_MAX_S) * G_USEC_PER_SEC;
}

Session *model_attach_add(Model *model, int fd, RecordSession row, guint64 serial)
{
	Session *session = session_new(fd, row, serial, &session_callbacks, model);

	g_ptr_array_add(model->sessions, session);
	return session;
}

static void on_stop(int error, const Record *record, const char *payload, gsize len, int fd,
                    void *data)
{
	/* Whatever it was: the stream is drained to its end, or closed when that takes too long. */
	util_close_fd(&fd);
}

void model_attach_stop(Model *model, Session *session)
{
	Record record = record_new(RECORD_STOP_SESSION);

	if (session_is_retired(session))
		return;
	session_retire(session);
	record.serial = session_process_serial(session);
	record.row = session_row(session);
	if (process_table_find(model->processes, record.serial))
		ask_queue_send(model->asks, &record, NULL, 0, -1, FALSE, on_stop, NULL);
}

/* The process's stream is no more; that is told when the process is still there at the next
 * tick. */
static void lose_session(Process *process, const char *why)
{
	process->dropped_before += session_dropped(process->session);
	process->session = NULL;
	process->sample_us = 0;
	util_set_str(&process->session_lost, why);
	process->session_retry_us = model_attach_retry_us(&process->session_failures);
}

static void take_stream(Model *model, Process *process, int fd, RecordSession row)
{
	char interval[NUMBER_MAX];
	const char *runtime = process_runtime(process);
	Session *old = process->session;
	gboolean had_meters = old && process->session_config.values.meters;

	process->session = model_attach_add(model, fd, row, process->serial);
	process->session_config = process->session_asked;
	process->session_refused = FALSE;
	process->session_unanswered = FALSE;
	number_format(process->session_config.interval_ms / 1000.0, interval);
	model_log(model, process, 0, EVENT_ATTACHED, "interval", interval, "runtime",
	          runtime ? runtime : "-", process->session_config.values.meters ? "meters" : NULL,
	          "yes", NULL);
	model_meters_begin(model, process, had_meters);
	if (old) {
		/* The new one is there before the old one goes: values go on. */
		process->dropped_before += session_dropped(old);
		model_attach_stop(model, old);
	} else {
		process->sample_us = 0;
	}
	model_touch(model, process);
}

/* The next one, if any, begins when this one is closed. */
static void end_session(Model *model, Process *process)
{
	Session *session = process->session;

	process->dropped_before += session_dropped(session);
	process->session = NULL;
	process->session_ending = TRUE;
	process->sample_us = 0;
	model_attach_stop(model, session);
	model_touch(model, process);
}

static gboolean is_ending(const Model *model, Process *process)
{
	for (unsigned i = 0; process->session_ending && i < model->sessions->len; i++) {
		Session *session = model->sessions->pdata[i];

		if (session_process_serial(session) == process->serial &&
		    record_session_has_counters(session_row(session)))
			return TRUE;
	}
	process->session_ending = FALSE;
	return FALSE;
}

static void refused(Model *model, Process *process, int error, const char *sentence)
{
	gint64 now = g_get_monotonic_time();

	/* Stopped, not yet, dumping, gone: tried again, without a word. */
	if (error == -EAGAIN || error == -EBUSY || error == -ESRCH) {
		process->session_retry_us = now + G_USEC_PER_SEC;
		model_touch(model, process);
		return;
	}
	process->session_retry_us = model_attach_retry_us(&process->session_failures);
	if (error == -ETIMEDOUT) {
		process->session_unanswered = TRUE;
		sentence = "may be hung by attaching";
		model_log(model, process, 0, EVENT_WARNING, "text", sentence, NULL);
	} else {
		process->session_refused = TRUE;
		model_log(model, process, 0, EVENT_REFUSED, "what", "session", "error", sentence,
		          NULL);
	}
	model_set_error(model, process, sentence);
	model_touch(model, process);
}

static void on_started(int error, const Record *record, const char *payload, gsize len, int fd,
                       void *data)
{
	Model *model = data;
	Process *process = record ? process_table_find(model->processes, record->serial) : NULL;

	/* Without a record the process is gone, or the broker. */
	if (!process) {
		util_close_fd(&fd);
		return;
	}
	process->session_ask = 0;
	if (record->kind == RECORD_STREAM && fd >= 0) {
		take_stream(model, process, fd, (RecordSession)record->row);
		return;
	}
	util_close_fd(&fd);
	error = error ? error : -EPROTO;
	refused(model, process, error, model_sentence(error, payload, len));
}

static gboolean may_ask(const Process *process, gint64 now)
{
	return (process->found.flags & RECORD_FOUND_ATTACHABLE) &&
	       process_takes_requests(process) && process->info_over && !process->session_ask &&
	       !process->session_unanswered && now >= process->session_retry_us;
}

/* A session takes one descriptor; what serves the mount keeps its reserve. */
gboolean model_attach_has_fds(Model *model)
{
	gboolean none = model->sessions->len + ask_queue_n(model->asks) >= model->fds_max;

	if (none && !model->no_fds_front)
		model_log(model, NULL, 0, EVENT_WARNING, "text",
		          "no file descriptors are left for further processes", NULL);
	model->no_fds_front = none;
	return !none;
}

static void ask(Model *model, Process *process, const SessionConfig *config, const GString *names)
{
	Record record = record_new(RECORD_START_SESSION);

	record.serial = process->serial;
	record.row = process->session && session_row(process->session) == RECORD_SESSION_COUNTERS
	                     ? RECORD_SESSION_COUNTERS_NEXT
	                     : RECORD_SESSION_COUNTERS;
	record.interval_ms = config->interval_ms;
	record.values = config->values;
	process->session_asked = *config;
	process->session_ask = ask_queue_send(model->asks, &record, names->str, names->len, -1,
	                                      FALSE, on_started, model);
	model_touch(model, process);
}

/* With attach=lazy: what was read last is old when somebody reads again, who waits for a sample then. */
static void end_unwanted(Model *model, Process *process)
{
	process->wait_from_us = 0;
	if (!process->session)
		return;
	model_log(model, process, 0, EVENT_SESSION_LOST, "reason", "nobody reads", NULL);
	counter_store_forget(process->counters);
	end_session(model, process);
}

void model_attach_look(Model *model, Process *process)
{
	gint64 now = g_get_monotonic_time();
	g_autoptr(GString) names = g_string_new(NULL);
	SessionConfig config;

	if (model->end.begun)
		return;
	process->is_idle = !model_values_are_wanted(model, process, now);
	if (process->is_idle) {
		end_unwanted(model, process);
		return;
	}
	model_values_tell(model, process);
	process->is_idle = !model_values_wanted(process, &config, names);
	/* From here on a reader may wait, once a process. */
	if (!process->is_idle && !process->wait_from_us &&
	    (process->found.flags & RECORD_FOUND_ATTACHABLE))
		process->wait_from_us = now;
	if (!may_ask(process, now) || is_ending(model, process))
		return;
	if (process->is_idle) {
		if (process->session)
			end_session(model, process);
		return;
	}
	if (process->session && !model_values_outdated(&process->session_config, &config))
		return;
	if (process->session && !model_values_may_overlap(process, &config))
		end_session(model, process);
	else if (model_attach_has_fds(model))
		ask(model, process, &config, names);
}

void model_attach_tick(Model *model, Process *process)
{
	gint64 now = g_get_monotonic_time();

	if (process->session_lost) {
		model_log(model, process, 0, EVENT_SESSION_LOST, "reason", process->session_lost,
		          NULL);
		model_set_error(model, process, process->session_lost);
		g_clear_pointer(&process->session_lost, g_free);
	}
	for (unsigned i = 0; i < model->sessions->len; i++) {
		Session *session = model->sessions->pdata[i];

		if (session_process_serial(session) == process->serial &&
		    session_row(session) == RECORD_SESSION_GC &&
		    session != process->detect.session && session_age_us(session, now) >= GATE_US &&
		    !(process->found.flags & RECORD_FOUND_STOPPED))
			model_attach_stop(model, session);
	}
	model_attach_look(model, process);
	model_detect_look(model, process);
}

void model_attach_stream(Model *model, const Record *record, int fd)
{
	Process *process = process_table_find(model->processes, record->serial);
	Session *session;

	/* The late answer to a request that was unanswered for long. */
	if (process && record_session_has_counters(record->row) && !process->session &&
	    !process->session_ask) {
		take_stream(model, process, fd, (RecordSession)record->row);
		return;
	}
	if (process && model_detect_adopt(model, process, record, fd))
		return;
	session = model_attach_add(model, fd, record->row, record->serial);
	/* A gate is drained for a while, and ended by the tick. */
	if (record->row != RECORD_SESSION_GC || !process)
		model_attach_stop(model, session);
}

void model_attach_gone(Model *model, Process *process)
{
	process->session = NULL;
	process->detect.session = NULL;
	for (unsigned i = 0; i < model->sessions->len; i++) {
		Session *session = model->sessions->pdata[i];

		if (session_process_serial(session) == process->serial)
			session_retire(session);
	}
}

void model_attach_end(Model *model)
{
	for (unsigned i = 0; i < model->sessions->len; i++)
		session_free(model->sessions->pdata[i]);
	g_ptr_array_unref(model->sessions);
}

/* The process whose counters these are; NULL for a stream that is only drained. */
static Process *reader_of(const Model *model, const Session *session)
{
	Process *process = process_table_find(model->processes, session_process_serial(session));

	return process && process->session == session ? process : NULL;
}

static Process *heap_reader_of(const Model *model, const Session *session)
{
	Process *process = process_table_find(model->processes, session_process_serial(session));

	return process && process->detect.session == session ? process : NULL;
}

static void on_gc_events(Session *session, const SessionGcEvent *events, unsigned n, void *data)
{
	Process *process = heap_reader_of(data, session);

	if (process)
		model_detect_events(data, process, events, n);
}

static void on_sample(Session *session, const EventCounterSample *sample, gint64 stamp_ns,
                      gint64 wall_us, void *data)
{
	Model *model = data;
	Process *process = reader_of(model, session);
	gint64 now = g_get_monotonic_time();
	const Counter *counter;

	if (!process)
		return;
	counter = counter_store_take(process->counters, sample, now, wall_us);
	if (!counter)
		return;
	process->sample_us = now;
	model_values_look(process, counter, now);
	value_log_add(process->stream, process, counter);
	/* Each sample is looked at, also of several that came in one read. */
	if (counter == counter_store_heap(process->counters))
		model_detect_sample(model, process, counter->value, stamp_ns, now, wall_us);
	else if (counter->provider == 0 && !strcmp(counter->raw, "alloc-rate"))
		model_detect_rate(model, process, sample->value);
}

static void on_meter(Session *session, const MeterEvent *event, gint64 wall_us, void *data)
{
	Process *process = reader_of(data, session);

	if (process)
		model_meters_take(data, process, event, g_get_monotonic_time(), wall_us);
}

static void on_batch(Session *session, void *data)
{
	Model *model = data;
	Process *process = reader_of(model, session);
	gint64 now = g_get_monotonic_time();

	if (!process)
		return;
	if (session_age_us(session, now) >= STEADY_US)
		process->session_failures = 0;
	model_trigger_values(model, process, now);
	model_notify(model, MODEL_SAMPLES, process);
	if (process_state(process, now) != process->state_seen)
		model_touch(model, process);
}

static void on_broken(Session *session, const char *why, void *data)
{
	Model *model = data;
	Process *process = reader_of(model, session);

	if (process) {
		lose_session(process, why);
		model_touch(model, process);
	}
	if (heap_reader_of(model, session))
		model_detect_lost(model, heap_reader_of(model, session), why);
	model_attach_stop(model, session);
}

static void on_closed(Session *session, int reason, void *data)
{
	Model *model = data;
	Process *process = reader_of(model, session);
	const char *why = reason ? g_strerror(-reason) : "the stream has ended";

	if (process) {
		lose_session(process, why);
		model_touch(model, process);
	}
	if (heap_reader_of(model, session))
		model_detect_lost(model, heap_reader_of(model, session), why);
	g_ptr_array_remove_fast(model->sessions, session);
	session_free(session);
}

static gboolean on_may_close(Session *session, void *data)
{
	const Process *process =
		process_table_find(((Model *)data)->processes, session_process_serial(session));

	return !process || !(process->found.flags & RECORD_FOUND_STOPPED);
}

static const SessionCallbacks session_callbacks = {
	.sample = on_sample,
	.meter = on_meter,
	.gc_events = on_gc_events,
	.batch = on_batch,
	.broken = on_broken,
	.closed = on_closed,
	.may_close = on_may_close,
};
