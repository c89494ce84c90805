/* One answer to a request that waits. Main thread only. */
#include "fs/edge/reply.h"

#include <errno.h>

struct Replies {
	GQueue pending;
};

struct Reply {
	NodeWait wait;
	Replies *replies;
	fuse_req_t req; /* NULL once answered */
	ReplyFinish finish;
	OpenFile *file;
	gint64 offset;
	gsize size;
	guint timer;
	gboolean registering; /* inside fuse_req_interrupt_func() */
	gboolean interrupted;
	gboolean waited;
	GList link;
};

gboolean reply_has_waited(const Reply *reply)
{
	return reply->waited;
}

static void answer(Reply *reply, int error)
{
	fuse_req_t req = g_steal_pointer(&reply->req);

	g_assert(req != NULL);
	reply->finish(reply, req, error);
	if (reply->file != NULL)
		open_file_unref(reply->file);
	g_free(reply);
}

/* Takes a pending reply off the list and its timer. */
static void unpend(Reply *reply)
{
	g_queue_unlink(&reply->replies->pending, &reply->link);
	if (reply->timer != 0)
		g_source_remove(reply->timer);
	reply->timer = 0;
}

static void give_up(Reply *reply, int error)
{
	unpend(reply);
	reply->wait.cancel(&reply->wait);
	answer(reply, error);
}

static void on_done(NodeWait *wait, int error)
{
	Reply *reply = (Reply *)((char *)wait - offsetof(Reply, wait));

	unpend(reply);
	answer(reply, error);
}

static gboolean on_deadline(gpointer data)
{
	Reply *reply = data;

	reply->timer = 0;
	give_up(reply, reply->wait.deadline_error);
	return G_SOURCE_REMOVE;
}

/*
 * libfuse holds the request's lock. It counts a reference on the request when it calls from
 * INTERRUPT, so that one may answer here; it does not when the interrupt came before we registered.
 */
static void on_interrupt(fuse_req_t req, void *data)
{
	Reply *reply = data;

	if (reply->registering)
		reply->interrupted = TRUE;
	else
		give_up(reply, -EINTR);
}

static void pend(Reply *reply)
{
	gint64 left = reply->wait.deadline_us - g_get_monotonic_time();

	reply->waited = TRUE;
	g_queue_push_tail_link(&reply->replies->pending, &reply->link);
	reply->timer =
		g_timeout_add((guint)CLAMP((left + 999) / 1000, 0, G_MAXINT), on_deadline, reply);
	reply->registering = TRUE;
	fuse_req_interrupt_func(reply->req, on_interrupt, reply);
	reply->registering = FALSE;
	if (reply->interrupted)
		give_up(reply, -EINTR);
}

Replies *replies_new(void)
{
	return g_new0(Replies, 1);
}

void replies_free(Replies *replies)
{
	if (replies == NULL)
		return;
	while (!g_queue_is_empty(&replies->pending))
		give_up(g_queue_peek_head(&replies->pending), -EINTR);
	g_free(replies);
}

guint replies_pending(const Replies *replies)
{
	return replies->pending.length;
}

Reply *reply_new(Replies *replies, fuse_req_t req, ReplyFinish finish, OpenFile *file)
{
	Reply *reply = g_new0(Reply, 1);

	reply->replies = replies;
	reply->req = req;
	reply->finish = finish;
	reply->file = file == NULL ? NULL : open_file_ref(file);
	reply->wait.done = on_done;
	reply->link.data = reply;
	return reply;
}

NodeWait *reply_wait(Reply *reply)
{
	return &reply->wait;
}

OpenFile *reply_file(const Reply *reply)
{
	return reply->file;
}

void reply_set_range(Reply *reply, gint64 offset, gsize size)
{
	reply->offset = offset;
	reply->size = size;
}

gint64 reply_offset(const Reply *reply)
{
	return reply->offset;
}

gsize reply_size(const Reply *reply)
{
	return reply->size;
}

void reply_settle(Reply *reply, int result)
{
	if (result == NODE_WAIT)
		pend(reply);
	else
		answer(reply, result);
}
