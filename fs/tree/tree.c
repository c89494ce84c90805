/* Looking up numbers, waiting for samples, poll(). */
#include "fs/tree/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>

#include "fs/tree/text-file.h"
#include "fs/tree/tree-kinds.h"
#include "fs/util.h"

struct Tree {
	Model *model;
	TreeChanged changed;
	void *data;
	GQueue waiting; /* NodeWait by link, for a sample of open->ino's process */
	guint64 state_seq;
	gint64 state_us;
	SharedText **shared; /* by row of the root; owned by the descriptors that have it */
};

typedef int (*Resolve)(Node *ret);

static const struct {
	Resolve resolve;
	gboolean of_process;
} kinds[INO_N_KINDS] = {
	[INO_ROOT] = { tree_root_resolve, FALSE },
	[INO_PROCESS] = { tree_process_resolve, TRUE },
	[INO_PROVIDER] = { tree_provider_resolve, TRUE },
	[INO_COUNTER] = { tree_counter_resolve, TRUE },
	[INO_DUMP] = { tree_dump_resolve, FALSE },
	[INO_PEAK_PROVIDER] = { tree_provider_resolve, TRUE },
	[INO_PEAK] = { tree_counter_resolve, TRUE },
	[INO_METER] = { tree_meter_resolve, TRUE },
	[INO_INSTRUMENT] = { tree_instrument_resolve, TRUE },
	[INO_SERIES] = { tree_series_resolve, TRUE },
	[INO_METER_VALUE] = { tree_meter_value_resolve, TRUE },
};

static gboolean is_of_process(guint64 ino)
{
	return ino_kind(ino) < INO_N_KINDS && kinds[ino_kind(ino)].of_process;
}

/* Until when a READ of it may wait for the first sample; 0: not at all. */
static gint64 wait_until(const Node *node)
{
	if (node->process == NULL)
		return 0;
	return process_sample_wait_until(node->process, model_now_us(node->tree->model));
}

guint64 tree_wake_serial(guint64 ino)
{
	return is_of_process(ino) ? ino_serial(ino) : 0;
}

/*
 * The reader gets the text as soon as there is one, and an error as soon as it is sure that there
 * will be none: the process is gone, or in a state in which nothing is to be waited for.
 */
static void retry_wait(Tree *self, NodeWait *wait)
{
	int error = -ESRCH;
	Node node;

	if (tree_resolve(self, wait->open->ino, &node) == 0) {
		error = text_file_snapshot(&node, wait->open);
		if (error == -ENODATA && wait_until(&node) != 0)
			return;
	}
	g_queue_unlink(&self->waiting, &wait->link);
	wait->done(wait, error);
}

static void retry_waits(Tree *self, guint64 serial)
{
	GList *link, *next;

	for (link = self->waiting.head; link != NULL; link = next) {
		NodeWait *wait = link->data;

		next = link->next;
		if (ino_serial(wait->open->ino) == serial)
			retry_wait(self, wait);
	}
}

static void on_model(ModelChange change, Process *process, void *data)
{
	Tree *self = data;
	guint64 serial = process == NULL ? 0 : process->serial;
	gboolean of_root = serial == 0;

	if (change != MODEL_SAMPLES && change != MODEL_EVENTS) {
		self->state_seq++;
		self->state_us = util_real_us();
		of_root = TRUE;
	}
	if (serial != 0) {
		retry_waits(self, serial);
		self->changed(serial, self->data);
	}
	if (of_root)
		self->changed(0, self->data);
}

Tree *tree_new(Model *model, TreeChanged changed, void *data)
{
	Tree *self = g_new0(Tree, 1);
	unsigned n_rows;

	tree_root_rows(&n_rows);
	self->shared = g_new0(SharedText *, n_rows);
	self->model = model;
	self->changed = changed;
	self->data = data;
	self->state_us = model_settings(model)->started_us;
	model_observe(model, on_model, self);
	return self;
}

void tree_free(Tree *self)
{
	if (self == NULL)
		return;
	g_assert(g_queue_is_empty(&self->waiting));
	model_unobserve(self->model, on_model, self);
	g_free(self->shared);
	g_free(self);
}

Model *tree_model(const Tree *self)
{
	return self->model;
}

SharedText **tree_shared_text(Tree *self, const NodeRow *row)
{
	unsigned n;

	return &self->shared[row - tree_root_rows(&n)];
}

guint64 tree_state_seq(const Tree *self)
{
	return self->state_seq;
}

gint64 tree_state_us(const Tree *self)
{
	return self->state_us;
}

int tree_resolve(Tree *self, guint64 ino, Node *ret)
{
	guint kind = ino_kind(ino);

	if (kind >= INO_N_KINDS)
		return -ENOENT;
	*ret = (Node){ .tree = self, .ino = ino };
	if (kinds[kind].of_process) {
		ret->process = process_table_find(model_processes(self->model), ino_serial(ino));
		if (ret->process == NULL)
			return -ENOENT;
	}
	return kinds[kind].resolve(ret);
}

static gboolean can_wake(const Node *node)
{
	return node->type->sequence != NULL &&
	       (node->row == NULL || node->row->wake != NODE_WAKE_NONE);
}

gboolean tree_can_wake(Tree *self, guint64 ino)
{
	Node node;

	return tree_resolve(self, ino, &node) == 0 && can_wake(&node);
}

guint64 tree_sequence(Tree *self, guint64 ino)
{
	Node node;

	return tree_resolve(self, ino, &node) == 0 && can_wake(&node) ? node.type->sequence(&node)
	                                                              : 0;
}

unsigned tree_poll(Tree *self, const OpenNode *open)
{
	Node node;
	unsigned events = 0;

	if (tree_resolve(self, open->ino, &node) < 0)
		return POLLHUP;
	if (!can_wake(&node))
		return POLLIN | POLLOUT;
	if (node.type->write != NULL)
		events |= POLLOUT;
	if (node.type->sequence(&node) > open->seen)
		events |= POLLIN | POLLPRI;
	return events;
}

static void cancel_wait(NodeWait *wait)
{
	g_queue_unlink(&wait->tree->waiting, &wait->link);
}

int tree_wait_sample(const Node *node, OpenNode *open, NodeWait *wait)
{
	gint64 until = wait_until(node);

	if (until == 0)
		return -ENODATA;
	if ((open->flags & O_NONBLOCK) != 0)
		return -EAGAIN;
	wait->cancel = cancel_wait;
	wait->deadline_us = until;
	wait->deadline_error = -ENODATA;
	wait->tree = node->tree;
	wait->open = open;
	wait->link.data = wait;
	g_queue_push_tail_link(&node->tree->waiting, &wait->link);
	return NODE_WAIT;
}
