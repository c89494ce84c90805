/* The session and its place in the main loop. */
#include "fs/edge/edge.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <stdlib.h>

#include "fs/edge/fuse-ops.h"
#include "fs/util.h"

struct Edge {
	FuseContext fuse;
	struct fuse_session *session;
	struct fuse_buf buf; /* libfuse allocates it at the first request */
	EdgeCallbacks callbacks;
	void *data;
	guint source;
	gboolean told_ready;
};

static void on_changed(guint64 serial, void *data)
{
	Edge *self = data;

	poll_set_wake(self->fuse.polls, serial);
}

static void end(Edge *self, int reason)
{
	self->source = 0;
	self->callbacks.ended(reason, self->data);
}

static gboolean on_readable(gint fd, GIOCondition condition, gpointer data)
{
	Edge *self = data;

	for (guint i = 0; i < EDGE_BUDGET; i++) {
		int n = fuse_session_receive_buf(self->session, &self->buf);

		if (n == -EINTR)
			continue;
		if (n == -EAGAIN)
			return G_SOURCE_CONTINUE;
		if (n <= 0 || fuse_session_exited(self->session)) {
			end(self, MIN(n, 0));
			return G_SOURCE_REMOVE;
		}
		fuse_session_process_buf(self->session, &self->buf);
		if (self->fuse.initialised && !self->told_ready) {
			self->told_ready = TRUE;
			self->callbacks.ready(self->data);
		}
	}
	return G_SOURCE_CONTINUE;
}

static Edge *new_edge(Model *model, gboolean debug, const EdgeCallbacks *callbacks, void *data)
{
	char name[] = "triggerdumpfs", debug_flag[] = "-d";
	char *words[] = { name, debug_flag, NULL };
	struct fuse_args args = FUSE_ARGS_INIT(debug ? 2 : 1, words);
	Edge *self = g_new0(Edge, 1);

	self->callbacks = *callbacks;
	self->data = data;
	self->session = fuse_session_new(&args, &fuse_ops, sizeof(fuse_ops), &self->fuse);
	fuse_opt_free_args(&args);
	if (self->session == NULL) {
		g_free(self);
		return NULL;
	}
	self->fuse.tree = tree_new(model, on_changed, self);
	self->fuse.replies = replies_new();
	self->fuse.files = open_files_new();
	self->fuse.polls = poll_set_new(self->fuse.tree);
	self->fuse.reader = dump_reader_new();
	return self;
}

static void watch(Edge *self, int fd)
{
	g_unix_set_fd_nonblocking(fd, TRUE, NULL);
	self->source = g_unix_fd_add_full(G_PRIORITY_DEFAULT - 1, fd, G_IO_IN | G_IO_ERR | G_IO_HUP,
	                                  on_readable, self, NULL);
}

Edge *edge_new(int fuse_fd, Model *model, gboolean debug, const EdgeCallbacks *callbacks,
               void *data)
{
	g_autofree char *path = g_strdup_printf("/dev/fd/%d", fuse_fd);
	autofd int owned = fuse_fd;
	Edge *self = new_edge(model, debug, callbacks, data);

	if (self == NULL)
		return NULL;
	/* libfuse takes such a path for a descriptor that is mounted, and mounts nothing. */
	if (fuse_session_mount(self->session, path) < 0) {
		edge_free(self);
		return NULL;
	}
	watch(self, g_steal_fd(&owned));
	return self;
}

Edge *edge_new_custom(int fd, const struct fuse_custom_io *io, Model *model,
                      const EdgeCallbacks *callbacks, void *data)
{
	autofd int owned = fd;
	Edge *self = new_edge(model, FALSE, callbacks, data);

	if (self == NULL)
		return NULL;
	if (fuse_session_custom_io(self->session, io, fd) < 0) {
		edge_free(self);
		return NULL;
	}
	watch(self, g_steal_fd(&owned));
	return self;
}

void edge_free(Edge *self)
{
	if (self == NULL)
		return;
	if (self->source != 0)
		g_source_remove(self->source);
	replies_free(self->fuse.replies);
	dump_reader_free(self->fuse.reader);
	/* Poll handles point into the session, and files must have none when they go. */
	poll_set_free(self->fuse.polls);
	open_files_free(self->fuse.files);
	tree_free(self->fuse.tree);
	fuse_session_destroy(self->session);
	free(self->buf.mem);
	g_free(self);
}

guint edge_pending(const Edge *self)
{
	return replies_pending(self->fuse.replies);
}

guint edge_open_files(const Edge *self)
{
	return open_files_count(self->fuse.files);
}

guint edge_armed(const Edge *self)
{
	return poll_set_armed(self->fuse.polls);
}
