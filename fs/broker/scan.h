#pragma once
/*
 * Who listens: the lines of /proc/net/unix of every network namespace (net-spaces.h), of our own the kernel's
 * answer with the same and the user (socket-owners.h), each second, and at once
 * when a directory in which sockets appear says so (inotify). Of one user's, so many are looked at that belong to
 * no target yet (line-quota.h).
 *
 * A line is known by (network namespace, socket inode). It is a hint: a path as the target sees it,
 * a pid as the target sees itself, and the user who made the socket, where it can be told. What became of it is kept with it, so that a line that
 * failed is tried again after 1, 2, 4 … 60 s and a foreign one never.
 */
#include <glib.h>
#include "ipc/discovery.h"

typedef struct {
	uint64_t net_ns;
	uint64_t inode;
	uid_t uid; /* who made it; SOCKET_OWNER_UNKNOWN */
	DiscoveryName name;
	char path[DISCOVERY_PATH_MAX];
	/* kept by the caller */
	gint64 retry_us; /* monotonic; not before */
	unsigned failures;
	gboolean foreign; /* never again */
	gboolean busy;    /* an attempt is under way */
	gboolean warned;
	uint64_t serial; /* of the target that it belongs to, 0 for none */
	/* the scan's own */
	gboolean seen; /* in the last pass over its table */
	gboolean missed;
} ScanLine;

typedef struct Scan Scan;

typedef struct {
	/* A line that is there and neither foreign, busy, attached nor waiting for its retry. */
	void (*due)(ScanLine *line, void *data);
	/* It is gone from a table that was read whole; freed afterwards. */
	void (*lost)(ScanLine *line, void *data);
	/* Of this user's lines (SOCKET_OWNER_UNKNOWN: of unknown users', in one network namespace) some are passed
	 * over, because there are so many that were tried in vain; said by each pass. */
	void (*too_many)(uid_t uid, void *data);
	/* After each scan. */
	void (*done)(void *data);
} ScanCallbacks;

Scan *scan_new(const ScanCallbacks *callbacks, void *data);
void scan_free(Scan *scan);

/* Scans now, and from then on by itself. */
void scan_start(Scan *scan);
void scan_soon(Scan *scan);

/* Where helpers add watches of directories. */
int scan_inotify_fd(const Scan *scan);

ScanLine *scan_find(Scan *scan, uint64_t net_ns, uint64_t inode);

/*
 * In a `due` call: processes that may be behind the line, best first: those of its network namespace whose
 * innermost pid is the name's, start time equal to the key first (*ret_has_key: the first one has it).
 * Returns how many, at most max; -EAGAIN: /proc was walked a moment ago, the line is offered again soon;
 * -ENFILE: we have no descriptors left.
 */
int scan_candidates(Scan *scan, const ScanLine *line, pid_t *pids, unsigned max,
                    gboolean *ret_has_key);

/* Connections that the socket of that path has accepted in that namespace, now; 0 where that cannot be read. */
unsigned scan_count_accepted(Scan *scan, uint64_t net_ns, const char *path);

/* It belongs to the target of that serial: it is no longer among those of which only so many are looked at. */
void scan_line_proven(Scan *scan, ScanLine *line, uint64_t serial);

/* A scan that has lines is due in a moment: some were passed over while others were being proven. */
gboolean scan_goes_on(const Scan *scan);

/* After a failure: sets retry_us. */
void scan_line_failed(ScanLine *line, gint64 now_us);
