/* Control files. What a command means is the model's to say. */
#include "fs/tree/control-file.h"

#include <errno.h>

#include "fs/tree/act.h"
#include "fs/tree/text-file.h"
#include "fs/tree/tree.h"

int control_file_threshold(const Node *node, const char *data, gsize len, NodeWait *wait)
{
	return act_wait(wait,
	                model_write_threshold(tree_model(node->tree), node->process, data, len,
	                                      act_reply, wait, &wait->act),
	                ACT_COMMAND_S);
}

int control_file_trigger(const Node *node, const char *data, gsize len, NodeWait *wait)
{
	return act_wait(wait,
	                model_write_trigger(tree_model(node->tree), node->process, data, len,
	                                    act_reply, wait, &wait->act),
	                ACT_COMMAND_S);
}

int control_file_max_dumps(const Node *node, const char *data, gsize len, NodeWait *wait)
{
	return model_write_max_dumps(tree_model(node->tree), node->process, data, len);
}

int control_file_cooldown(const Node *node, const char *data, gsize len, NodeWait *wait)
{
	return model_write_cooldown(tree_model(node->tree), node->process, data, len);
}

int control_file_detect(const Node *node, const char *data, gsize len, NodeWait *wait)
{
	return model_write_detect(tree_model(node->tree), node->process, data, len);
}

int control_file_providers(const Node *node, const char *data, gsize len, NodeWait *wait)
{
	return model_write_providers(tree_model(node->tree), node->process, data, len);
}

int control_file_interval(const Node *node, const char *data, gsize len, NodeWait *wait)
{
	return model_write_interval(tree_model(node->tree), node->process, data, len);
}

int control_file_peak(const Node *node, const char *data, gsize len, NodeWait *wait)
{
	return model_write_peak(tree_model(node->tree), node->process);
}

int control_file_dump(const Node *node, const char *data, gsize len, NodeWait *wait)
{
	return act_wait(wait,
	                model_write_dump(tree_model(node->tree), node->process, data, len,
	                                 act_reply, wait, &wait->act),
	                ACT_COMMAND_S);
}

int control_file_dump_type(const Node *node, const char *data, gsize len, NodeWait *wait)
{
	return model_write_dump_type(tree_model(node->tree), node->process, data, len);
}

int control_file_open(const Node *node, OpenNode *open, NodeWait *wait)
{
	return 0;
}

static int write_control(const Node *node, const char *data, gsize len, NodeWait *wait)
{
	if (len > NODE_COMMAND_MAX)
		return model_write_too_long(tree_model(node->tree), node->process, node->row->name);
	return len == 0 ? 0 : node->row->apply(node, data, len, wait);
}

int control_file_truncate(const Node *node)
{
	return 0;
}

const NodeType control_file = {
	.format = S_IFREG,
	.entry_timeout = NODE_TIMEOUT_LONG,
	.attr_timeout = NODE_TIMEOUT_VALUE,
	.stat = text_file_stat,
	.open = control_file_open,
	.read = text_file_read,
	.write = write_control,
	.truncate = control_file_truncate,
	.render = text_file_render_row,
	.sequence = text_file_sequence,
};
