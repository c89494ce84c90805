#pragma once
/*
 * The FUSE session of the front, on the default GLib main context: the only place that knows
 * libfuse.
 *
 * It is made on a descriptor of /dev/fuse that somebody else mounted and never unmounts anything.
 * At most EDGE_BUDGET requests are taken per dispatch; the source stands one step above the
 * sockets, so that a burst of events cannot starve `ls`.
 */
#include <glib.h>
#include <fuse_lowlevel.h>
#include "fs/model/model.h"

enum {
	EDGE_BUDGET = 64
};

typedef struct Edge Edge;

typedef struct {
	/* INIT was answered. Called once. */
	void (*ready)(void *data);
	/* The connection ended: 0 (unmounted, aborted) or what reading it said. Called once, and
	 * nothing is served after it. Do not free the edge in it. */
	void (*ended)(int reason, void *data);
} EdgeCallbacks;

/*
 * Takes fuse_fd, also on failure. NULL when libfuse does not want it. model must outlive the edge;
 * debug: libfuse writes each request to stderr.
 */
Edge *edge_new(int fuse_fd, Model *model, gboolean debug, const EdgeCallbacks *callbacks,
               void *data);

/* The same on any descriptor that keeps message boundaries, for tests. */
Edge *edge_new_custom(int fd, const struct fuse_custom_io *io, Model *model,
                      const EdgeCallbacks *callbacks, void *data);

/*
 * Answers what waits with EINTR, lets poll handles and open files go, and closes the descriptor. No
 * callback is called any more. NULL is allowed.
 */
void edge_free(Edge *edge);

/* For tests: requests that wait, open files, armed polls. */
guint edge_pending(const Edge *edge);
guint edge_open_files(const Edge *edge);
guint edge_armed(const Edge *edge);
