/* See dump-job.h. */
#include "fs/broker/dump-job.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include "fs/broker/acts.h"
#include "fs/broker/broker.h"
#include "fs/broker/dump-queue.h"
#include "fs/broker/dump-space.h"
#include "fs/broker/dump-writer.h"
#include "fs/broker/memory-cgroup.h"
#include "fs/broker/preflight.h"
#include "fs/broker/thaw.h"
#include "fs/util.h"
#include "ipc/commands.h"

enum {
	SEAL_DEADLINE_MS = 300000,
	CLOCK_SLACK_US = 2000000, /* the two clocks are not read at once */
};

static const char unwanted_text[] = "it is not wanted any more";

static DumpQueue *waiting;
static GQueue running = G_QUEUE_INIT; /* and confirming: these have a place already */

static void start_waiting(Broker *broker);

static const DumpWriter *job_writer(const DumpJob *job)
{
	return broker_config(job->target->broker)->writer;
}

static const DumpLimits *job_limits(const DumpJob *job)
{
	return &broker_config(job->target->broker)->limits;
}

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
	freeze_end(&job->freeze);
	dump_queue_remove(waiting, job);
	g_queue_remove(&running, job);
	target->dump = NULL;
	util_close_fd(&job->createdump);
	util_close_fd(&job->kills_fd);
	g_free(job->leaf_path);
	g_free(job->name);
	g_free(job->file);
	g_free(job->seal_text);
	g_free(job->killed_text);
	g_free(job);
	if (target->ended)
		broker_release_target(target);
}

static gboolean lacked_memory(const DumpJob *job)
{
	uint64_t kills;

	return job->sent && job->kills_fd >= 0 &&
	       memory_cgroup_read_kills(job->kills_fd, &kills) == 0 && kills > job->kills;
}

static void fail(DumpJob *job, int error, const char *text)
{
	Record record = record_new(RECORD_DUMP_FAILED);
	Broker *broker = job->target->broker;

	if (lacked_memory(job)) {
		error = -ENOMEM;
		text = "oom: memory ran out, and the kernel killed in the process's cgroup "
		       "while its dump was written";
	}

	record.id = job->ask;
	record.serial = job->target->serial;
	record.error = error;
	if (!text || !text[0])
		text = g_strerror(-error);
	broker_send(broker, &record, text, strlen(text) + 1, -1);
	if (job->sent)
		thaw_watch(job->target);
	job_free(job);
	start_waiting(broker);
}

static void progress(DumpJob *job, RecordDumpState state)
{
	Record record = record_new(RECORD_DUMP_PROGRESS);

	record.id = job->ask;
	record.serial = job->target->serial;
	record.state = state;
	record.value = job->size;
	record.progress.expected = MAX(job->expected, job->size);
	broker_send(job->target->broker, &record, NULL, 0, -1);
}

/* It is the process still that it was when the dump was asked for; else the job is over. */
static gboolean is_same(DumpJob *job)
{
	Target *target = job->target;
	int r = target_look(target);

	/* One that ended when its dump was whole has changed into nobody. */
	if (r >= 0 || (r == -ESRCH && job->sent))
		return TRUE;
	fail(job, r, r == -ESTALE ? TARGET_REPLACED_TEXT : NULL);
	if (r == -ESTALE)
		broker_end_target(target);
	return FALSE;
}

static void publish(DumpJob *job)
{
	Target *target = job->target;
	Store *store = broker_store(target->broker);
	Record record = record_new(RECORD_DUMP_SEALED);
	g_autoptr(GString) texts = g_string_new(NULL);
	g_autofree char *path = NULL;
	const StoreDump *dump;
	Broker *broker;
	int r;

	record.sealed = (RecordSealed){
		.pid = target->identity.pid,
		.uid = job->owner.uid,
		.gid = job->owner.gid,
		.type = job->type,
		.written_type = job->written_type,
		.reason = job->reason,
		.json_due = 1,
		.start_us = identity_start_us(target->identity.start_ticks),
		.requested_us = job->requested_us,
		.sealed_us = util_real_us(),
		.start_ticks = target->identity.start_ticks,
		.frozen_us = freeze_total_us(&job->freeze),
		.frozen_at_us = job->freeze.at_us,
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
	broker = target->broker;
	job_free(job);
	broker_apply_retention(broker);
	start_waiting(broker);
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

static int64_t clock_offset_us(void)
{
	return util_real_us() - g_get_monotonic_time();
}

static void note_leaf_time(DumpJob *job)
{
	struct stat st;

	if (fstat(job->leaf_fd, &st) == 0)
		job->leaf_us = (int64_t)st.st_mtim.tv_sec * G_USEC_PER_SEC;
	job->leaf_offset_us = clock_offset_us();
}

int64_t dump_job_since_us(const DumpJob *job)
{
	int64_t stepped = clock_offset_us() - job->leaf_offset_us;

	return job->leaf_us + MIN(stepped, 0) - CLOCK_SLACK_US;
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
		.since_us = dump_job_since_us(job),
		.rename = TRUE,
		.reader = target->identity.credentials,
	};
	const int fds[] = { act.leaf, act.sealed };
	g_autofree char *part = NULL;

	store_new_name(store, target->identity.pid, job->requested_us, &job->name, &job->file);
	part = store_part_name(job->file);
	g_strlcpy(act.name, part, sizeof act.name);
	job->sealing = TRUE;
	job->seal_error = -EIO;
	job->helper = helper_start(act_seal, &act, sizeof act, fds, G_N_ELEMENTS(fds),
	                           SEAL_DEADLINE_MS, &callbacks, job);
}

void dump_job_measure(DumpJob *job)
{
	struct stat st;

	if (fstatat(job->leaf_fd, "core", &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	job->size = (uint64_t)st.st_size;
	job->disk = (uint64_t)st.st_blocks * 512;
}

void dump_job_written(DumpJob *job, int error, const char *text)
{
	g_autofree char *why = NULL;

	if (job->timer)
		g_source_remove(job->timer);
	job->timer = 0;
	freeze_end(&job->freeze);
	if (!error) { /* it may have grown since the last tick */
		dump_job_measure(job);
		error = dump_space_during(job, &why);
		text = why;
	}
	if (error)
		fail(job, error, text);
	else if (is_same(job))
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
	job_writer(job)->watch(job);
	if (target->dump == job && job->timer)
		progress(job, RECORD_DUMP_RUNNING);
	return target->dump == job && job->timer ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void start(DumpJob *job)
{
	g_autofree char *text = NULL;
	int r = dump_space_before(job->target, job->expected, job, &text);

	if (job->timer)
		g_source_remove(job->timer);
	job->timer = 0;
	job->confirming = FALSE;
	if (r < 0) { /* others have taken it since */
		fail(job, r, text);
		return;
	}
	if (identity_state_stopped(identity_state(&job->target->identity))) {
		fail(job, -EAGAIN, "the process is stopped");
		return;
	}
	if (!is_same(job))
		return;
	if (job->kills_fd >= 0 && memory_cgroup_read_kills(job->kills_fd, &job->kills) < 0)
		util_close_fd(&job->kills_fd);
	job->running = TRUE;
	job->started_us = job->progress_us = g_get_monotonic_time();
	job->timer = g_timeout_add(DUMP_JOB_TICK_MS, on_tick, job);
	freeze_begin(&job->freeze, &job->target->identity);
	progress(job, RECORD_DUMP_RUNNING);
	r = job_writer(job)->start(job);
	if (r < 0)
		fail(job, r, NULL);
}

static gboolean on_unconfirmed(gpointer data)
{
	DumpJob *job = data;

	job->timer = 0;
	start(job);
	return G_SOURCE_REMOVE;
}

static void confirm(DumpJob *job)
{
	job->confirming = TRUE;
	job->timer = g_timeout_add(DUMP_JOB_CONFIRM_MS, on_unconfirmed, job);
	progress(job, RECORD_DUMP_CONFIRMING);
}

void dump_job_withdraw(DumpJob *job)
{
	if (!job->accepted)
		job->withdrawn = TRUE;
	else if (!job->running)
		fail(job, -ECANCELED, unwanted_text);
}

void dump_job_confirm(uint64_t ask, gboolean go_on)
{
	for (GList *link = running.head; link; link = link->next) {
		DumpJob *job = link->data;

		if (job->ask != ask || !job->confirming)
			continue;
		if (go_on)
			start(job);
		else
			fail(job, -ECANCELED, "the condition was false when its turn came");
		return;
	}
}

static gboolean is_stale(const DumpJob *job)
{
	return job->reason == RECORD_REASON_TRIGGER &&
	       g_get_monotonic_time() - job->queued_us > DUMP_JOB_STALE_MS * 1000;
}

/*
 * When root mounts, one user's processes leave a place free for those of others: how long a dump takes is in the
 * hands of who is dumped. Root's own are no such user.
 */
static gboolean may_run(uid_t uid, void *data)
{
	const BrokerConfig *config = broker_config(data);
	unsigned n = 0, share = MAX(config->limits.max_parallel, 2) - 1;

	if (!config->root_mode || uid == 0)
		return TRUE;
	for (GList *link = running.head; link; link = link->next)
		n += ((const DumpJob *)link->data)->target->identity.credentials.uid == uid;
	return n < share;
}

static void start_waiting(Broker *broker)
{
	while (!broker_is_ending(broker) &&
	       running.length < broker_config(broker)->limits.max_parallel) {
		DumpJob *job = dump_queue_take(waiting, may_run, broker);

		if (!job)
			return;
		g_queue_push_tail(&running, job);
		if (is_stale(job))
			confirm(job);
		else
			start(job);
	}
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

static void refuse_full(DumpJob *job)
{
	static const char text[] = "too many dumps are waiting already";
	Record record = record_new(RECORD_REPLY);

	record.id = job->ask;
	record.serial = job->target->serial;
	record.error = -EAGAIN;
	record.value = RECORD_REFUSED_QUEUE_FULL;
	broker_send(job->target->broker, &record, text, sizeof text, -1);
	job_free(job);
}

/* Before it was accepted. */
static void refuse(DumpJob *job, int error, const char *text)
{
	broker_reply(job->target->broker, job->ask, job->target->serial, error, text);
	job_free(job);
}

static void on_preflight(PreflightResult *result, void *data)
{
	DumpJob *job = data;
	Target *target = job->target;

	job->preflight = NULL;
	if (result->error) {
		refuse(job, result->error, result->text);
		return;
	}
	if (job->withdrawn) {
		refuse(job, -ECANCELED, unwanted_text);
		return;
	}
	if (dump_queue_is_full(waiting, target->identity.credentials.uid)) {
		refuse_full(job);
		return;
	}
	job->expected = result->expected;
	job->queued_us = g_get_monotonic_time();
	job->leaf_path = g_steal_pointer(&result->leaf_path);
	job->leaf_fd = result->leaf_fd;
	note_leaf_time(job);
	job->kills_fd = g_steal_fd(&result->kills_fd);
	job->accepted = TRUE;
	broker_reply(target->broker, job->ask, target->serial, 0, NULL);
	choose_type(job, result->kind);
	dump_queue_add(waiting, target->identity.credentials.uid, job);
	if (running.length >= job_limits(job)->max_parallel ||
	    !may_run(target->identity.credentials.uid, target->broker))
		progress(job, RECORD_DUMP_QUEUED);
	start_waiting(target->broker);
}

void dump_job_ask(Target *target, uint64_t ask, guint32 type, RecordReason reason)
{
	const char *text = NULL;
	int r = target_refusal(target, &text);
	Preflight *preflight;
	DumpJob *job;

	if (r < 0) {
		broker_reply(target->broker, ask, target->serial, r, text);
		return;
	}
	if (!waiting)
		waiting = dump_queue_new();
	job = g_new0(DumpJob, 1);
	job->reason = reason;
	job->target = target;
	job->ask = ask;
	job->type = type;
	job->requested_us = util_real_us();
	job->leaf_fd = -1;
	job->createdump = job->kills_fd = -1;
	job->owner = target->identity.owner;
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
		refuse(job, -ESRCH, "the process is gone");
		return;
	}
	if (job->running)
		job_writer(job)->cancel(job);
	fail(job, -ESRCH, "the process ended before its dump was whole");
}

void dump_job_end_waiting(DumpJob *job)
{
	static const char text[] = "the daemon ends";

	if (!job->accepted)
		refuse(job, -EAGAIN, text);
	else if (!job->running)
		fail(job, -ECANCELED, text);
}

void dump_jobs_each(DumpJobEach each, void *data)
{
	for (GList *link = running.head; link; link = link->next)
		each(link->data, data);
}

gboolean dump_jobs_active(void)
{
	return running.length || (waiting && dump_queue_n(waiting));
}
