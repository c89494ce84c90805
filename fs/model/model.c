/* Records of the broker in, state and observers' calls out. */
#include "fs/model/model.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include "fs/model/info-check.h"
#include "fs/model/model-internal.h"
#include "fs/util.h"

enum {
	TICK_MS = 1000,
	YOUNG_US = G_USEC_PER_SEC, /* before that age a command line may be half there */
	FDS_RESERVE = 64,
};

void model_notify(Model *model, ModelChange change, Process *process)
{
	for (unsigned i = 0; i < MODEL_OBSERVERS_MAX; i++) {
		if (model->observers[i].call)
			model->observers[i].call(change, process, model->observers[i].data);
	}
}

void model_touch(Model *model, Process *process)
{
	process->state_seen = process_state(process, g_get_monotonic_time());
	process->state_seq++;
	process->state_wall_us = util_real_us();
	model_notify(model, MODEL_STATE, process);
}

/* NULL, or why it is of no use; *ret is empty then. */
static const char *parse_info(const Process *process, const Record *record, const char *payload,
                              gsize len, IpcProcessInfo *ret)
{
	const char *why;

	if (ipc_parse_process_info((unsigned)record->value, (const uint8_t *)payload, len, ret) < 0)
		return "its ProcessInfo cannot be understood";
	why = info_check(ret, process->found.nspid);
	if (why)
		ipc_process_info_clear(ret);
	return why;
}

static void take_info(Model *model, Process *process, const Record *record, const char *payload,
                      gsize len)
{
	IpcProcessInfo info;
	gboolean is_news = !process->info_over;
	const char *why;

	if (record->error)
		return;
	process->info_over = TRUE;
	why = parse_info(process, record, payload, len, &info);
	if (!why) {
		is_news |= !process->has_info || !ipc_process_info_equal(&process->info, &info);
		if (process->has_info)
			ipc_process_info_clear(&process->info);
		process->info = info;
		process->has_info = TRUE;
		counter_store_expect(process->counters, process_runtime_major(process));
	} else if (why != process->info_refused) {
		process->info_refused = why;
		model_log(model, process, 0, EVENT_WARNING, "text", why, NULL);
		model_set_error(model, process, why);
	}
	/* Asked again when the process is a second old, mostly for the same: that wakes nobody. */
	if (is_news)
		model_touch(model, process);
	model_attach_look(model, process);
}

static void on_info_again(int error, const Record *record, const char *payload, gsize len, int fd,
                          void *data)
{
	Model *model = data;
	Process *process = record ? process_table_find(model->processes, record->serial) : NULL;

	util_close_fd(&fd);
	if (process)
		take_info(model, process, record, payload, len);
}

static void ask_info_again(Model *model, Process *process, gint64 now)
{
	Record record = record_new(RECORD_ASK_INFO);

	if (!process->info_again_us || now < process->info_again_us || !process->info_over)
		return;
	process->info_again_us = 0;
	if (process->found.flags & (RECORD_FOUND_OLD | RECORD_FOUND_STOPPED | RECORD_FOUND_BUSY))
		return;
	record.serial = process->serial;
	ask_queue_send(model->asks, &record, NULL, 0, -1, FALSE, on_info_again, model);
}

/* Why nothing can be asked of it, when that is new. */
static void tell_hindrance(Model *model, Process *process, guint32 new_flags)
{
	const char *sentence = NULL;

	if (new_flags & RECORD_FOUND_NO_FDS)
		sentence = "the process has no free file descriptor: nothing is asked of it";
	else if (new_flags & RECORD_FOUND_BUSY)
		sentence = "the runtime leaves a request unanswered: nothing else is asked of it";
	else if (new_flags & RECORD_FOUND_REFUSED)
		sentence = "the runtime's socket refuses connections";
	else if (new_flags & RECORD_FOUND_NO_INFO)
		sentence = "the runtime does not say what it is: its answer is none, or an error";
	if (!sentence)
		return;
	model_log(model, process, 0, EVENT_WARNING, "text", sentence, NULL);
	model_set_error(model, process, sentence);
}

/* News of a process that has a directory already. */
static void update_found(Model *model, Process *process, const RecordFound *found,
                         const char *payload, gsize len)
{
	guint32 before = process->found.flags;
	gint64 now = g_get_monotonic_time();
	gint64 start_us = process->found.start_us;

	process->found = *found;
	/* It is the mtime of a directory, and the wall clock may have been set since. */
	process->found.start_us = start_us;
	util_set_str(&process->user, record_text(payload, len, 0));
	util_set_str(&process->command, record_text(payload, len, 1));
	util_set_str(&process->socket, record_text(payload, len, 2));
	util_set_str(&process->owner_why, record_text(payload, len, 3));
	if (before & ~found->flags & RECORD_FOUND_PAUSED)
		process->info_again_us = now + YOUNG_US;
	if (before & ~found->flags & RECORD_FOUND_STOPPED)
		process->quiet_from_us = now;
	if (before & ~found->flags & RECORD_FOUND_BUSY) {
		process->session_unanswered = FALSE;
		process->detect.unanswered = FALSE;
	}
	tell_hindrance(model, process, found->flags & ~before);
	model_touch(model, process);
}

static void take_found(Model *model, const Record *record, const char *payload, gsize len)
{
	Process *process = process_table_find(model->processes, record->serial);
	gint64 now = g_get_monotonic_time();

	if (process) {
		update_found(model, process, &record->found, payload, len);
	} else {
		process = process_new(record->serial, &record->found, record_text(payload, len, 0),
		                      record_text(payload, len, 1), record_text(payload, len, 2),
		                      model->settings->interval_ms);
		util_set_str(&process->owner_why, record_text(payload, len, 3));
		model_values_init(model, process);
		process->quiet_from_us = now;
		if (util_real_us() - record->found.start_us < YOUNG_US)
			process->info_again_us = now + YOUNG_US;
		process->detect.wanted = model->settings->detect;
		process->state_seen = process_state(process, now);
		process_table_add(model->processes, process);
		model_log(model, process, 0, EVENT_FOUND, "user", process->user, "socket",
		          process->socket, NULL);
		if (dump_list_adopt(model->dumps, &process->found, process->serial))
			process->dumps_changed_us = util_real_us();
		model_notify(model, MODEL_FOUND, process);
	}
	if (record->found.flags & RECORD_FOUND_OLD)
		process->info_over = TRUE;
	model_attach_look(model, process);
}

static void take_gone(Model *model, const Record *record)
{
	Process *process = process_table_steal(model->processes, record->serial);

	if (!process)
		return;
	model_log(model, process, 0, EVENT_GONE, NULL);
	model->dropped_events += process_dropped_events(process);
	model_attach_gone(model, process);
	dump_list_process_gone(model->dumps, process->serial);
	ask_queue_target_gone(model->asks, process->serial);
	model_notify(model, MODEL_GONE, process);
	process_free(process);
}

static void take_notice(Model *model, const Record *record, const char *payload, gsize len)
{
	Process *process = process_table_find(model->processes, record->serial);

	model_log_texts(model, process, record->pid, record->word, payload, len);
}

static void take_health(Model *model, const Record *record)
{
	model->broker_rss_kb = record->value;
	model->no_fds_broker = (record->health.flags & RECORD_HEALTH_NO_FDS) != 0;
	model->too_many_sockets = (record->health.flags & RECORD_HEALTH_TOO_MANY_SOCKETS) != 0;
	model->sockets_uid = record->health.sockets_uid;
	model->broker_wall = record->health.wall;
	model->has_broker_wall = TRUE;
}

static void take_reply(Model *model, const Record *record, const char *payload, gsize len)
{
	Process *process = record->id ? NULL : process_table_find(model->processes, record->serial);

	/* Without an id: the broker's own first ProcessInfo. With one: nobody waits for it any
	 * more. */
	if (process)
		take_info(model, process, record, payload, len);
}

void model_over(Model *model, int reason)
{
	if (model->ended)
		return;
	model->ended = TRUE;
	model->callbacks.ended(reason, model->data);
}

static void take_record(Model *model, const Record *record, const char *payload, gsize len)
{
	switch (record->kind) {
	case RECORD_FOUND:
		take_found(model, record, payload, len);
		break;
	case RECORD_GONE:
		take_gone(model, record);
		break;
	case RECORD_SCANNED:
		if (model->callbacks.scanned)
			model->callbacks.scanned(model->data);
		break;
	case RECORD_REPLY:
		take_reply(model, record, payload, len);
		break;
	case RECORD_DUMP_PROGRESS:
		model_dumps_progress(model, record);
		break;
	case RECORD_DUMP_SEALED:
		model_dumps_sealed(model, record, payload, len);
		break;
	case RECORD_DUMP_FAILED:
		model_dumps_failed(model, record, payload, len);
		break;
	case RECORD_DUMP_REMOVED:
		model_dumps_removed(model, record, payload, len);
		break;
	case RECORD_NOTICE:
		take_notice(model, record, payload, len);
		break;
	case RECORD_HEALTH:
		take_health(model, record);
		break;
	case RECORD_ENDING:
		model->end.told = TRUE;
		model_begin_end(model);
		break;
	case RECORD_STOP:
		model_end(model, 0);
		break;
	default:
		g_debug("record %s: ignored", record_kind_name(record->kind));
	}
}

static void on_record(const Record *record, const char *payload, size_t len, int fd, void *data)
{
	Model *model = data;
	autofd int own = fd;

	/* SEALED and the like carry the id of an ask that was answered long ago. */
	if ((record->kind == RECORD_REPLY || record->kind == RECORD_STREAM) &&
	    ask_queue_take(model->asks, record, payload, len, fd)) {
		(void)g_steal_fd(&own);
		return;
	}
	if (record->kind == RECORD_STREAM)
		model_attach_stream(model, record, g_steal_fd(&own));
	else
		take_record(model, record, payload, len);
}

static void on_closed(int reason, void *data)
{
	Model *model = data;

	ask_queue_fail_all(model->asks, -EPIPE);
	model_over(model, reason ? reason : -EPIPE);
}

static gboolean on_tick(gpointer data)
{
	Model *model = data;
	const Record ping = record_new(RECORD_PING);
	gint64 now = g_get_monotonic_time();

	for (Process *p = process_table_next(model->processes, 0); p;
	     p = process_table_next(model->processes, p->serial)) {
		model_attach_tick(model, p);
		model_trigger_tick(model, p);
		ask_info_again(model, p, now);
		if (process_state(p, now) != p->state_seen)
			model_touch(model, p);
	}
	(void)link_send(model->link, &ping, NULL, 0, -1);
	return G_SOURCE_CONTINUE;
}

static unsigned session_fds(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
		return G_MAXUINT;
	return (unsigned)(limit.rlim_cur - MIN(FDS_RESERVE, limit.rlim_cur / 2));
}

Model *model_new(int link_fd, int log_fd, const Settings *settings, const ModelCallbacks *callbacks,
                 void *data)
{
	static const LinkCallbacks link_callbacks = { .record = on_record, .closed = on_closed };
	Model *model = g_new0(Model, 1);

	model->settings = settings;
	model->callbacks = *callbacks;
	model->data = data;
	model->processes = process_table_new();
	model->dumps = dump_list_new();
	model->events = event_log_new(EVENT_LOG_ROOT_SIZE);
	model->metrics = metrics_new();
	model->sessions = g_ptr_array_new();
	model->fds_max = session_fds();
	model->statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	g_queue_init(&model->acts);
	journal_init(&model->journal, log_fd);
	model_dumps_init(model);
	model->link = link_new(link_fd, TRUE, &link_callbacks, model);
	model->asks = ask_queue_new(model->link);
	model->tick = g_timeout_add(TICK_MS, on_tick, model);
	return model;
}

void model_free(Model *model)
{
	if (!model)
		return;
	g_source_remove(model->tick);
	model_end_clear(model);
	model_acts_end(model);
	model_dumps_end(model);
	model_attach_end(model);
	ask_queue_free(model->asks);
	link_free(model->link);
	process_table_free(model->processes);
	dump_list_free(model->dumps);
	event_log_free(model->events);
	metrics_free(model->metrics);
	journal_clear(&model->journal);
	util_close_fd(&model->statm);
	g_free(model);
}

void model_set_wall(Model *model, const RecordWall *wall)
{
	model->front_wall = *wall;
	model->has_front_wall = TRUE;
}

void model_ready(Model *model)
{
	Record record = record_new(RECORD_READY);

	(void)link_send(model->link, &record, NULL, 0, -1);
	model_values_begin(model);
}

const Settings *model_settings(const Model *model)
{
	return model->settings;
}

ProcessTable *model_processes(const Model *model)
{
	return model->processes;
}

DumpList *model_dumps(const Model *model)
{
	return model->dumps;
}

EventLog *model_events(const Model *model)
{
	return model->events;
}

gint64 model_now_us(const Model *model)
{
	return g_get_monotonic_time();
}

void model_observe(Model *model, ModelObserver observer, void *data)
{
	for (unsigned i = 0; i < MODEL_OBSERVERS_MAX; i++) {
		if (!model->observers[i].call) {
			model->observers[i] = (ModelObserverEntry){ observer, data };
			return;
		}
	}
	g_assert_not_reached();
}

void model_unobserve(Model *model, ModelObserver observer, void *data)
{
	for (unsigned i = 0; i < MODEL_OBSERVERS_MAX; i++) {
		if (model->observers[i].call == observer && model->observers[i].data == data)
			model->observers[i] = (ModelObserverEntry){ 0 };
	}
}

void model_figures(const Model *model, ModelFigures *ret)
{
	*ret = (ModelFigures){
		.sessions = model->sessions->len,
		.asks = ask_queue_n(model->asks),
		.dropped_events = model->dropped_events,
		.log_dropped = model->journal.dropped,
		.broker_rss_kb = model->broker_rss_kb,
		.no_fds_front = model->no_fds_front,
		.no_fds_broker = model->no_fds_broker,
		.too_many_sockets = model->too_many_sockets,
		.sockets_uid = model->sockets_uid,
		.front_wall = model->has_front_wall ? &model->front_wall : NULL,
		.broker_wall = model->has_broker_wall ? &model->broker_wall : NULL,
	};
	for (const Process *p = process_table_next(model->processes, 0); p;
	     p = process_table_next(model->processes, p->serial))
		ret->dropped_events += process_dropped_events(p);
}
