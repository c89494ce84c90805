#pragma once
/*
 * One dump, from the ask to the sealed file:
 *
 *   preflight -> queued -> [confirming] -> running (a writer writes) -> sealing -> published, or failed
 *
 * One a target, DumpLimits.max_parallel at once, DUMP_QUEUE_MAX waiting (dump-queue.h says who is next); what
 * they may take of the store is looked at before they are accepted, again when their turn comes, while
 * they are written and before they are sealed. These limits are the broker's own.
 *
 * One that a trigger asked for and that waited longer than DUMP_JOB_STALE_MS is asked about when its
 * turn comes: the front alone knows whether the condition still holds. Without an answer it begins.
 *
 * Whatever goes wrong, the leaf is removed and DUMP_FAILED says why.
 */
#include <glib.h>
#include "fs/broker/freeze.h"
#include "fs/broker/helper.h"
#include "fs/broker/preflight.h"
#include "fs/broker/target.h"

enum {
	DUMP_JOB_TICK_MS = 250,
	DUMP_JOB_STALE_MS = 1000,   /* in the queue */
	DUMP_JOB_CONFIRM_MS = 2000, /* for the front's answer */
	DUMP_JOB_BEGIN_S = 30,      /* for the reply in flight before it */
};

struct DumpJob {
	Target *target;
	uint64_t ask;         /* id of the front's ask */
	guint32 type;         /* IpcDumpType as asked */
	guint32 written_type; /* as it will be written */
	RecordReason reason;
	gboolean
		may_fall_back; /* the kind of runtime is not known: full may be tried after a refusal */
	int64_t requested_us; /* wall clock */
	char *leaf_path;
	int leaf_fd;
	int64_t leaf_us;        /* when it was made, as the kernel stamps files */
	int64_t leaf_offset_us; /* of the wall clock to the monotonic one, then */
	/* of the writer */
	gboolean sent;      /* the command is on its way */
	gint64 started_us;  /* monotonic */
	gint64 progress_us; /* monotonic: last growth or CPU */
	gint64 thawed_us;   /* monotonic: since when nobody traces it; 0 */
	uint64_t size;      /* of the file, so far */
	uint64_t disk;      /* what it takes there */
	uint64_t cpu;       /* of createdump, ticks */
	int createdump;     /* pidfd, -1 while it was not seen */
	gboolean was_traced;
	gboolean checking; /* a look at the whole file is under way */
	gint64 killed_us;  /* monotonic: we ended createdump */
	int killed_why;    /* errno for that */
	char *killed_text;
	Helper *helper;
	/* of the job */
	Preflight *preflight;
	gboolean accepted;
	gboolean withdrawn; /* before it was accepted */
	gint64 queued_us;   /* monotonic */
	gboolean confirming;
	gboolean running;
	Owner owner; /* of the dump: the strictest that was seen of the process since it was asked for */
	uint64_t expected; /* bytes that it may need at most */
	int kills_fd;   /* where the kernel counts kills for lack of memory in its cgroup, or -1 */
	uint64_t kills; /* so many there were at the start */
	Freeze freeze;
	gboolean sealing;
	int seal_error;
	char *seal_text;
	guint timer;
	char *name, *file; /* in the store */
};

/* The front asks; answers by itself. */
void dump_job_ask(Target *target, uint64_t ask, guint32 type, RecordReason reason);
/* The front's answer for a job in `confirming`; any other id is passed over. */
void dump_job_confirm(uint64_t ask, gboolean go_on);

/* It is not wanted any more: one that has not begun ends with -ECANCELED. */
void dump_job_withdraw(DumpJob *job);

/* Wall clock: its file was written to since then, also when the clock was set back meanwhile. */
int64_t dump_job_since_us(const DumpJob *job);

/* For the writer: the file as it is now, into size and disk. */
void dump_job_measure(DumpJob *job);

/* The writer is through: 0, or negative errno and a text (may be NULL). */
void dump_job_written(DumpJob *job, int error, const char *text);

/* The target ends. A file that was written already is still sealed: the job, and with it the target, then
 * live on until that is done. */
void dump_job_end(DumpJob *job);

/* The daemon ends: unless it is being written it does not begin any more. */
void dump_job_end_waiting(DumpJob *job);

/* Those that have a place: running, or about to. */
typedef void (*DumpJobEach)(const DumpJob *job, void *data);
void dump_jobs_each(DumpJobEach each, void *data);

/* Some job is not over. */
gboolean dump_jobs_active(void);
