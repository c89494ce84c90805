/* One text for several descriptors. Main thread only. */
#include "fs/tree/shared-file.h"

#include "fs/tree/text-file.h"
#include "fs/tree/tree.h"
#include "fs/util.h"

struct SharedText {
	GString *text;
	gint64 second;     /* monotonic, in which it was made */
	SharedText **home; /* points here while no newer text of the file was made */
	unsigned refs;     /* descriptors */
};

static void unref(SharedText *shared)
{
	if (--shared->refs > 0)
		return;
	if (*shared->home == shared)
		*shared->home = NULL;
	g_string_free(shared->text, TRUE);
	g_free(shared);
}

void shared_file_drop_text(OpenNode *open)
{
	if (open->shared != NULL)
		unref(open->shared);
	else if (open->text != NULL)
		g_string_free(open->text, TRUE);
	open->shared = NULL;
	open->text = NULL;
}

/* The text that was made in this second, or a new one. */
static int find_text(const Node *node, SharedText **home)
{
	gint64 second = model_now_us(tree_model(node->tree)) / G_USEC_PER_SEC;
	GString *text;
	int error;

	if (*home != NULL && (*home)->second == second)
		return 0;
	text = g_string_new(NULL);
	error = node->type->render(node, text);
	if (error < 0) {
		g_string_free(text, TRUE);
		return error;
	}
	*home = g_new0(SharedText, 1);
	**home = (SharedText){ .text = text, .second = second, .home = home };
	return 0;
}

static int read_shared(const Node *node, OpenNode *open, gint64 offset, gsize size, NodeWait *wait)
{
	SharedText **home = tree_shared_text(node->tree, node->row);
	SharedText *shared;
	int error;

	if (offset > 0 && open->text != NULL)
		return 0;
	error = find_text(node, home);
	if (error < 0)
		return error;
	shared = *home;
	shared->refs++;
	shared_file_drop_text(open);
	open->shared = shared;
	open->text = shared->text;
	open->text_from = 0;
	return 0;
}

/* It is as new as the second: node_exporter tells how old it is. */
static void stat_shared(const Node *node, struct stat *st)
{
	node_set_mtime(st, util_real_us());
}

const NodeType shared_file = {
	.format = S_IFREG,
	.entry_timeout = NODE_TIMEOUT_LONG,
	.attr_timeout = NODE_TIMEOUT_VALUE,
	.stat = stat_shared,
	.open = text_file_open,
	.read = read_shared,
	.render = text_file_render_row,
};
