#pragma once
/*
 * One dump, from the ask to the sealed file:
 *
 *   preflight -> queued -> running (a writer writes) -> sealing -> published, or failed
 *
 * One a target, DUMP_JOBS_RUNNING at once, DUMP_JOBS_QUEUED waiting; these limits are the broker's
 * own. Whatever goes wrong, the leaf is removed and DUMP_FAILED says why.
 */
#include <glib.h>
#include "fs/broker/helper.h"
#include "fs/broker/preflight.h"
#include "fs/broker/target.h"

enum {
	DUMP_JOBS_RUNNING = 2,
	DUMP_JOBS_QUEUED = 16,
	DUMP_JOB_TICK_MS = 250,
	DUMP_JOB_BEGIN_S = 30, /* for the reply in flight before it */
};

struct DumpJob {
	Target *target;
	uint64_t ask;         /* id of the front's ask */
	guint32 type;         /* IpcDumpType as asked */
	guint32 written_type; /* as it will be written */
	gboolean
		may_fall_back; /* the kind of runtime is not known: full may be tried after a refusal */
	int64_t requested_us; /* wall clock */
	char *leaf_path;
	int leaf_fd;
	/* of the writer */
	gboolean sent;      /* the command is on its way */
	gint64 started_us;  /* monotonic */
	gint64 progress_us; /* monotonic: last growth or CPU */
	gint64 thawed_us;   /* monotonic: since when nobody traces it; 0 */
	uint64_t size;      /* of the file, so far */
	uint64_t cpu;       /* of createdump, ticks */
	int createdump;     /* pidfd, -1 while it was not seen */
	gboolean was_traced;
	gboolean checking; /* a look at the whole file is under way */
	gint64 killed_us;  /* monotonic: we ended createdump */
	int killed_why;    /* errno for that */
	Helper *helper;
	/* of the job */
	Preflight *preflight;
	gboolean accepted;
	gboolean running;
	gboolean sealing;
	int seal_error;
	char *seal_text;
	guint timer;
	char *name, *file; /* in the store */
};

/* The front asks; answers by itself. */
void dump_job_ask(Target *target, uint64_t ask, guint32 type);

/* The writer is through: 0, or negative errno and a text (may be NULL). */
void dump_job_written(DumpJob *job, int error, const char *text);

/* The target ends. A file that was written already is still sealed: the job, and with it the target, then
 * live on until that is done. */
void dump_job_end(DumpJob *job);

/* Some job is not over. */
gboolean dump_jobs_active(void);
