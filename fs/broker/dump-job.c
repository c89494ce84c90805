/* See dump-job.h. */
#include "fs/broker/dump-job.h"
#include <errno.h>
#include <string.h>
#include "fs/broker/acts.h"
#include "fs/broker/broker.h"
#include "fs/broker/dump-writer.h"
#include "fs/broker/preflight.h"
#include "fs/broker/thaw.h"
#include "fs/util.h"
#include "ipc/commands.h"

enum {
	SEAL_DEADLINE_MS = 300000
};

static GQueue waiting = G_QUEUE_INIT;
static GQueue running = G_QUEUE_INIT;

static const DumpWriter *const writer = &dump_writer_createdump;

static void start_waiting(void);

static void job_free(DumpJob *job)
{
	Target *target = job->target;

	if (job->timer)
		g_source_remove(job->timer);
	if (job->preflight)
		preflight_cancel(job->preflight);
	if (job->helper)
		helper_cancel(job->helper);
	if (job->leaf_path)
		store_drop_leaf(broker_store(target->broker), job->leaf_path, job->leaf_fd);
	g_queue_remove(&waiting, job);
	g_queue_remove(&running, job);
	target->dump = NULL;
	util_close_fd(&job->createdump);
	g_free(job->leaf_path);
	g_free(job->name);
	g_free(job->file);
	g_free(job->seal_text);
	g_free(job);
	if (target->ended)
		broker_release_target(target);
}

static void fail(DumpJob *job, int error, const char *text)
{
	Record record = record_new(RECORD_DUMP_FAILED);
	Broker *broker = job->target->broker;

	record.id = job->ask;
	record.serial = job->target->serial;
	record.error = error;
	if (!text || !text[0])
		text = g_strerror(-error);
	broker_send(broker, &record, text, strlen(text) + 1, -1);
	if (job->running)
		thaw_watch(job->target);
	job_free(job);
	start_waiting();
}

static void progress(DumpJob *job, RecordDumpState state)
{
	Record record = record_new(RECORD_DUMP_PROGRESS);

	record.id = job->ask;
	record.serial = job->target->serial;
	record.state = state;
	record.value = job->size;
	broker_send(job->target->broker, &record, NULL, 0, -1);
}

static void publish(DumpJob *job)
{
	Target *target = job->target;
	Store *store = broker_store(target->broker);
	Record record = record_new(RECORD_DUMP_SEALED);
	g_autoptr(GString) texts = g_string_new(NULL);
	g_autofree char *path = NULL;
	const StoreDump *dump;
	int r;

	record.sealed = (RecordSealed){
		.pid = target->identity.pid,
		.uid = target->identity.credentials.uid,
		.gid = target->identity.credentials.gid,
		.type = job->type,
		.written_type = job->written_type,
		.requested_us = job->requested_us,
		.sealed_us = util_real_us(),
		.start_ticks = target->identity.start_ticks,
	};
	r = store_publish(store, job->name, job->file, &record.sealed, &dump);
	if (r < 0) {
		store_discard(store, job->file);
		fail(job, r, "the dump could not be recorded in the store");
		return;
	}
	record.id = job->ask;
	record.serial = dump->serial;
	record.sealed = dump->info;
	record.sealed.process_serial = target->ended ? 0 : target->serial;
	path = g_build_filename(store_dir(store), "sealed", dump->file, NULL);
	g_string_append_len(texts, dump->name, (gssize)strlen(dump->name) + 1);
	g_string_append_len(texts, path, (gssize)strlen(path) + 1);
	broker_send(target->broker, &record, texts->str, texts->len, -1);
	thaw_watch(target);
	job_free(job);
	start_waiting();
}

static void on_sealed(const HelperMessage *message, int fd, void *data)
{
	DumpJob *job = data;

	util_close_fd(&fd);
	job->seal_error = message->error;
	util_set_str(&job->seal_text, message->text);
}

static void on_seal_done(int error, void *data)
{
	DumpJob *job = data;

	job->helper = NULL;
	if (!error && !job->seal_error) {
		publish(job);
		return;
	}
	store_discard(broker_store(job->target->broker), job->file);
	fail(job, error ? error : job->seal_error,
	     error ? "the dump could not be sealed in time" : job->seal_text);
}

static void seal(DumpJob *job)
{
	static const HelperCallbacks callbacks = { .message = on_sealed, .done = on_seal_done };
	Target *target = job->target;
	Store *store = broker_store(target->broker);
	ActSeal act = {
		.leaf = job->leaf_fd,
		.sealed = store_sealed_fd(store),
		.owner = target->identity.credentials.uid,
		.rename = TRUE,
		.reader = target->identity.credentials,
	};
	const int fds[] = { act.leaf, act.sealed };

	store_new_name(store, target->identity.pid, job->requested_us, &job->name, &job->file);
	g_strlcpy(act.name, job->file, sizeof act.name);
	job->sealing = TRUE;
	job->seal_error = -EIO;
	job->helper = helper_start(act_seal, &act, sizeof act, fds, G_N_ELEMENTS(fds),
	                           SEAL_DEADLINE_MS, &callbacks, job);
}

void dump_job_written(DumpJob *job, int error, const char *text)
{
	if (job->timer)
		g_source_remove(job->timer);
	job->timer = 0;
	if (error)
		fail(job, error, text);
	else
		seal(job);
}

static gboolean on_tick(gpointer data)
{
	DumpJob *job = data;
	Target *target = job->target;

	/* Dead, but traced: until createdump lets go nobody is told that it ended. */
	if (identity_state(&target->identity) == 'Z') {
		broker_end_target(target);
		return G_SOURCE_REMOVE;
	}
	writer->watch(job);
	if (target->dump == job && job->timer)
		progress(job, RECORD_DUMP_RUNNING);
	return target->dump == job && job->timer ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void start(DumpJob *job)
{
	int r;

	g_queue_push_tail(&running, job);
	job->running = TRUE;
	job->started_us = job->progress_us = g_get_monotonic_time();
	job->timer = g_timeout_add(DUMP_JOB_TICK_MS, on_tick, job);
	progress(job, RECORD_DUMP_RUNNING);
	r = writer->start(job);
	if (r < 0)
		fail(job, r, NULL);
}

static void start_waiting(void)
{
	while (running.length < DUMP_JOBS_RUNNING && waiting.length)
		start(g_queue_pop_head(&waiting));
}

static void choose_type(DumpJob *job, ActKind kind)
{
	job->written_type = job->type;
	job->may_fall_back = kind == ACT_KIND_UNKNOWN;
	if (kind != ACT_KIND_SINGLE_FILE || job->type == IPC_DUMP_FULL)
		return;
	job->written_type = IPC_DUMP_FULL;
	broker_notice(job->target->broker, job->target, 0, EVENT_WARNING, "text",
	              "a single-file program can be dumped in full alone: full is asked for", NULL);
}

static void on_preflight(PreflightResult *result, void *data)
{
	DumpJob *job = data;
	Target *target = job->target;

	job->preflight = NULL;
	if (!result->error && waiting.length >= DUMP_JOBS_QUEUED) {
		result->error = -EAGAIN;
		result->text = "too many dumps are waiting already";
	}
	if (result->error) {
		broker_reply(target->broker, job->ask, target->serial, result->error, result->text);
		job_free(job);
		return;
	}
	job->leaf_path = g_steal_pointer(&result->leaf_path);
	job->leaf_fd = result->leaf_fd;
	job->accepted = TRUE;
	broker_reply(target->broker, job->ask, target->serial, 0, NULL);
	choose_type(job, result->kind);
	g_queue_push_tail(&waiting, job);
	if (running.length >= DUMP_JOBS_RUNNING)
		progress(job, RECORD_DUMP_QUEUED);
	start_waiting();
}

void dump_job_ask(Target *target, uint64_t ask, guint32 type)
{
	const char *text = NULL;
	int r = target_refusal(target, &text);
	Preflight *preflight;
	DumpJob *job;

	if (r < 0) {
		broker_reply(target->broker, ask, target->serial, r, text);
		return;
	}
	job = g_new0(DumpJob, 1);
	job->target = target;
	job->ask = ask;
	job->type = type;
	job->requested_us = util_real_us();
	job->leaf_fd = -1;
	job->createdump = -1;
	target->dump = job;
	preflight = preflight_start(target, type, TRUE, on_preflight, job);
	if (preflight)
		job->preflight = preflight;
}

void dump_job_end(DumpJob *job)
{
	if (job->sealing)
		return;
	if (!job->accepted) {
		broker_reply(job->target->broker, job->ask, job->target->serial, -ESRCH,
		             "the process is gone");
		job_free(job);
		return;
	}
	if (job->running)
		writer->cancel(job);
	fail(job, -ESRCH, "the process ended before its dump was whole");
}

gboolean dump_jobs_active(void)
{
	return running.length || waiting.length;
}
