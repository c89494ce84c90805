/* Text files. */
#include "fs/tree/text-file.h"

#include <errno.h>
#include <fcntl.h>

#include "fs/model/value-log.h"
#include "fs/tree/tree.h"

int text_file_open(const Node *node, OpenNode *open, NodeWait *wait)
{
	/* Root's own rights pass any mode. */
	return (open->flags & O_ACCMODE) == O_RDONLY && (open->flags & O_TRUNC) == 0 ? 0 : -EACCES;
}

int text_file_snapshot(const Node *node, OpenNode *open)
{
	GString *text = g_string_new(NULL);
	guint64 sequence = node->type->sequence == NULL ? 0 : node->type->sequence(node);
	int error = node->type->render(node, text);

	if (error < 0) {
		g_string_free(text, TRUE);
		return error;
	}
	if (open->text != NULL)
		g_string_free(open->text, TRUE);
	open->text = text;
	open->text_from = 0;
	open->seen = sequence;
	return 0;
}

int text_file_read(const Node *node, OpenNode *open, gint64 offset, gsize size, NodeWait *wait)
{
	int error;

	if (offset > 0 && open->text != NULL)
		return 0;
	error = text_file_snapshot(node, open);
	return error == -ENODATA ? tree_wait_sample(node, open, wait) : error;
}

int text_file_open_value(const Node *node, OpenNode *open, NodeWait *wait)
{
	int error = text_file_open(node, open, wait);

	if (error == 0)
		model_want_values(tree_model(node->tree), node->process);
	return error;
}

int text_file_read_value(const Node *node, OpenNode *open, gint64 offset, gsize size,
                         NodeWait *wait)
{
	model_want_values(tree_model(node->tree), node->process);
	return text_file_read(node, open, offset, size, wait);
}

int text_file_render_row(const Node *node, GString *text)
{
	Model *model = tree_model(node->tree);

	if (node->row->render_root != NULL)
		return node->row->render_root(model, text);
	return node->row->render(model, node->process, text);
}

guint64 text_file_sequence(const Node *node)
{
	const Process *process = node->process;
	guint64 state;

	/* One more than the number itself: there is a state to be read from the start. */
	state = 1 + (process == NULL ? tree_state_seq(node->tree) : process->state_seq);
	switch (node->row->wake) {
	case NODE_WAKE_SAMPLE:
		return process->heap.seq;
	case NODE_WAKE_VALUES:
		return value_log_seq(process->stream);
	case NODE_WAKE_STATE:
		return state;
	case NODE_WAKE_IDLE:
		return process->dump_state == PROCESS_DUMP_IDLE ? state : 0;
	case NODE_WAKE_NONE:
	case NODE_WAKE_LOG:
		break;
	}
	return 0;
}

void text_file_stat(const Node *node, struct stat *st)
{
	const Process *process = node->process;
	gint64 us = 0;

	if (node->row->written_us != NULL)
		us = node->row->written_us(process);
	else if (node->row->wake == NODE_WAKE_SAMPLE)
		us = process->heap.wall_us;
	else if (node->row->wake == NODE_WAKE_VALUES)
		us = value_log_wall_us(process->stream);
	else if (node->row->wake == NODE_WAKE_STATE)
		us = process == NULL ? tree_state_us(node->tree) : process->state_wall_us;
	if (us > 0)
		node_set_mtime(st, us);
}

const NodeType text_file = {
	.format = S_IFREG,
	.entry_timeout = NODE_TIMEOUT_LONG,
	.attr_timeout = NODE_TIMEOUT_VALUE,
	.stat = text_file_stat,
	.open = text_file_open,
	.read = text_file_read,
	.render = text_file_render_row,
	.sequence = text_file_sequence,
};
