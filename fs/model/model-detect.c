/*
 * The second session of a process, open while a trigger looks at its heap: the runtime's own GC
 * events, of which the running estimate is made. Unlike counters it may be asked for from the first
 * moment of a process on: it can hang nothing.
 */
#include <errno.h>
#include <math.h>
#include <string.h>
#include "fs/model/model-internal.h"
#include "fs/util.h"

enum {
	BIRTH_US = 50000, /* a session asked for so soon after the socket came counts from birth */
	BLIND_BYTES = 20000000, /* allocated without a tick */
	STAMP_TRUST_US = 10 * G_USEC_PER_SEC,
};

static gboolean is_wanted(const Process *process)
{
	return trigger_is_live(&process->trigger) && trigger_needs(&process->trigger, TRIGGER_HEAP);
}

static RecordSession row_of(DetectMode mode)
{
	return mode == DETECT_GC ? RECORD_SESSION_COLLECTIONS : RECORD_SESSION_GC;
}

/* The level as the samples alone have it. */
static void fall_back(Process *process)
{
	if (process->has_heap_sample)
		heap_level_set(&process->heap, process->heap_sample_mb, FALSE,
		               process->heap_sample_us, process->heap_sample_wall_us);
}

/* It is no longer the one whose events count. */
static void drop_session(Process *process)
{
	Detect *detect = &process->detect;

	if (detect->session)
		detect->dropped_before += session_dropped(detect->session);
	detect->session = NULL;
	detect->dropped = 0;
}

/* Without another in its place: the samples have to do. */
static void end_session(Process *process)
{
	drop_session(process);
	g_clear_pointer(&process->detect.estimate, heap_estimate_free);
	process->detect.is_blind = FALSE;
	fall_back(process);
}

static void close_session(Model *model, Process *process)
{
	Session *session = process->detect.session;

	end_session(process);
	model_attach_stop(model, session);
	model_touch(model, process);
}

/* The estimate's beginning: from birth it is exact; else it is what was allocated since, a lower
 * bound, until the first collection or sample. The sample before it is no base: whether a collection
 * came after it nobody knows. */
static void begin_estimate(Process *process, gint64 age_us)
{
	Detect *detect = &process->detect;
	gint64 now = g_get_monotonic_time();
	gboolean from_birth = age_us >= 0 && age_us <= BIRTH_US;

	if (!detect->estimate)
		detect->estimate = heap_estimate_new();
	heap_estimate_reset(detect->estimate, 0, from_birth);
	detect->before_mb = 0;
	if (from_birth)
		heap_level_set(&process->heap, 0, FALSE, now, util_real_us());
	else if (process->has_heap_sample &&
	         now - process->heap_sample_us <= model_trigger_gap_us(process))
		detect->before_mb = process->heap_sample_mb;
	process->heap.is_lower_bound = !from_birth;
}

static void tell_switched(Model *model, Process *process)
{
	const Detect *detect = &process->detect;
	g_autofree char *text = g_strdup_printf("detect is now %s: %s",
	                                        detect_mode_name(detect->in_force), detect->reason);

	model_log(model, process, 0, EVENT_WARNING, "text", text, NULL);
}

static void take_session(Model *model, Process *process, Session *session, guint64 age_us)
{
	Detect *detect = &process->detect;
	Session *old = detect->session;
	gint64 now = g_get_monotonic_time();

	drop_session(process);
	detect->session = session;
	detect->unanswered = FALSE;
	detect->failures = 0;
	if (old) {
		/* The new one is there before the old one goes, and the estimate goes on. */
		detect->switched_us = now;
		tell_switched(model, process);
		model_attach_stop(model, old);
	} else {
		begin_estimate(process, age_us <= G_MAXINT64 ? (gint64)age_us : -1);
	}
	detect->is_blind = FALSE;
	detect->allocated = 0;
	model_touch(model, process);
}

static void refused(Model *model, Process *process, int error, const char *sentence)
{
	Detect *detect = &process->detect;

	/* Stopped, not informed yet, dumping, gone: tried again, without a word. */
	if (error == -EAGAIN || error == -EBUSY || error == -ESRCH) {
		detect->retry_us = g_get_monotonic_time() + G_USEC_PER_SEC / 10;
		return;
	}
	detect->retry_us = model_attach_retry_us(&detect->failures);
	if (error == -ETIMEDOUT) {
		detect->unanswered = TRUE;
		sentence = "the request for GC events is unanswered";
	}
	model_log(model, process, 0, EVENT_REFUSED, "what", "gc-session", "error", sentence, NULL);
	model_set_error(model, process, sentence);
	model_touch(model, process);
}

static void on_started(int error, const Record *record, const char *payload, gsize len, int fd,
                       void *data)
{
	Model *model = data;
	Process *process = record ? process_table_find(model->processes, record->serial) : NULL;
	Session *session;

	if (!process) {
		util_close_fd(&fd);
		return;
	}
	process->detect.ask = 0;
	if (record->kind != RECORD_STREAM || fd < 0) {
		util_close_fd(&fd);
		refused(model, process, error ? error : -EPROTO,
		        model_sentence(error, payload, len));
		return;
	}
	session = model_attach_add(model, fd, (RecordSession)record->row, process->serial);
	/* Disarmed meanwhile, or `detect` was written. */
	if (!is_wanted(process) || process->detect.in_force == DETECT_SAMPLED)
		model_attach_stop(model, session);
	else
		take_session(model, process, session, record->value);
}

static gboolean may_ask(const Model *model, const Process *process, gint64 now)
{
	const Detect *detect = &process->detect;

	return process_takes_requests(process) && !(process->found.flags & RECORD_FOUND_PAUSED) &&
	       process->info_over && !detect->ask && !detect->unanswered && now >= detect->retry_us;
}

void model_detect_look(Model *model, Process *process)
{
	Detect *detect = &process->detect;
	gint64 now = g_get_monotonic_time();
	Record record = record_new(RECORD_START_SESSION);
	DetectMode mode;
	const char *reason;

	if (model->end.begun)
		return;
	if (!is_wanted(process)) {
		if (detect->session)
			close_session(model, process);
		return;
	}
	mode = detect_choose(detect, process_runtime_major(process), now, &reason);
	if (mode == DETECT_SAMPLED) {
		detect->in_force = mode;
		detect->reason = reason;
		if (detect->session)
			close_session(model, process);
		return;
	}
	if (detect->session && session_row(detect->session) == row_of(mode))
		return;
	if (!may_ask(model, process, now) || !model_attach_has_fds(model))
		return;
	detect->in_force = mode;
	detect->reason = reason;
	record.serial = process->serial;
	record.row = row_of(mode);
	record.interval_ms = process->interval_ms;
	detect->ask = ask_queue_send(model->asks, &record, NULL, 0, -1, FALSE, on_started, model);
}

gboolean model_detect_adopt(Model *model, Process *process, const Record *record, int fd)
{
	Detect *detect = &process->detect;

	/* The gate of a paused process (asked for before its birth), or a late answer. */
	if (!is_wanted(process) || detect->session || detect->ask ||
	    detect->wanted == DETECT_SAMPLED ||
	    (record->row != RECORD_SESSION_GC && record->row != RECORD_SESSION_COLLECTIONS))
		return FALSE;
	detect->in_force = record->row == RECORD_SESSION_GC ? DETECT_ALLOC : DETECT_GC;
	detect->reason = detect->wanted == DETECT_AUTO ? "auto" : "asked for";
	take_session(model, process,
	             model_attach_add(model, fd, (RecordSession)record->row, process->serial),
	             record->value);
	return TRUE;
}

void model_detect_lost(Model *model, Process *process, const char *why)
{
	Detect *detect = &process->detect;

	end_session(process);
	detect->retry_us = model_attach_retry_us(&detect->failures);
	model_log(model, process, 0, EVENT_SESSION_LOST, "what", "gc-session", "reason", why, NULL);
	model_set_error(model, process, why);
	model_touch(model, process);
}

/* The clock is the target's to tell; a time namespace has another. */
static gint64 trusted_us(gint64 stamp_ns, gint64 now)
{
	gint64 stamp_us = stamp_ns / 1000;

	return stamp_us > now || stamp_us < now - STAMP_TRUST_US ? now : stamp_us;
}

/*
 * The moment of which the estimate tells, as wall clock: that of the newest event in it. Events come
 * in flushes of 100 ms, in which a heap can grow by as many MB; and a sample that comes late, with
 * newer ticks on top of it, makes the estimate no older.
 */
static gint64 told_of_us(const Process *process, gint64 stamp_us, gint64 now)
{
	gint64 real = util_real_us();

	return MAX(real - (now - stamp_us), MIN(process->heap.wall_us, real));
}

/* The level is what the estimate says, as of that moment. */
static void set_level(Process *process, gint64 stamp_us, gint64 now)
{
	const HeapEstimate *estimate = process->detect.estimate;

	heap_level_set(&process->heap, MAX(heap_estimate_mb(estimate), process->detect.before_mb),
	               heap_estimate_is_lower_bound(estimate), now,
	               told_of_us(process, stamp_us, now));
}

static void take_event(Model *model, Process *process, gint64 stamp_ns)
{
	gint64 now = g_get_monotonic_time();
	gint64 stamp_us = trusted_us(stamp_ns, now);

	set_level(process, stamp_us, now);
	model_trigger_heap(model, process, stamp_us);
}

static void look_for_losses(Process *process)
{
	Detect *detect = &process->detect;
	guint64 dropped = session_dropped(detect->session);

	if (dropped == detect->dropped)
		return;
	detect->dropped = dropped;
	heap_estimate_lost(detect->estimate);
	process->heap.is_lower_bound = TRUE;
}

/* May end with another session, or none: firing looks at what is wanted. */
void model_detect_events(Model *model, Process *process, const SessionGcEvent *events, unsigned n)
{
	const Session *session = process->detect.session;

	for (unsigned i = 0; i < n && process->detect.session == session; i++) {
		const SessionGcEvent *gc = &events[i];
		HeapEstimate *estimate = process->detect.estimate;

		switch (gc->event.kind) {
		case GC_EVENT_TICK:
			heap_estimate_tick(estimate, gc->stamp_ns, gc->event.bytes);
			take_event(model, process, gc->stamp_ns);
			break;
		case GC_EVENT_HISTORY:
			heap_estimate_history(estimate, gc->event.heap, gc->event.bytes,
			                      gc->event.free, gc->event.young);
			break;
		case GC_EVENT_STATS:
			process->detect.before_mb = 0;
			heap_estimate_collected(estimate, gc->stamp_ns, gc->event.bytes);
			take_event(model, process, gc->stamp_ns);
			break;
		case GC_EVENT_START:
		case GC_EVENT_END:
			break;
		}
	}
	if (process->detect.session == session)
		look_for_losses(process);
	model_notify(model, MODEL_SAMPLES, process);
}

void model_detect_rate(Model *model, Process *process, double bytes)
{
	Detect *detect = &process->detect;
	const char *text = "no allocation ticks come: between collections it is blind";

	detect_add_rate(detect, bytes, g_get_monotonic_time());
	if (!detect->session || detect->in_force != DETECT_ALLOC || !(bytes >= 0))
		return;
	detect->allocated += bytes;
	if (heap_estimate_n_ticks(detect->estimate)) {
		detect->is_blind = FALSE;
		return;
	}
	if (detect->is_blind || detect->allocated < BLIND_BYTES)
		return;
	detect->is_blind = TRUE;
	model_log(model, process, 0, EVENT_WARNING, "text", text, NULL);
	model_touch(model, process);
}

void model_detect_sample(Model *model, Process *process, double mb, gint64 stamp_ns, gint64 now_us,
                         gint64 wall_us)
{
	Detect *detect = &process->detect;
	gboolean strict = detect->in_force == DETECT_ALLOC;
	double correction = 0;

	if (heap_estimate_is_nonsense(mb, session_pointer_size(process->session))) {
		process->samples_refused++;
		return;
	}
	if (detect->estimate && heap_estimate_sample(detect->estimate, stamp_ns, mb, strict,
	                                             &correction) == HEAP_SAMPLE_REFUSED) {
		process->samples_refused++;
		return;
	}
	process->has_heap_sample = TRUE;
	process->heap_sample_mb = mb;
	process->heap_sample_us = now_us;
	process->heap_sample_wall_us = wall_us;
	if (!detect->estimate) {
		heap_level_set(&process->heap, mb, FALSE, now_us, wall_us);
		model_trigger_heap(model, process, now_us);
		return;
	}
	detect->before_mb = 0;
	trigger_correct_heap(&process->trigger, correction);
	set_level(process, trusted_us(stamp_ns, now_us), now_us);
	model_trigger_heap(model, process, now_us);
}

int model_write_detect(Model *model, Process *process, const char *text, gsize len)
{
	g_autofree char *word = model_take_word(text, len);
	DetectMode mode;

	if (detect_mode_parse(word, &mode) < 0)
		return model_refuse(model, process, "detect", -EINVAL,
		                    "none of auto, alloc, gc, sampled");
	process->detect.wanted = mode;
	process->detect.written_us = util_real_us();
	process->detect.switched_us = 0;
	model_touch(model, process);
	model_detect_look(model, process);
	return 0;
}

int model_write_peak(Model *model, Process *process)
{
	heap_level_reset_peak(&process->heap, util_real_us());
	model_notify(model, MODEL_SAMPLES, process);
	return 0;
}

int model_write_counter_peak(Model *model, Process *process, unsigned counter)
{
	counter_store_reset_peak(process->counters, counter, util_real_us());
	return 0;
}
