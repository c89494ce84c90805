#pragma once
/*
 * Can this target have a dump written into our store? Told by files, in a helper, before anything is
 * asked of it; also in the states in which nothing may be sent to it.
 */
#include <glib.h>
#include "fs/broker/acts.h"
#include "fs/broker/target.h"

typedef struct {
	int error;        /* 0; -EOPNOTSUPP, -EACCES, -ENOSPC, -ESRCH, ... */
	const char *text; /* a sentence, when error */
	ActKind kind;
	char *leaf_path; /* a fresh leaf for this target; taken by the callee, or dropped after the call */
	int leaf_fd;
	uint64_t expected; /* bytes that the dump may need at most */
	int kills_fd; /* memory_cgroup_kills_file() of the target's cgroup, or -1; as the leaf */
} PreflightResult;

typedef void (*PreflightDone)(PreflightResult *result, void *data);

/* Calls done exactly once, later. Returns a handle for preflight_cancel, or NULL when done was called
 * at once. to_ask: the runtime will be asked at once, so that it must be able to answer. */
Preflight *preflight_start(Target *target, guint32 type, gboolean to_ask, PreflightDone done,
                           void *data);
/* The target ends: `done` will not be called. */
void preflight_cancel(Preflight *preflight);
