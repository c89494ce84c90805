/* What a process's fields say together. */
#include "fs/model/process.h"
#include <string.h>
#include "fs/model/value-log.h"
#include "fs/util.h"
#include "ipc/commands.h"

enum {
	SILENT_INTERVALS = 3,
	WAIT_INTERVALS = 2,
	WAIT_MAX_US = 5 * G_USEC_PER_SEC
};

Process *process_new(guint64 serial, const RecordFound *found, const char *user,
                     const char *command, const char *socket, unsigned interval_ms)
{
	Process *process = g_new0(Process, 1);

	process->serial = serial;
	process->found = *found;
	process->user = g_strdup(user);
	process->command = g_strdup(command);
	process->socket = g_strdup(socket);
	process->owner_why = g_strdup("");
	process->counters = counter_store_new();
	process->meters = meter_store_new();
	process->events = event_log_new(EVENT_LOG_PROCESS_SIZE);
	process->stream = value_log_new();
	process->dump_type = IPC_DUMP_HEAP;
	process->interval_ms = interval_ms;
	provider_list_init(&process->providers);
	trigger_init(&process->trigger);
	process->state_wall_us = util_real_us();
	process->found_us = g_get_monotonic_time();
	return process;
}

void process_free(Process *process)
{
	if (!process)
		return;
	if (process->has_info)
		ipc_process_info_clear(&process->info);
	g_free(process->user);
	g_free(process->command);
	g_free(process->socket);
	g_free(process->owner_why);
	g_free(process->metric_labels);
	g_free(process->metric_info);
	g_free(process->last_error);
	g_free(process->session_lost);
	g_free(process->meters_error);
	g_free(process->heap_limit_source);
	provider_list_clear(&process->providers);
	counter_store_free(process->counters);
	meter_store_free(process->meters);
	trigger_clear(&process->trigger);
	heap_estimate_free(process->detect.estimate);
	event_log_free(process->events);
	value_log_free(process->stream);
	g_free(process);
}

static gboolean is_within(const Process *process, gint64 from_us, gint64 now_us)
{
	return now_us - from_us <= (gint64)process->interval_ms * 1000 * SILENT_INTERVALS;
}

gboolean process_is_sampled(const Process *process, gint64 now_us)
{
	return process->sample_us && is_within(process, process->sample_us, now_us);
}

gboolean process_has_heap(const Process *process, gint64 now_us)
{
	return process->heap.known && process_state(process, now_us) != PROCESS_IDLE;
}

static gboolean is_silent(const Process *process, gint64 now_us)
{
	return !is_within(process, MAX(process->sample_us, process->quiet_from_us), now_us);
}

gboolean process_takes_requests(const Process *process)
{
	const guint32 hindered = RECORD_FOUND_STOPPED | RECORD_FOUND_NO_FDS | RECORD_FOUND_BUSY;

	return !(process->found.flags & hindered) && process->dump_state != PROCESS_DUMP_RUNNING;
}

ProcessState process_state(const Process *process, gint64 now_us)
{
	const guint32 hindered = RECORD_FOUND_NO_FDS | RECORD_FOUND_REFUSED | RECORD_FOUND_BUSY |
	                         RECORD_FOUND_NO_INFO;
	guint32 flags = process->found.flags;

	if (flags & RECORD_FOUND_STOPPED)
		return PROCESS_STOPPED;
	if (process->dump_state == PROCESS_DUMP_RUNNING)
		return PROCESS_DUMPING;
	if (flags & RECORD_FOUND_PAUSED)
		return PROCESS_PAUSED;
	if (!process->session &&
	    ((flags & hindered) || process->session_refused || process->session_unanswered))
		return PROCESS_UNREACHABLE;
	if (!(flags & RECORD_FOUND_ATTACHABLE) && !process->session)
		return PROCESS_STARTING;
	if (!process->session && process->is_idle)
		return PROCESS_IDLE;
	if (!process->sample_us)
		return PROCESS_ATTACHING;
	return is_silent(process, now_us) ? PROCESS_SILENT : PROCESS_LIVE;
}

const char *process_state_name(ProcessState state)
{
	static const char *const names[PROCESS_N_STATES] = {
		[PROCESS_STOPPED] = "stopped",     [PROCESS_DUMPING] = "dumping",
		[PROCESS_PAUSED] = "paused",       [PROCESS_UNREACHABLE] = "unreachable",
		[PROCESS_STARTING] = "starting",   [PROCESS_IDLE] = "idle",
		[PROCESS_ATTACHING] = "attaching", [PROCESS_SILENT] = "silent",
		[PROCESS_LIVE] = "live",
	};

	return names[state];
}

const char *process_dump_state_name(ProcessDumpState state)
{
	static const char *const names[] = { "idle", "queued", "running" };

	return names[state];
}

gint64 process_sample_wait_until(const Process *process, gint64 now_us)
{
	gint64 until;

	switch (process_state(process, now_us)) {
	case PROCESS_STOPPED:
	case PROCESS_PAUSED:
	case PROCESS_UNREACHABLE:
	case PROCESS_STARTING:
	case PROCESS_IDLE:
		return 0;
	case PROCESS_DUMPING:
	case PROCESS_ATTACHING:
	case PROCESS_SILENT:
	case PROCESS_LIVE:
	case PROCESS_N_STATES:
		break;
	}
	if (!process->wait_from_us)
		return 0;
	until = process->wait_from_us +
	        MIN((gint64)process->interval_ms * 1000 * WAIT_INTERVALS, WAIT_MAX_US);
	return until > now_us ? until : 0;
}

const char *process_command_line(const Process *process)
{
	const char *told = process->has_info ? process->info.command_line : NULL;

	/* Some runtimes tell only the program (NativeAOT; every one in its first moments): /proc has more. */
	if (!told || !*told || g_str_has_prefix(process->command, told))
		return process->command;
	return told;
}

const char *process_runtime(const Process *process)
{
	if (process->has_info && *process->info.runtime_version)
		return process->info.runtime_version;
	/* ProcessInfo came with 5, which knows its first version alone. */
	if (process->has_info && process->info.version == 1)
		return "5.0";
	return process->found.flags & RECORD_FOUND_OLD ? "3.1" : NULL;
}

unsigned process_runtime_major(const Process *process)
{
	const char *runtime = process_runtime(process);

	return runtime ? (unsigned)MIN(g_ascii_strtoull(runtime, NULL, 10), 1000) : 0;
}

guint64 process_dropped_events(const Process *process)
{
	const Detect *detect = &process->detect;

	return process->dropped_before +
	       (process->session ? session_dropped(process->session) : 0) + detect->dropped_before +
	       (detect->session ? session_dropped(detect->session) : 0);
}

guint64 process_definitions_refused(const Process *process)
{
	const Session *heap = process->detect.session;

	return (process->session ? session_definitions_refused(process->session) : 0) +
	       (heap ? session_definitions_refused(heap) : 0);
}

gint64 process_sample_age_ms(const Process *process, gint64 now_us)
{
	return process->has_heap_sample ? (now_us - process->heap_sample_us) / 1000 : -1;
}
