/* The environment of a process, asked for when it is read. */
#include "fs/tree/environ-file.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "fs/tree/act.h"
#include "fs/tree/text-file.h"
#include "fs/tree/tree.h"
#include "fs/util.h"
#include "ipc/commands.h"
#include "ipc/replies.h"

/* All bytes of a sealed memfd: a new string, or NULL and *ret_error. It is read and not mapped: the
 * bytes are checked where nobody else can change them. */
static GString *read_all(int fd, int *ret_error)
{
	struct stat st;
	GString *data;
	gsize done = 0;

	*ret_error = -EPROTO;
	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size < 0)
		return NULL;
	*ret_error = -E2BIG;
	if (st.st_size > IPC_MAX_ENVIRONMENT)
		return NULL;
	data = g_string_sized_new((gsize)st.st_size);
	g_string_set_size(data, (gsize)st.st_size);
	while (done < data->len) {
		ssize_t n = pread(fd, data->str + done, data->len - done, (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			*ret_error = n < 0 ? -errno : -EPROTO;
			g_string_free(data, TRUE);
			return NULL;
		}
		done += (gsize)n;
	}
	return data;
}

/* Takes data. */
static int parse(GString *data, GString **ret)
{
	char *text;
	size_t len;
	int error = ipc_parse_environment((const uint8_t *)data->str, data->len, &text, &len);

	g_string_free(data, TRUE);
	if (error < 0)
		return error;
	*ret = g_string_new_len(text, (gssize)len);
	free(text);
	return 0;
}

static int take(OpenNode *open, int fd, guint64 how)
{
	int error;
	GString *text = read_all(fd, &error);

	if (text == NULL)
		return error;
	if (how == RECORD_ENVIRON_IPC) {
		error = parse(text, &text);
		if (error < 0)
			return error;
	}
	if (open->text != NULL)
		g_string_free(open->text, TRUE);
	open->text = text;
	open->text_from = 0;
	return 0;
}

static void environ_reply(int error, int fd, guint64 how, void *data)
{
	autofd int owned = fd;
	NodeWait *wait = data;

	wait->act = NULL;
	wait->done(wait, error < 0 ? error : take(wait->open, owned, how));
}

static int read_environ(const Node *node, OpenNode *open, gint64 offset, gsize size, NodeWait *wait)
{
	if (offset > 0)
		return 0;
	wait->open = open;
	return act_wait(wait,
	                model_ask_environ(tree_model(node->tree), node->process, environ_reply,
	                                  wait, &wait->act),
	                ACT_ENVIRON_S);
}

const NodeType environ_file = {
	.format = S_IFREG,
	.entry_timeout = NODE_TIMEOUT_LONG,
	.attr_timeout = NODE_TIMEOUT_VALUE,
	.open = text_file_open,
	.read = read_environ,
};
