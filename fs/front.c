/* Model and edge, wired together on the default main context. */
#include "fs/front.h"
#include <errno.h>
#include <signal.h>
#include "fs/edge/edge.h"
#include "fs/model/model.h"
#include "fs/wall.h"

enum {
	LAST_DUMPS_S = 10, /* the broker says stop before that, if it knows of the end */
	KNOWN_OF_END_MS =
		500, /* it does by then, unless the connection was aborted: its mount is still there */
};

typedef struct {
	GMainLoop *loop;
	Model *model;
	int reason;
} Front;

static void stop(Front *front, int reason)
{
	front->reason = reason;
	g_main_loop_quit(front->loop);
}

static void on_model_ended(int reason, void *data)
{
	stop(data, reason);
}

static void on_edge_ready(void *data)
{
	model_ready(((Front *)data)->model);
}

static gboolean on_last_dumps(gpointer data)
{
	g_main_loop_quit(((Front *)data)->loop);
	return G_SOURCE_REMOVE;
}

static gboolean on_end_unknown(gpointer data)
{
	if (!model_end_is_told(((Front *)data)->model))
		g_main_loop_quit(((Front *)data)->loop);
	return G_SOURCE_REMOVE;
}

/* A dump that becomes whole while the daemon ends is to get its json from here: then the broker says stop. */
static void on_edge_ended(int reason, void *data)
{
	Front *front = data;

	reason = reason ? reason : -ENOTCONN;
	if (!model_dumps_active(front->model)) {
		model_end(front->model, reason);
		return;
	}
	model_begin_end(front->model);
	front->reason = reason;
	g_timeout_add(KNOWN_OF_END_MS, on_end_unknown, front);
	g_timeout_add_seconds(LAST_DUMPS_S, on_last_dumps, front);
}

/* The broker waits for this before it says that the mount is ready: what it found so far is in the tree. */
static void on_model_scanned(void *data)
{
	model_ready(((Front *)data)->model);
}

static void ignore_signals(void)
{
	static const int ignored[] = { SIGTERM, SIGINT, SIGHUP, SIGPIPE };
	const struct sigaction action = { .sa_handler = SIG_IGN };

	for (unsigned i = 0; i < G_N_ELEMENTS(ignored); i++)
		sigaction(ignored[i], &action, NULL);
}

/* When all is open that is ever opened by its name. */
static gboolean close_wall(Model *model, const Settings *settings, gboolean without_filter)
{
	RecordWall wall;
	int r;

	(void)g_random_int(); /* seeded from a file */
	r = without_filter ? 0 : wall_close_front();
	if (r < 0)
		g_warning("system calls are not filtered: %s", g_strerror(-r));
	wall_read(&wall);
	model_set_wall(model, &wall);
	return r == 0 || !settings->root_mode;
}

int front_run(int link_fd, int fuse_fd, const Settings *settings, int log_fd,
              gboolean without_filter)
{
	static const ModelCallbacks model_callbacks = {
		.ended = on_model_ended,
		.scanned = on_model_scanned,
	};
	static const EdgeCallbacks edge_callbacks = {
		.ready = on_edge_ready,
		.ended = on_edge_ended,
	};
	Front front = { .loop = g_main_loop_new(NULL, FALSE) };
	Edge *edge;

	ignore_signals();
	front.model = model_new(link_fd, log_fd, settings, &model_callbacks, &front);
	edge = edge_new(fuse_fd, front.model, settings->debug, &edge_callbacks, &front);
	if (!edge)
		front.reason = -EIO;
	else if (close_wall(front.model, settings, without_filter))
		g_main_loop_run(front.loop);
	else
		front.reason = -EPERM;
	edge_free(edge);
	model_free(front.model);
	g_main_loop_unref(front.loop);
	return front.reason;
}
