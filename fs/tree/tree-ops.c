/* What is done to the tree for somebody: attributes, listings, files; and what a node cannot do. */
#include "fs/tree/tree.h"

#include <errno.h>
#include <fcntl.h>

#include "fs/tree/access.h"
#include "fs/tree/tree-kinds.h"
#include "fs/tree/value-attr.h"

enum {
	COOKIE_SELF = 1,
	COOKIE_PARENT = 2
};

/* What all nodes have; the type adds to it. */
static void fill_attr(const Node *node, TreeAttr *ret)
{
	const Settings *settings = model_settings(tree_model(node->tree));
	const Process *process = node->process;
	struct stat *st = &ret->st;

	*ret = (TreeAttr){
		.st = {
			.st_ino = node->ino,
			.st_mode = node->type->format | (node->row == NULL ? 0 : node->row->mode),
			/* One also for directories: find then looks at every entry. */
			.st_nlink = 1,
			.st_uid = process == NULL ? settings->mounter_uid : process->found.owner,
			.st_gid = process == NULL ? settings->mounter_gid : process->found.owner_gid,
			.st_blksize = 4096,
		},
		.entry_timeout = node->type->entry_timeout,
		.attr_timeout = node->type->attr_timeout,
	};
	node_set_mtime(st, process == NULL ? settings->started_us : process->found.start_us);
	/* The mounter's own files at the root, but for README, which is everybody's. */
	if (process == NULL && node->row != NULL && node->row->mode == 0400 &&
	    settings->has_group) {
		st->st_gid = settings->group;
		st->st_mode |= 0040;
	}
	/* Who may not read it is shown less: what the kernel keeps it would show to all. */
	if (process == NULL && node->row != NULL && (st->st_mode & 0044) == 0)
		ret->attr_timeout = 0;
	if (node->type->stat != NULL)
		node->type->stat(node, st);
}

/* What `who` is shown of a node. */
static int show_attr(const Node *node, uid_t who, TreeAttr *ret)
{
	gint64 started_us = model_settings(tree_model(node->tree))->started_us;

	fill_attr(node, ret);
	if (access_sight(node, &ret->st, who) == ACCESS_NEUTRAL) {
		ret->st.st_size = 0;
		ret->st.st_blocks = 0;
		node_set_mtime(&ret->st, started_us);
	}
	return access_check(node, &ret->st, who, ACCESS_LOOK);
}

/* Resolves what somebody wants to do something with: here every operation passes. */
static int admit(Tree *self, uid_t who, guint64 ino, unsigned wanted, Node *ret)
{
	int error = tree_resolve(self, ino, ret);
	TreeAttr attr;

	if (error < 0)
		return error;
	fill_attr(ret, &attr);
	return access_check(ret, &attr.st, who, wanted);
}

/* For what is done to a file: a process's that is gone is ESRCH, as on proc. */
static int admit_file(Tree *self, uid_t who, guint64 ino, unsigned wanted, Node *ret)
{
	int error = admit(self, who, ino, wanted, ret);

	return error == -ENOENT && tree_wake_serial(ino) != 0 ? -ESRCH : error;
}

/* 0, -ENOTDIR, or as admit(). */
static int admit_dir(Tree *self, uid_t who, guint64 ino, unsigned wanted, Node *ret)
{
	int error = admit(self, who, ino, wanted, ret);

	return error == 0 && ret->type->lookup == NULL ? -ENOTDIR : error;
}

int tree_check(Tree *self, uid_t who, guint64 ino, unsigned wanted)
{
	Node node;

	return admit(self, who, ino, wanted, &node);
}

int tree_attr(Tree *self, uid_t who, guint64 ino, TreeAttr *ret)
{
	Node node;
	int error = tree_resolve(self, ino, &node);

	return error < 0 ? error : show_attr(&node, who, ret);
}

int tree_lookup(Tree *self, uid_t who, guint64 parent, const char *name, TreeAttr *ret)
{
	Node dir, node;
	int error = admit_dir(self, who, parent, ACCESS_ENTER, &dir);

	if (error == 0)
		error = dir.type->lookup(&dir, name, &node);
	return error < 0 ? error : show_attr(&node, who, ret);
}

static guint64 parent_ino(const Node *dir)
{
	switch ((InoKind)ino_kind(dir->ino)) {
	case INO_PROCESS:
		if (ino_row(dir->ino) != 0)
			return ino_make(INO_PROCESS, dir->process->serial, 0);
		break;
	case INO_PROVIDER:
		return tree_process_dir_ino(&tree_counters_dir, dir->process->serial);
	case INO_PEAK_PROVIDER:
		return tree_process_dir_ino(&tree_peaks_dir, dir->process->serial);
	case INO_METER:
		return tree_process_dir_ino(&tree_meters_dir, dir->process->serial);
	case INO_INSTRUMENT:
		return tree_instrument_parent_ino(dir);
	case INO_SERIES:
		return tree_series_parent_ino(dir);
	case INO_ROOT:
	case INO_COUNTER:
	case INO_PEAK:
	case INO_METER_VALUE:
	case INO_DUMP:
	case INO_N_KINDS:
		break;
	}
	return 1;
}

static void fill_dots(const Node *dir, guint64 cookie, NodeEntry *ret)
{
	ret->cookie = cookie;
	ret->ino = cookie == COOKIE_SELF ? dir->ino : parent_ino(dir);
	ret->format = S_IFDIR;
	g_strlcpy(ret->name, cookie == COOKIE_SELF ? "." : "..", sizeof(ret->name));
}

/* Only what is hidden is left out: names that cannot be looked up are listed, as anywhere. */
static gboolean is_listed(Tree *self, uid_t who, const NodeEntry *entry)
{
	return (!model_settings(tree_model(self))->hide_others &&
	        ino_kind(entry->ino) != INO_DUMP) ||
	       tree_check(self, who, entry->ino, ACCESS_LOOK) != -ENOENT;
}

int tree_next(Tree *self, uid_t who, guint64 ino, guint64 after, NodeEntry *ret)
{
	Node dir;
	int error = admit_dir(self, who, ino, ACCESS_READ, &dir);

	if (error < 0)
		return error;
	if (after < COOKIE_PARENT) {
		fill_dots(&dir, after + 1, ret);
		return 1;
	}
	while (dir.type->next(&dir, after, ret)) {
		if (is_listed(self, who, ret))
			return 1;
		after = ret->cookie;
	}
	return 0;
}

static unsigned wanted_by_flags(int flags)
{
	static const unsigned wanted[] = {
		[O_RDONLY] = ACCESS_READ,
		[O_WRONLY] = ACCESS_WRITE,
		[O_RDWR] = ACCESS_READ | ACCESS_WRITE,
		[O_ACCMODE] = ACCESS_READ | ACCESS_WRITE,
	};

	return wanted[flags & O_ACCMODE] | ((flags & O_TRUNC) != 0 ? ACCESS_WRITE : 0);
}

int tree_open(Tree *self, uid_t who, OpenNode *open, NodeWait *wait)
{
	Node node;
	int error = admit_file(self, who, open->ino, wanted_by_flags(open->flags), &node);

	if (error < 0)
		return error;
	return node.type->open == NULL ? -EISDIR : node.type->open(&node, open, wait);
}

void tree_release(Tree *self, OpenNode *open)
{
	Node node;

	if (tree_resolve(self, open->ino, &node) == 0 && node.type->release != NULL)
		node.type->release(&node, open);
}

int tree_read(Tree *self, uid_t who, OpenNode *open, gint64 offset, gsize size, NodeWait *wait)
{
	Node node;
	int error = admit_file(self, who, open->ino, ACCESS_READ, &node);

	/*
	 * Whoever has the beginning of a text gets its end, whatever became of the process. Whose it was cannot be
	 * asked any more, so it is he, and not whom he handed the descriptor on to.
	 */
	if (error == -ESRCH && offset > 0 && open->text != NULL && open->text_from == 0 &&
	    (who == 0 || who == open->reader))
		return 0;
	if (error < 0)
		return error;
	open->reader = who;
	return node.type->read == NULL ? -EISDIR : node.type->read(&node, open, offset, size, wait);
}

int tree_write(Tree *self, uid_t who, guint64 ino, const char *data, gsize len, NodeWait *wait)
{
	Node node;
	int error = admit_file(self, who, ino, ACCESS_WRITE, &node);

	if (error < 0)
		return error;
	return node.type->write == NULL ? -EACCES : node.type->write(&node, data, len, wait);
}

int tree_truncate(Tree *self, uid_t who, guint64 ino)
{
	Node node;
	int error = admit_file(self, who, ino, ACCESS_WRITE, &node);

	if (error < 0)
		return error;
	return node.type->truncate == NULL ? -EPERM : node.type->truncate(&node);
}

/* What he does not see is not his to remove: the bit t of /dumps. */
int tree_unlink(Tree *self, uid_t who, guint64 parent, const char *name, NodeWait *wait)
{
	Node dir, node;
	TreeAttr attr;
	int error = admit_dir(self, who, parent, ACCESS_WRITE | ACCESS_ENTER, &dir);

	if (error == 0 && dir.type->unlink == NULL)
		error = -EPERM;
	if (error == 0)
		error = dir.type->lookup(&dir, name, &node);
	if (error == 0)
		error = show_attr(&node, who, &attr);
	return error < 0 ? error : dir.type->unlink(&dir, name, wait);
}

/* 1 and the value that the file holds; 0 when it holds none. */
static int admit_value(Tree *self, uid_t who, guint64 ino, Node *node, Value *ret)
{
	int error = admit_file(self, who, ino, ACCESS_LOOK, node);

	if (error < 0 || node->type->value == NULL)
		return error;
	node->type->value(node, ret);
	return 1;
}

int tree_get_xattr(Tree *self, uid_t who, guint64 ino, const char *name, GString *out)
{
	Node node;
	Value value;
	int found = admit_value(self, who, ino, &node, &value);

	if (found <= 0)
		return found < 0 ? found : -ENODATA;
	return value_attr_get(node.process, &value, name, out);
}

int tree_list_xattr(Tree *self, uid_t who, guint64 ino, GString *out)
{
	Node node;
	Value value;
	int found = admit_value(self, who, ino, &node, &value);

	if (found > 0)
		value_attr_list(node.process, &value, out);
	return MIN(found, 0);
}
