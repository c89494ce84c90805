/* The event logs as files. */
#include "fs/tree/log-file.h"

#include "fs/tree/text-file.h"
#include "fs/tree/tree.h"

static const EventLog *log_of(const Node *node)
{
	return node->process == NULL ? model_events(tree_model(node->tree)) : node->process->events;
}

static void stat_log(const Node *node, struct stat *st)
{
	const EventLog *log = log_of(node);

	st->st_size = (off_t)event_log_size(log);
	st->st_blocks = (st->st_size + 511) / 512;
	if (event_log_wall_us(log) > 0)
		node_set_mtime(st, event_log_wall_us(log));
}

static int read_log(const Node *node, OpenNode *open, gint64 offset, gsize size, NodeWait *wait)
{
	const EventLog *log = log_of(node);
	gsize total = event_log_size(log);
	gsize from = MIN((gsize)offset, total);
	gsize len = MIN(size, total - from);

	if (open->text == NULL)
		open->text = g_string_new(NULL);
	g_string_set_size(open->text, len);
	g_string_truncate(open->text, event_log_read(log, from, open->text->str, len));
	open->text_from = offset;
	if (from + len == total)
		open->seen = event_log_seq(log);
	return 0;
}

static guint64 log_sequence(const Node *node)
{
	return event_log_seq(log_of(node));
}

const NodeType log_file = {
	.format = S_IFREG,
	.entry_timeout = NODE_TIMEOUT_LONG,
	.attr_timeout = NODE_TIMEOUT_VALUE,
	.stat = stat_log,
	.open = text_file_open,
	.read = read_log,
	.sequence = log_sequence,
};
