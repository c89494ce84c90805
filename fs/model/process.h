#pragma once
/*
 * One .NET process, that is (pid, start time, uid), under a serial that is never used again: a
 * reused pid is another Process. The fields are the model's to write; everybody else reads them.
 *
 * A Process lives until it is gone; who must remember one keeps its serial and looks it up again
 * (process-table.h). Nothing here does I/O.
 */
#include <glib.h>
#include "fs/broker/records.h"
#include "fs/model/counter-store.h"
#include "fs/model/detect.h"
#include "fs/model/event-log.h"
#include "fs/model/heap-level.h"
#include "fs/model/meter-store.h"
#include "fs/model/provider-list.h"
#include "fs/model/session.h"
#include "fs/model/trigger.h"
#include "ipc/replies.h"

/* The first that holds, in this order, is the state shown. */
typedef enum {
	PROCESS_STOPPED, /* T or t: nothing is sent to it */
	PROCESS_DUMPING,
	PROCESS_PAUSED,      /* suspended at its start, waits for a resume */
	PROCESS_UNREACHABLE, /* no free descriptor, refused, or unanswered for 5 s; and no stream */
	PROCESS_STARTING,    /* counters may not be asked for yet */
	PROCESS_IDLE,        /* no session, and none is wanted */
	PROCESS_ATTACHING,   /* session asked for or about to be, no sample yet */
	PROCESS_SILENT,      /* three intervals without a sample */
	PROCESS_LIVE,
	PROCESS_N_STATES,
} ProcessState;

typedef enum {
	PROCESS_DUMP_IDLE,
	PROCESS_DUMP_QUEUED,
	PROCESS_DUMP_RUNNING,
} ProcessDumpState;

/* How dumps end. */
typedef enum {
	PROCESS_DUMP_DONE,
	PROCESS_DUMP_FAILED,
	PROCESS_DUMP_MISSED,
	PROCESS_N_DUMP_RESULTS,
} ProcessDumpResult;

/* What a session of counters and meters was asked for with. */
typedef struct {
	guint64 providers_seq;
	unsigned interval_ms;
	RecordValues values;
} SessionConfig;
typedef struct ValueLog ValueLog;

typedef struct Process {
	guint64 serial;
	RecordFound found; /* pid, uid, gid, start_us, flags (RECORD_FOUND_*) ... */
	char *user;        /* "" unknown */
	char *command;     /* from /proc, "" unknown */
	char *socket;      /* as the target sees it */
	char *owner_why;   /* why its files are root's although it is not; "" */
	gint64 found_us;   /* monotonic */

	gboolean has_info;        /* info is filled in */
	gboolean info_over;       /* the first ProcessInfo was answered, with whatever result */
	const char *info_refused; /* why one was not believed, static; NULL none */
	gint64 info_again_us;     /* monotonic: when to ask once more; 0 never */
	IpcProcessInfo info;

	CounterStore *counters;
	MeterStore *meters;
	HeapLevel heap;
	Detect detect;
	gboolean has_heap_sample; /* of gc-heap-size, one that was believed */
	double heap_sample_mb;
	gint64 heap_sample_us; /* monotonic */
	gint64 heap_sample_wall_us;
	guint64 samples_refused;
	double heap_limit_mb;    /* of a percentage, as last asked; 0 never */
	char *heap_limit_source; /* NULL never */
	Trigger trigger;
	guint64 proc_ask; /* id of an ASK_PROC under way; 0 */
	EventLog *events;
	ValueLog *stream;            /* every sample: value-log.h */
	guint32 dump_type;           /* IpcDumpType of the next dump */
	gint64 dump_type_written_us; /* wall clock of the last accepted write; 0 never */
	gint64 dump_written_us;

	ProcessDumpState dump_state;
	guint64 dump_job;        /* id of its ask; 0 */
	guint64 dump_bytes;      /* written so far */
	guint64 dump_expected;   /* that it may become at most; 0 unknown */
	gint64 dumps_changed_us; /* wall clock; 0 never */
	guint64 dump_results[PROCESS_N_DUMP_RESULTS];
	char *last_error; /* a sentence, or NULL */

	/* the counters session */
	Session *session;             /* NULL: none */
	guint64 session_ask;          /* id of a START_SESSION under way; 0 */
	SessionConfig session_config; /* of session */
	SessionConfig session_asked;  /* of session_ask */
	gboolean is_idle;        /* nothing is to be asked: attach=lazy, or providers has nothing */
	gboolean session_ending; /* the next one begins when the last one is closed */
	gboolean session_refused;    /* the last one was refused: retried after a pause */
	gboolean session_unanswered; /* never repeated while the request is open */
	char *session_lost;          /* why the last stream ended, until that is told; NULL */
	unsigned session_failures;
	gint64 session_retry_us; /* monotonic: not before */
	ProviderList providers;
	guint64 providers_told;      /* seq of the list that was told of, plus one; 0 none */
	gint64 providers_written_us; /* wall clock of the last accepted write; 0 never */
	unsigned interval_ms;        /* asked for */
	gint64 interval_written_us;
	gint64 meters_from_us;    /* monotonic: left to another tool until then */
	double meters_interval_s; /* of the collection that is read */
	char *meters_error;       /* what the runtime said last of its meters; NULL */
	gint64 jit_quiet_us; /* monotonic: since when few methods are compiled; 0 they are not few */
	gint64 wanted_until_us; /* monotonic: attach=lazy keeps the session for a reader so long; 0 none */
	gint64 wait_from_us;    /* monotonic: when the first session was (to be) asked for; 0 */
	gint64 sample_us;       /* monotonic: of the last sample of this session; 0 none */
	gint64 quiet_from_us;   /* monotonic: silence is counted from here at the earliest */
	guint64 dropped_before; /* events dropped in sessions that ended */

	/* metrics-own.c: labels of its samples, and the further ones of ..._info; NULL before they are
	 * settled, then the same for ever. */
	char *metric_labels, *metric_info;

	ProcessState state_seen; /* as of the last refresh */
	guint64 state_seq;    /* goes up with every change of what `status` tells, but for ages */
	gint64 state_wall_us; /* wall clock of that change */
} Process;

Process *process_new(guint64 serial, const RecordFound *found, const char *user,
                     const char *command, const char *socket, unsigned interval_ms);
void process_free(Process *process);

/* Whether it can be asked anything: the broker refuses whoever asks while it is stopped, dumped or busy. */
gboolean process_takes_requests(const Process *process);

ProcessState process_state(const Process *process, gint64 now_us);
const char *process_state_name(ProcessState state);
const char *process_dump_state_name(ProcessDumpState state);

/*
 * How long a READ may wait for the first sample: a monotonic time in the future, or 0 when it may
 * not wait (ENODATA at once). Two intervals, 5 s at most, counted once a process from the moment in
 * which its session is asked for; never while starting, stopped, paused or unreachable.
 */
gint64 process_sample_wait_until(const Process *process, gint64 now_us);

/* One line, control bytes as they are: the runtime's own text; from /proc without one. Never
 * NULL. */
const char *process_command_line(const Process *process);
/* "10.0.14", "3.1" for a runtime that knows no ProcessInfo, or NULL while unknown. */
const char *process_runtime(const Process *process);
/* Its first number; 0 unknown. */
unsigned process_runtime_major(const Process *process);
/* Lost events, of all sessions. */
guint64 process_dropped_events(const Process *process);
/* Of the streams that it has now. */
guint64 process_definitions_refused(const Process *process);
/* A sample came within the last three intervals. */
gboolean process_is_sampled(const Process *process, gint64 now_us);
/* heap_mb is known, and not of before the process was left alone (idle). */
gboolean process_has_heap(const Process *process, gint64 now_us);
/* Milliseconds since the last sample, -1 before the first. */
gint64 process_sample_age_ms(const Process *process, gint64 now_us);
