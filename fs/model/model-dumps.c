/*
 * Dumps from the ask to the list: who asked and why is kept in a Job, so that the json can be
 * written although the process may be gone by then.
 *
 *   DUMP -> REPLY (accepted or not) -> PROGRESS .. -> SEALED -> ANNEX (json) -> shown in the list
 *                                      (CONFIRM)   `-> FAILED
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include "fs/model/dump-json.h"
#include "fs/model/model-internal.h"
#include "fs/model/number.h"
#include "fs/util.h"

enum {
	SHOW_WITHOUT_JSON_MS = 2000
};

#define CORE (1u << RECORD_PART_CORE)
#define JSON (1u << RECORD_PART_JSON)

typedef struct {
	Model *model;
	guint64 id; /* of the ask */
	guint64 process_serial;
	pid_t pid;
	unsigned generation; /* of the trigger that asked */
	DumpStory story;
	ModelAct *act;       /* until the ask is answered; NULL when no user waits */
	gboolean accepted;   /* the ask was answered well */
	gboolean begun;      /* dump-started was said */
	gboolean is_untold;  /* that it fired is told when the ask was answered well */
	gboolean withdrawn;  /* its line was written over while it was queued */
	guint64 dump;        /* its serial, once sealed */
	gboolean from_store; /* of an earlier life of the daemon, which stored no json */
	gboolean shown;
	gboolean is_over; /* and counted */
	guint64 json_size;
	guint timer;
} Job;

static void job_free(gpointer data)
{
	Job *job = data;

	if (job->timer)
		g_source_remove(job->timer);
	dump_story_clear(&job->story);
	g_free(job);
}

void model_dumps_init(Model *model)
{
	model->jobs = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, job_free);
}

void model_dumps_end(Model *model)
{
	g_hash_table_unref(model->jobs);
}

/* The job of what the broker tells of a dump, which it does after its answer to the ask. */
static Job *find_job(const Model *model, const Record *record)
{
	Job *job = g_hash_table_lookup(model->jobs, &record->id);

	return job && job->accepted ? job : NULL;
}

/* NULL when it is gone. */
static Process *job_process(const Job *job)
{
	return process_table_find(job->model->processes, job->process_serial);
}

static void set_dump_state(Process *process, ProcessDumpState state)
{
	process->dump_state = state;
	if (state != PROCESS_DUMP_IDLE)
		return;
	process->dump_job = 0;
	process->dump_bytes = 0;
	process->dump_expected = 0;
	/* It could not send while it was frozen: for all that counts time it stood still. */
	trigger_pause(&process->trigger);
	process->quiet_from_us = g_get_monotonic_time();
}

static Job *job_new(Model *model, Process *process, gboolean by_trigger)
{
	Job *job = g_new0(Job, 1);
	g_autoptr(GString) counters = g_string_new(NULL);
	g_autoptr(GString) condition = g_string_new(NULL);
	const Trigger *trigger = &process->trigger;

	job->model = model;
	job->process_serial = process->serial;
	job->pid = process->found.pid;
	job->generation = trigger->generation;
	dump_json_counters(process->counters, counters);
	if (by_trigger && trigger->fired)
		trigger_line_describe(trigger->fired, condition);
	job->story = (DumpStory){
		.by_trigger = by_trigger,
		.condition = by_trigger ? g_strdup(condition->str) : NULL,
		.threshold_mb = trigger_threshold_mb(trigger),
		.value = by_trigger && trigger->fired ? trigger->fired->value : NAN,
		.value_mb = process->heap.known ? process->heap.mb : NAN,
		.runtime = g_strdup(process_runtime(process)),
		.command = g_strdup(process_command_line(process)),
		.counters = g_strdup(counters->str),
		.start_us = process->found.start_us,
	};
	return job;
}

static void count(Process *process, ProcessDumpResult result)
{
	if (process)
		process->dump_results[result]++;
}

/* Its turn came late, and the condition was false by then: not a failure, and armed again. */
static void tell_dropped(Job *job, Process *process)
{
	if (process)
		trigger_dump_missed(&process->trigger, job->generation, g_get_monotonic_time());
	count(process, PROCESS_DUMP_MISSED);
	model_log(job->model, process, job->pid, EVENT_MISSED, "reason", "queue", NULL);
}

/* Missed: the crossing could not be used, the trigger stays armed. Failed: until the next write. The events
 * have the word for it where there is one, the status the sentence. */
static void tell_failure(Job *job, int error, const char *word, const char *sentence)
{
	Process *process = job_process(job);
	gboolean missed = !job->begun && (error == -EBUSY || error == -EAGAIN);
	gint64 now = g_get_monotonic_time();

	if (job->withdrawn && error == -ECANCELED)
		return;
	if (job->accepted && job->story.by_trigger && error == -ECANCELED) {
		tell_dropped(job, process);
	} else if (!job->accepted && !job->story.by_trigger) {
		model_log(job->model, process, job->pid, EVENT_REFUSED, "what", "dump", "error",
		          sentence, NULL);
	} else if (!process || !job->story.by_trigger) {
		count(process, PROCESS_DUMP_FAILED);
		model_log(job->model, process, job->pid, EVENT_DUMP_FAILED, "error", sentence,
		          NULL);
	} else if (!missed) {
		count(process, PROCESS_DUMP_FAILED);
		model_log(job->model, process, 0, EVENT_DUMP_FAILED, "error", sentence, NULL);
		trigger_dump_failed(&process->trigger, job->generation);
	} else if (trigger_dump_missed(&process->trigger, job->generation, now)) {
		count(process, PROCESS_DUMP_MISSED);
		model_log(job->model, process, 0, EVENT_MISSED, "reason", word ? word : sentence,
		          NULL);
	} else {
		return;
	}
	if (process)
		model_set_error(job->model, process, sentence);
}

/* What waited for the end of one that was withdrawn gets its turn. */
static void end_job(Job *job)
{
	Model *model = job->model;
	Process *next = job->withdrawn ? job_process(job) : NULL;

	g_hash_table_remove(model->jobs, &job->id);
	if (next)
		model_trigger_look(model, next);
}

/* It comes to nothing, before it was accepted or after. */
static void fail_job(Job *job, int error, const char *word, const char *sentence)
{
	Process *process = job_process(job);

	if (process && process->dump_job == job->id)
		set_dump_state(process, PROCESS_DUMP_IDLE);
	tell_failure(job, error, word, sentence);
	if (process)
		model_touch(job->model, process);
	end_job(job);
}

/* What fired, and by what. */
static void tell_fired(Model *model, Process *process)
{
	const TriggerLine *line = process->trigger.fired;
	g_autoptr(GString) condition = g_string_new(NULL);
	char value[NUMBER_MAX], limit[NUMBER_MAX];

	trigger_line_describe(line, condition);
	number_format(line->value, value);
	number_format(line->limit, limit);
	if (line->source != TRIGGER_HEAP)
		model_log(model, process, 0, EVENT_FIRED, "value", value, "trigger", condition->str,
		          NULL);
	else if (line->kind == &trigger_compare)
		model_log(model, process, 0, EVENT_FIRED, "value_mb", value, "threshold_mb", limit,
		          "trigger", condition->str, NULL);
	else
		model_log(model, process, 0, EVENT_FIRED, "value_mb", value, "trigger",
		          condition->str, NULL);
}

static void on_answer(int error, const Record *record, const char *payload, gsize len, int fd,
                      void *data)
{
	Job *job = data;
	Process *process = job_process(job);
	ModelAct *act = g_steal_pointer(&job->act);
	g_autofree char *sentence = NULL;

	util_close_fd(&fd);
	if (!error) {
		job->accepted = TRUE;
		if (process && job->is_untold && process->trigger.generation == job->generation)
			tell_fired(job->model, process);
		if (process)
			model_touch(job->model, process);
		model_act_done(act, 0, -1, 0);
		return;
	}
	sentence = g_strdup(model_sentence(error, payload, len));
	fail_job(job, error,
	         record && record->value == RECORD_REFUSED_QUEUE_FULL ? "queue-full" : NULL,
	         sentence);
	model_act_done(act, error, -1, 0);
}

static int ask(Model *model, Process *process, Job *job, guint32 type)
{
	Record record = record_new(RECORD_DUMP);
	gboolean by_trigger = job->story.by_trigger;

	record.serial = process->serial;
	record.type = type;
	record.reason = by_trigger ? RECORD_REASON_TRIGGER : RECORD_REASON_DEMAND;
	job->id = ask_queue_send(model->asks, &record, NULL, 0, -1, !by_trigger, on_answer, job);
	if (!job->id) {
		job_free(job);
		return -EAGAIN;
	}
	g_hash_table_insert(model->jobs, &job->id, job);
	process->dump_job = job->id;
	set_dump_state(process, PROCESS_DUMP_QUEUED);
	model_touch(model, process);
	return 0;
}

int model_dumps_demand(Model *model, Process *process, guint32 type, ModelAct *act)
{
	Job *job = job_new(model, process, FALSE);

	job->act = act;
	return ask(model, process, job, type);
}

void model_dumps_fire(Model *model, Process *process)
{
	Trigger *trigger = &process->trigger;
	const Job *other = g_hash_table_lookup(model->jobs, &process->dump_job);
	const char *why = NULL;
	Job *job;

	/* State dumping: what was read now was sent before. */
	if (process->dump_state != PROCESS_DUMP_IDLE)
		why = "a dump is queued or running already";
	else if (process->found.flags & RECORD_FOUND_STOPPED)
		why = "the process is stopped";
	if (other && other->withdrawn) {
		trigger_postpone(trigger);
		return;
	}
	if (why) {
		if (trigger_dump_missed(trigger, trigger->generation, g_get_monotonic_time())) {
			count(process, PROCESS_DUMP_MISSED);
			model_log(model, process, 0, EVENT_MISSED, "reason", why, NULL);
			model_set_error(model, process, why);
		}
		return;
	}
	job = job_new(model, process, TRUE);
	job->is_untold = trigger->missed; /* each second, until it is answered well */
	if (!job->is_untold)
		tell_fired(model, process);
	ask(model, process, job, process->dump_type);
}

void model_dumps_withdraw(Model *model, Process *process)
{
	Record record = record_new(RECORD_DUMP_WITHDRAW);
	Job *job = g_hash_table_lookup(model->jobs, &process->dump_job);

	if (!job || job->begun || job->withdrawn || !job->story.by_trigger)
		return;
	job->withdrawn = TRUE;
	record.id = job->id;
	record.serial = process->serial;
	(void)link_send(model->link, &record, NULL, 0, -1);
}

/* Whether what a trigger asked for while the queue was long is worth a dump now. */
static gboolean still_wanted(const Process *process)
{
	return trigger_still_holds(&process->trigger);
}

static void answer_confirm(Model *model, const Job *job, const Process *process)
{
	Record record = record_new(RECORD_DUMP_CONFIRM);

	record.id = job->id;
	record.value = still_wanted(process);
	(void)link_send(model->link, &record, NULL, 0, -1);
}

void model_dumps_progress(Model *model, const Record *record)
{
	Job *job = find_job(model, record);
	Process *process = job ? job_process(job) : NULL;

	if (!process || job->dump)
		return;
	process->dump_bytes = record->value;
	process->dump_expected = record->progress.expected;
	if (record->state == RECORD_DUMP_CONFIRMING)
		answer_confirm(model, job, process);
	if (record->state != RECORD_DUMP_RUNNING || job->begun)
		return;
	job->begun = TRUE;
	job->withdrawn = FALSE; /* too late */
	set_dump_state(process, PROCESS_DUMP_RUNNING);
	if (job->story.by_trigger)
		trigger_dump_running(&process->trigger, job->generation);
	model_log(model, process, 0, EVENT_DUMP_STARTED, "reason", dump_story_reason(&job->story),
	          NULL);
	model_touch(model, process);
}

/* A sealed memfd of that text, or negative errno. */
static int make_memfd(const GString *text)
{
	autofd int fd = memfd_create("annex", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r = fd < 0 ? -errno : util_write_all(fd, text->str, text->len);

	if (r < 0)
		return r;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return -errno;
	return g_steal_fd(&fd);
}

static void tell_done(Job *job, Process *process, const Dump *dump)
{
	gboolean frozen = dump->info.frozen_us >= 0;
	gboolean has_state = process && job->story.by_trigger;
	char seconds[NUMBER_MAX], size[32];

	g_snprintf(size, sizeof size, "%" G_GUINT64_FORMAT, (guint64)dump->info.size);
	number_format((double)dump->info.frozen_us / 1e6, seconds);
	model_log(job->model, process, job->pid, EVENT_DUMP_DONE, "name", dump->name_pid, "type",
	          dump_type_name(dump->info.written_type), "size", size,
	          has_state ? "trigger" : "reason",
	          has_state ? trigger_state_name(process->trigger.state)
	                    : dump_story_reason(&job->story),
	          frozen ? "frozen_s" : NULL, seconds, NULL);
}

static void job_over(Job *job, Process *process)
{
	if (!process)
		return;
	if (!job->is_over)
		count(process, PROCESS_DUMP_DONE);
	job->is_over = TRUE;
	if (process->dump_job == job->id)
		set_dump_state(process, PROCESS_DUMP_IDLE);
	if (job->story.by_trigger)
		trigger_dump_done(&process->trigger, job->generation, g_get_monotonic_time());
}

/* In the list, from now on; tells once. */
static void show(Job *job, unsigned parts)
{
	Model *model = job->model;
	Process *process = job_process(job);
	Dump *dump = dump_list_any(model->dumps, job->dump);

	if (!dump) { /* retention has taken it already */
		job_over(job, process);
		if (process)
			model_touch(model, process);
		return;
	}
	dump->info.parts |= parts;
	if (parts & JSON)
		dump->info.json_size = job->json_size;
	dump_list_show(model->dumps, dump, dump->info.parts, util_real_us());
	if (process)
		process->dumps_changed_us = util_real_us();
	if (!job->shown) {
		job->shown = TRUE;
		job_over(job, process);
		tell_done(job, process, dump);
		if (process)
			model_touch(model, process);
	}
	model_notify(model, MODEL_DUMPS, NULL);
}

static gboolean on_show_timer(gpointer data)
{
	Job *job = data;

	job->timer = 0;
	show(job, CORE);
	return G_SOURCE_REMOVE;
}

/* Without a dump it was removed meanwhile, which was told. */
static void tell_annexed(const Job *job, int error, const char *sentence)
{
	const Dump *dump = dump_list_any(job->model->dumps, job->dump);
	Process *process = job_process(job);

	if (!dump)
		return;
	if (error)
		model_log(job->model, process, job->pid, EVENT_WARNING, "text",
		          "the dump's json could not be stored", "error", sentence, NULL);
	else if (job->from_store)
		model_log(job->model, process, job->pid, EVENT_WARNING, "text",
		          "the json of an earlier dump was made at this start: the daemon had "
		          "ended before it was stored",
		          "name", dump->name_pid, NULL);
}

static void on_annexed(int error, const Record *record, const char *payload, gsize len, int fd,
                       void *data)
{
	Job *job = data;

	util_close_fd(&fd);
	tell_annexed(job, error, error ? model_sentence(error, payload, len) : NULL);
	show(job, error ? CORE : CORE | JSON);
	end_job(job);
}

/* The id of the ask, 0 when it came to nothing. */
static guint64 annex(Job *job, const Dump *dump)
{
	Record record = record_new(RECORD_ANNEX);
	g_autoptr(GString) json = g_string_new(NULL);
	int fd;

	dump_json_build(&job->story, &dump->info, dump->path, json);
	fd = json->len <= RECORD_ANNEX_MAX ? make_memfd(json) : -EFBIG;
	if (fd < 0)
		return 0;
	job->json_size = json->len;
	record.serial = job->dump;
	record.part = RECORD_PART_JSON;
	job->timer = g_timeout_add(SHOW_WITHOUT_JSON_MS, on_show_timer, job);
	return ask_queue_send(job->model->asks, &record, NULL, 0, fd, FALSE, on_annexed, job);
}

/* It was sealed while the daemon ended, and nobody was there to write its json. */
static void annex_later(Model *model, const Dump *dump)
{
	Job *job = g_new0(Job, 1);

	job->model = model;
	job->pid = dump->info.pid;
	job->dump = dump->serial;
	job->from_store = TRUE;
	job->shown = TRUE;
	job->story = (DumpStory){
		.by_trigger = dump->info.reason == RECORD_REASON_TRIGGER,
		.value = NAN,
		.value_mb = NAN,
		.start_us = dump->info.start_us,
	};
	job->id = annex(job, dump);
	if (job->id)
		g_hash_table_insert(model->jobs, &job->id, job);
	else
		job_free(job);
}

void model_dumps_sealed(Model *model, const Record *record, const char *payload, gsize len)
{
	Job *job = find_job(model, record);
	Process *process = process_table_find_pid(model->processes, record->sealed.pid);
	Dump *dump = dump_list_put(model->dumps, record->serial, &record->sealed,
	                           record_text(payload, len, 0), record_text(payload, len, 1));

	dump->info.parts |= job ? CORE : 0;
	if (process && dump_list_adopt(model->dumps, &process->found, process->serial))
		process->dumps_changed_us = util_real_us();
	if (job && !job->dump) {
		job->dump = record->serial;
		if (!annex(job, dump))
			on_annexed(-EIO, NULL, NULL, 0, -1, job);
		return;
	}
	/* From the store, at start. */
	dump_list_show(model->dumps, dump, dump->info.parts, dump->info.sealed_us);
	model_notify(model, MODEL_DUMPS, NULL);
	if (dump->info.json_due && dump->info.parts == CORE)
		annex_later(model, dump);
}

gboolean model_dumps_active(const Model *model)
{
	return g_hash_table_size(model->jobs) > 0;
}

void model_dumps_failed(Model *model, const Record *record, const char *payload, gsize len)
{
	Job *job = find_job(model, record);
	int error = record->error ? record->error : -EIO;

	if (job && !job->dump)
		fail_job(job, error, NULL, model_sentence(error, payload, len));
}

void model_dumps_removed(Model *model, const Record *record, const char *payload, gsize len)
{
	const Dump *dump = dump_list_any(model->dumps, record->serial);
	Process *process;
	unsigned parts;

	if (!dump)
		return;
	process = process_table_find(model->processes, dump->info.process_serial);
	model_log(model, process, dump->info.pid, EVENT_DUMP_REMOVED, "name", dump->name_pid,
	          "reason", record_text(payload, len, 0), NULL);
	parts = dump->info.parts;
	for (unsigned part = 0; part < RECORD_N_PARTS; part++) /* frees it with the last */
		if (parts & (1u << part))
			dump_list_remove_part(model->dumps, record->serial, (RecordPart)part,
			                      util_real_us());
	if (process) {
		process->dumps_changed_us = util_real_us();
		model_touch(model, process);
	}
	model_notify(model, MODEL_DUMPS, NULL);
}
