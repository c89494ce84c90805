#pragma once
/*
 * What the command line decided, as every module of the front is given it: plain values, read only,
 * made by the program's start and outliving the model. No module reads options by itself.
 */
#include <glib.h>
#include <sys/types.h>
#include "fs/model/detect.h"
#include "fs/model/provider-list.h"

typedef struct {
	unsigned interval_ms;    /* between two reports of counters; 100 to 3,600,000 */
	unsigned attach_delay_s; /* shown; the broker applies it */
	unsigned meters_delay_s; /* likewise; RECORD_METERS_OFF: never */
	gboolean is_lazy;        /* a session is opened when somebody reads a value, or arms */
	const ProviderList *providers; /* of a new process; NULL: the defaults */
	DetectMode detect;             /* of a new process */
	gboolean root_mode;            /* mounted by root: directories of many users */
	gboolean has_group; /* -o group=: the mounter's files at the root are group readable */
	gid_t group;
	/* -o hide=others: a process is there for its owner, root and the mounter alone */
	gboolean hide_others;
	gboolean debug; /* -d: each FUSE request is written to stderr */
	uid_t mounter_uid;
	gid_t mounter_gid;
	gint64 started_us;    /* wall clock */
	const char *version;  /* of this program */
	const char *dump_dir; /* for texts only: the front cannot reach it */
} Settings;
