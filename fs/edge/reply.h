#pragma once
/*
 * The one answer to a request that may have to wait. A Reply is made for each such request, passed
 * to the operation as its NodeWait, and settled with what the operation returned:
 *
 *   reply = reply_new(replies, req, finish, file);
 *   reply_settle(reply, tree_read(tree, &file->node, ..., reply_wait(reply)));
 *
 * Settled with NODE_WAIT it stays pending until the operation is done, its deadline passed, the
 * caller was interrupted (EINTR) or everything ends (EINTR). Whatever comes first answers; the rest
 * finds nothing left to answer. The Reply is gone after its answer.
 */
#include <glib.h>
#include <fuse_lowlevel.h>
#include "fs/edge/open-file.h"
#include "fs/tree/node.h"

typedef struct Reply Reply;
typedef struct Replies Replies;

/* Answers req, exactly once: error is 0 or a negative errno. */
typedef void (*ReplyFinish)(Reply *reply, fuse_req_t req, int error);

Replies *replies_new(void);
/* Answers all that are pending with EINTR. */
void replies_free(Replies *replies);
guint replies_pending(const Replies *replies);

/* file may be NULL; its reference is kept until the answer. */
Reply *reply_new(Replies *replies, fuse_req_t req, ReplyFinish finish, OpenFile *file);

NodeWait *reply_wait(Reply *reply);
OpenFile *reply_file(const Reply *reply);
/* The answer was not there at once. */
gboolean reply_has_waited(const Reply *reply);
/* A range of the file, for finish(). */
void reply_set_range(Reply *reply, gint64 offset, gsize size);
gint64 reply_offset(const Reply *reply);
gsize reply_size(const Reply *reply);

/* result: NODE_WAIT, 0 or a negative errno. */
void reply_settle(Reply *reply, int result);
