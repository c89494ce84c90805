/*
 * dumps/ at the root and below each process: the same files under two names, told apart by whether
 * the directory belongs to a process. Removing a name removes both, so that rm of a glob of either
 * works.
 */
#include "fs/tree/tree-kinds.h"

#include <errno.h>
#include <fcntl.h>

#include "fs/tree/act.h"
#include "fs/tree/rows.h"
#include "fs/tree/tree.h"
#include "fs/util.h"

/* 0 at the root: all of them, by their names there. */
static guint64 owner_serial(const Node *dir)
{
	return dir->process == NULL ? 0 : dir->process->serial;
}

static void stat_dump(const Node *node, struct stat *st)
{
	const Dump *dump = node->dump;

	st->st_mode |= 0400;
	st->st_uid = dump->info.uid;
	st->st_gid = dump->info.gid;
	st->st_size = (off_t)dump_size(dump, (RecordPart)node->item);
	st->st_blocks = (st->st_size + 511) / 512;
	st->st_nlink = dump->info.process_serial == 0 ? 1 : 2;
	node_set_mtime(st, dump->info.sealed_us);
}

static void opened(int error, int fd, guint64 value, void *data)
{
	autofd int owned = fd;
	NodeWait *wait = data;
	struct stat st;

	wait->act = NULL;
	if (error == 0 && (owned < 0 || fstat(owned, &st) < 0))
		error = -EIO;
	if (error == 0 && st.st_size != wait->open->size) {
		g_warning("a dump of %" G_GINT64_FORMAT
		          " bytes was changed behind our back: it has "
		          "%" G_GINT64_FORMAT,
		          wait->open->size, (gint64)st.st_size);
		error = -EIO;
	}
	if (error == 0)
		wait->open->fd = g_steal_fd(&owned);
	wait->done(wait, error);
}

static int open_dump(const Node *node, OpenNode *open, NodeWait *wait)
{
	if ((open->flags & O_ACCMODE) != O_RDONLY || (open->flags & O_TRUNC) != 0)
		return -EACCES;
	wait->open = open;
	open->size = (gint64)dump_size(node->dump, (RecordPart)node->item);
	return act_wait(wait,
	                model_open_dump(tree_model(node->tree), node->dump->serial,
	                                (RecordPart)node->item, opened, wait, &wait->act),
	                ACT_COMMAND_S);
}

static const NodeType dump_file = {
	.format = S_IFREG,
	.entry_timeout = 0,
	.attr_timeout = NODE_TIMEOUT_LONG,
	.stat = stat_dump,
	.open = open_dump,
};

static int lookup(const Node *dir, const char *name, Node *ret)
{
	const DumpList *list = model_dumps(tree_model(dir->tree));
	RecordPart part;
	const Dump *dump = dump_list_find_name(list, owner_serial(dir), name, &part);

	if (dump == NULL)
		return -ENOENT;
	*ret = node_make(dir, ino_make(INO_DUMP, dump->serial, part), &dump_file);
	ret->process = NULL;
	ret->dump = dump;
	ret->item = part;
	return 0;
}

/* The cookie of a part is ROWS_FIRST_COOKIE + serial * RECORD_N_PARTS + part. */
static gboolean next(const Node *dir, guint64 after, NodeEntry *ret)
{
	const DumpList *list = model_dumps(tree_model(dir->tree));
	guint64 first = after < ROWS_FIRST_COOKIE ? 0 : after - ROWS_FIRST_COOKIE + 1;
	guint64 serial = first / RECORD_N_PARTS;
	const Dump *dump = dump_list_next(list, owner_serial(dir), serial > 0 ? serial - 1 : 0);

	for (; dump != NULL; dump = dump_list_next(list, owner_serial(dir), dump->serial)) {
		for (guint part = 0; part < RECORD_N_PARTS; part++) {
			g_autoptr(GString) name = NULL;

			if (!dump_has_part(dump, (RecordPart)part) ||
			    dump->serial * RECORD_N_PARTS + part < first)
				continue;
			name = g_string_new(NULL);
			dump_name_append(dump, owner_serial(dir), (RecordPart)part, name);
			ret->cookie = ROWS_FIRST_COOKIE + dump->serial * RECORD_N_PARTS + part;
			ret->ino = ino_make(INO_DUMP, dump->serial, part);
			ret->format = S_IFREG;
			g_strlcpy(ret->name, name->str, sizeof(ret->name));
			return TRUE;
		}
	}
	return FALSE;
}

static int unlink_dump(const Node *dir, const char *name, NodeWait *wait)
{
	Node node;
	int error = lookup(dir, name, &node);

	if (error < 0)
		return error;
	return act_wait(wait,
	                model_remove_dump(tree_model(dir->tree), node.dump->serial,
	                                  (RecordPart)node.item, act_reply, wait, &wait->act),
	                ACT_COMMAND_S);
}

static void stat_process_dumps(const Node *node, struct stat *st)
{
	if (node->process->dumps_changed_us > 0)
		node_set_mtime(st, node->process->dumps_changed_us);
}

static void stat_root_dumps(const Node *node, struct stat *st)
{
	gint64 us = dump_list_changed_us(model_dumps(tree_model(node->tree)));

	if (us > 0)
		node_set_mtime(st, us);
}

const NodeType tree_process_dumps_dir = {
	.format = S_IFDIR,
	.entry_timeout = NODE_TIMEOUT_LONG,
	.attr_timeout = NODE_TIMEOUT_VALUE,
	.stat = stat_process_dumps,
	.lookup = lookup,
	.next = next,
	.unlink = unlink_dump,
};

const NodeType tree_root_dumps_dir = {
	.format = S_IFDIR,
	.entry_timeout = NODE_TIMEOUT_LONG,
	.attr_timeout = NODE_TIMEOUT_VALUE,
	.stat = stat_root_dumps,
	.lookup = lookup,
	.next = next,
	.unlink = unlink_dump,
};

int tree_dump_resolve(Node *ret)
{
	const Dump *dump = dump_list_find(model_dumps(tree_model(ret->tree)), ino_serial(ret->ino));

	ret->item = ino_row(ret->ino);
	if (dump == NULL || ret->item >= RECORD_N_PARTS ||
	    !dump_has_part(dump, (RecordPart)ret->item))
		return -ENOENT;
	ret->dump = dump;
	ret->type = &dump_file;
	return 0;
}
