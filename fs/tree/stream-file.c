/* The log of samples as a file. */
#include "fs/tree/stream-file.h"

#include "fs/model/value-log.h"
#include "fs/tree/text-file.h"

static void stat_stream(const Node *node, struct stat *st)
{
	ValueLog *log = node->process->stream;

	st->st_size = value_log_size(log, node->process);
	st->st_blocks = (blkcnt_t)(value_log_memory(log) + 511) / 512;
	if (value_log_wall_us(log) > 0)
		node_set_mtime(st, value_log_wall_us(log));
}

static int open_stream(const Node *node, OpenNode *open, NodeWait *wait)
{
	int error = text_file_open(node, open, wait);

	if (error == 0)
		value_log_open(node->process->stream);
	return error;
}

static void release_stream(const Node *node, OpenNode *open)
{
	value_log_close(node->process->stream);
}

static int read_stream(const Node *node, OpenNode *open, gint64 offset, gsize size, NodeWait *wait)
{
	ValueLog *log = node->process->stream;
	gboolean is_sequential =
		open->text != NULL && offset == open->text_from + (gint64)open->text->len;

	if (open->text == NULL)
		open->text = g_string_new(NULL);
	g_string_truncate(open->text, 0);
	value_log_read(log, node->process, offset, size, is_sequential, &open->skipped, open->text);
	open->text_from = offset;
	if (open->text->len < size)
		open->seen = value_log_seq(log);
	return 0;
}

static guint64 stream_sequence(const Node *node)
{
	return value_log_seq(node->process->stream);
}

const NodeType stream_file = {
	.format = S_IFREG,
	.entry_timeout = NODE_TIMEOUT_LONG,
	.attr_timeout = NODE_TIMEOUT_VALUE,
	.stat = stat_stream,
	.open = open_stream,
	.release = release_stream,
	.read = read_stream,
	.sequence = stream_sequence,
};
