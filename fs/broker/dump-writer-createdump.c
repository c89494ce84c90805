/*
 * GenerateCoreDump over the diagnostics socket: the runtime forks createdump, which stops all threads of the
 * target, writes the file strictly forward and detaches. The reply comes afterwards, may say OK without a
 * file (single-file programs on 8 and 9), or may never come although the file is whole (1 of 51 seen). So
 * the file, TracerPid and createdump's CPU time are watched beside it.
 */
#include "fs/broker/dump-writer.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "fs/broker/acts.h"
#include "fs/broker/broker.h"
#include "fs/broker/dump-space.h"
#include "fs/broker/exchange.h"
#include "fs/util.h"
#include "ipc/replies.h"

enum {
	SILENT_AFTER_THAW_US = 30000000,
	STALLED_US = 60000000,
	REPLY_AFTER_KILL_US = 5000000,
	CHECK_DEADLINE_MS = 30000,
};

static int ask_runtime(DumpJob *job);

static int build(unsigned version, IpcRequest *ret, void *data)
{
	DumpJob *job = data;
	g_autofree char *path = g_build_filename(job->leaf_path, "core", NULL);

	return ipc_build_core_dump(version, path, (IpcDumpType)job->written_type, ret);
}

static void on_proven(Target *target, void *data)
{
	DumpJob *job = data;

	job->sent = TRUE;
	job->progress_us = g_get_monotonic_time();
}

/* Runtimes that can do full dumps alone say so from 10 on. */
static gboolean wants_full(const DumpJob *job, const char *text)
{
	return job->may_fall_back && job->written_type != IPC_DUMP_FULL && text &&
	       (strstr(text, "nly full dump") || strstr(text, "only supports full"));
}

/* Of an exchange that came to nothing; NULL: the errno's own words will do. */
static const char *reason_of(int error)
{
	static const struct {
		int error;
		const char *text;
	} reasons[] = {
		{ -EAGAIN, "the process is stopped" },
		{ -EMFILE, "the process has no free file descriptor" },
		{ -ENFILE, "the daemon has no file descriptor left" },
		{ -ECONNRESET, "the runtime closed the connection" },
		{ -EPROTO, "the runtime's answer cannot be understood" },
		{ -EPERM, TARGET_INSECURE_TEXT },
		{ -ESTALE, TARGET_REPLACED_TEXT },
		{ -EOPNOTSUPP, "the runtime knows no command that takes a dump" },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(reasons); i++)
		if (reasons[i].error == error)
			return reasons[i].text;
	return NULL;
}

static void on_reply(Target *target, const ExchangeResult *result, void *data)
{
	DumpJob *job = target->dump;
	g_autofree char *text = NULL;

	if (!job || job != data || !job->running || job->sealing)
		return;
	if (job->killed_us) {
		dump_job_written(job, job->killed_why, job->killed_text);
		return;
	}
	if (result->error == -ETIMEDOUT && job->sent) /* given up: the file is whole */
		dump_job_written(job, 0, NULL);
	else if (result->error)
		dump_job_written(job, result->error, reason_of(result->error));
	else if (result->ok)
		dump_job_written(job, 0, NULL);
	else {
		text = ipc_parse_error_text(result->payload, result->len);
		if (wants_full(job, text)) {
			job->written_type = IPC_DUMP_FULL;
			job->sent = FALSE;
			broker_notice(target->broker, target, 0, EVENT_WARNING, "text",
			              "the runtime can do full dumps alone: full is asked for",
			              NULL);
			ask_runtime(job);
			return;
		}
		dump_job_written(job, ipc_hresult_errno(result->hresult),
		                 text && text[0] ? text : ipc_hresult_text(result->hresult));
	}
}

static int ask_runtime(DumpJob *job)
{
	const ExchangeParams params = {
		.command = IPC_COMMAND_CORE_DUMP,
		.first = TRUE,
		.build = build,
		.done = on_reply,
		.proven = on_proven,
		.data = job,
		.ask = job->ask,
	};

	exchange_add(job->target, &params);
	return 0;
}

/* createdump of this target: who traces it, or its child of that name while it does not trace yet. 0 for
 * none. */
static pid_t find_in_children(int procfd, const char *tid)
{
	char name[64], text[4096], comm[64];
	char *at = text;

	g_snprintf(name, sizeof name, "task/%.20s/children", tid);
	if (discovery_read(procfd, name, text, sizeof text) <= 0)
		return 0;
	for (;;) {
		char *end;
		long pid = strtol(at, &end, 10);
		autofd int child = -1;

		if (end == at || pid <= 0)
			return 0;
		at = end;
		g_snprintf(name, sizeof name, "/proc/%ld", pid);
		child = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (child >= 0 && discovery_read(child, "comm", comm, sizeof comm) > 0 &&
		    g_str_has_prefix(comm, "createdump"))
			return (pid_t)pid;
	}
}

static pid_t find_child(const Target *target)
{
	int taskfd = openat(target->identity.procfd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = taskfd < 0 ? NULL : fdopendir(taskfd);
	struct dirent *entry;
	pid_t found = 0;

	if (!dir)
		return 0;
	while (!found && (entry = readdir(dir)))
		if (g_ascii_isdigit(entry->d_name[0]))
			found = find_in_children(target->identity.procfd, entry->d_name);
	closedir(dir);
	return found;
}

/*
 * A pidfd on it, taken before it is looked at: it must be the target's child, or, when the target is dead, what
 * still traces it and bears that name.
 */
/* Only what is the target's in all its ids: what it runs set-uid is not ours to end. */
static gboolean is_same_user(int procfd, uid_t uid)
{
	DiscoveryStatus status;

	if (discovery_read_status(procfd, &status) < 0)
		return FALSE;
	for (unsigned i = 0; i < G_N_ELEMENTS(status.uid); i++)
		if (status.uid[i] != uid)
			return FALSE;
	return TRUE;
}

static void remember_createdump(DumpJob *job, pid_t tracer)
{
	const Target *target = job->target;
	pid_t pid = tracer;
	char path[32], comm[64];
	DiscoveryStat stat;
	autofd int pidfd = -1;
	autofd int procfd = -1;

	if (job->createdump >= 0)
		return;
	if (!pid)
		pid = find_child(target);
	if (!pid)
		return;
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	g_snprintf(path, sizeof path, "/proc/%d", (int)pid);
	procfd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (pidfd < 0 || procfd < 0 || discovery_read_stat(procfd, &stat) < 0 ||
	    discovery_read(procfd, "comm", comm, sizeof comm) <= 0 ||
	    !is_same_user(procfd, target->identity.credentials.uid))
		return;
	if (stat.ppid == target->identity.pid ||
	    (identity_state(&target->identity) == 'Z' && g_str_has_prefix(comm, "createdump"))) {
		fcntl(pidfd, F_SETFD, FD_CLOEXEC);
		job->createdump = g_steal_fd(&pidfd);
	}
}

static void end_createdump(DumpJob *job)
{
	remember_createdump(job, identity_tracer(&job->target->identity));
	if (job->createdump >= 0)
		syscall(SYS_pidfd_send_signal, job->createdump, SIGKILL, NULL, 0);
}

static void kill_createdump(DumpJob *job, int why, const char *text)
{
	job->killed_us = g_get_monotonic_time();
	job->killed_why = why;
	job->killed_text = g_strdup(text);
	end_createdump(job);
}

static void note_progress(DumpJob *job, pid_t tracer, gint64 now)
{
	uint64_t size = job->size, cpu = job->cpu;

	dump_job_measure(job);
	if (tracer) {
		DiscoveryStat stat;
		char path[32];
		autofd int procfd = -1;

		g_snprintf(path, sizeof path, "/proc/%d", (int)tracer);
		procfd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (procfd >= 0 && discovery_read_stat(procfd, &stat) == 0)
			cpu = stat.utime + stat.stime;
	}
	if (size != job->size || cpu != job->cpu)
		job->progress_us = now;
	job->cpu = cpu;
	if (tracer) {
		job->was_traced = TRUE;
		job->thawed_us = 0;
	} else if (!job->thawed_us && (job->was_traced || job->size)) {
		job->thawed_us = now;
	}
}

static void on_checked(const HelperMessage *message, int fd, void *data)
{
	DumpJob *job = data;

	util_close_fd(&fd);
	job->checking = !message->error;
}

static void on_check_done(int error, void *data)
{
	DumpJob *job = data;
	gboolean whole = !error && job->checking;

	job->helper = NULL;
	job->checking = FALSE;
	job->thawed_us = 0; /* looked at again in another 30 s */
	if (whole)
		exchange_give_up(job->target);
}

/* No reply for long after the thaw: is the file whole? */
static void check_file(DumpJob *job)
{
	static const HelperCallbacks callbacks = { .message = on_checked, .done = on_check_done };
	ActSeal act = {
		.leaf = job->leaf_fd,
		.sealed = -1,
		.owner = job->target->identity.credentials.uid,
		.since_us = dump_job_since_us(job),
		.reader = job->target->identity.credentials,
	};

	job->checking = FALSE;
	job->helper = helper_start(act_seal, &act, sizeof act, &act.leaf, 1, CHECK_DEADLINE_MS,
	                           &callbacks, job);
}

static void watch(DumpJob *job)
{
	gint64 now = g_get_monotonic_time();
	pid_t tracer = identity_tracer(&job->target->identity);
	g_autofree char *text = NULL;

	note_progress(job, tracer, now);
	remember_createdump(job, tracer);
	if (!job->sent) {
		if (now - job->started_us > DUMP_JOB_BEGIN_S * G_USEC_PER_SEC &&
		    exchange_cancel(job->target, job->ask))
			dump_job_written(job, -ETIMEDOUT,
			                 "an earlier request to the runtime was not answered");
		return;
	}
	if (job->killed_us) {
		if (now - job->killed_us > REPLY_AFTER_KILL_US)
			exchange_give_up(job->target);
		return;
	}
	if (job->size && dump_space_during(job, &text) < 0)
		kill_createdump(job, -ENOSPC, text);
	else if (!job->helper && job->thawed_us && now - job->thawed_us > SILENT_AFTER_THAW_US)
		check_file(job);
	else if (now - job->progress_us > STALLED_US)
		kill_createdump(job, -ETIMEDOUT, "createdump stood still: it was ended");
}

/*
 * 3.1's goes round for ever when its target dies under it, and keeps what is left of it from being reaped. At the
 * daemon's end nobody would watch it, nor what it takes of the disk, and the target stay frozen for nothing.
 */
static void cancel(DumpJob *job)
{
	char state = identity_state(&job->target->identity);

	exchange_cancel(job->target, job->ask);
	if (state == 'Z' || state == '?' || (job->sent && broker_is_leaving(job->target->broker)))
		end_createdump(job);
}

const DumpWriter dump_writer_createdump = {
	.name = "createdump",
	.start = ask_runtime,
	.watch = watch,
	.cancel = cancel,
};
