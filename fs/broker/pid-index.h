#pragma once
/*
 * Which processes call themselves by a number: (network namespace, innermost pid) -> pids, from one walk
 * of /proc. A walk is dear, and any user can plant sockets that ask for one: so it is done once for all
 * lines of a scan, and twice a second at most.
 */
#include <glib.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	PID_INDEX_PAUSE_US = 500000
};

typedef struct PidIndex PidIndex;

PidIndex *pid_index_new(void);
void pid_index_free(PidIndex *index);

/* Walks unless that was done since `since_us` (monotonic). 0, or the time at which it may be walked again. */
gint64 pid_index_refresh(PidIndex *index, gint64 since_us);

/* Adds to pids (n of max are there already, and are not added twice) those that match; one whose start
 * time is `key` comes first. Returns their number; *ret_has_key: the first one has that start time. */
unsigned pid_index_find(const PidIndex *index, uint64_t net_ns, pid_t nspid, uint64_t key,
                        pid_t *pids, unsigned n, unsigned max, gboolean *ret_has_key);

/* The last walk was not finished: we have no descriptors left. */
gboolean pid_index_is_cut(const PidIndex *index);

/* It was walked since then: nothing need be looked up in /proc itself. */
gboolean pid_index_is_fresh(const PidIndex *index, gint64 since_us);

typedef gboolean (*PidEach)(pid_t pid, void *data); /* FALSE ends the walk */
/* FALSE: /proc could not be opened. */
gboolean pid_each(PidEach each, void *data);
